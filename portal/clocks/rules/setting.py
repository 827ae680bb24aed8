"""What may be set about a limit, by whom, and from when (decisions 2: limits are dated rows, per authority where wished)."""

from dataclasses import dataclass
from datetime import date

from portal.clocks.rules.limits import Limit, Unit
from portal.core.money import fen_from_yuan, yuan

# Each of these is read with the authorities of the case, merchant or page it is about, the nearest first.
OWN_CODES = (
    "odr", "accept", "dispatch", "odr_least", "odr_margin",
    "offer_answer", "offer_notice", "unreached_days", "consumer_silent", "receipt_silence", "rating", "consumer_choice",
    "code_threshold", "callback_share", "joining_hours",
    "green_per_day", "green_open", "recall_answer", "application_review", "trainings_a_year", "measure_memory",
)  # fmt: skip

UNIT_NAMES = {
    Unit.WORKING_DAY: "个工作日",
    Unit.NATURAL_DAY: "天",
    Unit.HOUR: "小时",
    Unit.FEN: "元",
    Unit.PERCENT: "%",
    Unit.COUNT: "件（人、次）",
}
MOST = {
    Unit.WORKING_DAY: 250,
    Unit.NATURAL_DAY: 3660,
    Unit.HOUR: 8760,
    Unit.FEN: 100_000_000_00,
    Unit.PERCENT: 100,
    Unit.COUNT: 1000,
}
MAY_BE_NOTHING = frozenset({Unit.FEN, Unit.PERCENT})  # ¥0: always a code; 0 %: nobody is drawn
LONGEST_BASIS = 200  # characters
LONGEST_NUMBER = 10  # digits

Problem = tuple[str, str]  # field of the form, sentence


@dataclass(frozen=True, slots=True)
class Setting:
    """A limit from a day on. `amount` in the limit's own unit (money in 分); None: follow the general row again."""

    code: str
    amount: int | None
    first_on: date
    basis: str
    article: str = ""


def problem_of_setting(setting: Setting, holding: Limit | None, today: date, *, own: bool) -> Problem | None:
    """Say why a setting is refused, or None; `holding` is the row that it replaces, `own` that of one authority.

    It begins tomorrow at the earliest: what has begun goes on by the limit under which it began.
    """
    if holding is None:
        return ("code", f"没有“{setting.code}”这一项期限。请从期限表中选择。")
    if own and (holding.is_law or setting.code not in OWN_CODES):
        return ("code", "这一项由法规规定或全平台统一，不能由一个单位另定。")
    if setting.amount is None and not own:
        return ("amount", "全平台的期限不能取消，请填写新的数值。")
    if setting.first_on <= today:
        return ("first_on", "生效日期不能早于明天：已经开始的期限按开始时的规定办。")
    if len(setting.basis) > LONGEST_BASIS or not (setting.basis or setting.amount is None):
        return ("basis", f"请写明依据的文件名称和文号，不超过 {LONGEST_BASIS} 字。")
    return _problem_of_amount(setting.amount, holding.unit)


def _problem_of_amount(amount: int | None, unit: Unit) -> Problem | None:
    least = 0 if unit in MAY_BE_NOTHING else 1
    if amount is None or least <= amount <= MOST[unit]:
        return None
    shown = MOST[unit] // 100 if unit is Unit.FEN else MOST[unit]
    return ("amount", f"数值应在 {least} 到 {shown} {UNIT_NAMES[unit]}之间。")


def amount_in_words(limit: Limit) -> str:
    """The amount with its unit: 10 个工作日, 1,000 元, 5%."""
    if limit.unit is Unit.FEN:
        return f"{yuan(limit.amount)} 元"
    if limit.unit is Unit.PERCENT:
        return f"{limit.amount}%"
    name = "" if limit.unit is Unit.COUNT else f" {UNIT_NAMES[limit.unit]}"
    return f"{limit.amount}{name}"


def read_amount(text: str, unit: Unit) -> int | None:
    """Read what was typed in the limit's unit, money in 元; None where it is no plain number."""
    if unit is Unit.FEN:
        return fen_from_yuan(text)
    cleaned = text.strip()
    return int(cleaned) if cleaned.isascii() and cleaned.isdigit() and len(cleaned) < LONGEST_NUMBER else None
