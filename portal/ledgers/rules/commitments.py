"""Salted commitments: a leaf holds the hash of a personal value, so that value and salt can be erased (decisions 22)."""

import hashlib
import re

SALT_BYTES = 32  # our choice, as long as the hash: an erased value can't be guessed
PREFIX = "sha256:"

_COMMITMENT = re.compile(r"sha256:[0-9a-f]{64}")


def commitment(salt: bytes, field: str, value: str) -> str:
    """Return `sha256:<hex>` of SHA-256(salt, field name, 0x00, value in UTF-8); refuses a salt of another length."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return PREFIX + hashlib.sha256(salt + field.encode() + b"\0" + value.encode()).hexdigest()


def is_commitment(value: object) -> bool:
    """Say whether a leaf's value has the shape of a commitment."""
    return isinstance(value, str) and _COMMITMENT.fullmatch(value) is not None
