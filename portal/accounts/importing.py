"""Staff from a file: each row judged before anything is stored, the good ones added, the same file again changes nothing."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions import Belongs, roles_of
from portal.accounts.models import Membership, Organisation, Person
from portal.accounts.queries import organisation_seen
from portal.core import facts
from portal.core.actor import ROLE_NAMES, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.tables import read_named

SIZE_LIMIT = 2 * 1024**2
MOST_ROWS = 200  # of one file, our limit: each first password costs a tenth of a second
MAX_SIGN_IN = 50  # characters, as for one person
MAX_NAME = 50
COLUMNS = {
    "name": ("姓名", "人员姓名"),
    "sign_in": ("登录名", "账号", "用户名"),
    "role": ("岗位", "角色", "职务"),
}
HEADERS = ("姓名", "登录名", "岗位")
_SIGN_IN = re.compile(r"[\w.-]+")


class Verdict(StrEnum):
    """What a row comes to."""

    NEW = "new"  # will be added
    SAME = "same"  # works here already; nothing changes
    FAULTY = "faulty"


VERDICT_NAMES = {Verdict.NEW: "新增", Verdict.SAME: "已是本单位人员", Verdict.FAULTY: "有错"}
VERDICT_TONES = {Verdict.NEW: "good", Verdict.SAME: "theirs", Verdict.FAULTY: "bad"}


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One line of the file, as written."""

    line: int
    name: str
    sign_in_name: str
    role: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its verdict and, where faulty or of note, why."""

    row: StaffRow
    verdict: Verdict
    note: str = ""
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Password:
    """A first password that is shown once: in the clear for the sheet, hashed for the row."""

    plain: str
    hashed: str


@dataclass(frozen=True, slots=True)
class ImportStaff:
    """The rows of a file with a first password for each sign-in name that may be new."""

    organisation_code: str
    rows: tuple[StaffRow, ...]
    passwords: Mapping[str, Password]


@dataclass(frozen=True, slots=True)
class StaffImported:
    """What came of it: every row judged, those that were added with their first passwords."""

    judged: tuple[Judged, ...]
    added: tuple[tuple[Judged, str], ...]


def read_staff(stream: BinaryIO) -> tuple[StaffRow, ...]:
    """Read a file; raises UnreadableFile where it is no table or lacks a column, RuleBroken where it is too long."""
    table = read_named(stream, COLUMNS, required=("name", "sign_in", "role"), size_limit=SIZE_LIMIT)
    if not table.rows:
        raise RuleBroken("表头下面没有内容。请填写后再导入。", field="file")
    if len(table.rows) > MOST_ROWS:
        raise RuleBroken(f"一次最多导入 {MOST_ROWS} 人，这个文件有 {len(table.rows)} 行。请分开导入。", field="file")
    return tuple(
        StaffRow(row.line, *(row.values.get(name, "").strip() for name in ("name", "sign_in", "role")))
        for row in table.rows
    )


def judge(session: Session, actor: Actor, organisation: Organisation, rows: Sequence[StaffRow]) -> tuple[Judged, ...]:
    """Judge every row against the file, the organisation and everybody's sign-in names, in one statement.

    Refuses with NotAllowed whoever may not manage the organisation's people.
    """
    require_managing(actor, organisation)
    names = [row.sign_in_name.lower() for row in rows]
    known: dict[str, set[int]] = {}
    for sign_in_name, organisation_id in session.execute(
        select(Person.sign_in_name, Membership.organisation_id)
        .join(Membership, Membership.person_id == Person.id, isouter=True)
        .where(Person.sign_in_name.in_(names))
    ):
        known.setdefault(sign_in_name, set()).add(organisation_id)
    roles = {ROLE_NAMES[one]: one for one in offered_roles(actor, organisation)}
    seen: dict[str, int] = {}
    return tuple(_judged(row, organisation.id, known, roles, seen) for row in rows)


def require_managing(actor: Actor, organisation: Organisation) -> None:
    """Refuse with NotAllowed whoever may not add people to the organisation."""
    require(actor, Permission.PERSON_MANAGE, Belongs(organisation.id))
    if organisation.is_practice:
        raise NotAllowed("练习环境里不添加人员。请回到工作后再添加。")


def offered_roles(actor: Actor, organisation: Organisation) -> tuple[Role, ...]:
    """The posts that the actor may give in an organisation; administrators are made by their like only."""
    may_make_admin = actor.kind in (ActorKind.ADMIN, ActorKind.OPERATOR)
    return tuple(one for one in roles_of(organisation.kind) if may_make_admin or one is not Role.ADMIN)


def import_staff(session: Session, actor: Actor, command: ImportStaff, *, now: datetime) -> StaffImported:
    """Add everybody whose row is good; the others are told. Each must change the first password at the first sign-in."""
    organisation = organisation_seen(session, actor, command.organisation_code)
    judged = judge(session, actor, organisation, command.rows)
    added = []
    for one in judged:
        sign_in_name = one.row.sign_in_name.lower()
        password = command.passwords.get(sign_in_name)
        if one.verdict is not Verdict.NEW or one.role is None or password is None:
            continue
        _add(session, actor, organisation, one, password.hashed, now=now)
        added.append((one, password.plain))
    return StaffImported(judged, tuple(added))


def _add(
    session: Session, actor: Actor, organisation: Organisation, one: Judged, hashed: str, *, now: datetime
) -> None:
    assert one.role is not None
    person = Person(
        sign_in_name=one.row.sign_in_name.lower(),
        name=one.row.name,
        password_hash=hashed,
        password_set_at=now,
        must_change_password=True,
        session_stamp=secrets.token_hex(8),
        created_at=now,
    )
    session.add(Membership(person=person, organisation_id=organisation.id, role=one.role))
    session.flush()
    facts.record(
        session,
        actor,
        Topic.PERSON_ADDED,
        SubjectKind.PERSON,
        person.id,
        at=now,
        role=one.role.value,
        organisation_id=organisation.id,
    )


def _judged(
    row: StaffRow,
    organisation_id: int,
    known: Mapping[str, set[int]],
    roles: Mapping[str, Role],
    seen: dict[str, int],
) -> Judged:
    sign_in_name = row.sign_in_name.lower()
    if objection := _objection(row, roles):
        return Judged(row, Verdict.FAULTY, objection)
    if sign_in_name in seen:
        return Judged(row, Verdict.FAULTY, f"登录名 {sign_in_name} 在第 {seen[sign_in_name]} 行已经出现过。")
    seen[sign_in_name] = row.line
    if organisation_id in known.get(sign_in_name, set()):
        return Judged(row, Verdict.SAME, "不作改动。岗位有变化的，请在人员名单里处理。", roles[row.role])
    if sign_in_name in known:
        return Judged(row, Verdict.FAULTY, f"登录名 {sign_in_name} 已经有人使用。请换一个。")
    return Judged(row, Verdict.NEW, "", roles[row.role])


def _objection(row: StaffRow, roles: Mapping[str, Role]) -> str | None:
    if not row.name or len(row.name) > MAX_NAME:
        return f"姓名应有 1 到 {MAX_NAME} 个字。"
    if not row.sign_in_name or len(row.sign_in_name) > MAX_SIGN_IN:
        return f"登录名应有 1 到 {MAX_SIGN_IN} 个字符。"
    if not _SIGN_IN.fullmatch(row.sign_in_name):
        return "登录名只能有文字、数字、点、横线和下划线，不能有空格。"
    if row.role not in roles:
        return f"岗位“{row.role}”不能用。可用的岗位：{'、'.join(roles)}。"
    return None
