"""What the processes say of themselves: lines on standard error, without personal data.

An error is told by its kind and place, never by its text: the text of a database error holds the row's values.
"""

import io
import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO, cast

import structlog
from flask import has_request_context, request

from portal.core.errors import Refused

_PACKAGE = str(Path(__file__).resolve().parent)
GRANIAN = {  # granian prints to standard output unless told otherwise
    "handlers": {
        "console": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "generic"},
        "access": {"class": "logging.NullHandler"},
    },
}


class _StandardError(io.TextIOBase):
    """Whatever is standard error at the moment of a line: loggers are kept, and a test's or a daemon's may be closed."""

    def write(self, text: str) -> int:
        """Write to the present standard error."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush the present standard error."""
        sys.stderr.flush()


def start_logging() -> None:
    """Send our own lines and the libraries' warnings to standard error."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )


def without_values(record: logging.LogRecord) -> bool:
    """Strip a web request's failure to its endpoint, kind and place: the address may hold a consumer's token."""
    if record.exc_info and record.exc_info[1]:
        where = request.endpoint if has_request_context() else None
        record.msg, record.args = f"request failed: {where} {kind_and_place(record.exc_info[1])}", ()
        record.exc_info = None
    return True


def kind_and_place(problem: BaseException) -> str:
    """Describe an error by its class and the last of our own lines it passed; a refusal by its sentence."""
    if isinstance(problem, Refused):
        return f"{type(problem).__name__}: {problem.text}"
    ours = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename.startswith(_PACKAGE)]
    if not ours:
        return type(problem).__name__
    return f"{type(problem).__name__} ({Path(ours[-1].filename).relative_to(_PACKAGE)}:{ours[-1].lineno})"
