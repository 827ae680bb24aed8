"""The officer's list of cases, ready for its page and for its file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.cases.filters import CHANNEL_CHIPS, Chip
from portal.cases.lookups import Sought
from portal.cases.models import FAR_FUTURE_YEAR
from portal.cases.rules import STATE_NAMES, CaseState, Turn
from portal.cases.wording import CHANNEL_NAMES, SOURCE_NAMES, Tag, full_time, state_tag
from portal.clocks.queries import Almanac, almanac
from portal.core.actor import Actor
from portal.core.paging import Page, shown_count
from portal.desk import areas, officer_list
from portal.desk.areas import Area
from portal.desk.deadlines import exported_day
from portal.desk.officer_filters import CHANGED_NAMES, PATH, TAB_NAMES, OfficerFilters, Tab
from portal.desk.officer_list import Asked
from portal.desk.rows import ListRow, list_row

EXPORT_PATH = "/regulator/cases/export"
EXPORT_COLUMNS = (
    "编号", "来源", "渠道", "登记时间", "辖区", "企业", "消费者", "商品与诉求", "争议金额（元）", "状态", "到期",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfficerRow:
    """One case as officers see it: the row of the list, the tag from their side, and whose it is."""

    shown: ListRow
    tag: Tag
    merchant: str
    authority: str


@dataclass(frozen=True, slots=True)
class OfficerPage:
    """Everything the list's page shows."""

    filters: OfficerFilters
    tabs: list[dict[str, Any]]
    chips: list[Chip]
    areas: Sequence[Area]
    rows: list[OfficerRow]
    page: Page[Any]
    count_text: str

    sources = tuple(SOURCE_NAMES.items())
    changes = tuple(CHANGED_NAMES.items())
    channels = tuple(CHANNEL_CHIPS.items())
    states = tuple(STATE_NAMES.items())

    @property
    def address(self) -> str:
        """The list's own address, without the cursor."""
        return self.filters.address()

    @property
    def export_href(self) -> str:
        """The address of the list as a file."""
        return self.filters.address(EXPORT_PATH)


def asked_by(
    session: Session, actor: Actor, filters: OfficerFilters, sought: Sought | None, now: datetime
) -> tuple[Asked, list[Area]]:
    """Narrow the filters to what the actor may see; returns the areas to choose from as well."""
    found = areas.choices(session, actor)
    area = areas.chosen(found, filters.area)
    return Asked(actor, area, filters, sought, now), found


def officer_page(session: Session, asked: Asked, choices: list[Area], cursor: str | None) -> OfficerPage:
    """Read the page: the rows, and how many each view holds."""
    filters, dates = asked.filters, almanac(session)
    wanted = officer_list.matching(session, asked)
    counts = officer_list.tab_counts(session, wanted)
    page = officer_list.page_of(session, asked, wanted, cursor)
    return OfficerPage(
        filters=filters,
        tabs=[
            {
                "label": TAB_NAMES[tab],
                "href": filters.in_tab(tab),
                "count": shown_count(counts[tab]),
                "current": tab is filters.tab,
            }
            for tab in Tab
        ],
        chips=filters.chips(
            asked.area.name if asked.area else "", page.rows[0].merchant if filters.merchant and page.rows else ""
        ),
        areas=choices,
        rows=[officer_row(row, asked.now, dates) for row in page.rows],
        page=page,
        count_text=shown_count(counts[filters.tab]),
    )


def officer_row(row: Any, now: datetime, dates: Almanac) -> OfficerRow:
    """Format one row; a failed case of the green channel waits for the consumer and has no clock (decisions 3)."""
    return OfficerRow(
        shown=list_row(row, now, dates, lambda reference: f"{PATH}/{reference}"),
        tag=officer_tag(row.state, row.turn, awaits_choice=row.awaits_choice, closed=row.closed_at is not None),
        merchant=row.merchant or "未分派企业",
        authority=row.authority,
    )


def officer_tag(state: CaseState, turn: Turn, *, awaits_choice: bool, closed: bool) -> Tag:
    """The tag of a case seen from the authority: blue when the officer must act."""
    if awaits_choice:
        return Tag("待消费者选择", "theirs", "theirs")
    if state is CaseState.FAILED:
        return Tag("未和解结案", "theirs", "failed") if closed else Tag("未和解", "ours", "ours")
    tag = state_tag(state, turn)
    if tag.tone == "ours" and turn is not Turn.OFFICER:
        return Tag(tag.label, "theirs", "theirs" if tag.glyph == "ours" else tag.glyph)
    return Tag(tag.label, "ours", "ours") if turn is Turn.OFFICER else tag


def export_rows(session: Session, asked: Asked) -> Iterator[list[str | float | None]]:
    """The list as rows of a file, masked as on the page."""
    calendar = almanac(session).calendar
    for row in officer_list.every_row(session, asked):
        yield [
            row.reference,
            SOURCE_NAMES.get(row.source, row.source),
            CHANNEL_NAMES[row.channel],
            full_time(row.registered_at),
            row.authority,
            row.merchant,
            row.consumer_mask,
            row.headline,
            None if row.amount is None else row.amount / 100,
            officer_tag(row.state, row.turn, awaits_choice=row.awaits_choice, closed=row.closed_at is not None).label,
            exported_day(row.state, row.due_at, calendar) if row.due_at.year < FAR_FUTURE_YEAR else None,
        ]
