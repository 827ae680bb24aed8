"""The list of inspections as a request asks for it, and as a file; shared by both desks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.paging import shown_count
from portal.core.permissions import REFUSAL
from portal.core.sheets import write_sheet
from portal.supervision import queries
from portal.supervision.queries import InspectionFilter
from portal.supervision.rules import STATE_NAMES, InspectionState

HEADERS = ("编号", "企业", "统一社会信用代码", "检查日期", "抽查笔数", "问题数", "整改期限", "状态")


def filter_of(asked: Mapping[str, str]) -> InspectionFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    state = asked.get("state", "")
    return InspectionFilter(
        asked.get("q", "").strip(), InspectionState(state) if state in set(InspectionState) else None
    )


def list_page(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of the list needs."""
    wanted = filter_of(asked)
    kept = {name: asked[name] for name in ("q", "state") if asked.get(name)}
    return {
        "found": queries.inspections(session, actor, wanted, asked.get("cursor")),
        "count": shown_count(queries.inspection_count(session, actor, wanted)),
        "wanted": wanted,
        "kept": kept,
        "states": STATE_NAMES,
        "path": path,
        "address": f"{path}?{urlencode(kept)}" if kept else path,
    }


@dataclass(frozen=True, slots=True)
class ExportInspections:
    """Which list."""

    wanted: InspectionFilter


def export_inspections(session: Session, actor: Actor, command: ExportInspections, *, now: datetime) -> IO[bytes]:
    """Write the inspections that the actor may see as XLSX and record the export; cells are text."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    lines = queries.all_inspections(session, actor, command.wanted)
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(lines)
    )
    rows = (
        (
            line.reference,
            line.merchant,
            line.code,
            line.inspected_on.isoformat(),
            str(line.sample),
            str(line.findings),
            line.rectify_on.isoformat() if line.rectify_on else "",
            STATE_NAMES[line.state][0],
        )
        for line in lines
    )
    return write_sheet("台账检查", HEADERS, rows)
