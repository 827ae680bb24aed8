"""The lists of proposals and measures as a request asks for them, and as files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.paging import shown_count
from portal.core.permissions import REFUSAL
from portal.core.sheets import write_sheet
from portal.supervision import sanction_queries as queries
from portal.supervision.rules.sanctions import LEVEL_NAMES, MEASURE_STATES, PROPOSAL_STATES
from portal.supervision.rules.triggers import DEFINITIONS
from portal.supervision.sanction_queries import SanctionFilter

PROPOSAL_HEADERS = ("编号", "企业", "统一社会信用代码", "原因", "数据", "建议措施", "提出日期", "状态")
MEASURE_HEADERS = ("编号", "企业", "统一社会信用代码", "措施", "作出日期", "整改期限", "状态")
TRIGGER_NAMES = {code.value: one.title for code, one in DEFINITIONS.items()}
KEPT = ("q", "state", "trigger", "level")


def filter_of(asked: Mapping[str, str], states: Iterable[str]) -> SanctionFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    known = {"state": set(states), "trigger": set(TRIGGER_NAMES), "level": {one.value for one in LEVEL_NAMES}}
    said = {name: value for name, values in known.items() if (value := asked.get(name, "")) in values}
    return SanctionFilter(q=asked.get("q", "").strip(), **said)


def proposal_filter(asked: Mapping[str, str]) -> SanctionFilter:
    """The filter of the list of proposals."""
    return filter_of(asked, [state.value for state in PROPOSAL_STATES])


def measure_filter(asked: Mapping[str, str]) -> SanctionFilter:
    """The filter of the list of measures."""
    return filter_of(asked, [state.value for state in MEASURE_STATES])


def framed(asked: Mapping[str, str], path: str, kept: Sequence[str] = KEPT) -> dict[str, Any]:
    """What every list's template needs beside its rows: the conditions in force and the address that keeps them."""
    said = {name: asked[name] for name in kept if asked.get(name)}
    return {"kept": said, "path": path, "address": f"{path}?{urlencode(said)}" if said else path}


def proposal_list(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of the proposals needs."""
    wanted = proposal_filter(asked)
    return {
        "found": queries.proposals(session, actor, wanted, asked.get("cursor")),
        "count": shown_count(queries.proposal_count(session, actor, wanted)),
        "wanted": wanted,
        "states": PROPOSAL_STATES,
        "triggers": DEFINITIONS,
        "levels": LEVEL_NAMES,
        **framed(asked, path),
    }


def measure_list(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of the measures needs."""
    wanted = measure_filter(asked)
    return {
        "found": queries.measure_lines(session, actor, wanted, asked.get("cursor")),
        "count": shown_count(queries.measure_count(session, actor, wanted)),
        "wanted": wanted,
        "states": MEASURE_STATES,
        "levels": LEVEL_NAMES,
        **framed(asked, path),
    }


@dataclass(frozen=True, slots=True)
class ExportSanctions:
    """Which list."""

    wanted: SanctionFilter


def export_proposals(session: Session, actor: Actor, command: ExportSanctions, *, now: datetime) -> IO[bytes]:
    """Write the proposals that the actor may see as XLSX and record the export; cells are text."""
    rows = [
        (
            line.reference,
            line.merchant,
            line.code,
            DEFINITIONS[line.trigger].title,
            line.figures,
            LEVEL_NAMES[line.level][0],
            local_day(line.proposed_at).isoformat(),
            PROPOSAL_STATES[line.state][0],
        )
        for line in queries.all_proposals(session, actor, command.wanted)
    ]
    return written_sheet(session, actor, "处置建议", PROPOSAL_HEADERS, rows, now=now)


def export_measures(session: Session, actor: Actor, command: ExportSanctions, *, now: datetime) -> IO[bytes]:
    """Write the measures that the actor may see as XLSX and record the export; cells are text."""
    rows = [
        (
            line.number,
            line.merchant,
            line.code,
            LEVEL_NAMES[line.level][0],
            local_day(line.taken_at).isoformat(),
            line.rectify_on.isoformat() if line.rectify_on else "",
            MEASURE_STATES[line.state][0],
        )
        for line in queries.all_measures(session, actor, command.wanted)
    ]
    return written_sheet(session, actor, "监管措施", MEASURE_HEADERS, rows, now=now)


def written_sheet(
    session: Session,
    actor: Actor,
    title: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    now: datetime,
) -> IO[bytes]:
    """Write a list as XLSX and record that it left the house; raises NotAllowed for who has no organisation."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(rows)
    )
    return write_sheet(title, headers, rows)
