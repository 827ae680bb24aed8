"""Messages on pages: officers decide without seeing links; the phone exists in a demo only; desks get notices."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.models import ConsumerLink, Organisation
from portal.cases.models import Case
from portal.core.actor import Role
from portal.core.facts import Fact, Topic
from portal.core.installation import Installation
from portal.notifications import jobs
from portal.notifications.models import Message, MessageState
from portal.notifications.recipients import case_of
from portal.runtime import Runtime
from tests.conftest import NOW, FixedClock
from tests.factories import disputes, messages, people
from tests.inspector import InspectingClient

SignIn = Callable[..., InspectingClient]
PAGE = "/regulator/messages"


@pytest.fixture
def authority(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def case(session: Session, authority: Organisation) -> Case:
    made = disputes.case(session, authority, people.merchant(session, authority))
    return case_of(session, made.id)


@pytest.fixture
def officer(session: Session, authority: Organisation, client_for: SignIn) -> Callable[[], InspectingClient]:
    membership = people.member(session, authority.id, Role.OFFICER)

    def sign_in() -> InspectingClient:
        session.commit()
        return client_for(membership)

    return sign_in


def token_of(session: Session) -> str:
    return links.token_of(session, session.scalars(select(ConsumerLink)).one()) or ""


def test_an_officer_sees_what_needs_a_decision_without_the_link(
    session: Session, case: Case, officer: Callable[[], InspectingClient]
) -> None:
    message = messages.message(session, case, state=MessageState.UNCERTAIN)
    message.problem = "短信平台没有明确答复，可能已发送。请核实后再决定。"
    token = token_of(session)
    page = officer().get(PAGE).text
    for words in (case.reference, "可能已发送", "确认收到", "138****1234", "再发一次", "标为已发送"):
        assert words in page
    assert token not in page
    assert disputes.PHONE not in page


def test_messages_that_are_out_are_not_listed(
    session: Session, case: Case, officer: Callable[[], InspectingClient]
) -> None:
    messages.message(session, case, state=MessageState.SENT)
    assert "没有要处理的消息" in officer().get(PAGE).text


def test_repeating_waits_again_under_a_new_key(
    session: Session, case: Case, officer: Callable[[], InspectingClient]
) -> None:
    message = messages.message(session, case, state=MessageState.FAILED)
    key = message.idempotency_key
    answer = officer().submit(f"{PAGE}/{message.reference}/repeat", page=PAGE)
    assert answer.status_code == 303
    session.refresh(message)
    assert (message.state, message.attempts) == (MessageState.WAITING, 0)
    assert message.idempotency_key != key
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.MESSAGE_RESOLVED)).one()
    assert fact.detail == {"decision": "repeat", "case": case.reference}


def test_what_was_told_otherwise_is_closed(
    session: Session, case: Case, officer: Callable[[], InspectingClient]
) -> None:
    message = messages.message(session, case, state=MessageState.UNCERTAIN)
    browser = officer()
    path = f"{PAGE}/{message.reference}/told"
    assert browser.submit(path, page=PAGE).status_code == 303
    session.refresh(message)
    assert message.state is MessageState.SENT


def test_deciding_twice_is_told(session: Session, case: Case, officer: Callable[[], InspectingClient]) -> None:
    first, second = (messages.message(session, case, state=MessageState.FAILED) for _ in range(2))
    browser = officer()
    token = browser.token(PAGE)
    path = f"{PAGE}/{first.reference}/told"
    assert browser.post(path, data={"csrf_token": token}).status_code == 303
    again = browser.post(path, data={"csrf_token": token})
    assert again.status_code == 404
    session.refresh(second)
    assert second.state is MessageState.FAILED


def test_without_a_phone_repeating_is_refused_in_words(
    session: Session, authority: Organisation, officer: Callable[[], InspectingClient]
) -> None:
    bare = disputes.case(session, authority, people.merchant(session, authority), phone=None)
    message = messages.message(session, case_of(session, bare.id), state=MessageState.FAILED)
    answer = officer().submit(f"{PAGE}/{message.reference}/repeat", page=PAGE)
    assert answer.status_code == 422
    assert "没有已核实的手机号" in answer.text
    session.refresh(message)
    assert message.state is MessageState.FAILED


def test_an_auditor_looks_but_does_not_decide(
    session: Session, authority: Organisation, case: Case, client_for: SignIn
) -> None:
    messages.message(session, case, state=MessageState.FAILED)
    auditor = people.member(session, authority.id, Role.AUDITOR)
    session.commit()
    page = client_for(auditor).get(PAGE).text
    assert "由经办人员处理" in page
    assert "再发一次" not in page


def test_another_district_sees_nothing(session: Session, case: Case, client_for: SignIn) -> None:
    messages.message(session, case, state=MessageState.FAILED)
    stranger = people.member(session, people.authority(session, "厦门市思明区市场监督管理局").id, Role.OFFICER)
    session.commit()
    assert case.reference not in client_for(stranger).get(PAGE).text


@pytest.mark.parametrize("kind", ["merchant", "regulator"])
def test_a_desk_shows_its_notices_and_no_others(
    session: Session, authority: Organisation, case: Case, client_for: SignIn, kind: str
) -> None:
    jobs.notify_staff(session, messages.fact(session, case, Topic.PERFORMANCE_DENIED), now=NOW)
    own = people.member(session, case.merchant_id or 0) if kind == "merchant" else None
    own = own or people.member(session, authority.id, Role.OFFICER)
    stranger = people.member(session, people.merchant(session, authority).id)
    session.commit()
    page = client_for(own).get(f"/{kind}/notices").text
    assert "消费者反映没有收到" in page
    assert f'href="/{kind}/cases/{case.reference}"' in page
    assert "没有通知" in client_for(stranger).get("/merchant/notices").text


@pytest.fixture
def demo(clock: FixedClock) -> None:
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)


@pytest.mark.usefixtures("demo")
def test_the_demo_phone_shows_the_link(session: Session, case: Case, client: InspectingClient) -> None:
    messages.message(session, case, state=MessageState.KEPT)
    token = token_of(session)
    session.commit()
    page = client.get("/demo/phone").text
    assert f'<a href="http://127.0.0.1:8000/c/{token}">' in page
    assert "【湖里区市场监管局】" in page
    assert disputes.PHONE not in page


@pytest.mark.usefixtures("demo")
def test_the_demo_phone_is_empty_at_first(client: InspectingClient) -> None:
    assert "还没有短信" in client.get("/demo/phone").text


@pytest.mark.usefixtures("demo")
def test_each_phone_shows_its_own_messages(
    session: Session, authority: Organisation, case: Case, client: InspectingClient
) -> None:
    messages.message(session, case)
    other = disputes.case(session, authority, people.merchant(session, authority), phone="13900009999")
    messages.message(session, case_of(session, other.id))
    keys = [row.hex() for row in session.scalars(select(Message.recipient).order_by(Message.id))]
    session.commit()
    first = client.get("/demo/phone", query_string={"phone": keys[0]}).text
    assert '<h2 id="phone-title">138****1234</h2>' in first
    latest = client.get("/demo/phone", query_string={"phone": "../etc"}).text
    assert '<h2 id="phone-title">139****9999</h2>' in latest


def test_a_real_installation_has_no_phone(client: InspectingClient) -> None:
    assert client.get("/demo/phone").status_code == 404


@pytest.mark.usefixtures("demo")
def test_a_demo_with_a_gateway_has_no_phone(runtime: Runtime, client: InspectingClient) -> None:
    runtime.config = replace(runtime.config, sms_url="https://key@gateway.example/send")
    assert client.get("/demo/phone").status_code == 404
