"""The lists of trainings as a request asks for them, and as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
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
from portal.training import queries
from portal.training.queries import TrainingFilter
from portal.training.rules import MODE_NAMES

PATH = "/regulator/trainings"
HEADERS = ("编号", "培训", "日期", "学时", "方式", "地点", "举办单位", "通知家数", "参加家数", "参加人数", "状态")
ABSENT_HEADERS = ("企业", "统一社会信用代码", "类别", "电话")
TEMPLATE_HEADERS = ("企业", "统一社会信用代码", "姓名/登录名", "是否参加")
SORTS = (("newest", "最近举办"), ("oldest", "最早举办"), ("attended", "参加家数"))


def filter_of(asked: Mapping[str, str]) -> TrainingFilter:
    """Read the filter from a request's arguments; what is unknown narrows nothing."""
    return TrainingFilter(asked.get("q", "").strip(), year_of(asked))


def year_of(asked: Mapping[str, str]) -> int | None:
    """The year of a request's arguments, None where there is none that can be."""
    year = asked.get("year", "")
    return int(year) if len(year) == 4 and year.isascii() and year.isdigit() and year >= "2000" else None


def list_page(session: Session, actor: Actor, asked: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """What the template of the authority's list needs."""
    wanted, sort = filter_of(asked), asked.get("sort", "newest")
    kept = {name: asked[name] for name in ("q", "year", "sort") if asked.get(name)}
    above = queries.overview(session, actor, wanted, now=now)
    return {
        "found": queries.trainings(session, actor, wanted, sort=sort, cursor=asked.get("cursor")),
        "count": shown_count(above.count),
        "plan": above.plan,
        "absent": shown_count(above.absent),
        "years": above.years,
        "wanted": wanted,
        "kept": kept,
        "sorts": SORTS,
        "today": local_day(now),
        "modes": MODE_NAMES,
        "path": PATH,
        "address": f"{PATH}?{urlencode(kept)}" if kept else PATH,
    }


def absent_page(session: Session, actor: Actor, asked: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """What the template of those who attended none needs."""
    today, q = local_day(now), asked.get("q", "").strip()
    year = year_of(asked) or today.year
    kept = {"year": str(year), **({"q": q} if q else {})}
    path = f"{PATH}/absent"
    return {
        "found": queries.absent(session, actor, year, q=q, cursor=asked.get("cursor")),
        "count": shown_count(queries.absent_count(session, actor, year, q=q)),
        "year": year,
        "years": sorted({today.year, year, *queries.years(session, actor)}, reverse=True),
        "q": q,
        "kept": kept,
        "path": path,
        "address": f"{path}?{urlencode(kept)}",
    }


@dataclass(frozen=True, slots=True)
class ExportTrainings:
    """Which list."""

    wanted: TrainingFilter


def export_trainings(session: Session, actor: Actor, command: ExportTrainings, *, now: datetime) -> IO[bytes]:
    """Write the trainings that the actor may see as XLSX and record the export; cells are text, never formulas."""
    lines = queries.trainings_export(session, actor, command.wanted)
    _note(session, actor, len(lines), now=now)
    today = local_day(now)
    rows = (
        (
            line.reference,
            line.title,
            line.held_on.isoformat(),
            str(line.hours),
            MODE_NAMES[line.mode],
            line.place,
            line.authority,
            str(line.invited),
            str(line.attended),
            str(line.people),
            state_words(line.held_on, line.cancelled_at, today),
        )
        for line in lines
    )
    return write_sheet("培训", HEADERS, rows)


@dataclass(frozen=True, slots=True)
class ExportAbsent:
    """Which year."""

    year: int
    q: str = ""


def export_absent(session: Session, actor: Actor, command: ExportAbsent, *, now: datetime) -> IO[bytes]:
    """Write the merchants that attended no training of a year as XLSX and record the export."""
    lines = queries.absent_export(session, actor, command.year, q=command.q)
    _note(session, actor, len(lines), now=now)
    rows = ((line.merchant, line.code, line.tier, line.phone) for line in lines)
    return write_sheet(f"{command.year}年未参加培训", ABSENT_HEADERS, rows, widths=(36, 22, 14, 18))


def template(session: Session, actor: Actor, reference: str) -> IO[bytes]:
    """The attendance list to fill in: a line for every invited merchant; lines are added for further people."""
    queries.training_page(session, actor, reference)
    rows = ((name, code, "", "") for code, name in queries.invited_names(session, actor, reference))
    return write_sheet("参加情况", TEMPLATE_HEADERS, rows, widths=(36, 22, 18, 12))


def state_words(held_on: date, cancelled_at: datetime | None, today: date) -> str:
    """Where a training stands: 已取消, 未举行, 已举行."""
    if cancelled_at is not None:
        return "已取消"
    return "未举行" if held_on > today else "已举行"


def _note(session: Session, actor: Actor, rows: int, *, now: datetime) -> None:
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    note_access(session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id, at=now, rows=rows)
