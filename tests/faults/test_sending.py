"""Sending through real servers that fail in every way, and a sender killed in the middle."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.accounts.models import ConsumerLink
from portal.config import Misconfigured
from portal.core.actor import SYSTEM, Role
from portal.core.facts import Fact, Topic
from portal.notifications import actions, gateways, jobs
from portal.notifications.actions import TakeNext
from portal.notifications.gateways import HttpSms, SmtpMail
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.recipients import case_of
from portal.notifications.sending import SendCounts, send_due_messages
from portal.runtime import Runtime
from tests import gateway as fake
from tests.conftest import NOW, FixedClock
from tests.factories import disputes, messages, people
from tests.faults.conftest import settings_of
from tests.gateway import SmsGateway, running_gateway

ROOT = Path(__file__).parents[2]
HONOURS = (True, False)
UNCLEAR = {
    "hangs": fake.hang_after_accepting,
    "drips": fake.drip,
    "drips heads": fake.drip_headers,
    "hangs up": fake.hang_up,
    "breaks off": fake.break_off,
    "fails": fake.fail_after_accepting,
    "babbles": fake.babble,
    "no id": fake.status(200, b'{"id": ""}'),
    "odd id": fake.status(200, b'{"id": "a b"}'),
    "a list": fake.status(200, b"[]"),
    "a flood": fake.status(200, b'{"id": "' + b"x" * 300_000 + b'"}'),
    "504": fake.status(504),
}


@pytest.fixture
def sms() -> Iterator[SmsGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "CALL_SECONDS", 0.4)


def wired(runtime: Runtime, sms: SmsGateway, *, honours_key: bool = True) -> Runtime:
    sms.honours_key = honours_key
    runtime.config = replace(runtime.config, sms_url=sms.url())
    return runtime


def waiting(runtime: Runtime, count: int = 1) -> list[int]:
    """Committed messages that are due."""
    with runtime.writing() as session:
        authority = people.authority(session)
        merchant = people.merchant(session, authority)
        cases = [disputes.case(session, authority, merchant) for _ in range(count)]
        found = [messages.message(session, case_of(session, case.id)).id for case in cases]
        session.commit()
    return found


def row(runtime: Runtime, message_id: int) -> Message:
    with runtime.reading() as session:
        return session.get_one(Message, message_id)


def failures(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return session.scalars(select(func.count()).where(Fact.topic == Topic.MESSAGE_FAILED)).one()


def test_a_message_is_signed_and_sent_once(runtime: Runtime, sms: SmsGateway) -> None:
    wired(runtime, sms)
    (message_id,) = waiting(runtime)
    assert send_due_messages(runtime) == SendCounts(sent=1)
    assert send_due_messages(runtime) == SendCounts()
    (request,) = sms.requests
    assert request["to"] == disputes.PHONE
    assert request["template"] == "ODR_RECEIPT_ASKED"
    assert request["parameters"]["link"] in request["text"]
    assert request["text"].startswith(f"【{request['signature']}】")
    assert request["path"] == "/v2/send"
    message = row(runtime, message_id)
    assert (message.state, message.gateway_id, message.sent_at) == (MessageState.SENT, "id-1", NOW)


def test_a_wrong_key_is_refused_and_shown_to_an_officer(runtime: Runtime, sms: SmsGateway) -> None:
    wired(runtime, sms)
    runtime.config = replace(runtime.config, sms_url=runtime.config.sms_url.replace("top-secret", "stolen"))
    (message_id,) = waiting(runtime)
    assert send_due_messages(runtime) == SendCounts(failed=1)
    assert (sms.forged, sms.outbox) == (1, [])
    assert "拒绝（401）" in (row(runtime, message_id).problem or "")
    assert failures(runtime) == 1


@pytest.mark.parametrize("code", [503, 429])
def test_a_gateway_that_says_it_failed_is_asked_again_later(
    runtime: Runtime, sms: SmsGateway, clock: FixedClock, code: int
) -> None:
    wired(runtime, sms, honours_key=False)
    (message_id,) = waiting(runtime)
    sms.reply = fake.status(code)
    waits = []
    for _ in range(8):
        send_due_messages(runtime)
        assert send_due_messages(runtime) == SendCounts()
        found = row(runtime, message_id)
        waits.append((found.next_at - clock.now()) / timedelta(minutes=1))
        clock.moment = max(found.next_at, clock.moment)
    assert waits[:7] == [1, 5, 30, 120, 360, 720, 1440]
    assert row(runtime, message_id).state is MessageState.FAILED
    assert (len(sms.requests), failures(runtime)) == (8, 1)


def test_a_gateway_that_recovers_gets_the_same_key(runtime: Runtime, sms: SmsGateway, clock: FixedClock) -> None:
    wired(runtime, sms)
    (message_id,) = waiting(runtime)
    sms.reply = fake.status(500)
    send_due_messages(runtime)
    sms.reply = None
    clock.advance(minutes=1)
    assert send_due_messages(runtime) == SendCounts(sent=1)
    assert len({request["idempotency_key"] for request in sms.requests}) == 1
    assert row(runtime, message_id).problem is None


@pytest.mark.parametrize("honours_key", HONOURS)
@pytest.mark.parametrize("reply", UNCLEAR.values(), ids=UNCLEAR)
def test_an_unclear_answer_is_repeated_only_where_the_key_protects(
    runtime: Runtime, sms: SmsGateway, clock: FixedClock, reply: fake.Reply, honours_key: bool
) -> None:
    wired(runtime, sms, honours_key=honours_key)
    (message_id,) = waiting(runtime)
    sms.reply = reply
    counts = send_due_messages(runtime)
    sms.reply = None
    clock.advance(minutes=1)
    again = send_due_messages(runtime)
    if honours_key:
        assert (counts, again) == (SendCounts(put_off=1), SendCounts(sent=1))
        assert len(sms.outbox) == 1
    else:
        assert (counts, again) == (SendCounts(uncertain=1), SendCounts())
        assert len(sms.requests) == 1
        assert "可能已发送" in (row(runtime, message_id).problem or "")
        assert failures(runtime) == 1


@pytest.mark.parametrize("honours_key", HONOURS)
def test_a_gateway_that_is_not_there_is_asked_again(runtime: Runtime, honours_key: bool) -> None:
    with running_gateway(honours_key=honours_key) as gone:
        wired(runtime, gone, honours_key=honours_key)
    (message_id,) = waiting(runtime)
    assert send_due_messages(runtime) == SendCounts(put_off=1)
    assert row(runtime, message_id).problem == "连不上短信平台。"


def test_a_sick_gateway_holds_nobody_up(runtime: Runtime, sms: SmsGateway) -> None:
    wired(runtime, sms)
    waiting(runtime, count=6)
    sms.reply = fake.status(503)
    assert send_due_messages(runtime) == SendCounts(put_off=3)
    assert len(sms.requests) == 3


def test_without_a_gateway_messages_are_kept(runtime: Runtime) -> None:
    (message_id,) = waiting(runtime)
    assert send_due_messages(runtime) == SendCounts(kept=1)
    assert row(runtime, message_id).state is MessageState.KEPT


def test_a_message_whose_link_ended_is_not_sent(runtime: Runtime, sms: SmsGateway) -> None:
    wired(runtime, sms)
    (message_id,) = waiting(runtime)
    with runtime.writing() as session:
        link = session.scalars(select(ConsumerLink)).one()
        links.expire_links(session, link.case_id, NOW)
        session.commit()
    assert send_due_messages(runtime) == SendCounts(cancelled=1)
    assert row(runtime, message_id).state is MessageState.CANCELLED
    assert sms.requests == []


def test_an_address_too_long_for_two_parts_is_told(runtime: Runtime, sms: SmsGateway) -> None:
    wired(runtime, sms)
    runtime.config = replace(runtime.config, base_url="https://" + "x" * 90)
    (message_id,) = waiting(runtime)
    send_due_messages(runtime)
    assert "PORTAL_BASE_URL 太长" in (row(runtime, message_id).problem or "")
    assert sms.requests == []


@pytest.mark.parametrize("honours_key", HONOURS)
def test_a_sender_killed_in_the_middle_sends_once_at_most(
    own_runtime: Runtime, sms: SmsGateway, clock: FixedClock, honours_key: bool
) -> None:
    wired(own_runtime, sms, honours_key=honours_key)
    (message_id,) = waiting(own_runtime)
    sms.reply = fake.hang_after_accepting
    sender = subprocess.Popen([sys.executable, "-m", "tests.faults.sending_once"], env=env_of(own_runtime), cwd=ROOT)
    assert sms.arrived.wait(30)
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    sms.reply = None
    left = row(own_runtime, message_id)
    assert left.state is MessageState.SENDING
    clock.moment = left.next_at - timedelta(seconds=1)
    assert send_due_messages(own_runtime) == SendCounts()  # perhaps it lives
    clock.moment = left.next_at
    counts = send_due_messages(own_runtime)
    assert len(sms.outbox) == 1
    if honours_key:
        assert counts == SendCounts(taken_back=1, sent=1)
        assert len({one["idempotency_key"] for one in sms.requests}) == 1
    else:
        assert counts == SendCounts(taken_back=1)
        assert row(own_runtime, message_id).state is MessageState.UNCERTAIN


def env_of(runtime: Runtime) -> dict[str, str]:
    return {**os.environ, **settings_of(runtime.config)}


def test_a_message_is_taken_by_one_sender_only(own_runtime: Runtime, sms: SmsGateway) -> None:
    wired(own_runtime, sms)
    ids = waiting(own_runtime, count=12)
    senders = [
        subprocess.Popen([sys.executable, "-m", "tests.faults.sending_once"], env=env_of(own_runtime), cwd=ROOT)
        for _ in range(3)
    ]
    assert [sender.wait(60) for sender in senders] == [0, 0, 0]
    assert len(sms.requests) == len(sms.outbox) == 12
    assert all(row(own_runtime, one).state is MessageState.SENT for one in ids)


def test_a_late_conclusion_of_a_taken_back_message_changes_nothing(
    runtime: Runtime, sms: SmsGateway, clock: FixedClock
) -> None:
    wired(runtime, sms)
    waiting(runtime)
    taken = runtime.perform(SYSTEM, actions.take_next, TakeNext((MessageChannel.SMS,), "http://127.0.0.1:8000"))
    assert taken is not None
    assert taken.outgoing is not None
    clock.advance(minutes=5)
    assert send_due_messages(runtime) == SendCounts(taken_back=1, sent=1)
    failed = gateways.Answer(gateways.Verdict.REFUSED, problem="x")
    late = actions.Conclude(taken.message_id, taken.outgoing.idempotency_key, taken.attempt, failed, honours_key=True)
    assert runtime.perform(SYSTEM, actions.conclude, late) is None
    assert row(runtime, taken.message_id).state is MessageState.SENT


class Mailbox:
    """Keeps what it gets, and answers as told."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"smtp://127.0.0.1:{port}?from=odr%40example.cn"
    controller.stop()


def mail_waiting(runtime: Runtime) -> int:
    with runtime.writing() as session:
        authority = people.authority(session)
        merchant = people.merchant(session, authority)
        people.member(session, merchant.id, Role.PRINCIPAL).person.sign_in_name = "boss@example.cn"
        case = case_of(session, disputes.case(session, authority, merchant).id)
        jobs.notify_staff(session, messages.fact(session, case, Topic.CASE_WITHDRAWN), now=NOW)
        found = session.scalars(select(Message.id).where(Message.channel == MessageChannel.MAIL)).one()
        session.commit()
    return found


def test_a_mail_is_sent_with_an_id_of_its_own(runtime: Runtime, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    runtime.config = replace(runtime.config, smtp_url=url)
    message = row(runtime, mail_waiting(runtime))
    assert send_due_messages(runtime) == SendCounts(sent=1)
    (envelope,) = box.mails
    mail = message_from_bytes(envelope.content)
    assert envelope.rcpt_tos == ["boss@example.cn"]
    assert mail["Message-ID"] == f"<{message.idempotency_key}@example.cn>"
    assert "消费者撤回" in str(make_header(decode_header(mail["Subject"])))
    assert "/merchant/cases/" in mail.get_payload(decode=True).decode()


@pytest.mark.parametrize(
    ("answer", "state"),
    [("451 4.3.0 later", MessageState.WAITING), ("550 5.1.1 nobody here", MessageState.FAILED)],
)
def test_a_mail_server_that_says_later_is_asked_again(
    runtime: Runtime, mailbox: tuple[Mailbox, str], clock: FixedClock, answer: str, state: MessageState
) -> None:
    box, url = mailbox
    runtime.config = replace(runtime.config, smtp_url=url)
    message_id = mail_waiting(runtime)
    box.answer = answer
    send_due_messages(runtime)
    assert row(runtime, message_id).state is state
    box.answer = "250 OK"
    clock.advance(minutes=1)
    send_due_messages(runtime)
    ids = {message_from_bytes(one.content)["Message-ID"] for one in box.mails}
    assert len(ids) == 1


def test_a_mail_left_in_sending_is_repeated(runtime: Runtime, mailbox: tuple[Mailbox, str], clock: FixedClock) -> None:
    runtime.config = replace(runtime.config, smtp_url=mailbox[1])
    mail_waiting(runtime)
    runtime.perform(SYSTEM, actions.take_next, TakeNext((MessageChannel.MAIL,), "http://127.0.0.1:8000"))
    assert send_due_messages(runtime) == SendCounts()
    clock.advance(minutes=5)
    assert send_due_messages(runtime) == SendCounts(taken_back=1, sent=1)


def test_a_mail_server_that_is_gone_is_asked_again(runtime: Runtime) -> None:
    with running_gateway() as gone:
        port = gone.port
    runtime.config = replace(runtime.config, smtp_url=f"smtp://127.0.0.1:{port}")
    mail_waiting(runtime)
    assert send_due_messages(runtime) == SendCounts(put_off=1)


def test_a_password_never_leaves_in_the_clear(mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    mail = SmtpMail(url.replace("smtp://", "smtp://user:secret@"))
    mail.host = "127.0.0.2"  # any other machine: Linux answers for the whole loopback
    outgoing = gateways.Outgoing("k", "a@example.cn", "", {}, "t", "", "s")
    assert mail.send(outgoing).verdict is gateways.Verdict.TRY_AGAIN
    assert box.mails == []


@pytest.mark.parametrize("url", ["ftp://key@host/", "https://host/send", "https:///send", "nonsense"])
def test_a_useless_gateway_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(Misconfigured, match="PORTAL_SMS_URL"):
        HttpSms(url)


def test_a_useless_mail_address_is_refused_in_words() -> None:
    with pytest.raises(Misconfigured, match="PORTAL_SMTP_URL"):
        SmtpMail("http://mail.example.cn")


def test_the_row_of_a_sent_message_holds_no_link(runtime: Runtime, sms: SmsGateway, session: Session) -> None:
    wired(runtime, sms)
    (message_id,) = waiting(runtime)
    send_due_messages(runtime)
    token = sms.requests[0]["parameters"]["link"].rpartition("/")[2]
    found = row(runtime, message_id)
    assert token not in repr([getattr(found, column.key) for column in Message.__table__.columns])
