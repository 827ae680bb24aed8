"""The list of applications as a workbook; that it left the house is recorded (decisions 17)."""

from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.sheets import write_sheet
from portal.enrolment import wording
from portal.enrolment.application_queries import ApplicationFilter, ApplicationLine, all_applications
from portal.enrolment.application_rules import STATE_NAMES

HEADERS = ("申请编号", "企业名称", "统一社会信用代码", "申请类别", "受理部门", "状态", "提交次数", "最近提交", "审核期限", "经办人", "办结日期")  # fmt: skip
WIDTHS = (16, 36, 22, 12, 30, 10, 10, 12, 12, 12, 12)  # characters


@dataclass(frozen=True, slots=True)
class ExportApplications:
    """Which list."""

    wanted: ApplicationFilter


def export_applications(session: Session, actor: Actor, command: ExportApplications, *, now: datetime) -> IO[bytes]:
    """Write the applications that the actor may see as XLSX and record the export."""
    if actor.organisation_id is None:
        raise NotAllowed("请先登录。")
    lines = all_applications(session, actor, command.wanted, now=now)
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(lines)
    )
    return write_sheet("入驻申请", HEADERS, (_cells(line) for line in lines), widths=WIDTHS)


def _cells(line: ApplicationLine) -> tuple[str, ...]:
    return (
        line.reference,
        line.name,
        line.code,
        line.tier,
        line.authority,
        STATE_NAMES[line.state][0],
        str(line.round),
        wording.day(line.submitted_at),
        wording.day(line.review_by) if line.review_by else "",
        line.decider,
        wording.day(line.concluded_at) if line.concluded_at else "",
    )
