"""What is typed about problem goods."""

from dataclasses import replace
from datetime import date

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.recalls.actions import RecordResult, RegisterGoods, RemoveGoods, SendForTesting
from portal.recalls.notices import CloseGoods, ConfirmRemoval, IssueNotice
from portal.recalls.rules import DISPOSAL_NAMES, SOURCE_NAMES, Disposal, Source

PASSED, FAILED = "passed", "failed"
NO_DAY = _("日期应写成 2026-10-12。")
PIECES = {"inputmode": "numeric", "min": 0}
DISPOSALS = [SelectChoice(one.value, name) for one, name in DISPOSAL_NAMES.items()]


class ArticleForm(FlaskForm):
    """What an article is known by, and what is wrong with it."""

    goods = StringField(_("商品名称"), [InputRequired(_("请填写商品名称。")), Length(max=80)])
    brand = StringField(_("品牌"), [Optional(), Length(max=40)])
    model = StringField(_("规格型号"), [Optional(), Length(max=60)])
    batch = StringField(
        _("批号或生产日期"), [InputRequired(_("请填写批号或生产日期，其他企业要按它核对。")), Length(max=60)]
    )
    barcode = StringField(_("条码"), [Optional(), Length(max=30)], render_kw={"inputmode": "numeric"})
    supplier = StringField(_("供货商或生产者"), [InputRequired(_("请填写供货商或生产者。")), Length(max=80)])
    problem = TextAreaField(
        _("质量问题"), [InputRequired(_("请写明质量问题。")), Length(max=500)], render_kw={"rows": 3}
    )

    def command(self) -> RegisterGoods:
        """The registration of what an authority found; it has no stock."""
        return RegisterGoods(
            goods=self.goods.data.strip(),
            brand=(self.brand.data or "").strip(),
            model=(self.model.data or "").strip(),
            batch=self.batch.data.strip(),
            barcode=(self.barcode.data or "").strip(),
            supplier=self.supplier.data.strip(),
            problem=self.problem.data.strip(),
            on_hand=0,
            source=Source.INSPECTION,
        )


class RegisterForm(ArticleForm):
    """An article that a merchant suspects."""

    on_hand = IntegerField(_("现有库存（件）"), [InputRequired(_("请填写库存件数，没有填 0。"))], render_kw=PIECES)
    source = SelectField(
        _("怎么发现的"),
        choices=[SelectChoice(one.value, name) for one, name in SOURCE_NAMES.items() if one is not Source.INSPECTION],
    )
    entry = IntegerField(_("退换货台账第几笔"), [Optional()], render_kw={"inputmode": "numeric", "min": 1})

    def command(self) -> RegisterGoods:
        """The registration."""
        return replace(
            super().command(),
            on_hand=self.on_hand.data,
            source=Source(self.source.data),
            entry_seq=self.entry.data,
        )


class SendForm(FlaskForm):
    """Who tests, since when."""

    laboratory = StringField(_("检测方"), [InputRequired(_("请填写检测方。")), Length(max=80)])
    sent_on = DateField(_("送检日期"), [InputRequired(NO_DAY)])

    def command(self, reference: str) -> SendForTesting:
        """The step."""
        return SendForTesting(reference, self.laboratory.data.strip(), _day(self.sent_on))


class ResultForm(FlaskForm):
    """What the test found."""

    verdict = RadioField(
        _("检测结果"),
        [InputRequired(_("请选择合格或不合格。"))],
        choices=[SelectChoice(PASSED, _("合格")), SelectChoice(FAILED, _("不合格"))],
    )
    tested_on = DateField(_("报告日期"), [InputRequired(NO_DAY)])
    report_number = StringField(_("报告编号"), [Optional(), Length(max=60)])
    finding = TextAreaField(_("检测项目和结论"), [Optional(), Length(max=500)], render_kw={"rows": 3})
    report = FileField(_("检测报告（图片或 PDF）"), [Optional()])

    def command(self, reference: str) -> RecordResult:
        """The step."""
        upload = self.report.data
        return RecordResult(
            reference,
            passed=self.verdict.data == PASSED,
            tested_on=_day(self.tested_on),
            report_number=(self.report_number.data or "").strip(),
            finding=(self.finding.data or "").strip(),
            report=upload.read() if upload else None,
        )


class RemoveForm(FlaskForm):
    """What was taken off one's own shelves."""

    quantity = IntegerField(_("下架件数"), [InputRequired(_("请填写下架件数。"))], render_kw=PIECES)
    removed_on = DateField(_("下架日期"), [InputRequired(NO_DAY)])
    disposal = SelectField(_("处理方式"), choices=DISPOSALS)

    def command(self, reference: str) -> RemoveGoods:
        """The step."""
        return RemoveGoods(reference, self.quantity.data, _day(self.removed_on), Disposal(self.disposal.data))


class ConfirmForm(FlaskForm):
    """The answer to a notice."""

    quantity = IntegerField(_("下架件数"), [InputRequired(_("请填写下架件数，没有存货填 0。"))], render_kw=PIECES)
    removed_on = DateField(_("下架日期"), [Optional()])
    disposal = SelectField(_("处理方式"), choices=DISPOSALS)
    remark = StringField(_("说明"), [Optional(), Length(max=200)])

    def command(self, reference: str) -> ConfirmRemoval:
        """The answer."""
        return ConfirmRemoval(
            reference,
            self.quantity.data,
            self.removed_on.data,
            Disposal(self.disposal.data),
            (self.remark.data or "").strip(),
        )


class NoticeForm(FlaskForm):
    """What the area is told."""

    text = TextAreaField(_("要求"), [InputRequired(_("请写明要求。")), Length(max=500)], render_kw={"rows": 4})
    answer_on = DateField(_("确认期限"), [InputRequired(NO_DAY)])

    def command(self, reference: str) -> IssueNotice:
        """The notice."""
        return IssueNotice(reference, self.text.data.strip(), _day(self.answer_on))


class CloseForm(FlaskForm):
    """Why nobody waits for the rest."""

    reason = TextAreaField(_("办结理由"), [Optional(), Length(max=300)], render_kw={"rows": 2})

    def command(self, reference: str) -> CloseGoods:
        """The end."""
        return CloseGoods(reference, (self.reason.data or "").strip())


class PlainForm(FlaskForm):
    """Nothing but the token."""


def _day(field: DateField) -> date:
    day: date = field.data
    return day
