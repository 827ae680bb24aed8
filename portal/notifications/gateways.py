"""The two ways out of the house: short messages by HTTP, mails by SMTP. Each answers in one of four verdicts."""

import hashlib
import hmac
import http.client
import json
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit

from portal.config import Config, Misconfigured
from portal.notifications.models import MessageChannel

CALL_SECONDS = 15.0  # from the first byte sent to the last one read
LONGEST_ANSWER = 64 * 1024  # bytes
LONGEST_ID = 200

_ID = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_ID}}}")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a gateway gets it; it lives in memory only."""

    idempotency_key: str
    to: str
    template: str
    parameters: Mapping[str, str]
    text: str
    signature: str
    subject: str


class Verdict(StrEnum):
    """What a gateway's answer means for the message."""

    ACCEPTED = "accepted"
    TRY_AGAIN = "try_again"  # surely not sent
    REFUSED = "refused"  # will never be sent
    UNCLEAR = "unclear"  # perhaps sent


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict, with the gateway's own number or a sentence for people that holds no personal data."""

    verdict: Verdict
    gateway_id: str | None = None
    problem: str = ""


class Gateway(Protocol):
    """Something that sends; `honours_key` says whether the same key twice is one message."""

    honours_key: bool

    def send(self, outgoing: Outgoing) -> Answer:
        """Hand a message over; never raises for what the other side does."""


def gateways_of(config: Config) -> dict[MessageChannel, Gateway]:
    """The gateways that are configured; raises Misconfigured for an address of no use."""
    found: dict[MessageChannel, Gateway] = {}
    if config.sms_url:
        found[MessageChannel.SMS] = HttpSms(config.sms_url)
    if config.smtp_url:
        found[MessageChannel.MAIL] = SmtpMail(config.smtp_url)
    return found


@contextmanager
def no_longer_than(seconds: float, connected: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the connection when the block takes longer: a time-out of the socket is one of each single wait only."""

    def cut() -> None:
        if (found := connected()) is not None:
            with suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


class HttpSms:
    """POSTs JSON to PORTAL_SMS_URL, signed with HMAC-SHA-256 under the key in the URL's userinfo.

    `?idempotent=1` says that the gateway takes the same `idempotency_key` for the same message. Headers:
    `X-Portal-Timestamp` (Unix seconds) and `X-Portal-Signature` (`v1=` and the hex HMAC over timestamp, dot, body).
    It answers 2xx with JSON `{"id": "…"}`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misconfigured("PORTAL_SMS_URL 应为 https://密钥@主机/路径。")
        self.key = unquote(parts.password or parts.username or "").encode()
        if not self.key:
            raise Misconfigured("PORTAL_SMS_URL 里没有签名密钥。请写成 https://密钥@主机/路径。")
        options = parse_qs(parts.query)
        self.honours_key = options.pop("idempotent", ["0"])[0] in ("1", "yes", "true")
        self.parts = parts
        self.path = (parts.path or "/") + (f"?{urlencode(options, doseq=True)}" if options else "")

    def send(self, outgoing: Outgoing) -> Answer:
        """Hand a short message over."""
        body = json.dumps(
            {
                "idempotency_key": outgoing.idempotency_key,
                "to": outgoing.to,
                "template": outgoing.template,
                "parameters": dict(outgoing.parameters),
                "text": outgoing.text,
                "signature": outgoing.signature,
            },
            ensure_ascii=False,
        ).encode()
        connection = _connection(self.parts)
        try:
            try:
                connection.connect()
            except OSError:
                return Answer(Verdict.TRY_AGAIN, problem="连不上短信平台。")
            return self._exchange(connection, body)
        finally:
            connection.close()

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes) -> Answer:
        ends_at = time.monotonic() + CALL_SECONDS
        try:
            with no_longer_than(CALL_SECONDS, lambda: connection.sock):
                connection.request("POST", self.path, body=body, headers=self._headers(body))
                response = connection.getresponse()
                return _judged(response.status, _read(response, ends_at))
        except (OSError, http.client.HTTPException):
            return Answer(Verdict.UNCLEAR, problem="短信平台没有在时限内答复。")

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))  # the real time: the other side has no rehearsal
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "User-Agent": "odr-merchant-portal",
            "X-Portal-Timestamp": timestamp,
            "X-Portal-Signature": "v1=" + signature(self.key, timestamp, body),
        }


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """The hex HMAC-SHA-256 over timestamp, a dot and the body."""
    return hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    assert parts.hostname is not None
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=CALL_SECONDS, context=context)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=CALL_SECONDS)


def _read(response: http.client.HTTPResponse, ends_at: float) -> bytes:
    """Read an answer that may come in drops: no longer than the call may take, no more than 64 KB."""
    read = b""
    while len(read) <= LONGEST_ANSWER and (piece := response.read1(8192)):
        read += piece
        if time.monotonic() > ends_at:
            raise TimeoutError
    return read


def _judged(status: int, body: bytes) -> Answer:
    if 200 <= status < 300:
        gateway_id = _id_in(body)
        if gateway_id is None:
            return Answer(Verdict.UNCLEAR, problem="短信平台的答复没有消息编号。")
        return Answer(Verdict.ACCEPTED, gateway_id)
    if status in (408, 409, 425, 429, 503):
        return Answer(Verdict.TRY_AGAIN, problem=f"短信平台答复 {status}。")
    if status >= 500:  # it broke, perhaps behind the sending; or a machine in between does not know
        return Answer(Verdict.UNCLEAR, problem=f"短信平台答复 {status}。")
    return Answer(Verdict.REFUSED, problem=f"短信平台拒绝（{status}）。请核对模板和号码。")


def _id_in(body: bytes) -> str | None:
    try:
        answered = json.loads(body)
    except ValueError:
        return None
    found = str(answered.get("id", "")) if isinstance(answered, dict) else ""
    return found if _ID.fullmatch(found) else None


class _WatchedSmtp(smtplib.SMTP):
    """A session that is known to whoever watches the time before it has connected."""

    def __init__(self, opened: list[smtplib.SMTP], *arguments: Any, **settings: Any) -> None:
        opened.append(self)
        super().__init__(*arguments, **settings)


class _WatchedSmtpSsl(smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def __init__(self, opened: list[smtplib.SMTP], *arguments: Any, **settings: Any) -> None:
        opened.append(self)
        super().__init__(*arguments, **settings)


class SmtpMail:
    """Sends by PORTAL_SMTP_URL: `smtp://user:pass@host:port` (STARTTLS where offered) or `smtps://…`.

    `?from=address` names the sender. The Message-ID is made of the key, so a repeated mail is known as the same.
    A password is never sent in the clear except to this machine.
    """

    honours_key = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise Misconfigured("PORTAL_SMTP_URL 应为 smtp://用户:密码@主机:端口 或 smtps://…。")
        self.parts, self.host = parts, parts.hostname
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        given = parse_qs(parts.query).get("from", [""])[0]
        self.sender = given or (self.user if "@" in self.user else f"odr@{self.host}")

    def send(self, outgoing: Outgoing) -> Answer:
        """Hand a mail over."""
        opened: list[smtplib.SMTP] = []
        try:
            with no_longer_than(CALL_SECONDS, lambda: opened[0].sock if opened else None):
                smtp = self._session(opened)
                try:
                    smtp.send_message(self._mail(outgoing))
                finally:  # what it says to our good-bye changes nothing
                    with suppress(OSError, smtplib.SMTPException):
                        smtp.quit()
                    smtp.close()
        except smtplib.SMTPRecipientsRefused as refused:
            return _smtp_answer(max(code for code, _ in refused.recipients.values()))
        except smtplib.SMTPResponseException as refused:
            return _smtp_answer(refused.smtp_code)
        except (OSError, smtplib.SMTPException):
            return Answer(Verdict.TRY_AGAIN, problem="邮件服务器没有应答。")
        return Answer(Verdict.ACCEPTED, self._message_id(outgoing))

    def _session(self, opened: list[smtplib.SMTP]) -> smtplib.SMTP:
        if self.parts.scheme == "smtps":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = _WatchedSmtpSsl(
                opened, self.host, self.parts.port or 465, "localhost", timeout=CALL_SECONDS, context=context
            )
        else:
            smtp = _WatchedSmtp(opened, self.host, self.parts.port or 25, "localhost", timeout=CALL_SECONDS)
        try:
            self._secure(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        safe = self.parts.scheme == "smtps"
        if not safe and smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
            safe = True
        if self.user and self.password:
            if not safe and self.host not in ("127.0.0.1", "localhost", "::1"):
                raise smtplib.SMTPNotSupportedError("no TLS")
            smtp.login(self.user, self.password)

    def _message_id(self, outgoing: Outgoing) -> str:
        return f"<{outgoing.idempotency_key}@{self.sender.rpartition('@')[2]}>"

    def _mail(self, outgoing: Outgoing) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, outgoing.to, outgoing.subject
        mail["Message-ID"], mail["Date"] = self._message_id(outgoing), formatdate()
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        mail.set_content(outgoing.text, charset="utf-8", cte="base64")
        return mail


def _smtp_answer(code: int) -> Answer:
    if 400 <= code < 500:
        return Answer(Verdict.TRY_AGAIN, problem=f"邮件服务器答复 {code}。")
    return Answer(Verdict.REFUSED, problem=f"邮件服务器拒绝（{code}）。请核对地址和账号。")
