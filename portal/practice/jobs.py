"""The invented consumer: answers each offer and each performance of a practice case by the plot, through the real actions.

A handler runs when its fact is delivered, so an answer never comes before the offer is visible.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import codes, links
from portal.accounts.codes import SendCode, TryCode
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import Actor
from portal.core.facts import Fact, SubjectKind, Topic
from portal.practice.filing import PHONE
from portal.practice.models import PracticeCase
from portal.practice.plots import PLOTS, Plot
from portal.practice.rules import Reply, confirms, reply_to
from portal.settlements import actions as settlements
from portal.settlements.actions.confirming import code_asked
from portal.settlements.models import Answer, Offer, PaymentMethod, Side, Term, TermKind
from portal.settlements.rules import TermDraft

COUNTERING = "这个数我可以接受。"


def answer_offer(session: Session, fact: Fact, *, now: datetime) -> None:
    """Let the invented consumer answer an offer; nothing for real cases and for rounds that are over."""
    plot, case = _invented(session, fact.subject_id)
    if plot is None or case is None:
        return
    offer = session.scalars(
        select(Offer).where(Offer.id == fact.detail["offer_id"], Offer.answer == Answer.PENDING)
    ).first()
    if offer is None or offer.visible_at > now or case.state is not CaseState.OFFERED:
        return
    rounds = session.scalars(select(Offer.side).where(Offer.case_id == case.id)).all()
    kinds = session.scalars(select(Term.kind).where(Term.offer_id == offer.id)).all()
    reply = reply_to(plot, offer.outlay, kinds, has_countered=Side.CONSUMER in rounds)
    if reply is not Reply.SILENT:
        _carry_out(session, plot, case, offer, reply, now=now)


def answer_performance(session: Session, fact: Fact, *, now: datetime) -> None:
    """Let the invented consumer say 收到, or 没收到 once where no proof was given; nothing for real cases."""
    plot, case = _invented(session, fact.subject_id)
    if plot is None or case is None or case.state is not CaseState.PERFORMED:
        return
    denied = select(Fact.id).where(
        Fact.subject_kind == SubjectKind.CASE, Fact.subject_id == case.id, Fact.topic == Topic.CASE_BREACHED
    )
    has_denied = plot.wants_proof and session.scalars(denied.limit(1)).first() is not None
    received = confirms(plot, proved=bool(fact.detail.get("proved")), has_denied=has_denied)
    answer = settlements.AnswerReceipt(case.id, received=received)
    settlements.answer_receipt(session, _consumer(session, case, now=now), answer, now=now)


def _invented(session: Session, case_id: int) -> tuple[Plot | None, Case | None]:
    row = session.execute(
        select(PracticeCase.plot, Case)
        .join(Case, Case.id == PracticeCase.case_id)
        .where(PracticeCase.case_id == case_id, PracticeCase.ended_at.is_(None))
    ).first()
    return (PLOTS.get(row[0]), row[1]) if row is not None else (None, None)


def _consumer(session: Session, case: Case, *, now: datetime) -> Actor:
    return links.consumer_of(links.issue_link(session, case.id, PHONE, now=now)[0])


def _carry_out(session: Session, plot: Plot, case: Case, offer: Offer, reply: Reply, *, now: datetime) -> None:
    consumer = _consumer(session, case, now=now)
    if reply is Reply.REFUSE:
        refused = settlements.RefuseOffer(case.id, offer.digest, plot.refusal)
        settlements.refuse_offer(session, consumer, refused, now=now)
        return
    _prove(session, consumer, case, offer, now=now)
    if reply is Reply.ACCEPT:
        settlements.accept_offer(session, consumer, settlements.AcceptOffer(case.id, offer.digest), now=now)
        return
    terms = (TermDraft(TermKind.REFUND, plot.counter, PaymentMethod.ORIGINAL, 7),)
    counter = settlements.CounterOffer(case.id, offer.digest, terms, COUNTERING)
    settlements.counter_offer(session, consumer, counter, now=now)


def _prove(session: Session, consumer: Actor, case: Case, offer: Offer, *, now: datetime) -> None:
    """Type the code that a large sum asks for, as a consumer would (decisions 13)."""
    if consumer.link_id is None or not code_asked(session, case, offer.outlay, now=now):
        return
    code = codes.send_code(session, consumer, SendCode(consumer.link_id, offer.digest), now=now)
    digits = codes.digits_of(session, code, now=now)
    assert digits is not None
    codes.try_code(session, consumer, TryCode(consumer.link_id, offer.digest, digits), now=now)
