"""Personal data: sealed fields, masks for lists, and the keyed blind index (decisions 10, 21)."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Mapped, Session

from portal.core.db import Model

NONCE = 12  # bytes, NIST SP 800-38D
KEY_NAME = 4  # bytes of SHA-256 that name the sealing key used

_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_HAN = r"[㐀-䶿一-鿿\U00020000-\U0003ffff]"
_FULL_NAME = re.compile(f"^(?=.{{2,30}}$){_HAN}+(?:·{_HAN}+)*$")
_NAME_DOTS = re.compile(r"[•・．‧∙⋅]")  # written for the · of translated names
_FORMS_OF_ADDRESS = ("先生", "女士", "小姐", "同志", "匿名", "不详")  # 张先生 is nobody's full name
_NUMBERS = re.compile(r"(?<!\d)(?:\d[ -]?){6,17}[\dXx](?!\d)")


class DataKey(Model):
    """The key of one case's (or tip's) personal data, wrapped by the sealing key: without it, nothing opens."""

    __tablename__ = "data_key"

    wrapped: Mapped[bytes | None]  # None once destroyed, so that erasure reaches backups
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Sealer:
    """A data key unwrapped once, for whoever seals several fields under it; `wrapped` is what its row keeps."""

    wrapped: bytes
    cipher: AESGCM

    def seal(self, text: str, purpose: str) -> bytes:
        """Seal text, as `Vault.seal` does."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self.cipher.encrypt(nonce, text.encode(), purpose.encode())


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens personal data; the first sealing key seals, all of them open."""

    sealing_keys: tuple[bytes, ...]
    index_key: bytes

    def new_key(self, session: Session, *, now: datetime) -> DataKey:
        """Make a data key for a new case or tip; the caller's session stores it."""
        row = self.loose_key(now=now)
        session.add(row)
        return row

    def loose_key(self, *, now: datetime) -> DataKey:
        """Make a data key that no session knows: bulk writes store its row themselves."""
        return DataKey(wrapped=self._wrap(AESGCM.generate_key(256), b"data-key"), created_at=now)

    def new_sealer(self) -> Sealer:
        """Make a data key and unwrap it at once; the caller stores its row."""
        plain = AESGCM.generate_key(256)
        return Sealer(self._wrap(plain, b"data-key"), AESGCM(plain))

    def sealer(self, key: DataKey) -> Sealer:
        """Unwrap a data key once; raises Erased when it was destroyed."""
        plain = self._unwrap(key)
        assert key.wrapped is not None
        return Sealer(key.wrapped, AESGCM(plain))

    def seal(self, key: DataKey, text: str, purpose: str) -> bytes:
        """Seal text under a data key; `purpose` (such as "filing.phone") binds it to its place."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._unwrap(key)).encrypt(nonce, text.encode(), purpose.encode())

    def open(self, key: DataKey, sealed: bytes, purpose: str) -> str:
        """Open what `seal` made; raises Erased when the key was destroyed."""
        return AESGCM(self._unwrap(key)).decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode()).decode()

    def seal_bytes(self, key: DataKey, content: bytes, purpose: str) -> bytes:
        """Seal a file's bytes under a data key."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._unwrap(key)).encrypt(nonce, content, purpose.encode())

    def open_bytes(self, key: DataKey, sealed: bytes, purpose: str) -> bytes:
        """Open a sealed file."""
        return AESGCM(self._unwrap(key)).decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())

    def seal_secret(self, text: str, purpose: str) -> bytes:
        """Seal a secret of the house itself (a link's token, a second factor) under the sealing key."""
        return self._wrap(text.encode(), purpose.encode())

    def open_secret(self, sealed: bytes, purpose: str) -> str:
        """Open what `seal_secret` made."""
        return self._unseal(sealed, purpose.encode()).decode()

    def blind(self, value: str, purpose: str) -> bytes:
        """Return the keyed index under which an exact value can be looked up; 16 bytes of HMAC-SHA-256."""
        return hmac.digest(self.index_key, f"{purpose}\0{value}".encode(), "sha256")[:16]

    def _wrap(self, content: bytes, purpose: bytes) -> bytes:
        master = self.sealing_keys[0]
        nonce = secrets.token_bytes(NONCE)
        return _name(master) + nonce + _cipher(master).encrypt(nonce, content, purpose)

    def _unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        name, nonce, rest = sealed[:KEY_NAME], sealed[KEY_NAME : KEY_NAME + NONCE], sealed[KEY_NAME + NONCE :]
        for master in self.sealing_keys:
            if _name(master) == name:
                return _cipher(master).decrypt(nonce, rest, purpose)
        raise InvalidTag

    def _unwrap(self, key: DataKey) -> bytes:
        if key.wrapped is None:
            raise Erased
        return self._unseal(key.wrapped, b"data-key")


class Erased(Exception):  # noqa: N818
    """The key was destroyed on purpose; what it sealed is gone."""


def vault_of(session: Session) -> Vault:
    """Return the vault that the session's opener put there."""
    vault: Vault = session.info["vault"]
    return vault


@lru_cache(maxsize=16)
def _cipher(master: bytes) -> AESGCM:
    return AESGCM(master)


@lru_cache(maxsize=16)
def _name(master: bytes) -> bytes:
    return hashlib.sha256(master).digest()[:KEY_NAME]


def usable_phone(text: str | None) -> str | None:
    """Return the plain digits of a mobile or landline number, or None where there is none to call."""
    digits = re.sub(r"[\s\-—–()（）]", "", text or "").removeprefix("+86")
    if _MOBILE.match(digits) or re.match(r"^0\d{9,11}$", digits):
        return digits
    return None


def usable_name(text: str | None) -> str | None:
    """Return a full Chinese name as it is indexed, or None: masked names, forms of address and other scripts have none.

    At least two characters; spaces go, and the dot of a translated name is always ·.
    """
    name = _NAME_DOTS.sub("·", re.sub(r"\s+", "", text or ""))
    if not _FULL_NAME.match(name) or name.endswith(_FORMS_OF_ADDRESS):
        return None
    return name


def takes_sms(phone: str) -> bool:
    """Say whether a number is a mobile one."""
    return bool(_MOBILE.match(phone))


def mask_name(name: str | None) -> str:
    """Write a name for lists: 张**."""
    cleaned = (name or "").strip()
    return f"{cleaned[0]}**" if cleaned and cleaned[0] != "*" else "匿名"


def mask_phone(phone: str | None) -> str:
    """Write a number for lists: 138****5678; empty where there is none."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "****"


def mask_text(text: str) -> str:
    """Hide phone numbers, identity and account numbers inside free text, keeping the last four characters."""
    return _NUMBERS.sub(lambda found: "****" + re.sub(r"[ -]", "", found.group())[-4:], text)


def parse_keys(text: str) -> Sequence[bytes]:
    """Read comma-separated keys of 64 hexadecimal characters; raises ValueError for any other shape."""
    keys = [bytes.fromhex(part.strip()) for part in text.split(",") if part.strip()]
    if not keys or any(len(key) != 32 for key in keys):
        msg = "每个密钥应为 64 个十六进制字符，多个密钥以逗号分隔。"
        raise ValueError(msg)
    return keys
