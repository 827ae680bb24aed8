"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint), with Ed25519 keys.

A key is named after the ledger's origin, so one secret gives every ledger a key of its own name and id.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"  # the signature type's byte
MARK = "— "  # every signature line begins so


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and its name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as it is published: name+id+base64."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


def verifier(name: str, seed: bytes) -> Verifier:
    """Return the public half of a secret of 32 bytes."""
    return Verifier(name, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def parsed_vkey(vkey: str) -> Verifier:
    """Read a published key; raises ValueError where it is none or its id is not its own."""
    name, _, rest = vkey.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error as problem:
        raise ValueError("not a published key") from problem
    key = Verifier(name, content[1:])
    if not name or content[:1] != ED25519 or len(content) != 33 or key.key_id.hex() != key_id.lower():
        raise ValueError("not a published key")
    return key


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Write a tree head; no extension lines."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(text: str, name: str, seed: bytes) -> str:
    """Sign a text, which ends with a line end."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    key_id = verifier(name, seed).key_id
    return f"{text}\n{MARK}{name} {base64.b64encode(key_id + signature).decode()}\n"


def opened(note: str, keys: Iterable[Verifier]) -> str | None:
    """Return the text of a note that one of the keys signed; None where none did or a known key's signature is wrong."""
    text, found, lines = note.rpartition("\n\n")
    text += "\n"
    if not found or not lines.endswith("\n"):
        return None
    known = {(key.name, key.key_id): key for key in keys}
    good = False
    for line in lines.removesuffix("\n").split("\n"):
        name, _, encoded = line.removeprefix(MARK).partition(" ")
        try:
            content = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return None
        if not line.startswith(MARK) or len(content) <= 4:
            return None
        if key := known.get((name, content[:4])):
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(content[4:], text.encode())
            except InvalidSignature:
                return None
            good = True
    return text if good else None
