"""Files: sealed, kept under the digest of what is stored, in a folder or any other place fsspec knows (decisions 23)."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial

import fsspec
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from portal.core.privacy import DataKey, vault_of
from portal.core.room import is_full, no_room

UNSETTLED = "unsettled_files"  # of a session: the files that its transaction has put, and those it has removed
NEW = ".new"  # behind the name of a file until its row is committed
_ADDRESS = re.compile(r"^[0-9a-f]{64}$")


class Damaged(Exception):  # noqa: N818  not a refusal: somebody must look at the store
    """A file is missing from the store, or is no longer what was stored."""


def put(session: Session, key: DataKey, content: bytes, purpose: str) -> str:
    """Seal a file under a data key and store it; returns its address, the SHA-256 of what is stored.

    It goes when the transaction is rolled back. What a killed process leaves keeps the suffix of a new file until
    the sweep (`portal.orphans`) finds that no row knows it. Raises NoRoom on a full disk.
    """
    sealed = vault_of(session).seal_bytes(key, content, purpose)
    address = hashlib.sha256(sealed).hexdigest()
    system, root = _store(session.info["files_url"])
    place = _place(root, address)
    try:
        system.makedirs(place.rpartition("/")[0], exist_ok=True)
        system.pipe_file(place + NEW, sealed)
    except OSError as problem:
        with suppress(OSError):
            system.rm_file(place + NEW)
        if is_full(problem):
            raise no_room() from problem
        raise
    _unsettled(session).put.append(address)
    return address


def get(session: Session, key: DataKey, address: str, purpose: str) -> bytes:
    """Read a file back and open it; raises Damaged when it is gone or altered, Erased when its key was destroyed."""
    system, root = _store(session.info["files_url"])
    place = _place(root, address)
    for name in (place, place + NEW, place):  # its row is committed a moment before it gets its name
        with suppress(FileNotFoundError):
            sealed = system.cat_file(name)
            break
    else:
        raise Damaged(address)
    if hashlib.sha256(sealed).hexdigest() != address:
        raise Damaged(address)
    return vault_of(session).open_bytes(key, sealed, purpose)


def remove(session: Session, address: str) -> None:
    """Delete a file from the store once the transaction is committed; one that is gone already is fine.

    Rolled back, its row is still there, and so is the file.
    """
    _unsettled(session).removed.append(address)


def discard(files_url: str, address: str) -> None:
    """Delete a file from a store, settled or new; one that is gone already is fine."""
    system, root = _store(files_url)
    for name in (_place(root, address), _place(root, address) + NEW):
        with suppress(FileNotFoundError):
            system.rm_file(name)


def settle(files_url: str, address: str) -> None:
    """Give a file whose row is committed its name; one that has it already is fine."""
    system, root = _store(files_url)
    place = _place(root, address)
    with suppress(FileNotFoundError):
        system.mv(place + NEW, place)


def unsettled_before(files_url: str, moment: datetime) -> Iterator[str]:
    """The addresses of the files that were put before a moment (real time) and have not got their name since."""
    system, root = _store(files_url)
    if not system.exists(root):
        return
    for folder in sorted(system.ls(root, detail=False)):
        for name in system.ls(folder, detail=False):
            address = folder.rpartition("/")[2] + name.rpartition("/")[2].removesuffix(NEW)
            if name.endswith(NEW) and _ADDRESS.match(address) and _written(system, name) < moment:
                yield address


@dataclass(slots=True)
class _Unsettled:
    """What a session's transaction did to the store and has not settled."""

    put: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def _unsettled(session: Session) -> _Unsettled:
    """The files of the session's transaction: named or deleted when it is committed, as before when it is rolled back.

    Between the two, where a commit was begun and its answer lost, they stay as they are: it may have succeeded.
    """
    if UNSETTLED in session.info:
        known: _Unsettled = session.info[UNSETTLED]
        return known
    here, committing = _Unsettled(), _Unsettled()

    def keep(one: Session) -> None:
        if not one.in_nested_transaction():
            committing.put, here.put = here.put, []
            committing.removed, here.removed = here.removed, []

    def settle_all(one: Session) -> None:
        if not one.in_nested_transaction():
            _each(committing.put, partial(settle, one.info["files_url"]))
            _each(committing.removed, partial(discard, one.info["files_url"]))

    def clear_away(one: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            _each(here.put, partial(discard, one.info["files_url"]))
            here.removed.clear()

    event.listen(session, "before_commit", keep)
    event.listen(session, "after_commit", settle_all)
    event.listen(session, "after_transaction_end", clear_away)
    session.info[UNSETTLED] = here
    return here


def _each(addresses: list[str], act: Callable[[str], None]) -> None:
    while addresses:
        with suppress(OSError):
            act(addresses.pop())


def _written(system: fsspec.AbstractFileSystem, name: str) -> datetime:
    found: datetime = system.modified(name)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@cache
def _store(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    system, root = fsspec.core.url_to_fs(url)
    return system, root.rstrip("/")


def _place(root: str, address: str) -> str:
    if not _ADDRESS.match(address):
        raise Damaged(address)
    return f"{root}/{address[:2]}/{address[2:]}"
