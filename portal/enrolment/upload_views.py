"""Reading an upload as it comes: each file that has arrived whole is handed on, whatever becomes of the connection.

Flask would read the whole body before a view sees any of it; a phone that loses its connection at the ninth of ten
photos would then have sent nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import ClientDisconnected
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData
from wtforms.validators import ValidationError

CHUNK = 64 * 1024  # bytes
MAX_PARTS = 100  # fields and files of one form, our limit
TOKEN_FIELD = "csrf_token"  # noqa: S105  a field's name


@dataclass(frozen=True, slots=True)
class Part:
    """A field (no file name) or a file of a form, complete."""

    name: str
    file_name: str | None
    content: bytes

    @property
    def text(self) -> str:
        """A field's value."""
        return self.content.decode(errors="replace")


def incoming_files(fields: dict[str, str]) -> Iterator[Part]:
    """Give each file of the request's form once it has arrived; the fields before it are put into `fields`.

    The form's token comes first and is checked before anything is handed on; raises CSRFError. Ends without a word
    where the connection is lost.
    """
    trusted = _is_trusted(request.headers.get("X-CSRFToken"))
    for part in _parts():
        if part.file_name is None:
            fields[part.name] = part.text
            trusted = trusted or (part.name == TOKEN_FIELD and _is_trusted(part.text))
            continue
        _refuse_unless(trusted)
        if part.file_name:
            yield part
    _refuse_unless(trusted)


def _parts() -> Iterator[Part]:
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        yield from (Part(name, None, value.encode()) for name, value in request.form.items())
        return
    decoder = MultipartDecoder(boundary.encode(), max_parts=MAX_PARTS)
    begun: Field | File | None = None
    chunks: list[bytes] = []
    for event in _events(decoder):
        if isinstance(event, Field | File):
            begun, chunks = event, []
        elif isinstance(event, Data) and begun is not None:
            chunks.append(event.data)
            if not event.more_data:
                file_name = begun.filename if isinstance(begun, File) else None
                yield Part(begun.name, file_name, b"".join(chunks))


def _events(decoder: MultipartDecoder) -> Iterator[Event]:
    while data := _read():
        decoder.receive_data(data)
        while not isinstance(event := decoder.next_event(), NeedData):
            yield event
            if isinstance(event, Epilogue):
                return


def _read() -> bytes:
    try:
        found: bytes = request.stream.read(CHUNK)
    except (ClientDisconnected, OSError):
        return b""
    return found


def _is_trusted(token: str | None) -> bool:
    try:
        validate_csrf(token)
    except ValidationError:
        return False
    return True


def _refuse_unless(trusted: bool) -> None:
    if not trusted:
        raise CSRFError
