"""The negotiation as the merchant works on it and the officer sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.cases.wording import staff_time
from portal.clocks.queries import almanac
from portal.clocks.rules import due_day, end_of_day, payment_wording, staff_day
from portal.clocks.rules import local_day as day_of
from portal.core.actor import Actor
from portal.core.permissions import Permission, can
from portal.settlements import rounds, rules
from portal.settlements.actions.outside import objection_to_outside
from portal.settlements.queries.approval import NOTHING_INSIDE, Approval, Inside, inside_of
from portal.settlements.queries.parts import AgreementView, RoundView, agreement_view, round_views
from portal.settlements.queries.payee import PayeeSeen, payee_seen
from portal.settlements.rounds import pending_of
from portal.settlements.rules import Difference, TermDraft


@dataclass(frozen=True, slots=True)
class Negotiation:
    """Everything of a negotiation that a case screen shows; what may be done was decided here."""

    reference: str
    in_dispute: int | None
    demands: tuple[str, ...]
    rounds: tuple[RoundView, ...]  # newest first
    pending: RoundView | None
    compared: RoundView | None  # our latest version, beside a counter
    diff: Difference | None
    agreement: AgreementView | None
    title: str
    aside: str
    is_our_turn: bool
    may_act: bool  # the merchant's own people
    can_offer: bool
    offer_objection: str | None
    needs_request: bool  # decisions 5: less than a working day is left
    can_answer: bool  # a counter waits for us
    undo_seconds: int
    can_perform: bool
    perform_words: str
    perform_tone: str
    can_give_up: bool  # say that it came to nothing, before the limit says it
    can_record: bool  # an agreement reached outside (decisions 10)
    inside: Inside  # what waits inside the merchant's house
    payee: PayeeSeen | None  # where we pay by transfer, for the merchant's own people

    @property
    def undo_round(self) -> int | None:
        """The round that can still be taken back."""
        return self.pending.number if self.pending and self.undo_seconds else None

    @property
    def approval(self) -> Approval | None:
        """A draft that waits inside the house, or that came back."""
        return self.inside.approval

    @property
    def latest_ours(self) -> RoundView | None:
        """Our latest version, to start the next one from."""
        return next((one for one in self.rounds if one.is_ours), None)


def negotiation(session: Session, actor: Actor, case: Case, *, now: datetime) -> Negotiation:
    """The negotiation of a case that the actor was found to see: two statements, and one for its own people.

    The case comes from `cases.access.fetched`, with its key loaded.
    """
    key = rounds.key_of(session, case)
    known = rounds.rounds_of(session, case.id, key)
    views = round_views(session, key, known)
    agreement = agreement_view(session, case, key, known)
    pending = _pending(views, known, now=now)
    counter = pending if pending and not pending.is_ours else None
    ours = next((one for one in views if one.is_ours), None) if counter else None
    may_act = can(actor, Permission.OFFER_MAKE, case)
    objection = rules.objection_to_offering(case.state, pending.side if pending else None)
    words, tone = _performing(session, case, agreement, now=now)
    asks = may_act and (counter is not None or objection is None) and (agreement is None or case.raised_to is not None)
    inside = inside_of(session, actor, case, key, views, counter, now=now) if asks else NOTHING_INSIDE
    return Negotiation(
        reference=case.reference,
        in_dispute=case.amount,
        demands=tuple(part for part in case.demands.split(",") if part),
        rounds=views,
        pending=pending,
        compared=ours,
        diff=rules.compare(_terms(ours), counter.terms) if counter else None,
        agreement=agreement,
        title=inside.title or _title(case, pending, agreement),
        aside=_aside(pending, now=now),
        is_our_turn=inside.is_ours if inside.title else _is_our_turn(case, counter),
        may_act=may_act,
        can_offer=may_act and objection is None,
        offer_objection=objection,
        needs_request=_needs_request(session, case, counter, now=now),
        can_answer=may_act and counter is not None,
        can_give_up=may_act and pending is None and _may_give_up(case),
        can_record=may_act and objection_to_outside(case) is None,
        inside=inside,
        undo_seconds=_undo_seconds(pending, now=now) if may_act else 0,
        can_perform=can(actor, Permission.PERFORMANCE_RECORD, case) and _is_awaited(case, agreement),
        perform_words=words,
        perform_tone=tone,
        payee=payee_seen(session, actor, case, views, agreement, now=now),
    )


def _may_give_up(case: Case) -> bool:
    return rules.may_give_up(case.state, limit_runs=steps.limit_runs(case)) and case.raised_at is None


def _pending(views: Sequence[RoundView], known: Sequence[rounds.Kept], *, now: datetime) -> RoundView | None:
    waiting = pending_of(known)
    if waiting is None or waiting.offer.expires_at <= now:
        return None
    return next(one for one in views if one.number == waiting.offer.round)


def _is_our_turn(case: Case, counter: RoundView | None) -> bool:
    return counter is not None or case.state in (CaseState.AGREED, CaseState.BREACHED)


def _terms(view: RoundView | None) -> tuple[TermDraft, ...]:
    return view.terms if view else ()


def _title(case: Case, pending: RoundView | None, agreement: AgreementView | None) -> str:
    if pending is not None:
        return "方案已发出，等消费者答复" if pending.is_ours else "消费者还价，等我们答复"
    titles = {
        CaseState.ACCEPTED: "还没有提出方案",
        CaseState.DISPATCHED: "受理后可以提方案",
        CaseState.NEGOTIATING: "协商中，等我们提方案",
        CaseState.AGREED: "已达成和解，等我们履行",
        CaseState.PERFORMED: "已履行，等消费者确认",
        CaseState.CLOSED_SETTLED: "已和解，消费者确认收到",
        CaseState.CLOSED_UNCONFIRMED: "已履行，消费者未答复",
        CaseState.BREACHED: "没有按协议履行，请尽快履行",
        CaseState.FAILED: "没有谈成，仍可提方案",
    }
    return titles.get(case.state, "和解协议" if agreement else "没有待答复的方案")


def _aside(pending: RoundView | None, *, now: datetime) -> str:
    if pending is None:
        return ""
    until = f"{staff_day(due_day(pending.expires_at), day_of(now))} 24:00"
    named = "方案" if pending.is_ours else "还价"
    return f"{staff_time(pending.made_at, now)} · {named}有效至 {until}"


def _undo_seconds(pending: RoundView | None, *, now: datetime) -> int:
    if pending is None or not pending.is_ours or pending.visible_at <= now:
        return 0
    return int((pending.visible_at - now).total_seconds())


def _needs_request(session: Session, case: Case, counter: RoundView | None, *, now: datetime) -> bool:
    if counter is not None:
        return False
    notice_ends = almanac(session).derive("offer_notice", now, case.authority.ancestry()[::-1]).due_at
    return rules.needs_request(notice_ends, case.respond_by, now)


def _is_awaited(case: Case, agreement: AgreementView | None) -> bool:
    return agreement is not None and case.state in (CaseState.AGREED, CaseState.BREACHED)


def _performing(session: Session, case: Case, agreement: AgreementView | None, *, now: datetime) -> tuple[str, str]:
    """When what was promised is due, in words and tone, while it is not done."""
    if agreement is None or case.state not in (CaseState.AGREED, CaseState.BREACHED):
        return "", ""
    wording = payment_wording(now, end_of_day(agreement.perform_on), almanac(session).calendar)
    return wording.text, str(wording.tone)
