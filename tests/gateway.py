"""A real short-message gateway on the loopback: it checks signatures, and answers well, badly, late or not at all."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "top-secret key"
Reply = Callable[["SmsGateway", BaseHTTPRequestHandler, dict[str, Any]], None]


@dataclass
class SmsGateway:
    """What the gateway got, what it accepted, and how it answers next."""

    port: int = 0
    honours_key: bool = True
    reply: Reply | None = None  # None: as a good gateway does
    requests: list[dict[str, Any]] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)  # key of the message → its id, for what went to phones
    outbox: list[dict[str, Any]] = field(default_factory=list)  # what really went to phones
    forged: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, *, honours_key: bool | None = None) -> str:
        honours = self.honours_key if honours_key is None else honours_key
        return f"http://{KEY.replace(' ', '%20')}@127.0.0.1:{self.port}/v2/send{'?idempotent=1' if honours else ''}"

    def accept(self, message: dict[str, Any]) -> str:
        """Send to the phone; a key seen before is the same message when keys are honoured."""
        key = message["idempotency_key"]
        with self.lock:
            if not (self.honours_key and key in self.accepted):
                self.outbox.append(message)
                self.accepted[key] = f"id-{len(self.outbox)}"
            return self.accepted[key]


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def well(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    answer(handler, 200, json.dumps({"id": gateway.accept(message)}).encode())


def hang_after_accepting(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Take the message, and answer only when released."""
    gateway.accept(message)
    gateway.arrived.set()
    gateway.release.wait(60)


def drip(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Answer a byte at a time, for ever."""
    gateway.accept(message)
    handler.send_response(200)
    handler.end_headers()
    while not gateway.release.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def hang(gateway: SmsGateway, _handler: BaseHTTPRequestHandler, _message: dict[str, Any]) -> None:
    """Take the connection and the request, not the message; never answer."""
    gateway.arrived.set()
    gateway.release.wait(60)


def drip_headers(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Answer the head a byte at a time, for ever: each single wait is short."""
    gateway.accept(message)
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    while not gateway.release.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def break_off(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Take the message and break the connection in the middle of the answer."""
    gateway.accept(message)
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"id": "id-')


def fail_after_accepting(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Take the message, and say that something went wrong."""
    gateway.accept(message)
    answer(handler, 500, b"Internal Server Error")


def babble(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Take the message, and answer with what no program understands."""
    gateway.accept(message)
    answer(handler, 200, b"<html>\xff\x00 OK")


def hang_up(gateway: SmsGateway, handler: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
    """Take the message and break the connection."""
    gateway.accept(message)


def status(code: int, body: bytes = b"{}") -> Reply:
    return lambda _gateway, handler, _message: answer(handler, code, body)


@contextmanager
def running_gateway(**values: Any) -> Iterator[SmsGateway]:
    """Serve on a free port of the loopback for the length of a block."""
    gateway = SmsGateway(**values)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stamp = self.headers["X-Portal-Timestamp"]
            right = hmac.new(KEY.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(f"v1={right}", self.headers["X-Portal-Signature"]):
                gateway.forged += 1
                return answer(self, 401, b"{}")
            message = {**json.loads(body), "path": self.path}
            gateway.requests.append(message)
            return (gateway.reply or well)(gateway, self, message)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign,misc]  # a killed client is what we test
    gateway.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
