"""What the merchant says to a counter reaches the consumer, and is no news to the merchant."""

from datetime import timedelta

from sqlalchemy import select

from portal.core.actor import SYSTEM
from portal.core.facts import Fact, Topic
from portal.notifications.models import Message, RecipientKind
from portal.notifications.templates import TemplateCode
from portal.settlements import actions
from portal.worker import HANDLERS
from tests.conftest import NOW
from tests.factories import settling

SEEN = NOW + timedelta(minutes=1)


def countered(session):
    dispute = settling.dispute(session)
    offer = settling.offered(session, dispute)
    command = actions.CounterOffer(dispute.case.id, offer.digest, (settling.refund(80_000),))
    return dispute, actions.counter_offer(session, dispute.consumer, command, now=SEEN)


def deliver(session, *topics):
    session.flush()
    for fact in session.scalars(select(Fact).where(Fact.topic.in_(topics)).order_by(Fact.id)).all():
        for handler in HANDLERS[fact.topic]:
            handler(session, fact, now=SEEN)
    return [(one.recipient_kind, one.template) for one in session.scalars(select(Message).order_by(Message.id))]


def test_an_accepted_counter_is_told_with_the_day(session):
    dispute, counter = countered(session)
    command = actions.AcceptCounter(dispute.case.reference, counter.digest)
    actions.accept_counter(session, dispute.agent, command, now=SEEN)
    assert deliver(session, Topic.AGREEMENT_MADE) == [(RecipientKind.CONSUMER, TemplateCode.COUNTER_ACCEPTED)]
    assert session.scalars(select(Message)).one().parameters["by"] == "8月19日"


def test_a_refused_counter_is_told_to_the_consumer_only(session):
    dispute, counter = countered(session)
    command = actions.RefuseCounter(dispute.case.reference, counter.digest, "没有质量问题。")
    actions.refuse_counter(session, dispute.agent, command, now=SEEN)
    assert deliver(session, Topic.OFFER_REFUSED) == [(RecipientKind.CONSUMER, TemplateCode.COUNTER_REFUSED)]


def test_a_counter_that_lapsed_is_not_called_the_consumers_silence(session):
    dispute, counter = countered(session)
    actions.expire_offer(session, SYSTEM, actions.DueCase(dispute.case.id), now=counter.expires_at)
    assert deliver(session, Topic.OFFER_EXPIRED) == []


def test_the_consumers_own_answers_are_no_news_to_him(session):
    dispute = settling.dispute(session)
    settling.agreed(session, dispute)
    assert deliver(session, Topic.AGREEMENT_MADE) == []
