"""What is typed about visits and breaches of promises."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import (
    DateField,
    FieldList,
    FormField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.form import Form
from wtforms.validators import InputRequired, Length, Optional

from portal.supervision.forms import LINES, NO_DAY, PASSED, RecheckForm, RectifyForm
from portal.supervision.rules.visits import LAPSE_NAMES, SOURCE_NAMES, Lapse, LapseFound, ViolationSource, VisitRecord
from portal.supervision.sanction_forms import ACCEPT, read_uploads
from portal.supervision.violations import AskRemoval, DecideRemoval, DecideViolation, RecordViolation
from portal.supervision.visits import AddVisitFiles, PlanVisit, RecheckVisit, RecordVisit, RectifyVisit

YES, NO = "yes", "no"
NO_CODE = _("请填写统一社会信用代码。")
FILES = {"accept": ACCEPT, "multiple": True}


class PlanForm(FlaskForm):
    """A visit that is to be made."""

    code = StringField(_("商家的统一社会信用代码"), [InputRequired(NO_CODE), Length(max=18)])
    outlet = StringField(_("门店"), [InputRequired(_("请写明去哪家门店。")), Length(max=100)])
    planned_on = DateField(_("计划日期"), [InputRequired(NO_DAY)])
    scenario = TextAreaField(_("情景"), [InputRequired(_("请写明情景。")), Length(max=500)], render_kw={"rows": 3})

    def command(self) -> PlanVisit:
        """The plan."""
        return PlanVisit(self.code.data, self.outlet.data, self.scenario.data, self.planned_on.data)


class LapseForm(Form):
    """One thing found wrong; a line without a text is none."""

    kind = SelectField(_("问题"), choices=[SelectChoice(one.value, name) for one, name in LAPSE_NAMES.items()])
    text = StringField(_("情况"), [Optional(), Length(max=300)])


class VisitForm(FlaskForm):
    """What a visit found."""

    visited_on = DateField(_("走访日期"), [InputRequired(NO_DAY)])
    second_officer = StringField(_("另一名走访人员"), [InputRequired(_("走访须由两人进行。")), Length(max=40)])
    asked = TextAreaField(
        _("问了什么、做了什么"), [InputRequired(_("请写明。")), Length(max=1000)], render_kw={"rows": 3}
    )
    answered = TextAreaField(
        _("店员怎样答复、怎样处理"), [InputRequired(_("请写明。")), Length(max=1000)], render_kw={"rows": 3}
    )
    findings = FieldList(FormField(LapseForm), min_entries=LINES, max_entries=LINES)
    rectify_on = DateField(_("整改期限"), [Optional()])
    files = MultipleFileField(_("照片"), [Optional()], render_kw=FILES)

    def command(self, reference: str) -> RecordVisit:
        """The record with its photos."""
        written = [entry.form for entry in self.findings if (entry.form.text.data or "").strip()]
        record = VisitRecord(
            visited_on=self.visited_on.data,
            second_officer=self.second_officer.data,
            asked=self.asked.data,
            answered=self.answered.data,
            lapses=tuple(LapseFound(Lapse(one.kind.data), one.text.data.strip()) for one in written),
            rectify_on=self.rectify_on.data,
        )
        return RecordVisit(reference, record, read_uploads(self.files))


class VisitFilesForm(FlaskForm):
    """More photos."""

    more_files = MultipleFileField(_("照片"), [Optional()], render_kw=FILES)

    def command(self, reference: str) -> AddVisitFiles:
        """The photos that were chosen."""
        return AddVisitFiles(reference, read_uploads(self.more_files))


class VisitRectifyForm(RectifyForm):
    """What was put right, with photos."""

    files = MultipleFileField(_("照片"), [Optional()], render_kw=FILES)

    def report(self, reference: str) -> RectifyVisit:
        """The report with its photos."""
        return RectifyVisit(reference, self.text.data, read_uploads(self.files))


def recheck_of_visit(form: RecheckForm, reference: str) -> RecheckVisit:
    """What the re-check of a visit found."""
    return RecheckVisit(reference, form.verdict.data == PASSED, form.text.data, form.rectify_on.data)


class ViolationForm(FlaskForm):
    """A breach of a promise."""

    code = StringField(_("商家的统一社会信用代码"), [InputRequired(NO_CODE), Length(max=18)])
    source = SelectField(
        _("怎样发现"),
        choices=[SelectChoice(one.value, name) for one, name in SOURCE_NAMES.items() if one != ViolationSource.RETURN],
    )
    source_reference = StringField(_("来源编号"), [Optional(), Length(max=40)])
    happened_on = DateField(_("发生日期"), [InputRequired(NO_DAY)])
    text = TextAreaField(
        _("违反了什么"), [InputRequired(_("请写明违反了承诺的哪一条。")), Length(max=500)], render_kw={"rows": 3}
    )

    def command(self) -> RecordViolation:
        """The breach."""
        source = ViolationSource(self.source.data)
        return RecordViolation(
            self.code.data, source, self.source_reference.data or "", self.happened_on.data, self.text.data
        )


class VerdictForm(FlaskForm):
    """Whether a breach is so."""

    verdict = RadioField(
        _("核实结果"),
        [InputRequired(_("请选择核实结果。"))],
        choices=[SelectChoice(YES, _("属实")), SelectChoice(NO, _("不属实"))],
    )
    reason = TextAreaField(
        _("核实情况"), [InputRequired(_("请写明核实情况。")), Length(max=500)], render_kw={"rows": 3}
    )

    def command(self, reference: str) -> DecideViolation:
        """The decision."""
        return DecideViolation(reference, self.verdict.data == YES, self.reason.data)


class AskRemovalForm(FlaskForm):
    """Why the promise should be removed."""

    ask_reason = TextAreaField(
        _("建议摘牌的理由"), [InputRequired(_("请写明理由。")), Length(max=300)], render_kw={"rows": 3}
    )

    def command(self, reference: str) -> AskRemoval:
        """The proposal."""
        return AskRemoval(reference, self.ask_reason.data)


class RemovalForm(FlaskForm):
    """The chief's word on the removal."""

    removed = RadioField(
        _("决定"),
        [InputRequired(_("请选择。"))],
        choices=[SelectChoice(YES, _("摘牌")), SelectChoice(NO, _("不摘牌"))],
    )
    reason = TextAreaField(_("理由"), [InputRequired(_("请写明理由。")), Length(max=300)], render_kw={"rows": 3})

    def command(self, reference: str) -> DecideRemoval:
        """The decision."""
        return DecideRemoval(reference, self.removed.data == YES, self.reason.data)
