"""The rows of an import drafted ahead by a child process, while the ones before are stored.

It is a copy of ourselves that only computes: it has the keys because we have them, uses none of our connections,
reads no clock, writes nothing but its drafts into a pipe that only we read, and ends when we end, however we end.
What it has made is nothing until we commit it; where it ends early, we go on alone.
"""

import gc
import os
import pickle
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import structlog

from portal import embedded
from portal.intake.composing import Draft
from portal.logs import kind_and_place

Drafts = list[Draft]
Drafting = Callable[[datetime], Drafts]  # the next rows of a file, as of a moment; none at its end
KILLED = (EOFError, OSError, pickle.UnpicklingError)  # what a child leaves that was killed

log = structlog.get_logger(__name__)


def drafted(begin: Callable[[int], Drafting], after: int, now: Callable[[], datetime]) -> Generator[Drafts]:
    """Yield what is drafted from the row behind a line to the end of the file."""
    draft = begin(after)
    while drafts := draft(now()):
        yield drafts


def drafted_ahead(begin: Callable[[int], Drafting], after: int, now: Callable[[], datetime]) -> Generator[Drafts]:
    """Yield what `drafted` does, each piece made, as of when it was asked for, while the one before it is stored."""
    with _child(begin(after)) as child:
        try:
            child.send(now())
            while drafts := child.recv():
                child.send(now())
                yield drafts
                after = drafts[-1].line
        except KILLED as problem:
            log.warning("import goes on without its child", problem=kind_and_place(problem))
            yield from drafted(begin, after, now)


@contextmanager
def _child(draft: Drafting) -> Iterator[Connection]:
    """Have a child for the length of a block, which gives the next drafts for each moment that it is sent."""
    ours, theirs = Pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _be_the_child(draft, theirs, parent)
    theirs.close()
    try:
        with ours:
            yield ours
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _be_the_child(draft: Drafting, asked: Connection, parent: int) -> None:
    """Draft until nobody asks. What a process does at its end is not ours to do: all of it is our parent's."""
    try:
        gc.freeze()  # what we were born with is never tidied up here: connections would be closed
        for told in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(told, signal.SIG_DFL)
        embedded.end_with_parent(signal.SIGKILL, parent)
        while True:
            asked.send(draft(asked.recv()))
    finally:
        os._exit(0)
