"""Handlers: each fact makes its messages exactly once, to the right people, with nothing personal in the row."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts import codes, links
from portal.accounts.links import AskForLink
from portal.cases.models import Channel, PhoneSource
from portal.cases.rules import CaseState, FailureCause
from portal.core.actor import SYSTEM, VISITOR, Role
from portal.core.facts import Fact, Topic
from portal.core.privacy import vault_of
from portal.intake.models import Filing
from portal.intake.states import AdminState
from portal.notifications import contents, jobs
from portal.notifications.models import Message, MessageChannel, MessageState, RecipientKind
from portal.notifications.templates import TemplateCode
from portal.settlements import actions
from portal.settlements.actions import UndoOffer
from portal.worker import HANDLERS
from tests.conftest import NOW
from tests.factories import disputes, messages, people, settling
from tests.factories.settling import Dispute

BASE = "http://127.0.0.1:8000"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def dispute(session: Session) -> Dispute:
    return settling.dispute(session)


def newest(session: Session, topic: Topic) -> Fact:
    session.flush()
    return session.scalars(select(Fact).where(Fact.topic == topic).order_by(Fact.id.desc()).limit(1)).one()


def deliver(session: Session, fact: Fact, *, after: timedelta = MINUTE) -> None:
    """Run the fact's handlers, as the worker's table names them, twice."""
    for _ in range(2):
        for handler in HANDLERS[fact.topic]:
            handler(session, fact, now=NOW + after)
        session.flush()


def told(session: Session, kind: RecipientKind = RecipientKind.CONSUMER) -> list[Message]:
    session.expire_all()
    query = select(Message).where(Message.recipient_kind == kind).order_by(Message.id)
    return list(session.scalars(query.options(joinedload(Message.link), joinedload(Message.code))))


def test_an_offer_reaches_the_consumer_once_with_the_link(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    deliver(session, newest(session, Topic.OFFER_MADE))
    (message,) = told(session)
    assert message.template == TemplateCode.OFFER_MADE
    assert message.link_id == dispute.link.id
    assert message.to_mask == "138****1234"
    outgoing = contents.outgoing_of(session, message, base_url=BASE, now=NOW)
    token = links.token_of(session, dispute.link)
    assert f"{BASE}/c/{token} " in outgoing.text
    assert outgoing.to == disputes.PHONE
    assert outgoing.parameters["link"] == f"{BASE}/c/{token}"
    assert outgoing.signature == "湖里区市场监管局"


def test_a_row_holds_no_link_and_nothing_personal(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    deliver(session, newest(session, Topic.OFFER_MADE))
    (message,) = told(session)
    token = links.token_of(session, dispute.link) or ""
    stored = repr([getattr(message, column.key) for column in Message.__table__.columns])
    for secret in (token, disputes.PHONE, "李小明"):
        assert secret not in stored
    assert set(message.parameters) == {"signature", "merchant", "tail", "by"}


def test_an_undone_offer_is_not_told(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    made = newest(session, Topic.OFFER_MADE)
    actions.undo_offer(session, dispute.agent, UndoOffer(dispute.case.reference, 1), now=NOW + timedelta(seconds=5))
    deliver(session, made)
    deliver(session, newest(session, Topic.OFFER_UNDONE))
    assert told(session) == []


def test_a_waiting_message_of_an_undone_offer_is_called_back(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    deliver(session, newest(session, Topic.OFFER_MADE), after=timedelta())
    undone = messages.fact(session, dispute.case, Topic.OFFER_UNDONE)
    deliver(session, undone)
    assert [one.state for one in told(session)] == [MessageState.CANCELLED]


def test_a_message_that_is_out_is_not_called_back(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    deliver(session, newest(session, Topic.OFFER_MADE))
    (message,) = told(session)
    message.state = MessageState.SENT
    deliver(session, messages.fact(session, dispute.case, Topic.OFFER_EXPIRED))
    assert [one.state for one in told(session)] == [MessageState.SENT]


def test_acceptance_sends_a_receipt_and_tells_the_merchant(session: Session, dispute: Dispute) -> None:
    settling.agreed(session, dispute)
    deliver(session, newest(session, Topic.OFFER_ACCEPTED), after=2 * MINUTE)
    assert [one.template for one in told(session)] == [TemplateCode.AGREED]
    (notice,) = told(session, RecipientKind.MERCHANT)
    assert (notice.channel, notice.state) == (MessageChannel.DESK, MessageState.SENT)
    assert notice.organisation_id == dispute.merchant.id


def test_performance_asks_for_a_receipt(session: Session, dispute: Dispute) -> None:
    dispute.case.state = CaseState.PERFORMED
    deliver(session, messages.fact(session, dispute.case, Topic.PERFORMANCE_RECORDED))
    assert [one.template for one in told(session)] == [TemplateCode.RECEIPT_ASKED]


def test_a_breach_found_by_the_clock_is_told_to_all_three(session: Session, dispute: Dispute) -> None:
    people.member(session, dispute.authority.id, Role.CHIEF).person.sign_in_name = "chief@example.cn"
    people.member(session, dispute.authority.id, Role.AUDITOR).person.sign_in_name = "auditor@example.cn"
    people.member(session, dispute.merchant.id, Role.PRINCIPAL).person.sign_in_name = "boss@example.cn"
    people.member(session, dispute.merchant.id, Role.AGENT).person.sign_in_name = "agent@example.cn"
    dispute.case.state = CaseState.BREACHED
    deliver(session, messages.fact(session, dispute.case, Topic.CASE_BREACHED))
    assert [one.template for one in told(session)] == [TemplateCode.BREACHED]
    for kind, mask in ((RecipientKind.MERCHANT, "bo***@example.cn"), (RecipientKind.OFFICER, "ch***@example.cn")):
        found = {one.channel: one for one in told(session, kind)}
        assert set(found) == {MessageChannel.DESK, MessageChannel.MAIL}
        assert found[MessageChannel.MAIL].to_mask == mask
        assert found[MessageChannel.MAIL].state is MessageState.WAITING
    mail = contents.outgoing_of(session, found[MessageChannel.MAIL], base_url=BASE, now=NOW)
    assert mail.to == "chief@example.cn"
    assert f"{BASE}/regulator/cases/{dispute.case.reference}" in mail.text
    assert "/c/" not in mail.text


def test_who_says_not_received_is_not_told_of_it(session: Session, dispute: Dispute) -> None:
    dispute.case.state = CaseState.BREACHED
    deliver(session, messages.fact(session, dispute.case, Topic.CASE_BREACHED, actor=dispute.consumer))
    assert told(session) == []
    assert len(told(session, RecipientKind.OFFICER)) == 1


@pytest.mark.parametrize(
    ("channel", "cause", "template"),
    [
        (Channel.GREEN, FailureCause.NO_AGREEMENT, TemplateCode.CHOICE_ASKED),
        (Channel.REGULATOR, FailureCause.MERCHANT_DELAY, TemplateCode.WITH_AUTHORITY),
        (Channel.GREEN, FailureCause.CONSUMER_ESCALATED, None),
        (Channel.REGULATOR, FailureCause.CONSUMER_ESCALATED, None),
    ],
)
def test_a_failure_asks_for_a_choice_in_channel_a_only(
    session: Session, dispute: Dispute, channel: Channel, cause: FailureCause, template: TemplateCode | None
) -> None:
    dispute.case.state, dispute.case.channel, dispute.case.cause = CaseState.FAILED, channel, cause
    if channel is Channel.GREEN:
        filing = session.scalars(select(Filing).where(Filing.case_id == dispute.case.id)).one()
        filing.admin_state = AdminState.NONE
    session.flush()
    deliver(session, messages.fact(session, dispute.case, Topic.CASE_FAILED))
    assert [one.template for one in told(session)] == ([template] if template else [])


def test_a_code_goes_to_the_verified_phone_and_lives_in_no_row(session: Session, dispute: Dispute) -> None:
    code = codes.send_code(session, dispute.consumer, codes.SendCode(dispute.link.id, "offer"), now=NOW)
    digits = codes.digits_of(session, code, now=NOW) or ""
    deliver(session, newest(session, Topic.CODE_ASKED))
    (message,) = told(session)
    assert (message.template, message.code_id, message.link_id) == (TemplateCode.CODE, code.id, None)
    assert digits not in repr(message.parameters)
    assert digits in contents.outgoing_of(session, message, base_url=BASE, now=NOW).text
    with pytest.raises(contents.Gone):
        contents.outgoing_of(session, message, base_url=BASE, now=NOW + 10 * MINUTE)


def test_a_dead_link_is_replaced_on_the_registered_phone(session: Session, dispute: Dispute) -> None:
    token = links.token_of(session, dispute.link) or ""
    links.expire_links(session, dispute.case.id, NOW)
    session.expire_all()
    links.ask_for_fresh_link(session, VISITOR, AskForLink(token), now=NOW)
    deliver(session, newest(session, Topic.LINK_ASKED))
    (message,) = told(session)
    assert message.link_id != dispute.link.id
    text = contents.outgoing_of(session, message, base_url=BASE, now=NOW + MINUTE).text
    fresh = text.partition("/c/")[2][:20]
    assert fresh != token
    assert links.open_link(session, fresh, now=NOW + MINUTE) is not None
    assert links.open_link(session, fresh, now=NOW + timedelta(days=31)) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"phone": None}, "没有已核实的手机号"),
        ({"phone_source": PhoneSource.MERCHANT}, "没有已核实的手机号"),
        ({"phone": "05925500000"}, "座机"),
    ],
)
def test_without_a_verified_mobile_nothing_is_sent_and_an_officer_sees_it(
    session: Session, changes: dict, problem: str
) -> None:
    dispute = settling.dispute(session, **changes)
    settling.offered(session, dispute)
    deliver(session, newest(session, Topic.OFFER_MADE))
    (message,) = told(session)
    assert message.state is MessageState.FAILED
    assert message.to_sealed is None
    assert problem in (message.problem or "")


def test_a_number_that_an_officer_gave_is_verified(session: Session) -> None:
    dispute = settling.dispute(session, phone_source=PhoneSource.OFFICER)
    settling.offered(session, dispute)
    deliver(session, newest(session, Topic.OFFER_MADE))
    assert [one.state for one in told(session)] == [MessageState.WAITING]


def test_a_case_whose_key_is_destroyed_gets_no_message(session: Session, dispute: Dispute) -> None:
    settling.offered(session, dispute)
    dispute.case.key.wrapped, dispute.case.key.destroyed_at = None, NOW
    deliver(session, newest(session, Topic.OFFER_MADE))
    assert [one.state for one in told(session)] == [MessageState.FAILED]


@pytest.mark.parametrize(
    ("state", "days"),
    [
        (CaseState.CLOSED_SETTLED, 30),
        (CaseState.CLOSED_UNCONFIRMED, 365),
        (CaseState.WITHDRAWN, 30),
        (CaseState.BREACHED, None),
    ],
)
def test_links_end_when_a_case_closed_and_live_when_it_reopened(
    session: Session, dispute: Dispute, state: CaseState, days: int | None
) -> None:
    links.expire_links(session, dispute.case.id, NOW)
    dispute.case.state = state
    dispute.case.closed_at = NOW if days else None
    session.flush()
    jobs.keep_links(session, messages.fact(session, dispute.case, Topic.CASE_CLOSED), now=NOW)
    session.refresh(dispute.link)
    ends_at = dispute.link.expires_at
    if days is None:
        assert ends_at is None
    else:
        assert ends_at is not None
        assert timedelta(days=days) <= ends_at - NOW <= timedelta(days=days + 1)


def test_a_warning_reaches_the_merchants_desk(session: Session, dispute: Dispute) -> None:
    deliver(session, messages.fact(session, dispute.case, Topic.CASE_WARNED))
    (notice,) = told(session, RecipientKind.MERCHANT)
    assert notice.template == TemplateCode.STAFF_WARNED


def test_a_mail_address_is_sealed(session: Session, dispute: Dispute) -> None:
    people.member(session, dispute.merchant.id, Role.PRINCIPAL).person.sign_in_name = "boss@example.cn"
    deliver(session, messages.fact(session, dispute.case, Topic.CASE_WITHDRAWN, actor=SYSTEM))
    mail = next(one for one in told(session, RecipientKind.MERCHANT) if one.channel is MessageChannel.MAIL)
    assert b"boss" not in (mail.to_sealed or b"")
    assert vault_of(session).open_secret(mail.to_sealed or b"", "message.to") == "boss@example.cn"
