"""The negotiation as the consumer behind a link sees it: nothing that is still being undone, nothing personal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.cases import access
from portal.cases.models import Case, PhoneSource
from portal.cases.rules import CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import consumer_day, due_day, end_of_day, local_day
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.permissions import Permission, can
from portal.enrolment.models import Merchant
from portal.settlements import rounds, rules
from portal.settlements.models import Answer
from portal.settlements.queries.parts import AgreementView, RoundView, accepted_round, agreement_view, round_views
from portal.settlements.queries.payee import GivenPayee, given_payee, objection_to_payee
from portal.settlements.queries.progress import Step, consumer_steps


@dataclass(frozen=True, slots=True)
class ConsumerNegotiation:
    """All that the consumer's page says of the negotiation; money in 分, days in China."""

    case: Case  # with merchant, authority and key; held here, for the session holds rows weakly
    case_id: int
    reference: str
    state: CaseState
    merchant_name: str
    authority_name: str
    phone_mask: str
    offer: RoundView | None  # the merchant's, waiting for an answer
    counter: RoundView | None  # the consumer's own, waiting for the merchant
    past: tuple[RoundView, ...]  # answered ones, newest first
    accepted: RoundView | None  # the round that became the agreement
    agreement: AgreementView | None
    steps: tuple[Step, ...]
    answer_by: str  # 10 月 15 日（周四）, empty without an offer
    money_words: str  # how the sum compares with what is in dispute
    accept_label: str  # 接受，收到 ¥1,280
    accept_result: str  # 今天接受，10 月 19 日前完成
    code_needed: bool
    payee_code_needed: bool  # an account for this agreement is given with a code
    code_possible: bool  # a verified phone is there to send it to
    can_answer: bool
    can_confirm: bool
    can_deny: bool
    deny_objection: str | None
    can_rate: bool
    payee: GivenPayee | None  # where an account may be given
    payee_objection: str | None

    def consequence(self, number_tail: str) -> str:
        """What accepting does to the official complaint of this number's tail (decisions 4)."""
        return rules.consequence(number_tail, self.offer.terms if self.offer else ())


def consumer_view(session: Session, actor: Actor, case_id: int, *, now: datetime) -> ConsumerNegotiation:
    """The consumer's view in three statements, four where money is transferred; raises NotFound for anyone whose case it is not."""
    case = _case(session, actor, case_id)
    key = rounds.key_of(session, case)
    known = [kept for kept in rounds.rounds_of(session, case.id, key) if _is_shown(kept, now=now)]
    views = round_views(session, key, known)
    agreement = agreement_view(session, case, key, known)
    waiting = next((one for one in views if one.answer is Answer.PENDING and one.expires_at > now), None)
    offer = waiting if waiting and waiting.is_ours else None
    may = can(actor, Permission.CONSUMER_ANSWER, case)
    denial = _denial(session, case, agreement, now=now)
    accepted = accepted_round(views, agreement)
    return ConsumerNegotiation(
        case=case,
        case_id=case.id,
        reference=case.reference,
        state=case.state,
        merchant_name=case.merchant.organisation.name if case.merchant else "",
        authority_name=case.authority.name,
        phone_mask=case.phone_mask,
        offer=offer,
        counter=waiting if waiting and not waiting.is_ours else None,
        past=tuple(one for one in views if one is not waiting),
        accepted=accepted,
        agreement=agreement,
        steps=consumer_steps(case, views, agreement, waiting),
        answer_by=consumer_day(due_day(offer.expires_at)) if offer else "",
        money_words=rules.money_words(offer.outlay, case.amount) if offer else "",
        accept_label=rules.accept_label(offer.terms) if offer else "",
        accept_result=_accept_result(offer, now=now),
        code_needed=offer is not None and _code_needed(session, case, offer.outlay, now=now),
        payee_code_needed=agreement is not None and _code_needed(session, case, agreement.outlay, now=now),
        code_possible=case.phone_source in (PhoneSource.FILING, PhoneSource.OFFICER),
        can_answer=may and offer is not None,
        can_confirm=may and agreement is not None and rules.objection_to_confirming(case.state) is None,
        can_deny=may and agreement is not None and denial is None,
        deny_objection=denial,
        can_rate=may and agreement is not None and _rating_objection(session, case, agreement, now=now) is None,
        payee=given_payee(session, case, accepted, agreement) if may else None,
        payee_objection=objection_to_payee(case, accepted),
    )


def _case(session: Session, actor: Actor, case_id: int) -> Case:
    case = session.scalars(
        select(Case)
        .where(Case.id == case_id, access.visible_to(actor))
        .options(
            joinedload(Case.merchant).joinedload(Merchant.organisation),
            joinedload(Case.authority),
            joinedload(Case.key),
        )
    ).first()
    if case is None:
        raise NotFound(access.MISSING)
    return case


def _is_shown(kept: rounds.Kept, *, now: datetime) -> bool:
    """An offer inside its seconds of undo, or undone, was never there for the consumer."""
    return kept.offer.visible_at <= now and kept.offer.answer is not Answer.UNDONE


def _accept_result(offer: RoundView | None, *, now: datetime) -> str:
    if offer is None:
        return ""
    last = consumer_day(rules.perform_on(offer.terms, local_day(now)))
    return f"今天接受，{last}前{'到账' if rules.is_money_only(offer.terms) else '办好'}"


def _code_needed(session: Session, case: Case, outlay: int, *, now: datetime) -> bool:
    threshold = almanac(session).amount("code_threshold", local_day(now), case.authority.ancestry()[::-1])
    return rules.code_needed(
        in_dispute=case.amount,
        offered=outlay,
        threshold=threshold,
        phone_set_after_filing=case.phone_set_at is not None,
    )


def _denial(session: Session, case: Case, agreement: AgreementView | None, *, now: datetime) -> str | None:
    if agreement is None:
        return None
    days = almanac(session).amount("not_received", local_day(now))
    return rules.objection_to_denying(
        case.state,
        due_passed=end_of_day(agreement.perform_on) <= now,
        window_open=case.performed_at is not None and now < case.performed_at + timedelta(days=days),
        due_words=consumer_day(agreement.perform_on),
    )


def _rating_objection(session: Session, case: Case, agreement: AgreementView, *, now: datetime) -> str | None:
    upwards = case.authority.ancestry()[::-1]
    is_open = case.closed_at is not None and now < almanac(session).derive("rating", case.closed_at, upwards).due_at
    return rules.objection_to_rating(case.state, has_rated=agreement.verdict is not None, window_open=is_open)
