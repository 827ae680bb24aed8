"""Attendance from a file: 企业, 统一社会信用代码, 姓名/登录名, 是否参加; a row a person, a merchant's rows together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from sqlalchemy.orm import Session

from portal.accounts.rules import normalised_company
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.imported import Imported, RowProblem
from portal.core.permissions import Permission, require
from portal.core.tables import read_named
from portal.enrolment.rules import code_of
from portal.training.access import locked
from portal.training.attendance import RecordAttendance, invited_by_code, people_of, staff_named, write_attendance
from portal.training.models import TrainingInvitation
from portal.training.rules import Standing

SIZE_LIMIT = 5 * 1024**2
MOST_ROWS = 5000  # of one file: our limit
COLUMNS = {
    "company": ("企业", "企业名称", "单位", "单位名称"),
    "code": ("统一社会信用代码", "信用代码", "代码"),
    "person": ("姓名/登录名", "姓名", "登录名", "参加人员", "参加人"),
    "came": ("是否参加", "参加情况", "签到", "是否到场"),
}
YES = frozenset({"是", "参加", "已参加", "到", "已到", "到场", "√", "✓", "y", "yes", "1", "true"})
NO = frozenset({"否", "未参加", "缺席", "未到", "请假", "×", "n", "no", "0", "false"})


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One line of the file."""

    line: int
    company: str
    code: str
    person: str
    came: str


@dataclass(frozen=True, slots=True)
class ImportAttendance:
    """The rows of a file about one training."""

    reference: str
    rows: tuple[AttendanceRow, ...]


def read_attendance(stream: BinaryIO) -> tuple[AttendanceRow, ...]:
    """Read a file; raises UnreadableFile where it is no table or lacks 是否参加, RuleBroken where it is too long."""
    table = read_named(stream, COLUMNS, required=("came",), size_limit=SIZE_LIMIT)
    if not {"company", "code"} & table.columns:
        raise RuleBroken("表格里没有“企业”或“统一社会信用代码”列，认不出是哪家企业。请用本页的模板。", field="file")
    if len(table.rows) > MOST_ROWS:
        raise RuleBroken(f"一个文件最多 {MOST_ROWS} 行。请分成几个文件。", field="file")
    return tuple(
        AttendanceRow(row.line, *(row.values.get(name, "").strip() for name in ("company", "code", "person", "came")))
        for row in table.rows
    )


@dataclass(slots=True)
class _Merchant:
    """What the file says of one merchant, all its rows together."""

    invitation: TrainingInvitation
    line: int
    people: set[str] = field(default_factory=set)
    others: int = 0
    came: bool = False


def import_attendance(session: Session, actor: Actor, command: ImportAttendance, *, now: datetime) -> Imported:
    """Take the good rows and tell the faulty ones by line; the same file again changes nothing.

    A name that is one of the merchant's people is taken as that person, any other adds to the other people.
    """
    training = locked(session, actor, command.reference)
    require(actor, Permission.TRAINING_RECORD, training)
    if training.cancelled_at is not None or training.held_on > local_day(now):
        raise RuleBroken("培训还没有举行或已经取消，不能登记参加情况。", field="file")
    invited = invited_by_code(session, training.id)
    staff = staff_named(session, [invitation.merchant_id for invitation, _name in invited.values()])
    found, problems = _gathered(command.rows, invited, staff)
    total = Imported(read=len(command.rows), problems=tuple(problems))
    for code, one in sorted(found.items()):
        standing = Standing.ATTENDED if one.came else Standing.ABSENT
        if _same(session, one, standing):
            total += Imported(unchanged=1)
            continue
        taken = RecordAttendance(command.reference, code, standing, tuple(one.people), one.others)
        write_attendance(session, training, one.invitation, taken, now=now)
        one.invitation.recorded_at, one.invitation.recorded_by = now, actor.name
        one.invitation.confirmed_at = one.invitation.confirmed_by = None
        total += Imported(changed=1)
    if total.changed:
        facts.record(
            session,
            actor,
            Topic.TRAINING_IMPORTED,
            SubjectKind.TRAINING,
            training.id,
            at=now,
            merchants=total.changed,
            faulty=len(problems),
        )
    return total


def _gathered(
    rows: Sequence[AttendanceRow],
    invited: Mapping[str, tuple[TrainingInvitation, str]],
    staff: Mapping[int, Sequence[tuple[str, str]]],
) -> tuple[dict[str, _Merchant], list[RowProblem]]:
    by_name: dict[str, list[str]] = defaultdict(list)
    for code, (_invitation, name) in invited.items():
        by_name[normalised_company(name)].append(code)
    found: dict[str, _Merchant] = {}
    problems: list[RowProblem] = []
    for row in rows:
        code, objection = _code_of(row, invited, by_name)
        came = _answer(row.came)
        if objection is None and came is None:
            objection = f"“是否参加”写的是“{row.came}”，请写“是”或“否”。"
        if objection is not None:
            problems.append(RowProblem(row.line, row.code or row.company, objection))
            continue
        invitation = invited[code][0]
        one = found.setdefault(code, _Merchant(invitation, row.line))
        if came:
            one.came = True
            _add_person(one, row.person, staff.get(invitation.merchant_id, ()))
    return found, problems


def _code_of(
    row: AttendanceRow, invited: Mapping[str, tuple[TrainingInvitation, str]], by_name: Mapping[str, list[str]]
) -> tuple[str, str | None]:
    code = code_of(row.code)
    if code:
        return code, None if code in invited else f"代码 {code} 的企业不在这次培训的通知范围里。"
    named = by_name.get(normalised_company(row.company), [])
    if len(named) == 1:
        return named[0], None
    return "", f"企业“{row.company}”不在通知范围里，或有重名。请写统一社会信用代码。"


def _answer(written: str) -> bool | None:
    plain = written.strip().lower()
    return True if plain in YES else False if plain in NO else None


def _add_person(one: _Merchant, written: str, staff: Sequence[tuple[str, str]]) -> None:
    named = [sign_in for sign_in, name in staff if written and written.lower() in (sign_in, name.lower())]
    if len(named) == 1:
        one.people.add(named[0])
    else:
        one.others += 1


def _same(session: Session, one: _Merchant, standing: Standing) -> bool:
    invitation = one.invitation
    kept = (invitation.standing, invitation.others, people_of(session, invitation.id))
    return kept == (standing, one.others if one.came else 0, frozenset(one.people) if one.came else frozenset())
