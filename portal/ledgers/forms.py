"""What is asked for around a ledger: reasons for looking, for opening, for amending, for releasing; files."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, FileField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.core.errors import RuleBroken
from portal.ledgers.onlookers import LONGEST_REASON, ReleaseRead
from portal.ledgers.opening import OpenLedger
from portal.ledgers.reading import RevealEntry
from portal.ledgers.rules.disclosure import LOOK_REASON_NAMES, REASON_NAMES, LookReason, OpeningReason

LONGEST = _("最多 %(max)s 字。请写短一些。", max=LONGEST_REASON)
FILE_LIMIT = 20 * 1024 * 1024  # bytes of a sheet to import, our limit


class EmptyForm(FlaskForm):
    """Only the token: for a button that says it all."""


class LookForm(FlaskForm):
    """Why somebody looks at a consumer's particulars."""

    reason = RadioField(
        _("查看理由"),
        [InputRequired(_("请选择查看理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in LOOK_REASON_NAMES.items()],
    )

    def command(self, seq: str, code: str = "") -> RevealEntry:
        """The look; `code` names the merchant whose ledger an authority has open."""
        return RevealEntry(seq, LookReason(self.reason.data), code)


class OpenForm(FlaskForm):
    """Why an authority opens a ledger."""

    reason = RadioField(
        _("查阅理由"),
        [InputRequired(_("请选择查阅理由。"))],
        choices=[SelectChoice(reason.value, name) for reason, name in REASON_NAMES.items()],
    )

    def command(self, code: str) -> OpenLedger:
        """The opening."""
        return OpenLedger(code, OpeningReason(self.reason.data))


class ReasonForm(FlaskForm):
    """Why an entry is amended."""

    reason = TextAreaField(
        _("更正原因"),
        [InputRequired(_("请写明更正的原因，例如“数量录入错误”。")), Length(max=LONGEST_REASON, message=LONGEST)],
    )
    token = HiddenField()


class ReleaseForm(FlaskForm):
    """Which read the merchant may learn of, and why."""

    read = HiddenField()
    reason = StringField(
        _("公开理由"),
        [InputRequired(_("请写明公开这次查阅的理由。")), Length(max=LONGEST_REASON, message=LONGEST)],
    )

    def command(self) -> ReleaseRead:
        """The release; a forged key is nobody's read."""
        text = self.read.data or ""
        return ReleaseRead(int(text) if text.isdecimal() and len(text) < 19 else 0, self.reason.data or "")


class BundleForm(FlaskForm):
    """Whether the bundle carries personal values."""

    opened = BooleanField(_("包含消费者个人信息（仅限办案取证）"))
    why = StringField(_("取证理由"), [Length(max=LONGEST_REASON, message=LONGEST)])


class SheetForm(FlaskForm):
    """A ledger kept in a spreadsheet."""

    file = FileField(_("台账文件"))

    def upload(self) -> tuple[str, bytes]:
        """The file's name and content; refuses with RuleBroken (field "file") none, and one that is too big."""
        chosen = self.file.data
        if not isinstance(chosen, FileStorage) or not chosen.filename:
            raise RuleBroken(str(_("请选择要导入的 XLSX 或 CSV 文件。")), field="file")
        content = chosen.stream.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT:
            size = FILE_LIMIT // 1024**2
            raise RuleBroken(str(_("文件太大，最多 %(size)s MB。请按日期拆分成几个文件。", size=size)), field="file")
        return chosen.filename, content
