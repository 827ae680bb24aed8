"""What a single cell of a complaint file means: text, number, time, money, phone, credit code."""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from portal.core.cells import Cell as Cell
from portal.core.cells import clean as clean
from portal.core.cells import folded as folded
from portal.core.cells import text_of as text_of
from portal.enrolment.rules import CODE_ALPHABET as CODE_ALPHABET
from portal.enrolment.rules import code_of as code_of
from portal.enrolment.rules import is_credit_code as is_credit_code

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX_NUMBER_LENGTH = 32  # decisions 11
MAX_AMOUNT = 10**12  # 分, i.e. 100 亿元: our limit, beyond it a typing error
EXACT_DIGITS = 10**15  # a spreadsheet number keeps 15 digits; longer numbers have lost their tail
YEARS = range(1990, 2200)  # our limit: outside it the cell is not a registration time
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock, made aware in `_aware`

_MASK = re.compile(r"[*＊\s]*[*＊][*＊\s]*")
_PLACEHOLDERS = frozenset({"-", "--", "—", "——", "/", "\\", "无", "null", "NULL", "None", "nan", "NaN", "N/A", "#N/A"})
_FORMULA_TEXT = re.compile(r'="([^"]*)"')  # how spreadsheets are made to keep long numbers in CSV
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_TIME = re.compile(
    r"(?P<year>[0-9]{4})\s*[-/.年]\s*(?P<month>[0-9]{1,2})\s*[-/.月]\s*(?P<day>[0-9]{1,2})\s*日?\s*(?:星期\w|周\w)?"
    r"(?:[\sT]*(?P<half>上午|下午|AM|PM)?\s*(?P<hour>[0-9]{1,2})\s*[:时点]\s*"
    r"(?:(?P<minute>[0-9]{1,2})\s*(?:分|:\s*(?=[0-9]))?\s*(?:(?P<second>[0-9]{1,2})(?:\.[0-9]{1,9})?\s*秒?)?)?"
    r"\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_COMPACT_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:\s?([0-9]{2})([0-9]{2})([0-9]{2})?)?")
_SERIAL = re.compile(r"[0-9]{5,6}(\.[0-9]+)?")
_AMOUNT = re.compile(r"([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?)(万)?")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}")
_DASHES = re.compile("[‐‑‒–—―−－﹣]+")


def storable(cell: Cell) -> str | int | float | bool | None:
    """Return a cell as JSON can keep it: numbers and texts as they are, dates as their text."""
    return cell if isinstance(cell, str | int | float) or cell is None else text_of(cell)


def is_masked(text: str) -> bool:
    """Say whether the platform hid the whole cell behind asterisks (`*****`)."""
    return ("*" in text or "＊" in text) and _MASK.fullmatch(text) is not None


def is_blank(text: str) -> bool:
    """Say whether the cell says nothing: empty, or a dash or 无 written to fill it."""
    return not text or text in _PLACEHOLDERS


def number_of(cell: Cell) -> tuple[str, bool]:
    """Return the channel's number as text and whether it can be trusted (decisions 11).

    Leading zeros stay. Not to be trusted: over 32 characters, or a numeric cell that has lost digits
    (over 15, or `3.5E+24` in a CSV): two complaints could end up with one number.
    """
    if isinstance(cell, bool | date | time | timedelta):
        return text_of(cell), False
    text = text_of(cell)
    if isinstance(cell, int | float):
        return text, 0 <= cell < EXACT_DIGITS and "." not in text
    quoted = _FORMULA_TEXT.fullmatch(text)
    number = folded(quoted.group(1) if quoted else text.removeprefix("'"))
    if is_blank(number) or is_masked(number):
        return "", False
    return number, len(number) <= MAX_NUMBER_LENGTH and not _SCIENTIFIC.fullmatch(number)


def moment_of(cell: Cell) -> datetime | None:
    """Return the moment in UTC, reading wall clocks as Asia/Shanghai; None when the cell is no time.

    Reads ISO, slashes, dots, 年月日时分秒, 上午/下午, fourteen digits, spreadsheet dates and serial numbers.
    A day without a time is its first second.
    """
    match cell:
        case datetime():
            return _aware(cell)
        case date():
            return _aware(datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001 - made aware there
        case bool() | time() | timedelta() | None:
            return None
        case int() | float():
            return _moment_of_number(cell)
        case _:
            return _moment_of_text(" ".join(unicodedata.normalize("NFKC", clean(cell)).split()))


def _moment_of_number(value: float) -> datetime | None:
    if 10**7 <= value < EXACT_DIGITS and value == int(value):
        return _moment_of_text(str(int(value)))  # 20260607191724 kept as a number
    if not 1 <= value < 10**6:  # also false for NaN
        return None
    return _aware(EXCEL_EPOCH + timedelta(seconds=round(value * 86400)))


def _moment_of_text(text: str) -> datetime | None:
    if _SERIAL.fullmatch(text):
        return _moment_of_number(float(text))
    if compact := _COMPACT_TIME.fullmatch(text):
        return _built([int(part or 0) for part in compact.groups()], None)
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    parts = [int(found[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    if found["half"] in ("下午", "PM") and parts[3] < 12:
        parts[3] += 12
    return _built(parts, found["zone"])


def _built(parts: list[int], zone: str | None) -> datetime | None:
    try:
        wall = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - six integers, made aware below
        if zone is None:
            return _aware(wall)
        offset = timedelta(0) if zone == "Z" else timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        return _aware((wall + offset if zone.startswith("-") else wall - offset).replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime | None:
    if moment.year not in YEARS:
        return None
    if moment.microsecond:  # spreadsheets keep days as floats: 19:17:23.999999 was 19:17:24
        moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def day_of(cell: Cell) -> date | None:
    """Return the calendar day in Asia/Shanghai, None when the cell is no date."""
    moment = moment_of(cell)
    return moment.astimezone(SHANGHAI).date() if moment else None


def amount_of(cell: Cell, fen_per_unit: int = 100) -> int | None:
    """Return integer 分; None for what is no amount, negative or over 100 亿元. Half a 分 is rounded up."""
    text = unicodedata.normalize("NFKC", text_of(cell)).replace(",", "").replace(" ", "")
    found = _AMOUNT.fullmatch(text.removeprefix("人民币").lstrip("¥").removesuffix("整").removesuffix("元"))
    if found is None:
        return None
    value = Decimal(found[1]) * fen_per_unit * (10**4 if found[2] else 1)
    if not 0 <= value <= MAX_AMOUNT:
        return None
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def phone_of(text: str) -> str | None:
    """Return the first usable number as digits only (mobile, or landline with area code), else None.

    Domain 7.2; masked and malformed numbers are not usable (decisions 10). Several numbers may be
    separated by 、/,; or a line end; a country code +86 is dropped.
    """
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    for part in re.split(r"[/、,;\n]", plain):
        number = re.sub(r"^(\+|00)86-?", "", re.sub(r"[\s()]", "", part))
        mobile = number.replace("-", "")
        if _MOBILE.fullmatch(mobile):
            return mobile
        if _LANDLINE.fullmatch(number):
            return number.replace("-", "")
    return None
