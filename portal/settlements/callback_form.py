"""What an officer writes down after calling a consumer back."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.settlements.actions import RecordCallback
from portal.settlements.actions.calling import MAX_NOTE
from portal.settlements.rules import CALLBACK_RESULT_NAMES, CallbackResult


class CallbackForm(FlaskForm):
    """Result and course of one call."""

    result = RadioField(
        _("结果"),
        [InputRequired(_("请选择回访结果。"))],
        choices=[SelectChoice(result.value, name) for result, name in CALLBACK_RESULT_NAMES.items()],
    )
    note = TextAreaField(
        _("经过"), [Optional(), Length(max=MAX_NOTE, message=_("经过最多 %(max)s 字。", max=MAX_NOTE))]
    )

    def command(self, reference: str) -> RecordCallback:
        """The call."""
        return RecordCallback(reference, CallbackResult(self.result.data), self.note.data or "")
