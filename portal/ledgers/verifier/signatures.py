"""Published keys, signed notes and Ed25519 signatures (C2SP signed-note and tlog-checkpoint, RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from portal.ledgers.verifier.tree import Head, sha

FIELD, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # RFC 8032 5.1
D = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
ROOT = pow(2, (FIELD - 1) // 4, FIELD)
Point = tuple[int, int, int, int]  # x, y, z, t of extended coordinates
NEUTRAL: Point = (0, 1, 1, 0)


class Broken(Exception):  # noqa: N818
    """The bundle can't be read as one; the text is the sentence for the reader."""


class Key(NamedTuple):
    """A published key: name, id, public key."""

    name: str
    key_id: bytes
    public: bytes


def parsed_key(vkey: str) -> Key:
    """Read a published key, name+id+base64; raises Broken where it is none."""
    name, _, rest = vkey.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    content = _unbase64(encoded) or b""
    if not name or len(content) != 33 or content[0] != 1:
        raise Broken("公钥的写法不对，应为“名称+编号+base64”。")
    expected = sha(name.encode() + b"\n" + content).digest()[:4]
    if key_id.lower() != expected.hex():
        raise Broken("公钥的编号与公钥不符。")
    return Key(name, expected, content[1:])


def parsed_head(note: bytes, label: str, keys: Sequence[Key]) -> Head:
    """Read a checkpoint and check its signature; what is wrong with it stands in `problem`."""
    try:
        text, found, lines = note.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        return Head(label, 0, b"", "不是检查点")
    parts = (text + "\n").split("\n")
    root = _unbase64(parts[2]) if len(parts) > 3 else None
    if not found or root is None or len(root) != 32 or not re.fullmatch(r"0|[1-9][0-9]{0,14}", parts[1]):
        return Head(label, 0, b"", "不是检查点")
    return Head(label, int(parts[1]), root, _objection((text + "\n").encode(), lines, keys), parts[0])


def _objection(text: bytes, lines: str, keys: Sequence[Key]) -> str | None:
    known = {(key.name, key.key_id): key.public for key in keys}
    good = False
    if not lines.endswith("\n"):
        return "的签名不完整"
    for line in lines[:-1].split("\n"):
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        content = _unbase64(encoded)
        if mark != "—" or content is None or len(content) <= 4:
            return "的签名写法不对"
        public = known.get((name, content[:4]))
        if public is not None and not ed25519_verifies(public, text, content[4:]):
            return "的签名无效"
        good = good or public is not None
    return None if good else "不是由所给公钥签名的"


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether an Ed25519 signature holds (RFC 8032 5.1.7)."""
    key = _point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or scalar >= ORDER:
        return False
    other = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    ours, theirs = _multiples(BASE), _multiples((FIELD - key[0], key[1], 1, FIELD - key[3]))
    total = NEUTRAL
    for place in range(64):  # scalar × BASE − other × key, both at once
        total = _sum(total, ours[place][scalar >> 4 * place & 15])
        total = _sum(total, theirs[place][other >> 4 * place & 15])
    inverse = pow(total[2], FIELD - 2, FIELD)
    x, y = total[0] * inverse % FIELD, total[1] * inverse % FIELD
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def _point(encoded: bytes) -> Point | None:
    number = int.from_bytes(encoded, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    if len(encoded) != 32 or y >= FIELD:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, FIELD - 2, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if x * x % FIELD != square:
        x = x * ROOT % FIELD
    if x * x % FIELD != square or (x == 0 and odd):
        return None
    x = FIELD - x if x & 1 != odd else x
    return x, y, 1, x * y % FIELD


def _sum(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % FIELD
    b = (one[1] + one[0]) * (two[1] + two[0]) % FIELD
    c, d = 2 * one[3] * two[3] * D % FIELD, 2 * one[2] * two[2] % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD


@lru_cache(maxsize=16)
def _multiples(point: Point) -> list[list[Point]]:
    """0 to 15 times the point, then times 16, 16², …: made once a key, for a ledger has many checkpoints of one key."""
    rows = []
    for _ in range(64):
        row = [NEUTRAL]
        for _ in range(15):
            row.append(_sum(row[-1], point))
        rows.append(row)
        point = _sum(row[-1], point)
    return rows


BASE: Point = _point(bytes.fromhex("58" + "66" * 31)) or NEUTRAL
