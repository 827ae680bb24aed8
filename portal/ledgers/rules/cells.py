"""What a typed or pasted cell of a ledger means. Each parser returns the value, or the sentence that says what to do."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from portal.core.cells import clean, folded
from portal.core.money import yuan

W = TypeVar("W", bound=StrEnum)

MAX_PRICE = 1_000_000_00  # 分, one million yuan: our limit against slips of the keyboard, not law
MAX_QUANTITY = Decimal(100_000)  # our limit against slips of the keyboard, not law
OLDEST_DAYS = 3 * 366  # a ledger is not written up further back than it is kept by default: our limit
SERIAL_EPOCH = date(1899, 12, 30)  # of spreadsheets

_BLANK = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "null", "None"})
_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?(?:[ T]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"([3-9]\d{4})(?:\.\d+)?")
_MONEY = re.compile(r"([+-]?)(\d{1,15})(?:\.(\d+))?")
_QUANTITY = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,12})?)([^\d\s.,+-]{0,4})")
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{9,11}")
_DASHES = re.compile("[‐‑‒–—―−－﹣]+")


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Why a cell is refused: its field, and one sentence that names the rule and what is possible."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a parser gives back in place of a value."""

    sentence: str


def tidy(cell: object) -> str:
    """Return the cell as plain text of one width; '' for what was written only to fill it (无, -, /)."""
    text = " ".join(unicodedata.normalize("NFKC", clean(str(cell if cell is not None else ""))).split())
    return "" if text in _BLANK else text


def prose(cell: object) -> str:
    """Return the cell as it was written, for words that people read; '' for what was written only to fill it."""
    return clean(str(cell if cell is not None else "")) if tidy(cell) else ""


def day_of(text: str, *, today: date, earliest: date | None = None) -> date | Refusal:
    """Read a day not after `today`; 10-12 without a year is the latest such day that has been.

    Spreadsheet serials and times of day are understood.
    """
    found = _written_day(text, today)
    if found is None:
        return Refusal("日期看不懂。请写成 2026-08-12 或 8-12。")
    if found > today:
        return Refusal(f"日期 {found.isoformat()} 在今天以后。只能登记今天或以前发生的事。")
    if earliest is None and found < today - timedelta(days=OLDEST_DAYS):
        return Refusal(f"日期 {found.isoformat()} 距今超过三年。请核对年份；更早的记录不用补录。")
    return found


def coming_day_of(text: str) -> date | Refusal:
    """Read a day that may lie ahead, such as the end of a shelf life; the year is needed."""
    found = _written_day(text, None)
    return found or Refusal("日期看不懂。请连同年份写成 2026-08-12。")


def _written_day(text: str, today: date | None) -> date | None:
    plain = _DASHES.sub("-", text).replace(" 00:00:00", "")
    try:
        if serial := _SERIAL.fullmatch(plain):
            return SERIAL_EPOCH + timedelta(days=int(serial[1]))
        found = _COMPACT_DAY.fullmatch(plain) or _DAY.fullmatch(plain)
        if found is None or (found[1] is None and today is None):
            return None
        month, day = int(found[2]), int(found[3])
        return date(int(found[1]), month, day) if found[1] else _latest(month, day, today)
    except ValueError:
        return None


def _latest(month: int, day: int, today: date | None) -> date | None:
    """The latest such day; one within a month ahead is a slip that the reader is told of."""
    if today is None:
        return None
    this_year = date(today.year, month, day)
    return this_year if this_year <= today + timedelta(days=31) else date(today.year - 1, month, day)


def fen_of(text: str, name: str, *, limit: int = MAX_PRICE) -> int | Refusal:
    """Read an amount typed in 元 as integer 分; `name` is the column's, for the sentence."""
    plain = text.replace(",", "").replace(" ", "").removeprefix("人民币")
    plain = _DASHES.sub("-", plain).replace("¥", "").removesuffix("整").removesuffix("元")
    found = _MONEY.fullmatch(plain)
    if found is None:
        return Refusal(f"{name}要写成数字，单位元，例如 36.80。")
    sign, whole, rest = found[1], found[2], (found[3] or "").rstrip("0")
    if sign == "-" and (int(whole) or rest):
        return Refusal(f"{name}不能是负数。请写 0 或更大的金额。")
    if len(rest) > 2:
        return Refusal(f"{name}最多两位小数（精确到分）。")
    fen = int(whole) * 100 + int(rest.ljust(2, "0") or 0)
    if fen > limit:
        return Refusal(f"{name}超过 {yuan(limit)} 元，像是多写了几位。请核对金额。")
    return fen


def quantity_of(text: str) -> tuple[Decimal, str] | Refusal:
    """Read a quantity with or without its unit: 2, 2件, 0.75公斤; at most three decimals."""
    found = _QUANTITY.fullmatch(_DASHES.sub("-", text).replace(",", "").replace(" ", ""))
    if found is None:
        return Refusal("数量要写成数字，可以带单位，例如 2 或 0.75公斤。")
    try:
        value = Decimal(found[1])
    except InvalidOperation:
        return Refusal("数量要写成数字，可以带单位，例如 2 或 0.75公斤。")
    if value <= 0:
        return Refusal("数量要大于 0。")
    if value != value.quantize(Decimal("0.001")):
        return Refusal("数量最多三位小数。")
    if value > MAX_QUANTITY:
        return Refusal("数量超过 100000，像是多写了几位。请核对数量。")
    return value, found[2]


def written_quantity(value: Decimal) -> str:
    """Write a quantity in one way only: 2, 0.75."""
    return format(value.normalize(), "f")


def word_of(text: str, words: Mapping[str, W], name: str) -> W | Refusal:
    """Read a word of a list by its code, its Chinese name or another name for it."""
    wanted = folded(text).lower()
    found = next((word for written, word in words.items() if _plain(written) == wanted), None)
    if found is not None:
        return found
    possible = list(dict.fromkeys(words.values()))
    names = [next(written for written, one in words.items() if one is word) for word in possible]
    return Refusal(f"{name}里没有“{text[:20]}”。可以写：{'、'.join(names)}。")


@lru_cache(maxsize=512)
def _plain(written: str) -> str:
    """One of our own spellings as it is compared; there are a few dozen."""
    return folded(written).lower()


def phone_of(text: str) -> str | Refusal:
    """Read a number that can be called."""
    if "*" in text:
        return Refusal("电话被星号遮住了。请填完整号码，或留空。")
    digits = re.sub(r"[\s()-]", "", _DASHES.sub("-", text)).removeprefix("+86")
    if not _PHONE.fullmatch(digits):
        return Refusal("电话要写 11 位手机号，或带区号的座机号。没有电话请留空。")
    return digits


def text_within(text: str, name: str, limit: int) -> str | Refusal:
    """Let a text pass that is not longer than its column allows."""
    if len(text) > limit:
        return Refusal(f"{name}最多 {limit} 字，现在 {len(text)} 字。")
    return text


def code_of(text: str, name: str, *, longest: int = 32) -> str | Refusal:
    """Read a label, a bar code or a reference: letters, digits, dashes and Chinese characters, in capitals."""
    plain = _DASHES.sub("-", text).replace(" ", "").upper()
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", plain):
        return Refusal(f"{name}被表格改成了科学计数法，末几位已经丢失。请把这一列设为文本后重填。")
    if not re.fullmatch(rf"[0-9A-Z㐀-鿿_#./-]{{1,{longest}}}", plain):
        return Refusal(f"{name}只能用字母、数字、汉字和横线，最多 {longest} 位。")
    return plain
