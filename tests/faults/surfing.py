"""A browser without script on a real socket: it keeps its cookie, sends forms with their token, and may find nobody."""

import http.client
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from portal.app import create_app
from portal.runtime import Runtime
from tests.inspector import InspectingClient, form_token

SECONDS = 60.0  # a site that holds a visitor longer is broken
Files = Mapping[str, tuple[str, bytes]]


class Away(Exception):  # noqa: N818 -- not a fault of the visitor's
    """Nobody answered, or he who did was killed in the middle."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    text: str
    location: str


def free_port() -> int:
    """A port of the loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Visitor:
    """One browser; `statuses` are those it has seen."""

    port: int
    cookie: str = ""
    statuses: list[int] = field(default_factory=list)

    def sign_in(self, membership: object, runtime: Runtime) -> "Visitor":
        """Carry the cookie that a sign-in gives (typing the password would cost argon2's time)."""
        app = create_app(runtime)
        client = InspectingClient(app)
        client.sign_in(membership, runtime)
        found = client.get_cookie("portal")
        assert found is not None
        self.cookie = found.value
        return self

    def get(self, path: str) -> Page:
        return self._ask("GET", path)

    def submit(self, path: str, values: Mapping[str, str], *, page: str, files: Files | None = None) -> Page:
        """Open the form's page, then send the form with its token. The page's own answer where it has no form."""
        opened = self.get(page)
        if opened.status != 200:
            return opened
        values = {"csrf_token": form_token(opened.text), **values}
        if files is None:
            return self._ask("POST", path, urlencode(values).encode(), "application/x-www-form-urlencoded")
        mark = secrets.token_hex(16)
        return self._ask("POST", path, multipart(values, files, mark), f"multipart/form-data; boundary={mark}")

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str | None = None) -> Page:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        headers = {"Cookie": f"portal={self.cookie}"} | ({"Content-Type": kind} if kind else {})
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as problem:
            raise Away(f"{method} {path}: {problem!r}") from problem
        finally:
            connection.close()
        for given in answer.headers.get_all("Set-Cookie", []):
            if given.startswith("portal="):
                self.cookie = given.removeprefix("portal=").partition(";")[0]
        self.statuses.append(answer.status)
        return Page(answer.status, text, answer.headers.get("Location", ""))


def multipart(values: Mapping[str, str], files: Files, mark: str) -> bytes:
    """The body of a form with files."""
    parts = [(f'name="{name}"', value.encode()) for name, value in values.items()]
    parts += [(f'name="{name}"; filename="{file}"', content) for name, (file, content) in files.items()]
    body = b"".join(
        f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return body + f"--{mark}--\r\n".encode()
