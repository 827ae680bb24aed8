"""Every setting, read from the environment once, typed (contract: Settings)."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.core.errors import Refused
from portal.core.privacy import Vault, parse_keys

HIDDEN = "（已设置，不显示）"


class Misconfigured(Refused):
    """A setting is missing or wrong; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one process; see the contract for their meaning."""

    data: Path
    database_url: str
    redis_url: str | None
    base_url: str
    secret_key: str
    sealing_keys: tuple[bytes, ...]
    index_key: bytes
    ledger_keys: tuple[bytes, ...]
    smtp_url: str | None
    sms_url: str | None
    clock: str | None
    trusted_proxies: int
    metrics_token: str | None
    undo_seconds: int
    files_url: str
    data_licence: str | None = None  # of the open data files, as the page of them says it

    @property
    def vault(self) -> Vault:
        """The vault of this installation's keys."""
        return Vault(self.sealing_keys, self.index_key)

    @property
    def uses_sqlite(self) -> bool:
        """Say whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")

    @property
    def has_gateway(self) -> bool:
        """Say whether a real message gateway is configured; then links are shown nowhere."""
        return bool(self.smtp_url or self.sms_url)


def load_config(environ: Mapping[str, str] = os.environ, *, make_keys: bool = False) -> Config:
    """Read the settings; with `make_keys` missing keys are made once under PORTAL_DATA/keys (mode 600).

    Raises Misconfigured in one sentence.
    """
    data = Path(environ.get("PORTAL_DATA", "./var")).expanduser().resolve()
    external = environ.get("PORTAL_DATABASE_URL")
    database_url = _driver(external) if external else f"sqlite:///{data / 'portal.db'}"
    keys = _Keys(data / "keys", environ, make=make_keys, external=not database_url.startswith("sqlite"))
    try:
        sealing = tuple(parse_keys(keys.get("PORTAL_SEALING_KEYS")))
        index = parse_keys(keys.get("PORTAL_INDEX_KEY"))[0]
        ledgers = tuple(parse_keys(keys.get("PORTAL_LEDGER_KEYS")))
    except ValueError as problem:
        names = "PORTAL_SEALING_KEYS、PORTAL_INDEX_KEY 或 PORTAL_LEDGER_KEYS"
        raise Misconfigured(f"{names} 格式不对：{problem}") from problem
    return Config(
        data=data,
        database_url=database_url,
        redis_url=environ.get("PORTAL_REDIS_URL") or None,
        base_url=environ.get("PORTAL_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        secret_key=keys.get("PORTAL_SECRET_KEY"),
        sealing_keys=sealing,
        index_key=index,
        ledger_keys=ledgers,
        smtp_url=environ.get("PORTAL_SMTP_URL") or None,
        sms_url=environ.get("PORTAL_SMS_URL") or None,
        clock=environ.get("PORTAL_CLOCK") or None,
        trusted_proxies=_number(environ, "PORTAL_TRUSTED_PROXIES", 0),
        metrics_token=environ.get("PORTAL_METRICS_TOKEN") or None,
        undo_seconds=_number(environ, "PORTAL_UNDO_SECONDS", 30),
        files_url=environ.get("PORTAL_FILES_URL") or f"file://{data / 'files'}",
        data_licence=environ.get("PORTAL_DATA_LICENCE") or None,
    )


def described(config: Config) -> dict[str, str]:
    """Describe the settings for `portal doctor`, secrets hidden."""
    return {
        "PORTAL_DATA": str(config.data),
        "PORTAL_DATABASE_URL": _without_password(config.database_url),
        "PORTAL_REDIS_URL": _without_password(config.redis_url or "（随 portal run 启动的内置 Valkey）"),
        "PORTAL_BASE_URL": config.base_url,
        "PORTAL_SECRET_KEY": HIDDEN,
        "PORTAL_SEALING_KEYS": HIDDEN,
        "PORTAL_INDEX_KEY": HIDDEN,
        "PORTAL_LEDGER_KEYS": HIDDEN,
        "PORTAL_SMTP_URL": _without_password(config.smtp_url or "未设置"),
        "PORTAL_SMS_URL": _without_password(config.sms_url or "未设置"),
        "PORTAL_CLOCK": config.clock or "未设置",
        "PORTAL_TRUSTED_PROXIES": str(config.trusted_proxies),
        "PORTAL_METRICS_TOKEN": HIDDEN if config.metrics_token else "未设置",
        "PORTAL_UNDO_SECONDS": str(config.undo_seconds),
        "PORTAL_FILES_URL": _without_password(config.files_url),
        "PORTAL_DATA_LICENCE": config.data_licence or "未设置",
    }


class _Keys:
    """Finds each key in the environment, else in the keys folder, else makes it where that is allowed."""

    def __init__(self, folder: Path, environ: Mapping[str, str], *, make: bool, external: bool) -> None:
        self.folder, self.environ, self.make, self.external = folder, environ, make, external

    def get(self, name: str) -> str:
        if given := self.environ.get(name):
            return given
        file = self.folder / name.removeprefix("PORTAL_").lower()
        if file.is_file():
            return file.read_text().strip()
        if self.external:
            raise Misconfigured(f"使用外部数据库时必须设置 {name}，否则各台机器的密钥会不一致。")
        if not self.make:
            raise Misconfigured(
                f"{self.folder.parent} 里没有安装。请先运行 portal demo、portal run 或 portal db upgrade。"
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = secrets.token_hex(32)
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
                handle.write(secret)
        except FileExistsError:  # another process made it in the meantime
            return file.read_text().strip()
        return secret


def _driver(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(name, "").strip()
    if not given:
        return default
    if not given.isdigit():
        raise Misconfigured(f"{name} 应为非负整数，现在是“{given}”。")
    return int(given)


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    if not at or "://" not in head:
        return url
    scheme, _, credentials = head.partition("://")
    return f"{scheme}://{credentials.partition(':')[0]}:***@{tail}"
