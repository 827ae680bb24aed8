"""From a line of a sheet to a filing, or the one reason why not."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from portal.intake.rules import cells, words
from portal.intake.rules.columns import Columns, Field, Row, Source
from portal.intake.rules.words import Demand, Diversion, Kind


class RefusalCode(StrEnum):
    """Why a row is refused; exactly these (decisions 11)."""

    NUMBER_MISSING = "number_missing"
    NUMBER_INVALID = "number_invalid"
    TYPE_UNKNOWN = "type_unknown"
    TIME_INVALID = "time_invalid"
    TEXT_MISSING = "text_missing"
    COMPANY_MISSING = "company_missing"


REASONS: Mapping[RefusalCode, str] = {
    RefusalCode.NUMBER_MISSING: "没有登记编号，请补填编号。",
    RefusalCode.NUMBER_INVALID: "登记编号超过32个字符，或被表格软件改成数字而丢失了位数，请以文本格式填写完整编号。",
    RefusalCode.TYPE_UNKNOWN: "类型不是“投诉”或“举报”，请更正类型。",
    RefusalCode.TIME_INVALID: "登记时间缺失或不是有效的日期时间，请按“2026-06-07 19:17:24”的样式填写。",
    RefusalCode.TEXT_MISSING: "没有诉求内容，请补填诉求内容。",
    RefusalCode.COMPANY_MISSING: "没有企业名称，请补填被投诉企业的名称。",
}


class Flag(StrEnum):
    """What an officer should know of an accepted row; the cell as written is then among the extras."""

    CODE_INVALID = "code_invalid"  # not a 统一社会信用代码 by GB 32100
    AMOUNT_INVALID = "amount_invalid"
    PHONE_UNUSABLE = "phone_unusable"  # kept in `phone_written`
    DATE_INVALID = "date_invalid"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not taken: its line, the reason, and its number as far as it has one."""

    line: int
    code: RefusalCode
    number: str

    @property
    def sentence(self) -> str:
        """Return what whoever corrects the file has to do."""
        return REASONS[self.code]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A filing as the file states it. Moments are UTC, amount is 分, None means not stated (or masked)."""

    line: int
    source: Source
    number: str
    kind: Kind
    registered_at: datetime
    in_future: bool
    text: str
    company: str
    code: str | None  # valid by GB 32100
    code_written: str | None  # half-width and upper case, also when invalid
    company_address: str | None
    consumer: str | None
    phone: str | None  # usable, digits only
    phone_written: str | None
    address: str | None
    title: str | None
    channel: str | None
    problem: str | None
    object: str | None
    issue: str | None
    place: str | None
    sale_method: str | None
    amount: int | None
    purchased_on: date | None
    publicity: bool | None
    diversion: Diversion
    diversion_written: str | None
    dispatched_at: datetime | None
    authority: str | None
    office: str | None
    status: str | None
    platform_due_on: date | None
    demands: tuple[Demand, ...]
    suspected_tip: bool
    masked: frozenset[Field]
    flags: frozenset[Flag]
    extras: Mapping[str, str]


def parse_row(
    row: Row,
    columns: Columns,
    *,
    source: Source,
    now: datetime,
    suspicion: Iterable[str] = words.SUSPICION_WORDS,
) -> ParsedRow | Refusal:
    """Read one line; never raises. The first fault in the order of `RefusalCode` is the one reported.

    A time after `now` is accepted and marked; bad amounts, codes, phones and dates are flagged, not refused
    (decisions 11). A masked cell counts as empty, so a masked number, text or company refuses the row.
    """
    reading = _Reading(row, columns)
    essentials = _essentials(reading)
    if isinstance(essentials, Refusal):
        return essentials
    return _filed(reading, essentials, source, now, suspicion)


def _filed(
    reading: "_Reading", essentials: "_Essentials", source: Source, now: datetime, suspicion: Iterable[str]
) -> ParsedRow:
    number, kind, registered_at, text, company = essentials
    written = {name: reading.text(wanted) for name, wanted in _NAMED}
    diversion = reading.text(Field.DIVERSION)
    code, code_written = reading.code()
    phone, phone_written = reading.phone()
    return ParsedRow(
        line=reading.row.line,
        source=source,
        number=number,
        kind=kind,
        registered_at=registered_at,
        in_future=registered_at > now,
        text=text,
        company=" ".join(company.split()),
        code=code,
        code_written=code_written,
        phone=phone,
        phone_written=phone_written,
        amount=reading.amount(),
        purchased_on=reading.day(Field.PURCHASED_ON),
        publicity=_YES_NO.get(reading.text(Field.PUBLICITY) or ""),
        diversion=words.diversion_of(diversion or ""),
        diversion_written=diversion,
        dispatched_at=reading.moment(Field.DISPATCHED_AT),
        platform_due_on=reading.day(Field.PLATFORM_DUE_ON),
        demands=words.demands_in(text),
        suspected_tip=words.sounds_like_a_tip(f"{written['title'] or ''}\n{text}", suspicion),
        masked=frozenset(reading.masked),
        flags=frozenset(reading.flags),
        extras=reading.extras(),
        **written,
    )


_AS_WRITTEN = (
    Field.COMPANY_ADDRESS,
    Field.CONSUMER,
    Field.ADDRESS,
    Field.TITLE,
    Field.CHANNEL,
    Field.PROBLEM,
    Field.OBJECT,
    Field.ISSUE,
    Field.PLACE,
    Field.SALE_METHOD,
    Field.AUTHORITY,
    Field.OFFICE,
    Field.STATUS,
)
_NAMED = tuple((wanted.value, wanted) for wanted in _AS_WRITTEN)
_Essentials = tuple[str, Kind, datetime, str, str]  # number, kind, registered at, text, company
_YES_NO = {"是": True, "否": False, "同意": True, "不同意": False, "Y": True, "N": False}
_NOT_CONTENT = frozenset({"line", "in_future", "suspected_tip", "demands", "flags", "masked", "extras"})
_CONTENT = tuple(f.name for f in fields(ParsedRow) if f.name not in _NOT_CONTENT)
_STATED = attrgetter(*_CONTENT)
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def content(parsed: ParsedRow) -> bytes:
    """Return what the channel said as canonical JSON, to tell whether a repeated number has changed.

    It holds personal data: keep only a keyed digest of it.
    """
    stated: dict[str, Any] = dict(zip(_CONTENT, _STATED(parsed), strict=True))
    stated["masked"] = sorted(parsed.masked)
    stated["extras"] = dict(parsed.extras)
    return _CANONICAL.encode(stated).encode()


def _essentials(reading: "_Reading") -> "_Essentials | Refusal":
    row, columns = reading.row, reading.columns
    number, trusted = cells.number_of(columns.cell(row, Field.NUMBER))
    kind = words.kind_of(reading.text(Field.TYPE) or columns.default_type or "")
    registered_at = cells.moment_of(columns.cell(row, Field.TIME))
    text, company = reading.text(Field.TEXT), reading.text(Field.COMPANY)
    if number and trusted and kind and registered_at and text and company:
        return number, kind, registered_at, text, company
    faults = (
        (not number, RefusalCode.NUMBER_MISSING),
        (not trusted, RefusalCode.NUMBER_INVALID),
        (kind is None, RefusalCode.TYPE_UNKNOWN),
        (registered_at is None, RefusalCode.TIME_INVALID),
        (text is None, RefusalCode.TEXT_MISSING),
        (True, RefusalCode.COMPANY_MISSING),
    )
    return Refusal(row.line, next(code for at_fault, code in faults if at_fault), number)


class _Reading:
    """One row being read; gathers what was masked, flagged or kept as written."""

    __slots__ = ("columns", "flags", "kept", "masked", "row")

    def __init__(self, row: Row, columns: Columns) -> None:
        self.row = row
        self.columns = columns
        self.masked: set[Field] = set()
        self.flags: set[Flag] = set()
        self.kept: dict[str, str] = {}

    def text(self, wanted: Field) -> str | None:
        """Return the cell's text, None when it is empty or masked."""
        cell = self.columns.cell(self.row, wanted)
        if cell is None or not (text := cells.text_of(cell)):
            return None
        if cells.is_masked(text):
            self.masked.add(wanted)
            return None
        return None if cells.is_blank(text) else text

    def code(self) -> tuple[str | None, str | None]:
        text = self.text(Field.CODE)
        written = cells.code_of(text) if text else None
        if not written:
            return None, None
        if cells.is_credit_code(written):
            return written, written
        self._keep(Field.CODE, Flag.CODE_INVALID)
        return None, written

    def phone(self) -> tuple[str | None, str | None]:
        written = self.text(Field.PHONE)
        phone = cells.phone_of(written) if written else None
        if written and phone is None:
            self.flags.add(Flag.PHONE_UNUSABLE)
        return phone, written

    def amount(self) -> int | None:
        if self.text(Field.AMOUNT) is None:
            return None
        amount = cells.amount_of(self.columns.cell(self.row, Field.AMOUNT), self.columns.fen_per_unit)
        if amount is None:
            self._keep(Field.AMOUNT, Flag.AMOUNT_INVALID)
        return amount

    def moment(self, wanted: Field) -> datetime | None:
        if self.text(wanted) is None:
            return None
        moment = cells.moment_of(self.columns.cell(self.row, wanted))
        if moment is None:
            self._keep(wanted, Flag.DATE_INVALID)
        return moment

    def day(self, wanted: Field) -> date | None:
        moment = self.moment(wanted)
        return moment.astimezone(cells.SHANGHAI).date() if moment else None

    def extras(self) -> dict[str, str]:
        extras = self.kept
        for header, position in self.columns.extras:
            if position < len(self.row.cells) and (text := cells.text_of(self.row.cells[position])):
                extras[header] = text
        for position in range(len(self.columns.headers), len(self.row.cells)):
            if text := cells.text_of(self.row.cells[position]):
                extras[f"第{position + 1}列"] = text
        return extras

    def _keep(self, wanted: Field, flag: Flag) -> None:
        self.flags.add(flag)
        self.kept[self.columns.header(wanted)] = cells.text_of(self.columns.cell(self.row, wanted))
