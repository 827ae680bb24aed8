"""The lists of consumers' feedback, on both desks and as a file: masked, narrowed by who asks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from urllib.parse import urlencode

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.clocks.rules import local_day
from portal.commitments.feedback import opened, visible_to
from portal.commitments.feedback_models import (
    REASON_NAMES,
    STATE_NAMES,
    FeedbackReason,
    FeedbackState,
    PromiseFeedback,
)
from portal.commitments.models import Promisor
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page, shown_count
from portal.core.permissions import REFUSAL
from portal.core.privacy import vault_of
from portal.core.sheets import write_sheet

EXPORT_CAP = 20_000  # rows of one file, our limit
HEADERS = (
    "编号",
    "商家",
    "统一社会信用代码",
    "门店",
    "事由",
    "发生日期",
    "反馈日期",
    "内容",
    "电话",
    "状态",
    "处理结果",
    "处理人",
    "处理日期",
    "已转交商家",
)


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """What a list is narrowed to; empty values narrow nothing."""

    q: str = ""
    state: FeedbackState | None = None
    reason: FeedbackReason | None = None

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q or self.state or self.reason)


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """One line of a list."""

    id: int
    reference: str
    name: str
    place: str
    reason: FeedbackReason
    state: FeedbackState
    happened_on: date | None
    given_at: datetime
    passed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExportFeedback:
    """Which list."""

    wanted: FeedbackFilter


def filter_of(asked: Mapping[str, str]) -> FeedbackFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    state, reason = asked.get("state", ""), asked.get("reason", "")
    return FeedbackFilter(
        asked.get("q", "").strip(),
        FeedbackState(state) if state in set(FeedbackState) else None,
        FeedbackReason(reason) if reason in set(FeedbackReason) else None,
    )


def list_page(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of a list needs; two statements."""
    wanted = filter_of(asked)
    kept = {name: asked[name] for name in ("q", "state", "reason") if asked.get(name)}
    keys = [SortKey(PromiseFeedback.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _lines(actor, wanted), keys, asked.get("cursor"), scalars=False)
    capped = _lines(actor, wanted).with_only_columns(PromiseFeedback.id).limit(COUNT_CAP + 1).subquery()
    return {
        "found": Page([FeedbackLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor),
        "count": shown_count(session.scalars(select(func.count()).select_from(capped)).one()),
        "wanted": wanted,
        "kept": kept,
        "states": STATE_NAMES,
        "reasons": REASON_NAMES,
        "path": path,
        "address": f"{path}?{urlencode(kept)}" if kept else path,
        "day": local_day,
    }


def export_feedback(session: Session, actor: Actor, command: ExportFeedback, *, now: datetime) -> IO[bytes]:
    """Write the feedback that the actor may see as XLSX, masked as on the page, and record the export."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    query = (
        _narrowed(select(PromiseFeedback, Promisor).join(PromiseFeedback.promisor), actor, command.wanted)
        .options(joinedload(PromiseFeedback.key, innerjoin=True))
        .order_by(PromiseFeedback.id.desc())
        .limit(EXPORT_CAP)
    )
    rows = session.execute(query).all()
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(rows)
    )
    return write_sheet("承诺反馈", HEADERS, _cells(session, rows))


def _cells(session: Session, rows: Sequence[Any]) -> Iterable[tuple[str, ...]]:
    vault = vault_of(session)
    for row, promisor in rows:
        said = opened(vault, row, unmasked=False)
        yield (
            row.reference,
            promisor.name,
            promisor.code,
            row.place,
            REASON_NAMES[row.reason],
            row.happened_on.isoformat() if row.happened_on else "",
            local_day(row.given_at).isoformat(),
            said.text,
            said.phone,
            STATE_NAMES[row.state][0],
            said.result,
            row.handled_by or "",
            local_day(row.handled_at).isoformat() if row.handled_at else "",
            "是" if row.passed_at else "",
        )


def _lines(actor: Actor, wanted: FeedbackFilter) -> Select[Any]:
    columns = select(
        PromiseFeedback.id,
        PromiseFeedback.reference,
        Promisor.name,
        PromiseFeedback.place,
        PromiseFeedback.reason,
        PromiseFeedback.state,
        PromiseFeedback.happened_on,
        PromiseFeedback.given_at,
        PromiseFeedback.passed_at,
    )
    return _narrowed(columns.join(PromiseFeedback.promisor), actor, wanted)


def _narrowed(query: Any, actor: Actor, wanted: FeedbackFilter) -> Any:
    query = query.where(visible_to(actor))
    if wanted.state is not None:
        query = query.where(PromiseFeedback.state == wanted.state)
    if wanted.reason is not None:
        query = query.where(PromiseFeedback.reason == wanted.reason)
    if wanted.q:
        query = query.where(
            or_(
                PromiseFeedback.reference == wanted.q.upper(),
                Promisor.code == wanted.q.upper(),
                Promisor.name.icontains(wanted.q, autoescape=True),
                PromiseFeedback.place.icontains(wanted.q, autoescape=True),
            )
        )
    return query
