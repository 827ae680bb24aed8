"""What an authority types about promises: its opinion, why it removes one, its own programme, a list to import."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, DateField, FileField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.commitments.actions import EditProgramme, RemovePromise, Review
from portal.commitments.forms import whole
from portal.commitments.list_files import SIZE_LIMIT
from portal.commitments.rules import WAY_NAMES, Way
from portal.commitments.rules.programme import AllowedExclusion
from portal.core.errors import RuleBroken

PASS, REFUSE = "pass", "refuse"
MOST = 500  # characters, as the actions have it
TOO_LONG = _("最多 %(max)s 字，请缩短。", max=MOST)
WHOLE = {"inputmode": "numeric", "min": 1, "size": 6}


class ReviewForm(FlaskForm):
    """One level's word."""

    verdict = RadioField(
        _("审核结果"),
        [InputRequired(_("请选择通过或不通过。"))],
        choices=[SelectChoice(PASS, _("通过")), SelectChoice(REFUSE, _("不通过"))],
    )
    opinion = TextAreaField(_("审核意见"), [Optional(), Length(max=MOST, message=TOO_LONG)], render_kw={"rows": 3})

    def command(self, reference: str) -> Review:
        """The review."""
        return Review(reference, passed=self.verdict.data == PASS, opinion=(self.opinion.data or "").strip())


class RemoveForm(FlaskForm):
    """Why a promise is taken off the list."""

    reason = TextAreaField(
        _("摘牌原因"),
        [InputRequired(_("请写明摘牌原因，商家和消费者都会看到。")), Length(max=MOST, message=TOO_LONG)],
        render_kw={"rows": 4},
    )
    sure = BooleanField(
        _("我已核实，并知道今天和以前的购买仍受承诺约束"), [InputRequired(_("请先勾选，确认已经核实。"))]
    )

    def command(self, reference: str) -> RemovePromise:
        """The removal."""
        return RemovePromise(reference, self.reason.data.strip())


class ProgrammeForm(FlaskForm):
    """The authority's own row, from a day on."""

    way = RadioField(
        _("管哪里卖的商品"),
        [InputRequired(_("请选择一种。"))],
        choices=[SelectChoice(way.value, name) for way, name in WAY_NAMES.items()],
    )
    valid_from = DateField(_("从哪天起适用"), [InputRequired(_("请选择日期，写成 2026-10-12。"))])
    least_days = IntegerField(_("最少几天"), whole(_("请填写天数，例如 7。")), render_kw=WHOLE)
    most_days_to_answer = IntegerField(_("最长几天答复申请"), whole(_("请填写天数，例如 3。")), render_kw=WHOLE)
    most_days_to_refund = IntegerField(_("最长几天退款"), whole(_("请填写天数，例如 7。")), render_kw=WHOLE)
    valid_months = IntegerField(_("有效几个月"), [Optional()], render_kw=WHOLE)
    second_review = BooleanField(_("要复审"))
    council_code = StringField(_("由哪个消委会复审"), [Optional(), Length(max=40)])
    free = BooleanField(_("商家可以自己写不适用的情形，但要在购买前明示"))
    basis = StringField(_("依据"), [InputRequired(_("请写明依据，例如本地工作指引的名称。")), Length(max=200)])
    article = StringField(_("条款"), [Optional(), Length(max=60)])

    def command(self, allowed: tuple[AllowedExclusion, ...]) -> EditProgramme:
        """The row; what may be excluded stays as it is in the row in force."""
        return EditProgramme(
            way=Way(self.way.data),
            valid_from=self.valid_from.data,
            least_days=self.least_days.data,
            most_days_to_answer=self.most_days_to_answer.data,
            most_days_to_refund=self.most_days_to_refund.data,
            valid_months=self.valid_months.data,
            second_review=bool(self.second_review.data),
            free=bool(self.free.data),
            allowed=allowed,
            basis=(self.basis.data or "").strip(),
            article=(self.article.data or "").strip(),
            council_code=(self.council_code.data or "").strip(),
        )


class ListForm(FlaskForm):
    """A directory list."""

    file = FileField(_("名录文件"))

    def upload(self) -> tuple[str, bytes]:
        """The file's name and content; refuses with RuleBroken (field "file") none, and one that is too big."""
        chosen = self.file.data
        if not isinstance(chosen, FileStorage) or not chosen.filename:
            raise RuleBroken(str(_("请选择要导入的 XLSX 或 CSV 文件。")), field="file")
        content = chosen.stream.read(SIZE_LIMIT + 1)
        if len(content) > SIZE_LIMIT:
            size = SIZE_LIMIT // 1024**2
            raise RuleBroken(str(_("文件太大，最多 %(size)s MB。请按区县拆分成几个文件。", size=size)), field="file")
        return chosen.filename, content
