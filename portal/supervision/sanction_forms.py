"""What is typed about proposals, measures and triggers."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.core.uploads import Upload
from portal.supervision.attachments import MAX_AT_ONCE
from portal.supervision.measures import (
    AnswerMeasure,
    LiftMeasure,
    ProlongMeasure,
    ReplaceMeasure,
    StateObjection,
)
from portal.supervision.rules.sanctions import LEVEL_NAMES, Level, Order
from portal.supervision.rules.triggers import DEFINITIONS, Setting, Trigger
from portal.supervision.sanctions import DeclineProposal, ProposeByHand, TakeMeasure
from portal.supervision.settings import SetTrigger

NO_DAY = _("日期应写成 2026-10-12。")
NO_NUMBER = _("请填写数字。")
ACCEPT = "image/jpeg,image/png,image/webp,image/heic,application/pdf,video/mp4"
LIFT, PROLONG = "lift", "prolong"
TRIGGERS = [SelectChoice(code.value, one.title) for code, one in DEFINITIONS.items()]
LEVELS = [SelectChoice(level.value, words[0]) for level, words in LEVEL_NAMES.items()]


def read_uploads(field: MultipleFileField) -> tuple[Upload, ...]:
    """The files that were really chosen, read; one more than allowed is enough to refuse them."""
    chosen = [one for one in field.data or [] if one.filename]
    return tuple(Upload(one.filename or "", one.read()) for one in chosen[: MAX_AT_ONCE + 1])


class ProposeForm(FlaskForm):
    """A proposal by hand."""

    code = StringField(_("企业的统一社会信用代码"), [InputRequired(_("请填写统一社会信用代码。")), Length(max=18)])
    trigger = SelectField(_("原因"), choices=TRIGGERS)
    remark = TextAreaField(
        _("情况和依据"), [InputRequired(_("请写明情况和依据。")), Length(max=1000)], render_kw={"rows": 4}
    )

    def command(self) -> ProposeByHand:
        """The proposal."""
        return ProposeByHand(self.code.data, Trigger(self.trigger.data), self.remark.data)


class DeclineForm(FlaskForm):
    """Nothing is done, and why."""

    decline_reason = TextAreaField(
        _("理由"), [InputRequired(_("不采取措施，须写明理由。")), Length(max=500)], render_kw={"rows": 3}
    )

    def command(self, reference: str) -> DeclineProposal:
        """The decision."""
        return DeclineProposal(reference, self.decline_reason.data)


class OrderForm(FlaskForm):
    """A measure: its level, why, until when, and the way back."""

    level = RadioField(_("措施"), [InputRequired(_("请选择措施。"))], choices=LEVELS)
    reason = TextAreaField(
        _("理由"), [InputRequired(_("请写明理由，企业会看到。")), Length(max=1000)], render_kw={"rows": 4}
    )
    rectify_on = DateField(_("整改期限"), [Optional()])
    conditions = TextAreaField(_("恢复的条件"), [Optional(), Length(max=500)], render_kw={"rows": 2})
    earliest_on = DateField(_("最早可以重新申请"), [Optional()])

    def order(self) -> Order:
        """What was decided."""
        return Order(
            Level(self.level.data),
            self.reason.data,
            self.rectify_on.data,
            self.conditions.data or "",
            self.earliest_on.data,
        )

    def taking(self, reference: str) -> TakeMeasure:
        """The measure on a proposal."""
        return TakeMeasure(reference, self.order())

    def replacing(self, number: str) -> ReplaceMeasure:
        """The next step after a measure."""
        return ReplaceMeasure(number, self.order())


class JudgeForm(FlaskForm):
    """What the re-check of a measure decided."""

    verdict = RadioField(
        _("复查结果"),
        [InputRequired(_("请选择复查结果。"))],
        choices=[SelectChoice(LIFT, _("解除")), SelectChoice(PROLONG, _("延长期限"))],
    )
    text = TextAreaField(_("复查情况"), [InputRequired(_("请写明复查情况。")), Length(max=500)], render_kw={"rows": 2})
    until_on = DateField(_("新的期限"), [Optional()])

    def lifting(self, number: str) -> LiftMeasure:
        """The end of the measure."""
        return LiftMeasure(number, self.text.data)

    def prolonging(self, number: str) -> ProlongMeasure | None:
        """The new day; None, with the error at its field, where it is wanting."""
        if self.until_on.data is None:
            self.until_on.errors = [*self.until_on.errors, _("延长的须写明新的期限。")]
            return None
        return ProlongMeasure(number, self.text.data, self.until_on.data)


class StatementForm(FlaskForm):
    """What the merchant says for itself."""

    statement = TextAreaField(
        _("陈述、申辩"), [InputRequired(_("请写明情况。")), Length(max=1000)], render_kw={"rows": 3}
    )
    statement_files = MultipleFileField(_("附件"), [Optional()], render_kw={"accept": ACCEPT, "multiple": True})

    def command(self, number: str) -> StateObjection:
        """The statement with its files."""
        return StateObjection(number, self.statement.data, read_uploads(self.statement_files))


class AnswerForm(FlaskForm):
    """What was put right, or why the way back should be open."""

    text = TextAreaField(_("情况"), [InputRequired(_("请写明情况。")), Length(max=1000)], render_kw={"rows": 4})
    files = MultipleFileField(_("附件"), [Optional()], render_kw={"accept": ACCEPT, "multiple": True})

    def command(self, number: str) -> AnswerMeasure:
        """The report or request with its files."""
        return AnswerMeasure(number, self.text.data, read_uploads(self.files))


class TriggerForm(FlaskForm):
    """A dated row of a trigger."""

    code = SelectField(_("原因"), choices=TRIGGERS)
    threshold = IntegerField(_("达到的数值"), [InputRequired(NO_NUMBER)], render_kw={"inputmode": "numeric", "min": 1})
    least = IntegerField(_("至少办结件数"), [Optional()], render_kw={"inputmode": "numeric", "min": 0})
    days = IntegerField(_("期间（天）"), [InputRequired(NO_NUMBER)], render_kw={"inputmode": "numeric", "min": 1})
    level = SelectField(_("建议的措施"), choices=LEVELS)
    first_on = DateField(_("生效日期"), [InputRequired(NO_DAY)])
    basis = StringField(_("依据"), [InputRequired(_("请写明依据。")), Length(max=200)])
    active = BooleanField(_("启用（不勾选则不再按这个原因提出建议）"))

    def command(self) -> SetTrigger:
        """The row."""
        setting = Setting(
            Trigger(self.code.data),
            self.threshold.data,
            self.least.data or 0,
            self.days.data,
            self.first_on.data,
            self.basis.data,
        )
        return SetTrigger(setting, Level(self.level.data), bool(self.active.data))
