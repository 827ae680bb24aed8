"""The list of return requests as a page asks for it, and as a file; shared by both desks, always masked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.classification.rules import CLASS_NAMES
from portal.clocks.queries import Due, almanac
from portal.clocks.rules import SHANGHAI, Unit, deadline_wording, due_day, end_of_day, staff_day, start_of_day
from portal.clocks.rules import local_day as day_of
from portal.commitments.rules import WAY_NAMES, Way
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor, ActorKind
from portal.core.db import UTCDateTime
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.money import plain_yuan
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page, shown_count
from portal.core.permissions import REFUSAL
from portal.core.sheets import write_sheet
from portal.returns.access import visible_to
from portal.returns.models import ReturnRequest
from portal.returns.rules import (
    BREACH_MARKS,
    BREACH_NAMES,
    DONE_STATES,
    FINDING_NAMES,
    STATE_NAMES,
    TO_DO_STATES,
    ReturnState,
)

MOST_EXPORTED = 10_000  # rows; a filter narrows what is more
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
MERCHANT_VIEWS = (
    ("waiting", "待答复"), ("near", "将到期"), ("agreed", "已同意待退款"), ("done", "已完成"), ("refused", "已拒绝"), ("all", "全部"),
)  # fmt: skip
AUTHORITY_VIEWS = (("breaches", "可能违反承诺"), ("found", "已有结论"), ("all", "全部"))
SORTS = (("due", "先到期的在前"), ("new", "新的在前"), ("old", "旧的在前"))
HEADERS = (
    "编号", "企业", "申请时间", "消费者", "电话", "购买方式", "购买日期", "商品类别", "商品", "单价（元）", "数量",
    "承诺是否适用", "状态", "期限", "退款（元）", "可能违约", "结论",
)  # fmt: skip
KEPT = ("view", "q", "way", "first", "last", "sort")

due_column = func.coalesce(
    case(
        (ReturnRequest.state == ReturnState.ASKED, ReturnRequest.answer_by),
        (ReturnRequest.state == ReturnState.RECEIVED, ReturnRequest.pay_by),
    ),
    literal(NEVER, UTCDateTime()),
    type_=UTCDateTime(),
)


@dataclass(frozen=True, slots=True)
class ReturnFilter:
    """What a list is narrowed to."""

    view: str = "all"
    q: str = ""
    way: Way | None = None
    first_on: date | None = None  # of sending
    last_on: date | None = None
    sort: str = "due"

    @property
    def narrows(self) -> bool:
        """Whether anything beside the view narrows it."""
        return bool(self.q or self.way or self.first_on or self.last_on)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list."""

    reference: str
    merchant: str
    request: ReturnRequest
    due: Due | None


def filter_of(asked: Mapping[str, str], actor: Actor) -> ReturnFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    views = AUTHORITY_VIEWS if actor.kind is ActorKind.AUTHORITY else MERCHANT_VIEWS
    view, way, sort = asked.get("view", ""), asked.get("way", ""), asked.get("sort", "")
    return ReturnFilter(
        view=view if view in dict(views) else views[0][0],
        q=asked.get("q", "").strip()[:60],
        way=Way(way) if way in set(Way) else None,
        first_on=_day(asked.get("first", "")),
        last_on=_day(asked.get("last", "")),
        sort=sort if sort in dict(SORTS) else ("due" if views is MERCHANT_VIEWS else "new"),
    )


def list_page(session: Session, actor: Actor, asked: Mapping[str, str], path: str, *, now: datetime) -> dict[str, Any]:
    """What the template of the list needs."""
    wanted = filter_of(asked, actor)
    kept = {name: asked[name] for name in KEPT if asked.get(name)}
    views = AUTHORITY_VIEWS if actor.kind is ActorKind.AUTHORITY else MERCHANT_VIEWS
    page = keyset_page(session, _lines(actor, wanted, now), _keys(wanted), asked.get("cursor"), scalars=False)
    return {
        "found": Page([_line(row, session, now) for row in page.rows], page.next_cursor, page.previous_cursor),
        "count": shown_count(_count(session, actor, wanted, now)),
        "wanted": wanted,
        "kept": kept,
        "tabs": [
            {"label": name, "href": _address(path, kept | {"view": code}), "current": code == wanted.view}
            for code, name in views
        ],
        "ways": [(way.value, name) for way, name in WAY_NAMES.items()],
        "sorts": SORTS,
        "names": STATE_NAMES,
        "breaches": BREACH_MARKS,
        "findings": FINDING_NAMES,
        "classes": CLASS_NAMES,
        "path": path,
        "address": _address(path, kept),
        "day": lambda moment: moment.astimezone(SHANGHAI).strftime("%m-%d"),
    }


@dataclass(frozen=True, slots=True)
class ExportReturns:
    """Which list."""

    wanted: ReturnFilter


def export_returns(session: Session, actor: Actor, command: ExportReturns, *, now: datetime) -> IO[bytes]:
    """Write the requests that the actor may see as XLSX, masked as on the page, and record the export."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    query = _lines(actor, command.wanted, now).order_by(ReturnRequest.id.desc()).limit(MOST_EXPORTED)
    rows = session.execute(query).all()
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(rows)
    )
    return write_sheet("退货申请", HEADERS, [_cells(row[0], row[1]) for row in rows])


def due_of(request: ReturnRequest, *, session: Session, now: datetime) -> Due | None:
    """The promised moment as lists draw it; None where none runs."""
    due = request.due_at
    if due is None:
        return None
    wording = deadline_wording(now, due, almanac(session).calendar, Unit.NATURAL_DAY)
    return Due(wording.text, str(wording.tone), 0, staff_day(due_day(due), day_of(now)))


def _lines(actor: Actor, wanted: ReturnFilter, now: datetime) -> Select[Any]:
    query: Any = (
        select(ReturnRequest, Organisation.name, due_column.label("due"))
        .join(Organisation, Organisation.id == ReturnRequest.merchant_id)
        .where(visible_to(actor), *_narrowed(wanted, now))
    )
    return query


def _count(session: Session, actor: Actor, wanted: ReturnFilter, now: datetime) -> int:
    capped = select(ReturnRequest.id).where(visible_to(actor), *_narrowed(wanted, now)).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def _keys(wanted: ReturnFilter) -> list[SortKey]:
    newest = SortKey(ReturnRequest.__table__.c.id, lambda row: row[0].id, descending=wanted.sort != "old")
    return [SortKey(due_column, lambda row: row[2]), newest] if wanted.sort == "due" else [newest]


def _narrowed(wanted: ReturnFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions = _in_view(wanted.view, now)
    if wanted.way is not None:
        conditions.append(ReturnRequest.way == wanted.way)
    if wanted.first_on is not None:
        conditions.append(ReturnRequest.asked_at >= start_of_day(wanted.first_on))
    if wanted.last_on is not None:
        conditions.append(ReturnRequest.asked_at < end_of_day(wanted.last_on))
    if wanted.q:
        columns = (ReturnRequest.reference, ReturnRequest.goods)
        conditions.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in columns)))
    return conditions


def _in_view(view: str, now: datetime) -> list[ColumnElement[bool]]:
    state = ReturnRequest.state
    soon = or_(ReturnRequest.warned_at.is_not(None), due_column <= now)
    found: dict[str, list[ColumnElement[bool]]] = {
        "waiting": [state == ReturnState.ASKED],
        "near": [state.in_(TO_DO_STATES), due_column < NEVER, soon],
        "agreed": [state.in_([ReturnState.AGREED, ReturnState.RECEIVED])],
        "done": [state.in_(DONE_STATES)],
        "refused": [state == ReturnState.REFUSED],
        "breaches": [ReturnRequest.breach.is_not(None), ReturnRequest.finding.is_(None)],
        "found": [ReturnRequest.finding.is_not(None)],
    }
    return found.get(view, [])


def _line(row: Any, session: Session, now: datetime) -> Line:
    return Line(row[0].reference, row[1], row[0], due_of(row[0], session=session, now=now))


def _cells(request: ReturnRequest, merchant: str) -> tuple[str | float, ...]:
    due = request.due_at
    return (
        request.reference,
        merchant,
        f"{request.asked_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        request.name_mask,
        request.phone_mask,
        WAY_NAMES[request.way],
        request.purchased_on.isoformat(),
        CLASS_NAMES.get(request.category, ""),
        request.goods,
        request.price / 100,
        str(request.quantity),
        "不适用（意愿）" if request.is_wish else "适用",
        STATE_NAMES[request.state][0],
        due_day(due).isoformat() if due else "",
        plain_yuan(request.refund) if request.refund is not None else "",
        BREACH_NAMES[request.breach] if request.breach else "",
        FINDING_NAMES[request.finding] if request.finding else "",
    )


def _address(path: str, kept: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(kept)}" if kept else path


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
