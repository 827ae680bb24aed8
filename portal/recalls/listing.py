"""The list of problem goods as a request asks for it, and as a file; shared by both desks."""

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
from portal.recalls import queries, wording
from portal.recalls.queries import GoodsFilter
from portal.recalls.rules import STATE_NAMES, TONES, GoodsState

HEADERS = ("编号", "商品", "批号或生产日期", "企业", "状态", "登记日期", "已确认家数", "通报家数")
OPEN = "open"  # of the filter of states: whatever is not over


def filter_of(asked: Mapping[str, str]) -> GoodsFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    state = asked.get("state", "")
    known = GoodsState(state) if state in set(GoodsState) else None
    return GoodsFilter(asked.get("q", "").strip(), known, open_only=state == OPEN)


def list_page(session: Session, actor: Actor, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """What the template of the list needs."""
    wanted = filter_of(asked)
    kept = {name: asked[name] for name in ("q", "state") if asked.get(name)}
    return {
        "found": queries.goods_list(session, actor, wanted, asked.get("cursor")),
        "count": shown_count(queries.goods_count(session, actor, wanted)),
        "wanted": wanted,
        "kept": kept,
        "states": [(OPEN, "在办"), *((state.value, name) for state, name in STATE_NAMES.items())],
        "names": STATE_NAMES,
        "tones": TONES,
        "day": wording.day,
        "path": path,
        "address": f"{path}?{urlencode(kept)}" if kept else path,
    }


@dataclass(frozen=True, slots=True)
class ExportGoods:
    """Which list."""

    wanted: GoodsFilter


def export_goods(session: Session, actor: Actor, command: ExportGoods, *, now: datetime) -> IO[bytes]:
    """Write the articles that the actor may see as XLSX and record the export; cells are text, never formulas."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    lines = queries.goods_export(session, actor, command.wanted)
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=len(lines)
    )
    rows = (
        (
            line.reference,
            line.goods,
            line.batch,
            line.merchant,
            STATE_NAMES[line.state],
            wording.day(line.registered_at),
            "" if line.answered is None else str(line.answered),
            "" if line.asked is None else str(line.asked),
        )
        for line in lines
    )
    return write_sheet("问题商品", HEADERS, rows)
