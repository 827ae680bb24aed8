"""What a merchant does with a request, and what the authority finds about a possible breach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.commitments.models import PromiseVersion
from portal.commitments.queries import terms_of
from portal.commitments.rules.coverage import Exclusion, Purchase, fitting_exclusions
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import mask_text, vault_of
from portal.ledgers.rules.vocabulary import Condition
from portal.returns import booking
from portal.returns.access import MOVED_ON, check_step, locked, move, record
from portal.returns.asking import standing_of
from portal.returns.models import ReturnRequest
from portal.returns.rules import (
    Breach,
    Finding,
    Ground,
    ReturnEvent,
    due_at,
    may_break,
    next_look,
    refund_objection,
)

ANSWER_SEAL = "return.answer"
LONGEST_REFUSAL = 200  # characters, as the ledger's
WARNING = "承诺适用于这次购买，你没有选用相符的不适用条款。"


class WarnedFirst(RuleBroken):
    """A refusal that may break the promise: it is sent only once the merchant has read the warning."""


@dataclass(frozen=True, slots=True)
class AgreeReturn:
    """How and where the goods come back, and what will be refunded in 分."""

    reference: str
    words: str
    refund: int


def agree_return(session: Session, actor: Actor, command: AgreeReturn, *, now: datetime) -> ReturnRequest:
    """Agree to take the goods back; the refund is due once they are there."""
    request = _own(session, actor, command.reference)
    move(request, ReturnEvent.AGREE)
    if not command.words.strip():
        raise RuleBroken("请写明怎么退：寄到哪里，或者带到哪家门店。", field="words")
    if problem := refund_objection(command.refund, price=request.price, quantity=request.quantity):
        raise RuleBroken(problem, field="refund")
    request.agreed_refund = command.refund
    lapse = almanac(session).amount("return_lapse", local_day(now))
    request.lapses_at = now + timedelta(days=lapse)
    _answered(session, actor, request, command.words, now=now)
    record(session, actor, Topic.RETURN_AGREED, request, now=now, refund=command.refund)
    return request


@dataclass(frozen=True, slots=True)
class RefuseReturn:
    """On what a refusal rests; `confirmed` once the warning was read."""

    reference: str
    ground: Ground
    exclusion_id: int | None
    words: str
    confirmed: bool = False


def refuse_return(session: Session, actor: Actor, command: RefuseReturn, *, now: datetime) -> ReturnRequest:
    """Refuse, naming the exclusion or the condition (decisions 28); entered in the ledger at once.

    Refuses with WarnedFirst a refusal that may break the promise until it is confirmed; once sent, the authority
    sees a possible breach.
    """
    request = _own(session, actor, command.reference)
    if request.denied_at is not None:
        raise RuleBroken(MOVED_ON)
    check_step(request, ReturnEvent.REFUSE)
    exclusion = _named(session, request, command)
    text = _refusal(request, command, exclusion)
    risky = may_break(request.verdict, command.ground, exclusion_fits=exclusion is not None)
    if risky and not command.confirmed:
        raise WarnedFirst(WARNING)
    request.ground, request.exclusion_id = command.ground, exclusion.id if exclusion else None
    move(request, ReturnEvent.REFUSE)
    request.closed_at, request.lapses_at = now, None
    if risky:
        mark(request, Breach.REFUSED, now=now)
    _answered(session, actor, request, text, now=now)
    request.entry_seq = booking.enter_refusal(session, actor, request, text, now=now)
    record(session, actor, Topic.RETURN_REFUSED, request, now=now, ground=command.ground.value, breach=risky)
    return request


@dataclass(frozen=True, slots=True)
class ReceiveGoods:
    """How the goods came back."""

    reference: str
    condition: Condition


def receive_goods(session: Session, actor: Actor, command: ReceiveGoods, *, now: datetime) -> ReturnRequest:
    """Record that the goods are back: from now on the promised days of the refund run."""
    request = _own(session, actor, command.reference)
    move(request, ReturnEvent.RECEIVE)
    version = session.get(PromiseVersion, request.version_id) if request.version_id else None
    limits, today = almanac(session), local_day(now)
    days = version.days_to_refund if version else limits.amount("performance", today)
    request.condition, request.goods_back_at = command.condition.value, now
    request.pay_by, request.warned_at, request.lapses_at = due_at(now, days), None, None
    look_again(session, request, now=now)
    record(session, actor, Topic.RETURN_GOODS_BACK, request, now=now, condition=command.condition.value)
    return request


@dataclass(frozen=True, slots=True)
class SettleReturn:
    """The refund in 分 (None: exchanged), and what happens to the goods, in the ledger's typed cells."""

    reference: str
    refund: int | None
    cells: Mapping[str, str] = field(default_factory=dict)


def settle_return(session: Session, actor: Actor, command: SettleReturn, *, now: datetime) -> ReturnRequest:
    """Refund or exchange; entered in the ledger in the same transaction.

    Refuses with asking.Objections what the ledger's rules say against the disposition. A refund that the consumer
    did not receive is recorded again without a second entry.
    """
    request = _own(session, actor, command.reference)
    event = ReturnEvent.EXCHANGE if command.refund is None else ReturnEvent.REFUND
    check_step(request, event)
    if command.refund is None and request.denied_at is not None:
        raise RuleBroken(MOVED_ON)
    if command.refund is not None:
        problem = refund_objection(command.refund, price=request.price, quantity=request.quantity)
        if problem:
            raise RuleBroken(problem, field="refund")
    if request.entry_seq is None:
        request.entry_seq = booking.enter_outcome(session, actor, request, command.refund, command.cells, now=now)
    request.refund, request.settled_at, request.closed_at = command.refund, now, now
    move(request, event)  # with what belongs to it: whatever is asked below writes the row
    look_again(session, request, now=now)
    topic = Topic.RETURN_EXCHANGED if command.refund is None else Topic.RETURN_REFUNDED
    record(session, actor, topic, request, now=now, refund=command.refund, entry=request.entry_seq)
    return request


@dataclass(frozen=True, slots=True)
class FindBreach:
    """Whether the promise was broken, in the authority's words."""

    reference: str
    finding: Finding
    words: str


def find_breach(session: Session, actor: Actor, command: FindBreach, *, now: datetime) -> ReturnRequest:
    """Close a possible breach with a finding; supervision takes it from there."""
    request = locked(session, actor, command.reference)
    require(actor, Permission.RETURN_FIND, request)
    if request.breach is None or request.finding is not None:
        raise RuleBroken("这件申请没有待核查的可能违约，或者别人已经写了结论。请刷新页面。")
    if not command.words.strip():
        raise RuleBroken("请写明核查情况和理由，企业会看到。", field="words")
    request.finding, request.found_at = command.finding, now
    request.found_name, request.found_words = actor.name, mask_text(command.words.strip())
    record(
        session, actor, Topic.RETURN_BREACH_FOUND, request,
        now=now, finding=command.finding.value, breach=request.breach.value, merchant_id=request.merchant_id,
    )  # fmt: skip
    return request


def mark(request: ReturnRequest, breach: Breach, *, now: datetime) -> None:
    """Mark a possible breach; a later one stands in the place of an earlier one, whose facts remain."""
    request.breach, request.breach_at = breach, now
    request.finding = request.found_at = request.found_name = request.found_words = None


def look_again(session: Session, request: ReturnRequest, *, now: datetime) -> None:
    """Set when the clock looks at the request next."""
    warning = almanac(session).amount("return_warning", local_day(now))
    request.next_at = next_look(standing_of(request), warning)


def possible_exclusions(session: Session, request: ReturnRequest) -> tuple[Exclusion, ...]:
    """The exclusions of the version that could be named for these goods."""
    if request.version_id is None:
        return ()
    return fitting_exclusions(terms_of(session, request.version_id), purchase_of(request))


def purchase_of(request: ReturnRequest) -> Purchase:
    """The purchase as the promise's rules ask for it."""
    return Purchase(
        request.way, request.purchased_on, request.received_on, request.category, request.goods, request.outlet_id
    )


def _own(session: Session, actor: Actor, reference: str) -> ReturnRequest:
    request = locked(session, actor, reference)
    require(actor, Permission.RETURN_ANSWER, request)
    return request


def _named(session: Session, request: ReturnRequest, command: RefuseReturn) -> Exclusion | None:
    if command.ground is Ground.OUTSIDE and not request.is_wish:
        raise RuleBroken("承诺适用于这次购买，不能以“不在承诺范围”拒绝。", field="ground")
    if command.ground is not Ground.EXCLUSION:
        return None
    fitting = possible_exclusions(session, request)
    found = next((one for one in fitting if one.id == command.exclusion_id), None)
    if found is None:
        raise RuleBroken("请选择承诺里的哪一条不适用；没有相符的，请改选其他理由。", field="exclusion")
    return found


def _refusal(request: ReturnRequest, command: RefuseReturn, exclusion: Exclusion | None) -> str:
    words = command.words.strip()
    if exclusion is not None:
        return f"承诺列明不适用：{exclusion.text}。{words}"[:LONGEST_REFUSAL]
    if command.ground is Ground.OUTSIDE:
        return f"不在承诺范围。{words}"[:LONGEST_REFUSAL]
    if not words:
        raise RuleBroken("请写明不符合哪一项退货条件，消费者会看到。", field="why")
    return f"不符合退货条件：{words}"[:LONGEST_REFUSAL]


def _answered(session: Session, actor: Actor, request: ReturnRequest, words: str, *, now: datetime) -> None:
    request.answered_at, request.answer_name = now, actor.name
    request.answer_sealed = vault_of(session).seal(request.key, words.strip(), ANSWER_SEAL)
    look_again(session, request, now=now)
