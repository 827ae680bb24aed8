"""What is typed about an inspection."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, FieldList, FormField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.form import Form
from wtforms.validators import InputRequired, Length, Optional

from portal.supervision.actions import (
    ConfirmInspection,
    RecheckInspection,
    RecordInspection,
    ReportRectification,
)
from portal.supervision.rules import FINDING_NAMES, MANNER_NAMES, Finding, FindingKind, Manner, Visit

NO_DAY = _("日期应写成 2026-10-12。")
LINES = 5  # findings that the form has room for; more go into one text
PASSED, FAILED = "passed", "failed"


class FindingForm(Form):
    """One thing found wrong; a line without a text is none."""

    kind = SelectField(_("问题"), choices=[SelectChoice(one.value, name) for one, name in FINDING_NAMES.items()])
    seq = IntegerField(_("台账第几笔"), [Optional()], render_kw={"inputmode": "numeric", "min": 1})
    text = StringField(_("情况"), [Optional(), Length(max=300)])


class InspectionForm(FlaskForm):
    """The record of an inspection."""

    code = StringField(_("企业的统一社会信用代码"), [InputRequired(_("请填写统一社会信用代码。")), Length(max=18)])
    manner = SelectField(_("检查方式"), choices=[SelectChoice(one.value, name) for one, name in MANNER_NAMES.items()])
    inspected_on = DateField(_("检查日期"), [InputRequired(NO_DAY)])
    second_officer = StringField(_("另一名检查人员"), [InputRequired(_("检查须由两人进行。")), Length(max=40)])
    period_first = DateField(_("检查期间自"), [InputRequired(NO_DAY)])
    period_last = DateField(_("检查期间至"), [InputRequired(NO_DAY)])
    sample = IntegerField(
        _("抽查笔数"), [InputRequired(_("请填写抽查笔数。"))], render_kw={"inputmode": "numeric", "min": 1}
    )
    findings = FieldList(FormField(FindingForm), min_entries=LINES, max_entries=LINES)
    rectify_on = DateField(_("整改期限"), [Optional()])

    def command(self) -> RecordInspection:
        """The record."""
        written = [entry.form for entry in self.findings if (entry.form.text.data or "").strip()]
        return RecordInspection(
            self.code.data,
            Manner(self.manner.data),
            Visit(
                inspected_on=self.inspected_on.data,
                period_first=self.period_first.data,
                period_last=self.period_last.data,
                sample=self.sample.data,
                second_officer=self.second_officer.data,
                findings=tuple(
                    Finding(FindingKind(one.kind.data), one.text.data.strip(), one.seq.data) for one in written
                ),
                rectify_on=self.rectify_on.data,
            ),
        )


class ConfirmForm(FlaskForm):
    """The merchant's word on the record."""

    objection = TextAreaField(_("不同意见"), [Optional(), Length(max=500)], render_kw={"rows": 3})

    def command(self, reference: str) -> ConfirmInspection:
        """The confirmation."""
        return ConfirmInspection(reference, self.objection.data or "")


class RectifyForm(FlaskForm):
    """What was put right."""

    text = TextAreaField(_("整改情况"), [InputRequired(_("请写明整改情况。")), Length(max=500)], render_kw={"rows": 3})

    def command(self, reference: str) -> ReportRectification:
        """The report."""
        return ReportRectification(reference, self.text.data)


class RecheckForm(FlaskForm):
    """What the re-check found."""

    verdict = RadioField(
        _("复查结果"),
        [InputRequired(_("请选择复查结果。"))],
        choices=[SelectChoice(PASSED, _("合格，办结")), SelectChoice(FAILED, _("不合格，继续整改"))],
    )
    text = TextAreaField(_("复查情况"), [InputRequired(_("请写明复查情况。")), Length(max=500)], render_kw={"rows": 2})
    rectify_on = DateField(_("新的整改期限"), [Optional()])

    def command(self, reference: str) -> RecheckInspection:
        """The result."""
        return RecheckInspection(reference, self.verdict.data == PASSED, self.text.data, self.rectify_on.data)
