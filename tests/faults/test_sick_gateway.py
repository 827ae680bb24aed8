"""A gateway that hangs, answers late or lies holds nobody up: neither the other channel nor any other duty."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes

import pytest
from sqlalchemy import func, select

from portal.core.facts import Delivery, Outbox, Topic
from portal.notifications import gateways
from portal.notifications.gateways import Outgoing, SmtpMail, Verdict
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.recipients import case_of
from portal.notifications.sending import SICK_AFTER, SendCounts, send_due_messages
from portal.runtime import Runtime
from portal.worker import tick
from tests import gateway as fake
from tests.conftest import FixedClock
from tests.factories import disputes, messages, people
from tests.faults.test_sending import Mailbox, mail_waiting, mailbox, row, sms, waiting, wired
from tests.gateway import SmsGateway

CALL = 0.4  # seconds a gateway may take here
MAIL = Outgoing("key-1", "boss@example.cn", "", {}, "正文", "", "主题")

__all__ = ["mailbox", "sms"]  # the fixtures, for pytest


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "CALL_SECONDS", CALL)


@pytest.mark.parametrize("honours_key", [True, False])
def test_a_tick_gives_up_a_hanging_gateway_and_does_everything_else(
    runtime: Runtime, sms: SmsGateway, mailbox: tuple[Mailbox, str], honours_key: bool
) -> None:
    box, url = mailbox
    sms.reply = fake.hang
    wired(runtime, sms, honours_key=honours_key)
    runtime.config = replace(runtime.config, smtp_url=url)
    waiting(runtime, count=8)
    mail_waiting(runtime)
    with runtime.writing() as session:
        authority = people.authority(session)
        case = disputes.case(session, authority, people.merchant(session, authority))
        messages.fact(session, case_of(session, case.id), Topic.CASE_WITHDRAWN)
        session.commit()
    before = time.monotonic()
    reports = tick(runtime)
    assert time.monotonic() - before < 60
    assert len(sms.requests) <= 3 * SICK_AFTER, "a tick comes back a few times at most"
    assert reports["send-messages"].failed >= SICK_AFTER
    assert len(box.mails) == 1
    with runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == 0
        assert session.scalar(select(func.count()).where(Delivery.state == "waiting")) == 0
        states = set(session.scalars(select(Message.state).where(Message.channel == MessageChannel.SMS)))
    left = MessageState.WAITING if honours_key else MessageState.UNCERTAIN
    assert left in states
    assert MessageState.SENT not in states


@pytest.mark.parametrize("honours_key", [True, False])
def test_one_that_answers_behind_our_time_has_taken_the_message_once(
    runtime: Runtime, sms: SmsGateway, clock: FixedClock, honours_key: bool
) -> None:
    wired(runtime, sms, honours_key=honours_key)
    (message_id,) = waiting(runtime)

    def late(gateway: SmsGateway, handler, message) -> None:
        gateway.accept(message)
        gateway.release.wait(3 * CALL)
        fake.answer(handler, 200, b'{"id": "late"}')

    sms.reply = late
    send_due_messages(runtime)
    assert row(runtime, message_id).state is (MessageState.WAITING if honours_key else MessageState.UNCERTAIN)
    sms.reply = None
    for _ in range(3):
        clock.advance(hours=3)
        send_due_messages(runtime)
    assert len(sms.outbox) == 1
    found = row(runtime, message_id)
    if honours_key:
        assert (found.state, found.gateway_id) == (MessageState.SENT, "id-1")
    else:
        assert "可能已发送" in (found.problem or "")


def test_a_slow_gateway_keeps_its_call_bounded(
    runtime: Runtime, sms: SmsGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.notifications.sending.LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(gateways, "CALL_SECONDS", 20)
    wired(runtime, sms)
    waiting(runtime, count=8)

    def slowly(gateway: SmsGateway, handler, message) -> None:
        gateway.release.wait(0.1)
        fake.well(gateway, handler, message)

    sms.reply = slowly
    first = send_due_messages(runtime)
    assert 0 < first.sent < 8
    sms.reply = None
    rest = [send_due_messages(runtime).sent for _ in range(8 - first.sent)]  # each call sends one at least
    assert first.sent + sum(rest) == 8


@contextmanager
def mail_server(*talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A mail server that says what the test tells it, once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(20)
                for step in talk:
                    try:
                        step(connection)
                    except OSError:  # they have hung up
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}?from=odr%40example.cn"
        thread.join(20)
        assert not thread.is_alive()


def say(line: str) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(f"{line}\r\n".encode())


def hear(end: bytes = b"\r\n") -> Callable[[socket.socket], None]:
    def listen(connection: socket.socket) -> None:
        heard = b""
        while not heard.endswith(end):
            piece = connection.recv(4096)
            if not piece:
                raise ConnectionError
            heard += piece

    return listen


def drip(connection: socket.socket) -> None:
    """A greeting without an end, a byte at a time."""
    pause = threading.Event()
    connection.sendall(b"220-")
    for _ in range(400):
        connection.sendall(b"x")
        pause.wait(0.05)


UP_TO_DATA = (say("220 hello"), hear(), say("250 hi"), hear(), say("250 ok"), hear(), say("250 ok"), hear())
THE_MAIL = (say("354 go on"), hear(b"\r\n.\r\n"))


def test_a_mail_server_that_drips_is_given_up_in_time() -> None:
    with mail_server(drip) as url:
        before = time.monotonic()
        assert SmtpMail(url).send(MAIL).verdict is Verdict.TRY_AGAIN
        assert time.monotonic() - before < 5


def test_a_mail_server_that_hangs_behind_the_mail_is_asked_again_with_the_same_id() -> None:
    with mail_server(*UP_TO_DATA, *THE_MAIL, hear()) as url:
        assert SmtpMail(url).send(MAIL).verdict is Verdict.TRY_AGAIN


@pytest.mark.parametrize("farewell", ["500 what", "421 closing", ""])
def test_a_mail_that_was_taken_is_sent_whatever_the_server_says_to_our_good_bye(farewell: str) -> None:
    end = (say("250 taken"), hear(), *((say(farewell),) if farewell else ()))
    with mail_server(*UP_TO_DATA, *THE_MAIL, *end) as url:
        answer = SmtpMail(url).send(MAIL)
    assert (answer.verdict, answer.gateway_id) == (Verdict.ACCEPTED, "<key-1@example.cn>")


def test_a_mail_whose_answer_was_lost_is_repeated_with_its_id(
    runtime: Runtime, mailbox: tuple[Mailbox, str], clock: FixedClock
) -> None:
    box, url = mailbox
    message_id = mail_waiting(runtime)
    with mail_server(*UP_TO_DATA, *THE_MAIL) as breaking:
        runtime.config = replace(runtime.config, smtp_url=breaking)
        assert send_due_messages(runtime) == SendCounts(put_off=1)
    runtime.config = replace(runtime.config, smtp_url=url)
    clock.advance(minutes=1)
    assert send_due_messages(runtime) == SendCounts(sent=1)
    (mail,) = box.mails
    assert message_from_bytes(mail.content)["Message-ID"] == f"<{row(runtime, message_id).idempotency_key}@example.cn>"
