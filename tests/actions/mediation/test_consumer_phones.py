"""Officers change a consumer's number: usable ones only, told to the old number, by two while an offer is open."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.links import open_link, token_of
from portal.cases.models import PhoneSource
from portal.core.actor import Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken, Stale
from portal.core.facts import Fact, Topic
from portal.core.privacy import vault_of
from portal.mediation import phones
from portal.mediation.models import ChangeState, PhoneReason
from portal.mediation.phones import ChangePhone, DecidePhone, change_phone, decide_phone
from portal.notifications import contents
from portal.notifications.models import Message, MessageState, RecipientKind
from portal.notifications.templates import TemplateCode
from portal.settlements import actions as settlements
from portal.worker import HANDLERS
from tests.conftest import NOW
from tests.factories import disputes, people, settling
from tests.factories.settling import Dispute

NEW = "13900005678"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def dispute(session: Session) -> Dispute:
    return settling.dispute(session)


def officer(session: Session, dispute: Dispute, role: Role = Role.OFFICER) -> Actor:
    return people.actor(session, people.member(session, dispute.authority.id, role, name="王芳"))


def change(dispute: Dispute, phone: str = NEW) -> ChangePhone:
    return ChangePhone(dispute.case.reference, phone, PhoneReason.ASKED)


def newest(session: Session, topic: Topic) -> Fact:
    session.flush()
    return session.scalars(select(Fact).where(Fact.topic == topic).order_by(Fact.id.desc()).limit(1)).one()


def deliver(session: Session, topic: Topic) -> list[Message]:
    """Run a fact's handlers twice, as a worker that was restarted does; return what came of it."""
    fact = newest(session, topic)
    for _ in range(2):
        for handler in HANDLERS[topic]:
            handler(session, fact, now=LATER)
    return list(session.scalars(select(Message).where(Message.fact_id == fact.id).order_by(Message.id)))


def test_a_change_is_in_force_at_once_and_ends_the_old_link(session: Session, dispute: Dispute) -> None:
    case, vault = dispute.case, vault_of(session)
    token = token_of(session, dispute.link)
    made = change_phone(session, officer(session, dispute), change(dispute, "+86 139-0000-5678"), now=LATER)
    assert made.state is ChangeState.APPLIED
    assert (case.phone_source, case.phone_set_at) == (PhoneSource.OFFICER, LATER)
    assert (case.phone_mask, case.phone_index) == ("139****5678", vault.blind(NEW, "phone"))
    assert phones.phone_of(session, case) == NEW
    session.expire(dispute.link)
    assert token is not None
    assert open_link(session, token, now=LATER) is None
    fact = newest(session, Topic.PHONE_CHANGED)
    assert fact.detail == {"change_id": made.id}


def test_the_old_number_is_told_and_the_new_one_gets_a_link(session: Session, dispute: Dispute) -> None:
    change_phone(session, officer(session, dispute), change(dispute), now=LATER)
    told, sent = deliver(session, Topic.PHONE_CHANGED)
    assert (told.template, told.to_mask, told.link_id) == (TemplateCode.PHONE_CHANGED, "138****1234", None)
    outgoing = contents.outgoing_of(session, told, base_url="http://127.0.0.1:8000", now=LATER)
    assert outgoing.to == disputes.PHONE
    assert "12315" in outgoing.text
    assert "5678" not in outgoing.text
    assert (sent.template, sent.to_mask) == (TemplateCode.FRESH_LINK, "139****5678")
    assert sent.link_id not in (None, dispute.link.id)


def test_a_first_number_has_nobody_to_tell(session: Session) -> None:
    dispute = settling.dispute(session, phone=None)
    change_phone(session, officer(session, dispute), change(dispute), now=LATER)
    assert [one.template for one in deliver(session, Topic.PHONE_CHANGED)] == [TemplateCode.FRESH_LINK]


def test_a_landline_in_the_place_of_a_mobile_leaves_the_call_to_the_officer(session: Session, dispute: Dispute) -> None:
    change_phone(session, officer(session, dispute), change(dispute, "0592-5501234"), now=LATER)
    told, sent = deliver(session, Topic.PHONE_CHANGED)
    assert (told.state, sent.state) == (MessageState.WAITING, MessageState.FAILED)
    assert "座机" in (sent.problem or "")


@pytest.mark.parametrize("typed", ["", "   ", "138****1234", "1380000", "abc", "23800001234"])
def test_a_number_nobody_can_call_is_refused(session: Session, dispute: Dispute, typed: str) -> None:
    with pytest.raises(RuleBroken, match="完整的 11 位手机号") as refusal:
        change_phone(session, officer(session, dispute), change(dispute, typed), now=LATER)
    assert refusal.value.field == "phone"
    assert phones.phone_of(session, dispute.case) == disputes.PHONE


def test_the_verified_number_is_no_change_but_the_merchants_is_verified(session: Session, dispute: Dispute) -> None:
    with pytest.raises(RuleBroken, match="不用更换"):
        change_phone(session, officer(session, dispute), change(dispute, disputes.PHONE), now=LATER)
    dispute.case.phone_source = PhoneSource.MERCHANT
    change_phone(session, officer(session, dispute), change(dispute, disputes.PHONE), now=LATER)
    assert phones.has_verified_mobile(session, dispute.case)


def test_while_an_offer_is_open_a_second_officer_confirms(session: Session, dispute: Dispute) -> None:
    first, second = officer(session, dispute), officer(session, dispute, Role.CHIEF)
    settling.offered(session, dispute)
    waiting = change_phone(session, first, change(dispute), now=LATER)
    assert waiting.state is ChangeState.PENDING
    assert phones.phone_of(session, dispute.case) == disputes.PHONE
    (notice,) = deliver(session, Topic.PHONE_CHANGE_ASKED)
    assert (notice.recipient_kind, notice.organisation_id) == (RecipientKind.OFFICER, dispute.authority.id)
    with pytest.raises(RuleBroken, match="不能自己确认"):
        decide_phone(session, first, DecidePhone(dispute.case.reference, confirmed=True), now=LATER)
    with pytest.raises(RuleBroken, match="等复核"):
        change_phone(session, second, change(dispute, "13911112222"), now=LATER)
    decide_phone(session, second, DecidePhone(dispute.case.reference, confirmed=True), now=LATER)
    assert phones.phone_of(session, dispute.case) == NEW
    assert waiting.decided_by == second.person_id
    with pytest.raises(Stale):
        decide_phone(session, second, DecidePhone(dispute.case.reference, confirmed=False), now=LATER)


def test_a_change_sent_back_changes_nothing(session: Session, dispute: Dispute) -> None:
    first = officer(session, dispute)
    settling.offered(session, dispute)
    change_phone(session, first, change(dispute), now=LATER)
    decide_phone(session, first, DecidePhone(dispute.case.reference, confirmed=False), now=LATER)
    assert phones.phone_of(session, dispute.case) == disputes.PHONE
    assert dispute.case.phone_set_at is None
    assert phones.pending_change(session, dispute.case.id) is None


def test_the_database_lets_nobody_confirm_himself(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    waiting = change_phone(session, officer(session, dispute), change(dispute), now=LATER)
    waiting.state, waiting.decided_by, waiting.decided_at = ChangeState.APPLIED, waiting.asked_by, LATER
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_counter_is_an_open_offer_too(session: Session, dispute: Dispute) -> None:
    offer = settling.offered(session, dispute)
    counter = settlements.CounterOffer(dispute.case.id, offer.digest, (settling.refund(60_000),))
    settlements.counter_offer(session, dispute.consumer, counter, now=LATER)
    assert change_phone(session, officer(session, dispute), change(dispute), now=LATER).state is ChangeState.PENDING


def test_only_officers_of_the_place_change_numbers(session: Session, dispute: Dispute) -> None:
    with pytest.raises(NotAllowed):
        change_phone(session, officer(session, dispute, Role.AUDITOR), change(dispute), now=LATER)
    with pytest.raises(NotAllowed):
        change_phone(session, dispute.agent, change(dispute), now=LATER)
    elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    stranger = people.actor(session, people.member(session, elsewhere.id, Role.OFFICER))
    with pytest.raises(NotFound):
        change_phone(session, stranger, change(dispute), now=LATER)
