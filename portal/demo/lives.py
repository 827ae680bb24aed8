"""The life of one invented case: events drawn one after another until the present, moved along the real table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.cases.models import Case
from portal.cases.rules import CaseEvent, CaseState, Channel, FailureCause
from portal.clocks.rules import due_day, end_of_day, local_day
from portal.core.facts import Topic
from portal.settlements.models import Answer, PaymentMethod, Receipt, Side, TermKind
from portal.settlements.rules import TermDraft, offer_digest, perform_on

CONSUMER, MERCHANT, AUTHORITY, SYSTEM = "consumer", "merchant", "authority", "system"
MOST_ROUNDS = 3
DAYS_UNTIL_GIVEN_AGAIN = timedelta(days=10)  # what came back earlier has found another merchant
ANSWER_DAYS = 3
AGENTS = ("林晓燕", "陈国华", "吴志斌", "蔡雅婷")
E = CaseEvent

Told = tuple[Topic, datetime, str, Mapping[str, Any]]  # what, when, which kind of actor, detail


@dataclass(slots=True)
class _Life:
    """A case being lived; rounds, agreement and performance as rows without their ids."""

    case: Case
    random: Random
    now: datetime
    at: datetime  # the moment reached
    told: list[Told] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    agreement: dict[str, Any] | None = None
    performance: dict[str, Any] | None = None

    def after(self, low: float, high: float) -> bool:
        """Go on by some hours; False where that is beyond the present."""
        self.at += timedelta(hours=self.random.uniform(low, high))
        return self.at <= self.now

    def move(self, event: CaseEvent, topic: Topic, side: str, **detail: Any) -> None:
        """Move the case along the table and tell it."""
        self.case.apply(event, at=self.at)
        self.told.append((topic, self.at, side, detail))


Life = _Life


def live(case: Case, random: Random, *, now: datetime) -> Life:
    """Let a dispatched case live until the present or its end. Its clocks are set by the caller."""
    assert case.dispatched_at is not None
    life = _Life(case, random, now, case.dispatched_at)
    life.told.append((Topic.CASE_DISPATCHED, case.dispatched_at, SYSTEM, {"merchant_id": case.merchant_id}))
    luck = random.random()
    is_recent = now - case.dispatched_at < DAYS_UNTIL_GIVEN_AGAIN
    if luck < 0.02 and is_recent and life.after(2, 30):
        _give_back(life)
    elif 0.02 <= luck < 0.05 and life.after(5, 90):
        life.case.closed_at = life.at
        life.move(E.WITHDRAW, Topic.CASE_WITHDRAWN, CONSUMER)
    elif 0.05 <= luck < 0.11:
        _end_limit(life)  # nobody takes it up
    elif life.after(0.5, 44):
        _negotiate(life)
    return life


def _give_back(life: Life) -> None:
    life.move(E.RETURN, Topic.CASE_RETURNED, MERCHANT, reason="not_ours", merchant_id=life.case.merchant_id)
    life.case.merchant_id = None
    life.case.dispatched_at = life.case.respond_by = life.case.contact_by = None


def _negotiate(life: Life) -> None:
    life.case.accepted_at = life.at
    life.move(E.ACCEPT, Topic.CASE_ACCEPTED, MERCHANT)
    if not life.after(1, 40) or _is_over(life):
        return _end_limit(life)
    life.case.first_contact_at = life.at
    life.move(E.CONTACT, Topic.CASE_CONTACTED, MERCHANT, method="phone", result="reached")
    for number in range(1, MOST_ROUNDS + 1):
        if not life.after(2, 50) or _is_over(life):
            return _end_limit(life)
        answer = _round(life, number)
        if answer is None:
            return None
        if answer is Answer.ACCEPTED:
            return _perform(life)
    return _end_limit(life)


def _is_over(life: Life) -> bool:
    return life.case.respond_by is not None and life.at >= life.case.respond_by


def _end_limit(life: Life) -> None:
    """Let the merchant's limit end, if that is in the past."""
    case = life.case
    if case.respond_by is None or case.respond_by > life.now:
        return
    life.at = case.respond_by
    cause = FailureCause.NO_AGREEMENT if life.rounds else FailureCause.MERCHANT_DELAY
    case.cause = cause
    life.move(E.FAIL, Topic.CASE_FAILED, SYSTEM, cause=cause.value)


def _round(life: Life, number: int) -> Answer | None:
    """Offer, and draw the consumer's answer; None where it is still awaited or came too late."""
    case, random = life.case, life.random
    share = min(1.0, 0.4 + 0.25 * number + random.uniform(-0.2, 0.2))
    amount = max(100, int((case.amount or 20_000) * share) // 100 * 100)
    terms = (TermDraft(TermKind.REFUND, amount, PaymentMethod.ORIGINAL, 7),)
    assert case.respond_by is not None
    row: dict[str, Any] = {
        "round": number,
        "side": Side.MERCHANT,
        "outlay": amount,
        "digest": offer_digest(case.reference, number, terms),
        "made_at": life.at,
        "made_by": random.choice(AGENTS),
        "visible_at": life.at + timedelta(seconds=30),
        "expires_at": min(life.at + timedelta(days=ANSWER_DAYS), case.respond_by),
        "answer": Answer.PENDING,
        "answered_at": None,
        "first_seen_at": None,
    }
    life.rounds.append(row)
    life.move(E.OFFER, Topic.OFFER_MADE, MERCHANT, round=number, outlay=amount)
    drawn = random.choices((Answer.ACCEPTED, Answer.REFUSED, Answer.EXPIRED), (58, 27, 15))[0]
    life.at += timedelta(hours=random.uniform(0.2, 60))
    if drawn is Answer.EXPIRED or life.at >= row["expires_at"]:
        drawn, life.at = Answer.EXPIRED, row["expires_at"]
    if life.at > life.now:
        return None
    row["answer"], row["answered_at"] = drawn, life.at
    if drawn is Answer.EXPIRED:
        life.move(E.LAPSE, Topic.OFFER_EXPIRED, SYSTEM, round=number)
    elif drawn is Answer.REFUSED:
        row["first_seen_at"] = life.at
        life.move(E.REFUSE, Topic.OFFER_REFUSED, CONSUMER, round=number)
    else:
        row["first_seen_at"] = life.at
        _agree(life, row, terms)
    return drawn


def _agree(life: Life, row: dict[str, Any], terms: tuple[TermDraft, ...]) -> None:
    case, last = life.case, perform_on(terms, local_day(life.at))
    life.agreement = {
        "round": row["round"],
        "outlay": row["outlay"],
        "accepted_by": Side.CONSUMER,
        "accepted_at": life.at,
        "confirmation": "link" if row["outlay"] < 100_000 else "link_and_code",
        "perform_on": last,
    }
    life.told.append((Topic.OFFER_ACCEPTED, life.at, CONSUMER, {"round": row["round"]}))
    life.move(E.AGREE, Topic.AGREEMENT_MADE, CONSUMER, round=row["round"], outlay=row["outlay"], accepted_by=CONSUMER)
    case.agreed_at, case.perform_by = life.at, end_of_day(last)


def _perform(life: Life) -> None:
    """Let the agreement be performed and answered, or broken."""
    case, random = life.case, life.random
    assert case.perform_by is not None
    if random.random() < 0.05:
        if case.perform_by <= life.now:
            life.at = case.perform_by
            life.move(E.BREACH, Topic.CASE_BREACHED, SYSTEM, cause="late")
            _make_good(life)
        return
    life.at = min(life.at + timedelta(hours=random.uniform(4, 150)), case.perform_by - timedelta(hours=1))
    if life.at > life.now:
        return
    case.performed_at = case.receipt_asked_at = life.at
    life.performance = {
        "performed_on": due_day(life.at),
        "recorded_at": life.at,
        "recorded_by": random.choice(AGENTS),
        "receipt": Receipt.ASKED,
        "answered_at": None,
    }
    life.move(E.PERFORM, Topic.PERFORMANCE_RECORDED, MERCHANT, proved=False)
    _answer_receipt(life, life.performance)


def _answer_receipt(life: Life, performance: dict[str, Any]) -> None:
    case, luck = life.case, life.random.random()
    assert life.agreement is not None
    if luck < 0.2:  # silence
        life.at = end_of_day(local_day(life.at) + timedelta(days=7))
        if life.at <= life.now:
            case.closed_at = life.at
            performance["receipt"], performance["answered_at"] = Receipt.SILENT, life.at
            life.move(E.SILENCE, Topic.CASE_CLOSED, SYSTEM)
        return
    if not life.after(1, 140):
        return
    performance["answered_at"] = life.at
    if luck < 0.24:
        performance["receipt"] = Receipt.NOT_RECEIVED
        life.move(E.DENY, Topic.PERFORMANCE_DENIED, CONSUMER)
        _make_good(life)
        return
    performance["receipt"] = Receipt.RECEIVED
    case.closed_at, case.recovered = life.at, life.agreement["outlay"]
    life.move(E.CONFIRM, Topic.PERFORMANCE_CONFIRMED, CONSUMER, recovered=life.agreement["outlay"])


def _make_good(life: Life) -> None:
    """Let a breach be made good after some days, or end as failed."""
    case = life.case
    assert life.agreement is not None
    if not life.after(30, 400):
        return
    if life.random.random() < 0.7:
        case.closed_at, case.recovered = life.at, life.agreement["outlay"]
        life.move(E.CONFIRM, Topic.PERFORMANCE_CONFIRMED, CONSUMER, recovered=life.agreement["outlay"])
    else:
        case.cause = FailureCause.NO_AGREEMENT
        life.move(E.FAIL, Topic.CASE_FAILED, SYSTEM, cause=case.cause.value)


def is_closed(case: Case) -> bool:
    """Say whether no clock runs for the case any more; a failed one of channel A still waits for the consumer."""
    waits = case.state is CaseState.FAILED and case.channel is Channel.GREEN and case.closed_at is None
    return not case.is_open and not waits
