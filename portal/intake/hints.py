"""Hints for officers: one phone of several people, many like complaints, near-like filings that did not join.

They help to weigh a complaint (令121第十七条); no merchant sees them, by page, export, search or fact.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac
from portal.core.actor import Actor, ActorKind
from portal.core.privacy import DataKey, Erased, vault_of
from portal.intake import rules
from portal.intake.models import Filing
from portal.intake.rules import HintLimits, Neighbour

LOOKED_AT = 60  # filings of one phone or one name, the newest: more says nothing more
AT_MOST = 2000  # filings around a page's cases, where many of one moment stand last
COMPARED = 20  # texts opened to be compared with one case's
SHOWN = 5  # near-like filings
NEAR = timedelta(days=14)  # filings of one case lie closer together than this: they join within hours


@dataclass(frozen=True, slots=True)
class LikeFiling:
    """A filing of another case whose text is like this one's, and why it did not join."""

    reference: str
    number: str
    likeness: int  # per cent
    why: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What an officer is told beside one case."""

    sentences: tuple[str, ...] = ()
    alike: tuple[LikeFiling, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is anything to tell."""
        return bool(self.sentences or self.alike)


def hints_of_list(
    session: Session, actor: Actor, own: Mapping[int, Neighbour], *, now: datetime, book: Almanac
) -> dict[int, tuple[str, ...]]:
    """The sentences for each case of a list, by case id, in one statement; nothing for whoever is no officer."""
    if not own or actor.kind is not ActorKind.AUTHORITY:
        return {}
    limits = limits_of(book, actor, now)
    span = _span(own.values(), limits)
    asked = _asked(
        select(Case.id, Case.phone_index.label("phone"), Case.name_index.label("name"), Case.goods, Case.problem),
        Case.id.in_(own),
        span,
    )
    around = [neighbour for neighbour, _text in _around(session, actor, asked, span, texts=False)]
    return {
        case_id: rules.sentences(one, [other for other in around if other.case_id != case_id], limits)
        for case_id, one in own.items()
    }


def hints_of_case(
    session: Session, actor: Actor, case: Case, filings: Sequence[Filing], texts: Sequence[str], *, now: datetime,
    book: Almanac,
) -> Hints:  # fmt: skip
    """Everything to tell beside one case, in one statement; `texts` are its filings', opened."""
    if actor.kind is not ActorKind.AUTHORITY or not filings:
        return Hints()
    limits = limits_of(book, actor, now)
    own = [neighbour_of(case, filing) for filing in filings]
    span = _span(own, limits)
    asked = _asked(
        select(Case.id, Filing.phone_index.label("phone"), Case.name_index.label("name")).join(
            Filing, Filing.case_id == Case.id
        ),
        Case.id == case.id,
        span,
    )
    found = [pair for pair in _around(session, actor, asked, span, texts=True) if pair[0].case_id != case.id]
    told = dict.fromkeys(line for one in own for line in rules.sentences(one, [other for other, _ in found], limits))
    within = timedelta(hours=book.amount("joining_hours", clocks.local_day(now), [case.authority_id]))
    return Hints(tuple(told), _alike(session, own, texts, found, limits, within))


def limits_of(book: Almanac, actor: Actor, now: datetime) -> HintLimits:
    """The rows of limits in force, the actor's own authority's before everyone's."""
    authorities = [actor.organisation_id] if actor.organisation_id is not None else []

    def amount(code: str) -> int:
        return book.amount(code, clocks.local_day(now), authorities)

    return HintLimits(
        timedelta(days=amount("hint_window")), amount("hint_people"), amount("hint_complaints"), amount("hint_likeness")
    )


def neighbour_of(case: Any, filing: Any) -> Neighbour:
    """A filing of a case as hints see it; rows with the columns of both will do."""
    return Neighbour(
        case_id=case.id,
        reference=case.reference,
        source=filing.source,
        number=filing.number,
        registered_at=filing.registered_at,
        phone=filing.phone_index,
        name=case.name_index,
        merchant_id=case.merchant_id or case.candidates.get("only"),
        amount=case.amount,
        goods=case.goods,
        problem=case.problem,
        is_open=case.is_open,
    )


def _span(own: Iterable[Neighbour], limits: HintLimits) -> tuple[datetime, datetime]:
    """The moments between which filings are near one of these."""
    moments = [one.registered_at for one in own]
    return min(moments) - limits.window, max(moments) + limits.window


def _asked(query: Any, which: ColumnElement[bool], span: tuple[datetime, datetime]) -> CTE:
    """The cases that are asked about, each with the moments since which its phone and its name are looked at.

    A common name has thousands of cases, and so may one phone: the last LOOKED_AT of each end the look.
    """
    others, filings = aliased(Case), aliased(Filing)
    phone, name = query.selected_columns.phone, query.selected_columns.name
    last_filings = (
        select(filings.registered_at)
        .where(filings.phone_index == phone, filings.registered_at <= span[1])
        .order_by(filings.registered_at.desc())
    )
    last_cases = (
        select(others.registered_at)
        .where(others.name_index == name, others.registered_at <= span[1] + NEAR)
        .order_by(others.registered_at.desc())
    )
    return (
        query.add_columns(
            _since(last_filings, span[0]).label("phone_since"), _since(last_cases, span[0] - NEAR).label("name_since")
        )
        .where(which)
        .cte("asked")
        .prefix_with("MATERIALIZED")
    )


def _since(newest: Select[datetime], first: datetime) -> ColumnElement[datetime]:
    counted = newest.offset(LOOKED_AT - 1).limit(1).correlate(Case, Filing).scalar_subquery()
    moment = literal(first, Case.registered_at.type)
    return case((counted > moment, counted), else_=moment)


def _around(
    session: Session, actor: Actor, asked: CTE, span: tuple[datetime, datetime], *, texts: bool
) -> list[tuple[Neighbour, Any]]:
    """The newest filings of the same phones or names inside the jurisdiction and the span; by their indexes."""
    same_phone = and_(Filing.phone_index == asked.c.phone, Filing.registered_at >= asked.c.phone_since)
    # a case's filings lie close together: the day of its first says which of a name are near
    same_name = and_(
        Case.name_index == asked.c.name,
        Case.registered_at >= asked.c.name_since,
        Case.registered_at <= span[1] + NEAR,
    )
    if not texts:  # a name alone tells something only of like complaints
        same_name &= or_(
            and_(Case.goods == asked.c.goods, Case.goods != ""),
            and_(Case.problem == asked.c.problem, Case.problem != ""),
        )
    parts = (_part(actor, asked, condition, span, texts=texts) for condition in (same_phone, same_name))
    rows = {row.filing_id: row for row in session.execute(union_all(*parts))}
    return [(neighbour_of(row, row), row) for row in rows.values()]


def _part(
    actor: Actor, asked: CTE, condition: ColumnElement[bool], span: tuple[datetime, datetime], *, texts: bool
) -> Select[Any]:
    found: Any = (
        select(
            Case.id, Case.reference, Case.name_index, Case.merchant_id, Case.candidates, Case.amount, Case.goods,
            Case.problem, Case.is_open, Filing.id.label("filing_id"), Filing.source, Filing.number,
            Filing.registered_at, Filing.phone_index,
        )
        .join(Filing, Filing.case_id == Case.id)
        .join(asked, condition)
        .where(Case.id != asked.c.id, Filing.registered_at.between(*span), visible_to(actor))
    )  # fmt: skip
    if texts:
        found = found.add_columns(Filing.text_sealed, DataKey.wrapped).join(DataKey, DataKey.id == Filing.key_id)
    return select(found.limit(AT_MOST).subquery())


def _alike(
    session: Session,
    own: Sequence[Neighbour],
    texts: Sequence[str],
    found: Sequence[tuple[Neighbour, Any]],
    limits: HintLimits,
    within: timedelta,
) -> tuple[LikeFiling, ...]:
    """The filings of other cases whose texts are nearly these, the likest first."""
    compared = sorted(found, key=lambda pair: abs(pair[0].registered_at - own[0].registered_at))[:COMPARED]
    opened = _opened(session, [row for _, row in compared])
    alike = []
    for other, row in compared:
        score, nearest = max(
            ((rules.likeness(text, opened.get(row.filing_id, "")), place) for place, text in enumerate(texts)),
            default=(0, 0),
        )
        if score >= limits.likeness:
            why = rules.why_apart(own[nearest], other, within)
            alike.append(LikeFiling(other.reference, other.number, score, why))
    return tuple(sorted(alike, key=lambda one: (-one.likeness, one.reference)))[:SHOWN]


def _opened(session: Session, rows: Collection[Any]) -> dict[int, str]:
    """The texts of these filings by id; what was erased is left out."""
    vault, opened = vault_of(session), {}
    for row in rows:
        try:
            opened[row.filing_id] = vault.open(DataKey(wrapped=row.wrapped), row.text_sealed, "filing.text")
        except Erased:
            continue
    return opened
