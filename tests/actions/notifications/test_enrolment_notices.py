"""What applicants are told by phone and mail, what stands on desks, and what is forgotten."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import SYSTEM, VISITOR, Actor, Role
from portal.core.facts import Fact, Topic
from portal.enrolment import applying, inviting, keeping, reviewing, upkeep
from portal.enrolment.application_models import Application
from portal.enrolment.application_rules import Part
from portal.enrolment.upkeep import Sweep
from portal.notifications.contents import shown_text
from portal.notifications.models import Message, MessageChannel
from portal.worker import HANDLERS
from tests.conftest import NOW
from tests.factories import applications, people


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def officer(session: Session, district: Organisation) -> Actor:
    return people.actor(session, people.member(session, district.id, Role.OFFICER))


def told(session: Session, topic: Topic) -> Sequence[Message]:
    """Run the handlers of every fact of a topic, twice as a crash might; the messages that came of it."""
    session.flush()
    found = session.scalars(select(Fact).where(Fact.topic == topic)).all()
    for fact in [*found, *found]:
        for handler in HANDLERS[topic]:
            handler(session, fact, now=NOW)
    ids = [fact.id for fact in found]
    return session.scalars(select(Message).where(Message.fact_id.in_(ids)).order_by(Message.id)).all()


def text(session: Session, message: Message) -> str:
    return shown_text(session, message, base_url="https://odr.example", now=NOW, openly=True)


def test_the_link_goes_to_phone_and_mail(session: Session, district: Organisation) -> None:
    token = applications.begun(session, district, contact=applications.CONTACT)
    sms, mail = told(session, Topic.APPLICATION_STARTED)
    assert (sms.channel, mail.channel) == (MessageChannel.SMS, MessageChannel.MAIL)
    assert sms.to_mask == "138****5678"
    for message in (sms, mail):
        assert f"https://odr.example/apply/{token}" in text(session, message)
        assert token not in str(message.parameters)


def test_each_step_of_a_review_is_told(session: Session, district: Organisation, officer: Actor) -> None:
    row = applications.submitted(session, district)
    [desk] = told(session, Topic.APPLICATION_SUBMITTED)
    assert desk.organisation_id == district.id
    assert desk.parameters["path"] == f"/regulator/applications/{row.reference}"
    wanted = reviewing.AskForMore(row.reference, (Part.FIRM,), "请更新地址。", date(2026, 8, 20))
    reviewing.ask_for_more(session, officer, wanted, now=NOW)
    [more] = told(session, Topic.APPLICATION_MORE_ASKED)
    assert "8月20日前提交" in text(session, more)
    answer = applying.SubmitApplication(applications.token_of(session, row), declared=True)
    applying.submit_application(session, VISITOR, answer, now=NOW)
    reviewing.refuse_application(session, officer, reviewing.RefuseApplication(row.reference, "没有场所。"), now=NOW)
    [refused] = told(session, Topic.APPLICATION_REFUSED)
    assert "没有场所" not in text(session, refused)


def test_the_first_password_is_offered_to_the_phone_only(
    session: Session, district: Organisation, officer: Actor
) -> None:
    row = applications.submitted(session, district, contact=replace(applications.CONTACT, phone="13860009999"))
    reviewing.admit(session, officer, reviewing.Admit(row.reference, "", district.code), now=NOW)
    sms, mail = told(session, Topic.APPLICATION_ADMITTED)
    welcome = f"/apply/welcome/{applications.invitation_of(session, row)} "
    assert welcome in text(session, sms)
    assert "welcome" not in text(session, mail)
    use = inviting.FirstPassword(applications.invitation_of(session, row), "correct horse 7")
    inviting.use_invitation(session, VISITOR, use, now=NOW)
    assert "13860009999" not in str([fact.detail for fact in session.scalars(select(Fact))])


def test_an_erased_application_leaves_no_number_and_no_link(session: Session, district: Organisation) -> None:
    row = applications.row_of(session, applications.begun(session, district))
    told(session, Topic.APPLICATION_STARTED)
    late = NOW + timedelta(days=61)
    upkeep.lapse_drafts(session, SYSTEM, Sweep(), now=late)
    upkeep.erase_abandoned(session, SYSTEM, Sweep(), now=late + timedelta(days=181))
    told(session, Topic.APPLICATION_ERASED)
    session.expire_all()
    messages = session.scalars(select(Message)).all()
    assert {(one.to_sealed, one.path_sealed, one.to_mask) for one in messages} == {(None, None, "")}
    assert told(session, Topic.APPLICATION_STARTED) == messages
    assert session.get_one(Application, row.id).token_sealed is None


def test_desks_hear_of_data_licences_and_proposals(session: Session, district: Organisation, officer: Actor) -> None:
    merchant = people.merchant(session, district)
    head = people.actor(session, people.member(session, merchant.id, Role.PRINCIPAL))
    merchant.licence_until_on = date(2026, 9, 1)
    session.flush()
    upkeep.warn_of_licences(session, SYSTEM, Sweep(), now=NOW)
    upkeep.warn_of_confirmation(session, SYSTEM, Sweep(), now=NOW + timedelta(days=360))
    wished = keeping.ProposeChange(merchant.organisation.name, merchant.address, "0592-1", date(2030, 1, 1))
    proposal = keeping.propose_change(session, head, wished, now=NOW)
    assert proposal is not None
    decide = keeping.DecideProposal(merchant.organisation.code, proposal.reference, approved=True)
    session.flush()
    keeping.decide_proposal(session, officer, decide, now=NOW)
    desks = {
        topic: [one.organisation_id for one in told(session, topic)]
        for topic in (
            Topic.MERCHANT_LICENCE_ENDING,
            Topic.MERCHANT_DATA_DUE,
            Topic.MERCHANT_PROPOSED,
            Topic.MERCHANT_PROPOSAL_DECIDED,
        )
    }
    assert list(desks.values()) == [[merchant.id, district.id], [merchant.id], [district.id], [merchant.id]]
