"""Making an installation, and moving the clock of a rehearsal (decisions 18)."""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from portal import migrate
from portal.accounts.models import Organisation, OrganisationKind
from portal.clocks.actions import Seed, seed_clocks
from portal.config import Config, Misconfigured, load_config
from portal.core import facts
from portal.core.actor import OPERATOR, Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.installation import ONLY_ROW, Installation, installation
from portal.runtime import Runtime, make_runtime

OPERATOR_CODE = "OPERATOR"  # the organisation of administrators who belong to no authority

_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MakeInstallation:
    """What kind of installation; `clock` is PORTAL_CLOCK: a moment with its zone, or +DURATION."""

    rehearsal: bool = False
    demo: bool = False
    clock: str | None = None


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """Move a rehearsal's clock forwards."""

    by: timedelta


def settings_to_install() -> Config:
    """Read the settings, making missing keys.

    Raises Misconfigured where the database is there but its keys are gone: new keys could open nothing in it.
    """
    data = Path(os.environ.get("PORTAL_DATA", "./var")).expanduser().resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.environ.get("PORTAL_DATABASE_URL"):
        given = os.environ.get("PORTAL_SEALING_KEYS")
        if (data / "portal.db").is_file() and not given and not (data / "keys" / "sealing_keys").is_file():
            raise Misconfigured(
                f"{data} 里有数据库，但没有它的密钥（keys 文件夹）。新密钥打不开原有的资料；"
                "请从备份恢复 keys，或用 PORTAL_SEALING_KEYS 等设置给出。"
            )
    return load_config(os.environ, make_keys=True)


def install(config: Config, *, rehearsal: bool = False, demo: bool = False) -> Runtime:
    """Bring the database up to date, make the installation if there is none, seed calendar and limits.

    Safe to run again; what the installation is stays as it was made. The caller closes the runtime. Raises
    RuleBroken when a real installation is asked to become a rehearsal, Misconfigured for a wrong PORTAL_CLOCK.
    """
    if config.uses_sqlite and (file := make_url(config.database_url).database):
        Path(file).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    house = make_runtime(config)
    try:
        migrate.upgrade(house.engine)
        command = MakeInstallation(rehearsal=rehearsal or demo, demo=demo, clock=config.clock)
        house.perform(OPERATOR, make_installation, command)
        house.clock.forget()
    except BaseException:
        house.close()
        raise
    return house


def make_installation(session: Session, actor: Actor, command: MakeInstallation, *, now: datetime) -> Installation:
    """Write the installation's row once, seed what every installation knows; later calls only fill what is missing."""
    row = installation(session)
    if row is None:
        row = _new_installation(session, actor, command, now=now)
    elif command.rehearsal and not row.rehearsal:
        raise RuleBroken("这里是正式安装，不能改成演练。请把 PORTAL_DATA 指向另一个文件夹。")
    if command.clock and not row.rehearsal:
        raise Misconfigured(
            "PORTAL_CLOCK 只能用于演练安装：请取消这个设置，或用 portal db upgrade --rehearsal 另建一个。"
        )
    seed_clocks(session, actor, Seed(), now=now)
    if session.scalars(select(Organisation.id).where(Organisation.kind == OrganisationKind.OPERATOR)).first() is None:
        session.add(Organisation(kind=OrganisationKind.OPERATOR, code=OPERATOR_CODE, name="运维单位"))
    return row


def _new_installation(session: Session, actor: Actor, command: MakeInstallation, *, now: datetime) -> Installation:
    offset = _offset(command.clock, now=now) if command.clock and command.rehearsal else timedelta()
    row = Installation(
        id=ONLY_ROW,
        rehearsal=command.rehearsal,
        demo=command.demo,
        clock_offset=round(offset.total_seconds()),
        made_at=now + offset,
    )
    session.add(row)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.INSTALLATION_MADE,
        SubjectKind.INSTALLATION,
        ONLY_ROW,
        at=row.made_at,
        rehearsal=row.rehearsal,
        demo=row.demo,
        clock_offset=row.clock_offset,
    )
    return row


def advance_clock(session: Session, actor: Actor, command: AdvanceClock, *, now: datetime) -> datetime:
    """Move the clock of a rehearsal forwards, for all processes, and record it; returns the new present moment.

    Raises RuleBroken in a real installation and for a span that is not positive.
    """
    row = session.scalars(select(Installation).where(Installation.id == ONLY_ROW).with_for_update()).one()
    if not row.rehearsal:
        raise RuleBroken(
            "这里是正式安装，时钟不能拨动。只有演练安装（portal demo 或 portal db upgrade --rehearsal）可以。"
        )
    seconds = round(command.by.total_seconds())
    if seconds <= 0:
        raise RuleBroken("时钟只能向前拨，请给出大于零的时长，如 3d。")
    row.clock_offset += seconds
    moved = now + timedelta(seconds=seconds)
    facts.record(session, actor, Topic.CLOCK_ADVANCED, SubjectKind.INSTALLATION, ONLY_ROW, at=moved, seconds=seconds)
    return moved


def parse_duration(text: str) -> timedelta | None:
    """Read 3d, 36h, 90m, 2w or a sum such as 1d12h; None for anything else and for nothing at all."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except OverflowError:
        return None


def _offset(clock: str, *, now: datetime) -> timedelta:
    if clock.startswith("+") and (shift := parse_duration(clock[1:])) is not None:
        return shift
    try:
        start = datetime.fromisoformat(clock)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise Misconfigured(f"PORTAL_CLOCK 应为 2026-08-12T09:00+08:00 或 +30d 的样子，现在是“{clock}”。")
    return start.astimezone(UTC) - now
