"""What officers type about how a consumer is reached."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.mediation.models import PhoneReason
from portal.mediation.phones import UNUSABLE, ChangePhone, DecidePhone
from portal.mediation.reaching import REASON_NAMES

CONFIRM, REFUSE = "confirm", "refuse"


class PhoneForm(FlaskForm):
    """The consumer's number and why it is changed."""

    phone = StringField(
        _("新号码"), [InputRequired(UNUSABLE)], render_kw={"inputmode": "tel", "autocomplete": "off", "maxlength": 30}
    )
    reason = RadioField(
        _("更换理由"),
        [InputRequired(_("请选择更换理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in REASON_NAMES.items()],
    )

    def command(self, reference: str) -> ChangePhone:
        """The change."""
        return ChangePhone(reference, self.phone.data or "", PhoneReason(self.reason.data))


class DecisionForm(FlaskForm):
    """A second officer's word."""

    decision = RadioField(
        _("复核结果"),
        [InputRequired(_("请选择确认或退回。"))],
        choices=[SelectChoice(CONFIRM, _("确认，启用新号码")), SelectChoice(REFUSE, _("退回，号码不变"))],
    )

    def command(self, reference: str) -> DecidePhone:
        """The decision."""
        return DecidePhone(reference, confirmed=self.decision.data == CONFIRM)


class LetterForm(FlaskForm):
    """Nothing but the token: the letter is made by a POST."""
