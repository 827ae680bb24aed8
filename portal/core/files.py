"""Files: sealed, kept under the digest of what is stored, in a folder or any other place fsspec knows (decisions 23)."""

import hashlib
import re
import secrets
from functools import cache

import fsspec
from sqlalchemy.orm import Session

from portal.core.privacy import DataKey, vault_of

_ADDRESS = re.compile(r"^[0-9a-f]{64}$")


class Damaged(Exception):  # noqa: N818  not a refusal: somebody must look at the store
    """A file is missing from the store, or is no longer what was stored."""


def put(session: Session, key: DataKey, content: bytes, purpose: str) -> str:
    """Seal a file under a data key and store it; returns its address, the SHA-256 of what is stored.

    A rolled-back transaction leaves an unreadable orphan behind, never a row without its file.
    """
    sealed = vault_of(session).seal_bytes(key, content, purpose)
    address = hashlib.sha256(sealed).hexdigest()
    system, root = _store(session.info["files_url"])
    place = _place(root, address)
    unfinished = f"{place}.{secrets.token_hex(4)}.part"
    system.makedirs(place.rpartition("/")[0], exist_ok=True)
    system.pipe_file(unfinished, sealed)
    system.mv(unfinished, place)
    return address


def get(session: Session, key: DataKey, address: str, purpose: str) -> bytes:
    """Read a file back and open it; raises Damaged when it is gone or altered, Erased when its key was destroyed."""
    system, root = _store(session.info["files_url"])
    try:
        sealed = system.cat_file(_place(root, address))
    except FileNotFoundError as problem:
        raise Damaged(address) from problem
    if hashlib.sha256(sealed).hexdigest() != address:
        raise Damaged(address)
    return vault_of(session).open_bytes(key, sealed, purpose)


def remove(session: Session, address: str) -> None:
    """Delete a file from the store; one that is gone already is fine."""
    system, root = _store(session.info["files_url"])
    try:
        system.rm_file(_place(root, address))
    except FileNotFoundError:
        return


@cache
def _store(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    system, root = fsspec.core.url_to_fs(url)
    return system, root.rstrip("/")


def _place(root: str, address: str) -> str:
    if not _ADDRESS.match(address):
        raise Damaged(address)
    return f"{root}/{address[:2]}/{address[2:]}"
