"""The lists of visits and of breaches of promises as a request asks for them, and as files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from portal.core.actor import Actor
from portal.core.paging import shown_count
from portal.supervision import visit_queries as queries
from portal.supervision.rules.visits import SOURCE_NAMES, VIOLATION_STATES, VISIT_STATES
from portal.supervision.sanction_listing import framed, written_sheet
from portal.supervision.visit_queries import SupervisionFilter

VISIT_HEADERS = ("编号", "商家", "统一社会信用代码", "门店", "日期", "问题数", "整改期限", "状态")
VIOLATION_HEADERS = ("编号", "商家", "统一社会信用代码", "来源", "发生日期", "情况", "状态")


def filter_of(asked: Mapping[str, str], states: Iterable[str]) -> SupervisionFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    state, source = asked.get("state", ""), asked.get("source", "")
    return SupervisionFilter(
        q=asked.get("q", "").strip(),
        state=state if state in {str(one) for one in states} else "",
        source=source if source in {one.value for one in SOURCE_NAMES} else "",
    )


def visit_list(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of the visits needs."""
    wanted = filter_of(asked, VISIT_STATES)
    return {
        "found": queries.visit_lines(session, actor, wanted, asked.get("cursor")),
        "count": shown_count(queries.visit_count(session, actor, wanted)),
        "wanted": wanted,
        "states": VISIT_STATES,
        **framed(asked, path),
    }


def violation_list(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of the breaches needs."""
    wanted = filter_of(asked, VIOLATION_STATES)
    return {
        "found": queries.violation_lines(session, actor, wanted, asked.get("cursor")),
        "count": shown_count(queries.violation_count(session, actor, wanted)),
        "wanted": wanted,
        "states": VIOLATION_STATES,
        "sources": SOURCE_NAMES,
        **framed(asked, path, ("q", "state", "source")),
    }


@dataclass(frozen=True, slots=True)
class ExportSupervision:
    """Which list."""

    wanted: SupervisionFilter


def export_visits(session: Session, actor: Actor, command: ExportSupervision, *, now: datetime) -> IO[bytes]:
    """Write the visits that the actor may see as XLSX and record the export; cells are text."""
    rows = [
        (
            line.reference,
            line.promisor,
            line.code,
            line.outlet,
            line.day.isoformat() if line.day else "",
            str(line.lapses),
            line.rectify_on.isoformat() if line.rectify_on else "",
            VISIT_STATES[line.state][0],
        )
        for line in queries.all_visits(session, actor, command.wanted)
    ]
    return written_sheet(session, actor, "暗访", VISIT_HEADERS, rows, now=now)


def export_violations(session: Session, actor: Actor, command: ExportSupervision, *, now: datetime) -> IO[bytes]:
    """Write the breaches that the actor may see as XLSX and record the export; cells are text."""
    rows = [
        (
            line.reference,
            line.promisor,
            line.code,
            SOURCE_NAMES[line.source],
            line.happened_on.isoformat(),
            line.text,
            VIOLATION_STATES[line.state][0],
        )
        for line in queries.all_violations(session, actor, command.wanted)
    ]
    return written_sheet(session, actor, "违反承诺", VIOLATION_HEADERS, rows, now=now)
