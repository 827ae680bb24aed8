"""What is typed about trainings."""

from datetime import date
from typing import Self

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.uploads import Upload
from portal.enrolment.rules import TIERS
from portal.training.actions import CancelTraining, ChangeTraining, RecordTraining, TrainingBody
from portal.training.attendance import ConfirmAttendance, RecordAttendance
from portal.training.materials import MAX_AT_ONCE, AddMaterials
from portal.training.models import Training
from portal.training.rules import MAX_TEXT, MAX_TITLE, MODE_NAMES, SCOPE_NAMES, Mode, Scope, Standing

NUMBER = {"inputmode": "numeric", "min": 0}


class BodyForm(FlaskForm):
    """What a training is about."""

    title = StringField(_("培训名称"), [InputRequired(_("请填写培训名称。")), Length(max=MAX_TITLE)])
    held_on = DateField(_("日期"), [InputRequired(_("日期应写成 2026-10-12。"))])
    hours = IntegerField(_("学时"), [InputRequired(_("请填写学时，整数。"))], render_kw={**NUMBER, "min": 1})
    mode = SelectField(_("方式"), choices=[SelectChoice(one.value, name) for one, name in MODE_NAMES.items()])
    place = StringField(_("地点或入会方式"), [InputRequired(_("请填写地点或入会方式。")), Length(max=200)])
    lecturers = StringField(_("主讲"), [InputRequired(_("请填写主讲单位或主讲人。")), Length(max=200)])
    topics = TextAreaField(
        _("内容"), [InputRequired(_("请填写培训内容。")), Length(max=MAX_TEXT)], render_kw={"rows": 4}
    )
    materials = TextAreaField(_("资料"), [Optional(), Length(max=MAX_TEXT)], render_kw={"rows": 2})

    def body(self) -> TrainingBody:
        """What was typed."""
        day: date = self.held_on.data
        return TrainingBody(
            title=self.title.data.strip(),
            held_on=day,
            hours=self.hours.data,
            mode=Mode(self.mode.data),
            place=self.place.data.strip(),
            lecturers=self.lecturers.data.strip(),
            topics=self.topics.data.strip(),
            materials=(self.materials.data or "").strip(),
        )


class NewForm(BodyForm):
    """A training and whom it invites."""

    scope = RadioField(
        _("通知哪些企业"),
        choices=[SelectChoice(one.value, name) for one, name in SCOPE_NAMES.items()],
        default=Scope.ALL.value,
    )
    tier = SelectField(
        _("类别"),
        choices=[SelectChoice("", _("请选择")), *(SelectChoice(one, one) for one in TIERS)],
        validators=[Optional()],
    )
    codes = TextAreaField(_("选定的企业"), [Optional(), Length(max=20_000)], render_kw={"rows": 4})

    def command(self) -> RecordTraining:
        """The training."""
        codes = (self.codes.data or "").replace(",", "\n").replace("，", "\n").split()
        return RecordTraining(self.body(), Scope(self.scope.data), self.tier.data or "", tuple(codes))


class ChangeForm(BodyForm):
    """A training put right."""

    def command(self, reference: str) -> ChangeTraining:
        """The change."""
        return ChangeTraining(reference, self.body())


def filled(training: Training) -> ChangeForm:
    """The form of a training as it stands."""
    names = ("title", "held_on", "hours", "place", "lecturers", "topics", "materials")
    known = {name: getattr(training, name) for name in names}
    return ChangeForm(formdata=None, data={**known, "mode": training.mode.value})


class CancelForm(FlaskForm):
    """Why a training does not take place."""

    reason = StringField(_("取消原因"), [InputRequired(_("请写明取消的原因，企业会看到。")), Length(max=200)])

    def command(self, reference: str) -> CancelTraining:
        """The step."""
        return CancelTraining(reference, self.reason.data)


class PeopleForm(FlaskForm):
    """Who of a merchant came."""

    people = SelectMultipleField(
        _("参加人员"), choices=[], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    others = IntegerField(_("其他参加人数"), [Optional()], render_kw=NUMBER, default=0)

    def offer(self, staff: list[tuple[str, str]]) -> Self:
        """Let these people be chosen."""
        self.people.choices = [SelectChoice(sign_in, name) for sign_in, name in staff]
        return self

    def confirmation(self, reference: str) -> ConfirmAttendance:
        """The merchant's own word."""
        return ConfirmAttendance(reference, tuple(self.people.data or ()), self.others.data or 0)


class AttendanceForm(PeopleForm):
    """What the authority knows of one merchant's attendance."""

    standing = RadioField(
        _("参加情况"),
        [InputRequired(_("请选择已参加或未参加。"))],
        choices=[SelectChoice(Standing.ATTENDED.value, _("已参加")), SelectChoice(Standing.ABSENT.value, _("未参加"))],
    )

    def command(self, reference: str, code: str) -> RecordAttendance:
        """The record."""
        standing = Standing(self.standing.data)
        return RecordAttendance(reference, code, standing, tuple(self.people.data or ()), self.others.data or 0)


class ImportForm(FlaskForm):
    """A file of attendance."""

    file = FileField(_("参加情况表"), [FileRequired(_("请选择文件。"))])


class FilesForm(FlaskForm):
    """Files that the training hands out."""

    files = MultipleFileField(
        _("资料文件"),
        render_kw={"accept": "image/jpeg,image/png,image/webp,image/heic,application/pdf", "multiple": True},
    )

    def command(self, reference: str) -> AddMaterials:
        """The files that were chosen; one more than allowed is enough to refuse them."""
        chosen = [one for one in self.files.data or [] if one.filename]
        uploads = tuple(Upload(one.filename or "", one.read()) for one in chosen[: MAX_AT_ONCE + 1])
        return AddMaterials(reference, uploads)
