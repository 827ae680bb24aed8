"""What a merchant's staff type about a case."""

from collections.abc import Sequence
from datetime import UTC, datetime

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.cases.actions import (
    MAX_TEXT,
    AddNote,
    AssignCases,
    RecordContact,
    ReturnCase,
    RevealConsumer,
)
from portal.cases.evidence import AddEvidence
from portal.cases.levels import HandDown, HandUp
from portal.cases.models import ContactMethod, ContactResult
from portal.cases.queries import Colleague
from portal.cases.rules import LEVEL_NAMES, RETURN_REASON_NAMES, REVEAL_REASON_NAMES, Level, ReturnReason, RevealReason
from portal.cases.saved_views import MAX_NAME, SaveView
from portal.cases.wording import METHOD_NAMES, RESULT_NAMES
from portal.clocks.rules import SHANGHAI
from portal.core.uploads import Upload

TOO_LONG = _("最多 %(max)s 字。请写短一些。", max=MAX_TEXT)


class ContactForm(FlaskForm):
    """时间、方式、过程、结果."""

    happened_at = DateTimeLocalField(
        _("时间"),
        [InputRequired(_("请填写沟通的日期和时间，例如 2026-08-12 09:30。"))],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    method = RadioField(
        _("方式"),
        [InputRequired(_("请选择沟通方式。"))],
        choices=[SelectChoice(method.value, name) for method, name in METHOD_NAMES.items()],
        default=ContactMethod.PHONE.value,
    )
    text = TextAreaField(_("过程"), [InputRequired(_("请写明沟通的过程。")), Length(max=MAX_TEXT, message=TOO_LONG)])
    result = RadioField(
        _("结果"),
        [InputRequired(_("请选择沟通结果。"))],
        choices=[SelectChoice(result.value, name) for result, name in RESULT_NAMES.items()],
        default=ContactResult.REACHED.value,
    )

    def command(self, reference: str) -> RecordContact:
        """The contact; the time typed is Beijing time."""
        assert self.happened_at.data is not None
        return RecordContact(
            reference,
            self.happened_at.data.replace(tzinfo=SHANGHAI).astimezone(UTC),
            ContactMethod(self.method.data),
            self.text.data or "",
            ContactResult(self.result.data),
        )


def contact_form(now: datetime) -> ContactForm:
    """An empty form that proposes the present moment; to be shown only, the template writes `ui.csrf()`."""
    moment = now.astimezone(SHANGHAI).replace(tzinfo=None)
    return ContactForm(formdata=None, meta={"csrf": False}, happened_at=moment)


class NoteForm(FlaskForm):
    """A line for colleagues."""

    note = TextAreaField(_("备注"), [InputRequired(_("请写备注内容。")), Length(max=MAX_TEXT, message=TOO_LONG)])

    def command(self, reference: str) -> AddNote:
        """The note."""
        return AddNote(reference, self.note.data or "")


class ReturnForm(FlaskForm):
    """Why the case is given back."""

    reason = RadioField(
        _("退回原因"),
        [InputRequired(_("请选择退回原因。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in RETURN_REASON_NAMES.items()],
    )
    explanation = TextAreaField(
        _("说明"),
        [InputRequired(_("请说明退回的理由，经办人员据此重新分派。")), Length(max=MAX_TEXT, message=TOO_LONG)],
    )

    def command(self, reference: str) -> ReturnCase:
        """The return."""
        return ReturnCase(reference, ReturnReason(self.reason.data), self.explanation.data or "")


class RevealForm(FlaskForm):
    """Why somebody looks."""

    reason = RadioField(
        _("查看理由"),
        [InputRequired(_("请选择查看理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in REVEAL_REASON_NAMES.items()],
    )

    def command(self, reference: str) -> RevealConsumer:
        """The look."""
        return RevealConsumer(reference, RevealReason(self.reason.data))


class AssignForm(FlaskForm):
    """A colleague; nobody takes the case from everybody."""

    person = RadioField(_("转给"), [InputRequired(_("请选择接手的人。"))], validate_choice=False)

    def command(self, references: tuple[str, ...]) -> AssignCases:
        """The handing over."""
        return AssignCases(references, None if self.person.data == "none" else self.person.data)


class RaiseForm(FlaskForm):
    """To whom a case is handed up, and why."""

    to = RadioField(_("上报给"), [InputRequired(_("请选择上报给哪一级。"))])
    person = SelectField(_("指定一人"), [Optional()], validate_choice=False)
    reason = TextAreaField(
        _("理由"), [InputRequired(_("请写明上报的理由，接手的人据此决定。")), Length(max=MAX_TEXT, message=TOO_LONG)]
    )

    def offer(self, upwards: Sequence[Level], people: Sequence[Colleague]) -> "RaiseForm":
        """Offer these levels, and their people by name."""
        roles = {one.value for one in upwards}
        named = [one for one in people if one.role in roles]
        self.to.choices = [SelectChoice(one.value, LEVEL_NAMES[one]) for one in upwards]
        self.person.choices = [
            SelectChoice("", _("这一级的任何一人")),
            *(SelectChoice(one.sign_in_name, f"{one.name} · {LEVEL_NAMES[Level(one.role)]}") for one in named),
        ]
        return self

    def command(self, reference: str) -> HandUp:
        """The handing up."""
        return HandUp(reference, Level(self.to.data), self.reason.data or "", self.person.data or None)


class LowerForm(FlaskForm):
    """To which level a case goes back down, and why."""

    to = RadioField(_("交回"), [InputRequired(_("请选择交回哪一级。"))])
    reason = TextAreaField(
        _("理由"),
        [InputRequired(_("请写明交回的理由，经办的人据此继续办理。")), Length(max=MAX_TEXT, message=TOO_LONG)],
    )

    def offer(self, downwards: Sequence[Level]) -> "LowerForm":
        """Offer these levels."""
        self.to.choices = [SelectChoice(one.value, LEVEL_NAMES[one]) for one in downwards]
        return self

    def command(self, reference: str) -> HandDown:
        """The handing down."""
        return HandDown(reference, Level(self.to.data), self.reason.data or "")


class FilesForm(FlaskForm):
    """Files to add as evidence."""

    files = MultipleFileField(_("选择文件"))

    def command(self, reference: str) -> AddEvidence:
        """The files that were really chosen, read."""
        chosen = [file for file in self.files.data or [] if file.filename]
        return AddEvidence(tuple(Upload(file.filename, file.read()) for file in chosen), reference=reference)


class ViewForm(FlaskForm):
    """A name for the filters in force."""

    name = StringField(_("视图名称"), [InputRequired(_("请给视图起一个名字。")), Length(max=MAX_NAME)])
    shared = BooleanField(_("同事也能看到"))
    query = HiddenField("")

    def command(self, query: str) -> SaveView:
        """The view; `query` is the canonical form of what the page sent."""
        return SaveView(self.name.data or "", query, bool(self.shared.data))
