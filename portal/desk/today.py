"""今日: what burns, who answered, which money is due, what is new, what still has to be filled in elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from portal.cases.access import visible_to
from portal.cases.filters import Filters, View
from portal.cases.models import Case
from portal.cases.rules import Answered
from portal.cases.wording import staff_time
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac
from portal.clocks.rules import Calendar
from portal.core.actor import Actor
from portal.core.db import UTCDateTime
from portal.core.money import yuan
from portal.core.paging import COUNT_CAP, shown_count
from portal.desk.narrowing import OURS_TO_DO, Moments, narrowing
from portal.desk.rows import PROMISED, ListRow, list_row
from portal.desk.ten_days import TenDays, ten_days
from portal.desk.unfilled import unfilled
from portal.desk.worklist import promised, row_columns

FIRST_ROWS = 8
OTHER_ROWS = 5
LIST = "/merchant/cases"
ANSWER_WORDS = {  # tag, tone, next step
    Answered.AGREED: ("接受", "good", "去履行"),
    Answered.COUNTERED: ("还价", "ours", "查看差异"),
    Answered.REFUSED: ("不接受", "ours", "再提方案"),
    Answered.DENIED: ("没收到", "bad", "去核实"),
}
Figures = Mapping[str, Row[Any]]
Address = Callable[[str, Filters], str]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A consumer's answer that waits for us."""

    row: ListRow
    label: str
    tone: str
    when: str
    next_step: str


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """Money we promised."""

    row: ListRow
    day: str
    is_late: bool
    amount: str


@dataclass(frozen=True, slots=True)
class Today:
    """Everything the page shows."""

    day: str
    figures: list[dict[str, Any]]
    open_count: str
    first: list[ListRow]
    raised: list[ListRow]  # handed up to the reader, or to someone he stands in for
    raised_count: str
    answers: list[AnswerRow]
    money: list[MoneyRow]
    money_total: str
    backfill: list[ListRow]
    backfill_count: str
    ten_days: TenDays


def today(session: Session, actor: Actor, now: datetime, almanac: Almanac, address: Address) -> Today:
    """Read the page of a merchant's day in six statements, seven where cases were handed up to the reader; `address` gives a case's page inside a list."""
    moments = Moments.at(now, almanac.calendar)
    figures = _figures(session, actor, moments)

    def rows(asked: Sequence[ColumnElement[bool]], order: Sequence[Any], limit: int = OTHER_ROWS) -> list[Any]:
        return list(session.execute(row_columns().where(visible_to(actor), *asked).order_by(*order).limit(limit)))

    def shown(row: Any, view: View) -> ListRow:
        return list_row(row, now, almanac, lambda reference: address(reference, Filters(view=view)))

    raised = figures["raised"].held
    handed_up = narrowing(actor, Filters(view=View.RAISED), moments).conditions()
    by_due = (Case.due_at, Case.id)
    answers = rows([Case.answer.is_not(None)], (Case.answered_at.desc(), Case.id.desc()))
    money = rows([*_promised_by(moments.today_ends), promised() > 0], by_due)
    return Today(
        day=_spoken_day(now),
        figures=_cells(figures, now, almanac),
        open_count=shown_count(figures["open"].held),
        first=[shown(row, View.ALL) for row in rows(OURS_TO_DO, by_due, FIRST_ROWS)],
        raised=[shown(row, View.RAISED) for row in (rows(handed_up, by_due) if raised else ())],
        raised_count=shown_count(raised),
        answers=[_answer(row, shown(row, View.ANSWERED), now) for row in answers],
        money=[_money(row, shown(row, View.PAY), now) for row in money],
        money_total=yuan((figures["pay_today"].amount or 0) + (figures["pay_late"].amount or 0)),
        backfill=[shown(row, View.FINISHED) for row in rows(unfilled(), (Case.last_event_at, Case.id))],
        backfill_count=shown_count(figures["backfill"].held),
        ten_days=ten_days(session, actor, almanac.calendar, now),
    )


def _figures(session: Session, actor: Actor, moments: Moments) -> dict[str, Row[Any]]:
    def viewed(view: View) -> list[ColumnElement[bool]]:
        return narrowing(actor, Filters(view=view), moments).conditions()

    mine = visible_to(actor)
    parts = [
        _counted("open", viewed(View.ALL)),
        _counted("overdue", viewed(View.OVERDUE), earliest=Case.due_at),
        _counted("today", viewed(View.TODAY)),
        _counted("new", viewed(View.NEW), earliest=Case.contact_by),
        _counted("raised", viewed(View.RAISED)),
        *(_counted(answer.value, [*viewed(View.ANSWERED), Case.answer == answer]) for answer in Answered),
        _counted("pay_today", [mine, *_promised_by(moments.today_ends), Case.due_at > moments.now], with_money=True),
        _counted("pay_late", [mine, *_promised_by(moments.now)], with_money=True),
        _counted("backfill", [mine, *unfilled()]),
    ]
    return {row.name: row for row in session.execute(union_all(*parts))}


def _promised_by(end: datetime) -> list[ColumnElement[bool]]:
    return [Case.state.in_(PROMISED), Case.due_at <= end]


def _counted(name: str, asked: Sequence[ColumnElement[bool]], *, earliest: Any = None, with_money: bool = False) -> Any:
    capped = (
        select(
            (earliest if earliest is not None else cast(null(), UTCDateTime())).label("at"),
            (promised() if with_money else cast(null(), BigInteger)).label("fen"),
        )
        .select_from(Case)
        .where(*asked, *([promised() > 0] if with_money else []))
        .limit(COUNT_CAP + 1)
        .subquery()
    )
    return select(
        literal(name).label("name"),
        func.count().label("held"),
        cast(func.sum(capped.c.fen), BigInteger).label("amount"),
        func.min(capped.c.at, type_=UTCDateTime()).label("earliest"),
    ).select_from(capped)


def _cells(figures: Figures, now: datetime, almanac: Almanac) -> list[dict[str, Any]]:
    late, due, new = figures["overdue"], figures["today"], figures["new"]
    answered = {answer: figures[answer.value].held for answer in Answered}
    pay, unpaid = figures["pay_today"], figures["pay_late"]
    said = [f"{held} 件{ANSWER_WORDS[answer][0]}" for answer, held in answered.items() if held]
    return [
        _cell("逾期", "alert", View.OVERDUE, late.held, "bad", _longest(late.earliest, now, almanac)),
        _cell("今天到期", "clock", View.TODAY, due.held, "near", "24:00 前反馈结果" if due.held else ""),
        _cell("消费者已答复", "chat", View.ANSWERED, sum(answered.values()), "", "，".join(said)),
        {
            "label": "今天应付",
            "icon": "yuan",
            "value": f"¥{yuan(pay.amount or 0)}",
            "href": Filters(view=View.PAY).address(LIST),
            "tone": "",
            "note": "，".join(
                part
                for part in (
                    f"{pay.held} 笔" if pay.held else "",
                    f"另有 {unpaid.held} 笔已过期" if unpaid.held else "",
                )
                if part
            ),
        },
        _cell("新分派", "inbox", View.NEW, new.held, "", _accept_by(new.earliest, now, almanac.calendar)),
    ]


def _cell(label: str, icon: str, view: View, held: int, tone: str, note: str) -> dict[str, Any]:
    return {
        "label": label,
        "icon": icon,
        "value": shown_count(held),
        "unit": "件",
        "href": Filters(view=view).address(LIST),
        "tone": tone if held else "",
        "note": note,
    }


def _longest(earliest: datetime | None, now: datetime, almanac: Almanac) -> str:
    if earliest is None:
        return ""
    return f"最久{clocks.deadline_wording(now, earliest, almanac.calendar).text.removeprefix('逾期')}"


def _accept_by(earliest: datetime | None, now: datetime, calendar: Calendar) -> str:
    if earliest is None:
        return ""
    if earliest <= now:
        return "有的已过受理期限"
    day = clocks.due_day(earliest)
    return f"须在 {clocks.staff_day(day, clocks.local_day(now))}{clocks.provisional_mark(day, calendar)} 前受理"


def _answer(row: Any, shown: ListRow, now: datetime) -> AnswerRow:
    label, tone, next_step = ANSWER_WORDS[row.answer]
    return AnswerRow(shown, label, tone, staff_time(row.answered_at, now).removeprefix("今天 "), next_step)


def _money(row: Any, shown: ListRow, now: datetime) -> MoneyRow:
    due_on, this_day = clocks.due_day(row.due_at), clocks.local_day(now)
    day = "今天" if due_on == this_day else clocks.staff_day(due_on, this_day).partition(" ")[0]
    return MoneyRow(shown, day, due_on < this_day, yuan(row.promised))


def _spoken_day(now: datetime) -> str:
    day = clocks.local_day(now)
    return f"{day.year} 年 {day.month} 月 {day.day} 日 周{'一二三四五六日'[day.weekday()]}"
