"""Hints for officers: one phone of several people, many like complaints, near-like filings that did not join.

They help to weigh a complaint (令121第十七条); no merchant sees them, by page, export, search or fact.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac
from portal.core.actor import Actor, ActorKind
from portal.core.privacy import DataKey, Erased, vault_of
from portal.intake import rules
from portal.intake.models import Filing
from portal.intake.neighbours import around
from portal.intake.rules import HintLimits, Neighbour

COMPARED = 20  # texts opened to be compared with one case's
SHOWN = 5  # near-like filings


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
    rows = around(session, actor, own, _span(own.values(), limits), texts=False)
    near = [neighbour_of(row, row) for row in rows]
    return {
        case_id: rules.sentences(one, [other for other in near if other.case_id != case_id], limits)
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
    rows = around(session, actor, [case.id], _span(own, limits), texts=True)
    found = [(neighbour_of(row, row), row) for row in rows]
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
