"""The list of merchants as a workbook; that it left the house is recorded (decisions 17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.sheets import write_sheet
from portal.enrolment import queries, wording
from portal.enrolment.queries import MerchantFilter, MerchantLine

HEADERS = ("企业名称", "统一社会信用代码", "辖区市场监管所", "类别", "状态", "经营地址", "联系电话", "入驻日期")
WIDTHS = (36, 22, 26, 12, 12, 40, 18, 12)  # characters


@dataclass(frozen=True, slots=True)
class ExportMerchants:
    """Which list."""

    wanted: MerchantFilter


def export_merchants(session: Session, actor: Actor, command: ExportMerchants, *, now: datetime) -> IO[bytes]:
    """Write the merchants that the actor may see as XLSX and record the export."""
    if actor.organisation_id is None:
        raise NotAllowed("请先登录。")
    lines = list(queries.all_merchants(session, actor, command.wanted))
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(lines)
    )
    return workbook(lines)


def workbook(lines: Iterable[MerchantLine]) -> IO[bytes]:
    """Write the lines."""
    return write_sheet("入驻企业", HEADERS, (_cells(line) for line in lines), widths=WIDTHS)


def file_name(now: datetime) -> str:
    """The file's name, with the day."""
    return f"入驻企业-{wording.day(now)}.xlsx"


def _cells(line: MerchantLine) -> tuple[str, ...]:
    return (
        line.name,
        line.code,
        line.authority,
        line.tier,
        wording.STATES[line.state][0],
        line.address,
        line.phone,
        wording.day(line.admitted_at),
    )
