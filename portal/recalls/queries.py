"""Problem goods as people look at them: the lists, one article, what the area answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import due_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.recalls.access import MISSING, visible_to
from portal.recalls.models import ProblemGoods, RecallAnswer, RecallNotice
from portal.recalls.rules import OPEN_STATES, GoodsState

EXPORT_CAP = 20_000  # rows of one file: our limit


@dataclass(frozen=True, slots=True)
class GoodsFilter:
    """What a list is narrowed to; empty values narrow nothing."""

    q: str = ""
    state: GoodsState | None = None
    open_only: bool = False

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q.strip() or self.state or self.open_only)


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """One line of a list of articles."""

    id: int
    reference: str
    goods: str
    batch: str
    merchant: str  # empty where the authority found it
    state: GoodsState
    registered_at: datetime
    answered: int | None  # of the notice; None where there is none
    asked: int | None
    answer_by: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice as one merchant has it."""

    id: int
    reference: str
    goods: str
    batch: str
    authority: str
    issued_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    quantity: int | None

    @property
    def answer_on(self) -> date:
        """The last day for the answer."""
        return due_day(self.answer_by)


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One merchant's answer to a notice."""

    id: int
    code: str
    merchant: str
    answered_at: datetime | None
    author: str
    quantity: int | None
    removed_on: Any
    disposal: Any
    remark: str


@dataclass(frozen=True, slots=True)
class GoodsPage:
    """One article with everything its page shows."""

    goods: ProblemGoods
    merchant: str
    authority: str
    notice: RecallNotice | None
    history: Sequence[Fact]


def goods_list(session: Session, actor: Actor, wanted: GoodsFilter, cursor: str | None) -> Page[GoodsLine]:
    """One page of the articles that the actor may see, newest first."""
    keys = [SortKey(ProblemGoods.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, _lines(actor, wanted), keys, cursor, scalars=False)
    return Page([GoodsLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def goods_count(session: Session, actor: Actor, wanted: GoodsFilter) -> int:
    """How many articles the list has, counted up to the cap and one."""
    capped = select(ProblemGoods.id).where(visible_to(actor), *_narrowed(wanted)).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def goods_export(session: Session, actor: Actor, wanted: GoodsFilter) -> list[GoodsLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    rows = session.execute(_lines(actor, wanted).order_by(ProblemGoods.id.desc()).limit(EXPORT_CAP))
    return [GoodsLine(*row) for row in rows]


def goods_page(session: Session, actor: Actor, reference: str) -> GoodsPage:
    """Everything on an article's page; NotFound where there is none or the actor may not see it."""
    row = session.execute(
        select(ProblemGoods, RecallNotice)
        .outerjoin(RecallNotice, RecallNotice.goods_id == ProblemGoods.id)
        .where(ProblemGoods.reference == reference, visible_to(actor))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return _page(session, row[0], row[1])


def notices_for(session: Session, actor: Actor, *, waiting: bool, cursor: str | None) -> Page[NoticeLine]:
    """The notices of a merchant's authorities, newest first; `waiting` leaves those it has not answered."""
    query: Any = (
        select(
            RecallAnswer.id,
            ProblemGoods.reference,
            ProblemGoods.goods,
            ProblemGoods.batch,
            Organisation.name,
            RecallNotice.issued_at,
            RecallNotice.answer_by,
            RecallAnswer.answered_at,
            RecallAnswer.quantity,
        )
        .join(RecallNotice, RecallNotice.id == RecallAnswer.notice_id)
        .join(ProblemGoods, ProblemGoods.id == RecallNotice.goods_id)
        .join(Organisation, Organisation.id == RecallNotice.authority_id)
        .where(_told_to(actor))
    )
    if waiting:
        query = query.where(RecallAnswer.answered_at.is_(None))
    keys = [SortKey(RecallAnswer.id.expression, lambda row: row.id, descending=True)]
    page = keyset_page(session, query, keys, cursor, scalars=False)
    return Page([NoticeLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def notice_page(session: Session, actor: Actor, reference: str) -> tuple[RecallAnswer, GoodsPage]:
    """A notice as the merchant answers it; NotFound where it was not told of it."""
    row = session.execute(
        select(RecallAnswer, RecallNotice, ProblemGoods)
        .join(RecallNotice, RecallNotice.id == RecallAnswer.notice_id)
        .join(ProblemGoods, ProblemGoods.id == RecallNotice.goods_id)
        .where(ProblemGoods.reference == reference, _told_to(actor))
    ).first()
    if row is None:
        raise NotFound(MISSING)
    return row[0], _page(session, row[2], row[1])


def answers(
    session: Session, actor: Actor, reference: str, *, waiting: bool, cursor: str | None, size: int = 50
) -> Page[AnswerLine]:
    """What the merchants of the area answered, those that have not first told by `waiting`; for the authority."""
    query: Any = (
        select(
            RecallAnswer.id,
            Organisation.code,
            Organisation.name,
            RecallAnswer.answered_at,
            RecallAnswer.author_name,
            RecallAnswer.quantity,
            RecallAnswer.removed_on,
            RecallAnswer.disposal,
            RecallAnswer.remark,
        )
        .join(RecallNotice, RecallNotice.id == RecallAnswer.notice_id)
        .join(ProblemGoods, ProblemGoods.id == RecallNotice.goods_id)
        .join(Organisation, Organisation.id == RecallAnswer.merchant_id)
        .where(ProblemGoods.reference == reference, visible_to(actor))
    )
    if actor.kind is not ActorKind.AUTHORITY:
        query = query.where(false())  # what others answered is not for merchants
    if waiting:
        query = query.where(RecallAnswer.answered_at.is_(None))
    keys = [SortKey(RecallAnswer.id.expression, lambda row: row.id)]
    page = keyset_page(session, query, keys, cursor, size=size, scalars=False)
    rows = [
        AnswerLine(
            row.id, row.code, row.name, row.answered_at, row.author_name or "", row.quantity, row.removed_on,
            row.disposal, row.remark or "",
        )
        for row in page.rows
    ]  # fmt: skip
    return Page(rows, page.next_cursor, page.previous_cursor)


def merchants_to_remind(session: Session, goods_id: int) -> list[int]:
    """The ids of the merchants that have not confirmed a notice about an article."""
    return list(
        session.scalars(
            select(RecallAnswer.merchant_id)
            .join(RecallNotice, RecallNotice.id == RecallAnswer.notice_id)
            .where(RecallNotice.goods_id == goods_id, RecallAnswer.answered_at.is_(None))
            .order_by(RecallAnswer.merchant_id)
        )
    )


def overdue_notices(session: Session, *, now: datetime, limit: int) -> list[str]:
    """References of articles whose notice is overdue somewhere and was not chased since it was."""
    return list(
        session.scalars(
            select(ProblemGoods.reference)
            .join(RecallNotice, RecallNotice.goods_id == ProblemGoods.id)
            .where(
                RecallNotice.answer_by <= now,
                or_(RecallNotice.chased_at.is_(None), RecallNotice.chased_at < RecallNotice.answer_by),
                ProblemGoods.closed_at.is_(None),
                RecallNotice.answered < RecallNotice.asked,
            )
            .order_by(RecallNotice.answer_by, ProblemGoods.id)
            .limit(limit)
        )
    )


def _told_to(actor: Actor) -> ColumnElement[bool]:
    if actor.kind is not ActorKind.MERCHANT or actor.organisation_id is None:
        return false()
    return RecallAnswer.merchant_id == actor.organisation_id


def _page(session: Session, goods: ProblemGoods, notice: RecallNotice | None) -> GoodsPage:
    known = session.execute(
        select(Organisation.id, Organisation.name).where(
            Organisation.id.in_([goods.authority_id, goods.merchant_id or 0])
        )
    )
    names = {row.id: row.name for row in known}
    return GoodsPage(
        goods=goods,
        merchant=names.get(goods.merchant_id or 0, ""),
        authority=names[goods.authority_id],
        notice=notice,
        history=list(reversed(session.scalars(facts.about(SubjectKind.GOODS, goods.id)).all())),
    )


def _lines(actor: Actor, wanted: GoodsFilter) -> Select[Any]:
    query: Any = (
        select(
            ProblemGoods.id,
            ProblemGoods.reference,
            ProblemGoods.goods,
            ProblemGoods.batch,
            func.coalesce(Organisation.name, ""),
            ProblemGoods.state,
            ProblemGoods.registered_at,
            RecallNotice.answered,
            RecallNotice.asked,
            RecallNotice.answer_by,
        )
        .outerjoin(Organisation, Organisation.id == ProblemGoods.merchant_id)
        .outerjoin(RecallNotice, RecallNotice.goods_id == ProblemGoods.id)
        .where(visible_to(actor), *_narrowed(wanted))
    )
    return query


def _narrowed(wanted: GoodsFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(ProblemGoods.state == wanted.state)
    if wanted.open_only:
        conditions.append(ProblemGoods.state.in_(sorted(OPEN_STATES)))
    if word := wanted.q.strip():
        columns = (ProblemGoods.reference, ProblemGoods.goods, ProblemGoods.batch, ProblemGoods.barcode)
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return conditions
