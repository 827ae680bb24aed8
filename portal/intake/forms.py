"""What officers hand in and decide: files, merchants for waiting cases, reasons for looking."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.cases.actions import RevealConsumer
from portal.cases.rules import KEEP_REASON_NAMES, RETURN_REASON_NAMES, KeepReason, ReturnReason, RevealReason
from portal.core.errors import RuleBroken
from portal.intake.dispatching import RouteCase
from portal.intake.keeping import KeepCase, SendBack
from portal.intake.rules import Source
from portal.intake.sheets import SIZE_LIMIT
from portal.intake.tips import RevealTip
from portal.intake.uploads import Upload, read_upload, too_big

MAP_LIMIT = 64 * 1024  # bytes; a column map is a page of text
LONGEST_TEXT = 20_000  # characters of a redacted text
LONGEST_NOTE = 1000  # characters, as of every note
AUTOMATIC = "auto"


class UploadForm(FlaskForm):
    """A complaint file, and how to read it."""

    file = FileField(_("导入文件"))
    source = SelectField(
        _("来源"),
        choices=[
            SelectChoice(AUTOMATIC, _("按表头自动判断")),
            SelectChoice(Source.NATIONAL.value, _("全国 12315 平台导出")),
            SelectChoice(Source.HOTLINE.value, _("12345 热线工单")),
            SelectChoice(Source.GENERIC.value, _("其他表格")),
        ],
        default=AUTOMATIC,
    )
    column_map = FileField(_("列对照（TOML）"), [Optional()])

    def upload(self) -> Upload:
        """Read the file; refuses with RuleBroken (field file or column_map) what cannot be imported."""
        chosen = self.file.data
        if not isinstance(chosen, FileStorage) or not chosen.filename:
            raise RuleBroken(str(_("请选择要导入的 XLSX 或 CSV 文件。")), field="file")
        if objection := too_big(_size(chosen)):
            raise RuleBroken(objection, field="file")
        source = None if self.source.data == AUTOMATIC else Source(self.source.data)
        return read_upload(chosen.filename, chosen.stream.read(), source=source, toml=self._toml())

    def _toml(self) -> str | None:
        chosen = self.column_map.data
        if not isinstance(chosen, FileStorage) or not chosen.filename:
            return None
        content = chosen.stream.read(MAP_LIMIT + 1)
        try:
            if len(content) <= MAP_LIMIT:
                return content.decode("utf-8-sig")  # Notepad writes a mark in front
        except UnicodeDecodeError:
            pass
        raise RuleBroken(str(_("列对照文件应是 UTF-8 编码的 TOML，不超过 64 KB。")), field="column_map")


def _size(chosen: FileStorage) -> int:
    size = chosen.stream.seek(0, 2)
    chosen.stream.seek(0)
    return size


FILE_LIMIT = SIZE_LIMIT  # bytes, for the page's own check


class RouteForm(FlaskForm):
    """To which merchant a waiting case goes; with a suspected tip, what of it the merchant may read."""

    merchant = StringField(
        _("统一社会信用代码"), [InputRequired(_("请选择一家企业。")), Length(max=40, message=_("代码太长。"))]
    )
    redacted = TextAreaField(
        _("给企业看的投诉内容"), [Length(max=LONGEST_TEXT, message=_("内容太长，最多 20000 字。"))]
    )
    cleared = BooleanField(_("已核对：保留的“举报”“查处”“处罚”字样不是举报"))

    def command(self, reference: str) -> RouteCase:
        """The decision."""
        assert self.merchant.data is not None
        return RouteCase(reference, self.merchant.data, self.redacted.data or None, cleared=bool(self.cleared.data))


class KeepForm(FlaskForm):
    """Why an officer handles a waiting case himself."""

    keep_reason = RadioField(
        _("自行办理的理由"),
        [InputRequired(_("请选择自行办理的理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in KEEP_REASON_NAMES.items()],
    )

    def command(self, reference: str) -> KeepCase:
        """The decision."""
        return KeepCase(reference, KeepReason(self.keep_reason.data))


class SendBackForm(FlaskForm):
    """Why a case goes back to the unit that it came from."""

    back_reason = RadioField(
        _("退回原因"),
        [InputRequired(_("请选择退回原因。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in RETURN_REASON_NAMES.items()],
    )
    explanation = TextAreaField(_("退回说明"), [Length(max=LONGEST_NOTE, message=_("说明太长，最多 1000 字。"))])

    def command(self, reference: str) -> SendBack:
        """The decision."""
        return SendBack(reference, ReturnReason(self.back_reason.data), self.explanation.data or "")


class RevealForm(FlaskForm):
    """Why somebody looks."""

    reason = RadioField(
        _("查看理由"),
        [InputRequired(_("请选择查看理由。"))],
        choices=[
            SelectChoice(RevealReason.VERIFY_CLAIM.value, _("核实诉求内容")),
            SelectChoice(RevealReason.CONTACT.value, _("联系当事人")),
        ],
    )

    def case_command(self, reference: str) -> RevealConsumer:
        """The look at a case."""
        return RevealConsumer(reference, RevealReason(self.reason.data))

    def tip_command(self, source: str, number: str) -> RevealTip:
        """The look at a tip."""
        return RevealTip(source, number, RevealReason(self.reason.data))


class EmptyForm(FlaskForm):
    """Only the token: for a button that says it all."""
