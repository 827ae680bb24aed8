"""Passwords: argon2id, and what we ask of a new one."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from portal.core.errors import Busy

MIN_LENGTH = 10  # our limit; GB/T 22239 asks for "complexity" without a number

_PLAIN = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Hash a password with argon2id."""
    return _hasher.hash(password)


def generated_password() -> str:
    """Make a password to be handed over once: sixteen characters without look-alikes, in groups of four (80 bits)."""
    while True:
        groups = ["".join(secrets.choice(_PLAIN) for _ in range(4)) for _ in range(4)]
        if any(character.isdigit() for group in groups for character in group):
            return "-".join(groups)


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether the password fits; takes as long for a name that does not exist.

    Raises Busy where the machine could not reckon it (no memory): that is no wrong password and locks nobody out.
    """
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
    except VerificationError as problem:
        raise Busy("服务器现在很忙，没能核对密码。请稍等几秒再登录，不算输错。") from problem


def objection_to_password(password: str, *, sign_in_name: str) -> str | None:
    """Say why a new password is refused, or None."""
    if len(password) < MIN_LENGTH:
        return f"密码至少 {MIN_LENGTH} 个字符。可以用几个不相关的词连在一起。"
    if sign_in_name.lower() in password.lower():
        return "密码不能包含登录名。请换一个。"
    kinds = sum(
        any(test(character) for character in password)
        for test in (str.isdigit, str.isalpha, lambda character: not character.isalnum())
    )
    return None if kinds >= 2 else "密码要同时有字母、数字、符号中的至少两类。"
