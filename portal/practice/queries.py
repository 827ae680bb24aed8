"""What somebody practised: one's cases with their checklists, and the messages that nobody was sent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.cases.models import Case
from portal.cases.rules import STATE_NAMES
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind, Topic
from portal.ledgers.models import Ledger, LedgerEntry
from portal.ledgers.rules.vocabulary import Disposition, Outcome
from portal.notifications.contents import shown_text
from portal.notifications.models import Message, MessageChannel
from portal.practice.models import PracticeCase
from portal.practice.plots import PLOTS, Plot
from portal.practice.rules import Check, Observed, checks, score

MISSING = "没有这件练习案件，或者它已经收起。"
FIRSTS = {  # the moment of the first such fact
    Topic.CASE_ACCEPTED: "accepted_at",
    Topic.CASE_RETURNED: "returned_at",
    Topic.CASE_CONTACTED: "contacted_at",
    Topic.OFFER_MADE: "offered_at",
    Topic.AGREEMENT_MADE: "agreed_at",
    Topic.PERFORMANCE_RECORDED: "performed_at",
    Topic.PERFORMANCE_CONFIRMED: "confirmed_at",
}


@dataclass(frozen=True, slots=True)
class Practised:
    """One practice case with its checklist."""

    reference: str
    plot: Plot
    state: str
    is_ours: bool  # still on one's own desk
    checks: tuple[Check, ...]
    done: int
    asked: int


def practised(session: Session, actor: Actor, *, now: datetime) -> list[Practised]:
    """One's own present set in the order of the plots, in three statements."""
    rows = _own(session, actor)
    told = _told(session, [row.case_id for row in rows])
    booked = _booked(session, actor, [row.case.reference for row in rows])
    found = [
        _practised(row, told[row.case_id], booked.get(row.case.reference, ()), now=now)
        for row in rows
        if row.plot in PLOTS
    ]
    return sorted(found, key=lambda one: list(PLOTS).index(one.plot.key))


def messages_of(session: Session, actor: Actor, reference: str, *, base_url: str, now: datetime) -> list[str]:
    """The texts that a consumer would have been sent about one of one's own practice cases, without their links."""
    rows = [row for row in _own(session, actor) if row.case.reference == reference]
    if not rows:
        raise NotFound(MISSING)
    messages = session.scalars(
        select(Message)
        .where(Message.case_id == rows[0].case_id, Message.channel == MessageChannel.SMS)
        .order_by(Message.id)
    )
    return [shown_text(session, one, base_url=base_url, now=now, openly=False) for one in messages]


def _own(session: Session, actor: Actor) -> Sequence[PracticeCase]:
    return session.scalars(
        select(PracticeCase)
        .where(
            PracticeCase.person_id == actor.person_id,
            PracticeCase.merchant_id == actor.organisation_id,
            PracticeCase.ended_at.is_(None),
        )
        .options(joinedload(PracticeCase.case))
        .order_by(PracticeCase.id)
    ).all()


def _told(session: Session, case_ids: Sequence[int]) -> dict[int, list[Fact]]:
    found: dict[int, list[Fact]] = defaultdict(list)
    facts = session.scalars(
        select(Fact)
        .where(Fact.subject_kind == SubjectKind.CASE, Fact.subject_id.in_(case_ids), Fact.topic.in_(list(FIRSTS)))
        .order_by(Fact.id)
    )
    for fact in facts:
        found[fact.subject_id].append(fact)
    return found


def _booked(session: Session, actor: Actor, references: Sequence[str]) -> dict[str, list[Any]]:
    """The ledger's entries about these cases, oldest first."""
    found: dict[str, list[Any]] = defaultdict(list)
    rows = session.execute(
        select(
            LedgerEntry.reference,
            LedgerEntry.outcome,
            LedgerEntry.disposition,
        )
        .join(Ledger, Ledger.id == LedgerEntry.ledger_id)
        .where(Ledger.merchant_id == actor.organisation_id, LedgerEntry.reference.in_(references))
        .order_by(LedgerEntry.id)
    )
    for row in rows:
        found[row.reference].append(row)
    return found


def _practised(row: PracticeCase, told: Iterable[Fact], booked: Iterable[Any], *, now: datetime) -> Practised:
    plot, case = PLOTS[row.plot], row.case
    found = checks(plot, _observed(row, case, told, booked), now=now)
    done, asked = score(found)
    return Practised(
        reference=case.reference,
        plot=plot,
        state=STATE_NAMES[case.state],
        is_ours=case.merchant_id == row.merchant_id,
        checks=found,
        done=done,
        asked=asked,
    )


def _observed(row: PracticeCase, case: Case, told: Iterable[Fact], booked: Iterable[Any]) -> Observed:
    seen: dict[str, Any] = {}
    for fact in told:
        seen.setdefault(FIRSTS[fact.topic], fact.at)
        if fact.topic is Topic.CASE_RETURNED:
            seen["return_reason"] = fact.detail["reason"]
        if fact.topic is Topic.OFFER_MADE:
            seen["best_outlay"] = max(seen.get("best_outlay", 0), fact.detail["outlay"])
        if fact.topic is Topic.PERFORMANCE_RECORDED:
            seen["proved"] = seen.get("proved", False) or bool(fact.detail["proved"])
    entries = list(booked)
    return Observed(
        contact_by=row.contact_by,
        respond_by=case.respond_by,
        perform_by=case.perform_by,
        is_booked=any(one.outcome not in (None, Outcome.OPEN.value) for one in entries),
        is_disposed=any(one.disposition not in (None, "", Disposition.NONE.value) for one in entries),
        **seen,
    )
