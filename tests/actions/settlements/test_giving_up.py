"""A negotiation fails by the merchant's word, in both channels; not before it was tried."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts import links
from portal.cases.actions import RecordContact, record_contact
from portal.cases.models import CaseNote, ContactMethod, ContactResult, NoteKind
from portal.cases.rules import CaseState, Channel, FailureCause
from portal.core.actor import Role
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.notifications.models import Message, MessageChannel
from portal.settlements import actions
from portal.settlements.models import Offer
from portal.worker import tick
from tests.conftest import NOW
from tests.factories import disputes, people
from tests.factories.settling import refund

WORD = "两次协商，消费者要求三倍赔偿，差额 900 元。"


@pytest.fixture
def agent(session):
    return people.actor(session, people.member(session, people.merchant(session, people.authority(session)).id))


@pytest.fixture
def accepted(session, agent):
    def make(channel=Channel.REGULATOR):
        merchant = session.get_one(people.Merchant, agent.organisation_id)
        case = disputes.case(
            session, people.authority(session), merchant=merchant, state=CaseState.ACCEPTED, channel=channel, now=NOW
        )
        session.commit()
        return case

    return make


def refused_once(runtime, session, agent, case, clock):
    runtime.perform(agent, actions.make_offer, actions.MakeOffer(case.reference, (refund(),)))
    clock.moment = NOW + timedelta(minutes=1)  # behind the seconds in which it could be taken back
    link, _ = links.issue_link(session, case.id, disputes.PHONE, now=NOW)
    session.commit()
    digest = session.scalars(select(Offer.digest).where(Offer.case_id == case.id)).one()
    runtime.perform(links.consumer_of(link), actions.refuse_offer, actions.RefuseOffer(case.id, digest))


def called(runtime, agent, case, clock, *results):
    for day, result in enumerate(results):
        clock.moment = NOW + timedelta(days=day, hours=1)
        record = RecordContact(case.reference, clock.moment, ContactMethod.PHONE, "打了电话。", result)
        runtime.perform(agent, record_contact, record)


def give_up(runtime, agent, case, cause=FailureCause.NO_AGREEMENT):
    return runtime.perform(agent, actions.give_up, actions.GiveUp(case.reference, cause, WORD))


@pytest.mark.parametrize(("channel", "told"), [(Channel.REGULATOR, "with_authority"), (Channel.GREEN, "choice_asked")])
def test_what_the_consumer_refused_may_be_given_up_and_goes_where_its_channel_leads(
    runtime, session, agent, accepted, clock, channel, told
):
    case = accepted(channel)
    clock.moment = NOW
    refused_once(runtime, session, agent, case, clock)
    give_up(runtime, agent, case)
    tick(runtime)
    session.expire_all()
    assert (case.state, case.cause) == (CaseState.FAILED, FailureCause.NO_AGREEMENT)
    assert (case.next_action_at is None) is (channel is Channel.REGULATOR)  # A: the consumer's thirty days
    [fact] = session.scalars(select(Fact).where(Fact.topic == Topic.CASE_FAILED)).all()
    assert fact.actor_name == agent.name
    sent = select(Message.template).where(Message.channel == MessageChannel.SMS, Message.case_id == case.id)
    assert session.scalars(sent.order_by(Message.id.desc())).first() == told
    assert session.scalars(select(CaseNote.kind).where(CaseNote.case_id == case.id)).one() == NoteKind.FAILURE


def test_who_was_missed_on_two_days_is_out_of_reach(runtime, session, agent, accepted, clock):
    case = accepted()
    called(runtime, agent, case, clock, ContactResult.UNREACHED, ContactResult.UNREACHED)
    give_up(runtime, agent, case, FailureCause.UNREACHABLE)
    session.expire_all()
    assert case.cause is FailureCause.UNREACHABLE


@pytest.mark.parametrize(
    "results",
    [
        (ContactResult.UNREACHED,),
        (ContactResult.UNREACHED, ContactResult.UNREACHED, ContactResult.REACHED),
        (ContactResult.UNREACHED, ContactResult.REACHED, ContactResult.UNREACHED),
    ],
)
def test_one_missed_call_or_an_answered_one_is_no_unreachable_consumer(
    runtime, session, agent, accepted, clock, results
):
    case = accepted()
    called(runtime, agent, case, clock, *results)
    with pytest.raises(RuleBroken, match="2 个不同的日子"):
        give_up(runtime, agent, case, FailureCause.UNREACHABLE)


def test_nobody_is_given_up_without_an_offer_or_while_one_waits(runtime, session, agent, accepted, clock):
    case = accepted()
    clock.moment = NOW
    with pytest.raises(RuleBroken, match="请先提方案"):
        give_up(runtime, agent, case)
    runtime.perform(agent, actions.make_offer, actions.MakeOffer(case.reference, (refund(),)))
    with pytest.raises(RuleBroken):
        give_up(runtime, agent, case)


def test_causes_of_the_clock_and_of_the_consumer_are_not_the_merchants_to_choose(
    runtime, session, agent, accepted, clock
):
    case = accepted()
    clock.moment = NOW
    refused_once(runtime, session, agent, case, clock)
    with pytest.raises(RuleBroken, match="请选择"):
        give_up(runtime, agent, case, FailureCause.CONSUMER_SILENT)


def test_a_stranger_gives_nothing_up(runtime, session, accepted):
    case = accepted()
    stranger = people.actor(
        session, people.member(session, people.merchant(session, people.authority(session)).id, Role.PRINCIPAL)
    )
    session.commit()
    with pytest.raises(NotFound):
        give_up(runtime, stranger, case)


def test_the_page_offers_it_refuses_in_words_and_tells_the_officer(
    runtime, session, agent, accepted, clock, client_for
):
    case = accepted()
    clock.moment = NOW
    clerk = client_for(people.member(session, case.merchant_id))
    officer = client_for(people.member(session, case.authority_id, Role.OFFICER))
    session.commit()
    here = f"/merchant/cases/{case.reference}/settlement/giving-up"
    assert here in clerk.get(f"/merchant/cases/{case.reference}").text
    early = clerk.submit(here, {"cause": "no_agreement", "explanation": WORD})
    assert early.status_code == 422
    assert "请先提方案" in early.text
    assert WORD in early.text
    refused_once(runtime, session, agent, case, clock)
    assert clerk.submit(here, {"cause": "no_agreement", "explanation": WORD}).status_code == 303
    assert clerk.get(here).status_code == 409
    page = officer.get(f"/regulator/cases/{case.reference}").text
    assert "未和解原因：协商未达成" in page
    assert WORD in page
