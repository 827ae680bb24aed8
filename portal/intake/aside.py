"""Cases that left triage without a merchant: those officers handle themselves, and those returned to their senders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, Person
from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.cases.rules import KEEP_REASON_NAMES, RETURN_REASON_NAMES, CaseState
from portal.clocks.queries import Almanac, Due, due_for_list
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.intake.models import Filing
from portal.intake.triage import EXPORT_BATCH, SOURCES, found_by

MINE = "me"


class Aside(StrEnum):
    """The two lists."""

    KEPT = "kept"
    SENT_BACK = "sent-back"


STATES = {Aside.KEPT: CaseState.KEPT, Aside.SENT_BACK: CaseState.SENT_BACK}
REASONS: dict[Aside, dict[str, str]] = {
    Aside.KEPT: {reason.value: name for reason, name in KEEP_REASON_NAMES.items()},
    Aside.SENT_BACK: {reason.value: name for reason, name in RETURN_REASON_NAMES.items()},
}


@dataclass(frozen=True, slots=True)
class AsideFilter:
    """What a list is narrowed to; what an address says that is unknown falls away."""

    kind: Aside
    q: str = ""
    reason: str = ""
    source: str = ""
    keeper: str = ""  # `me`, or nobody in particular
    sort: str = "due"  # due: what burns first; new: put aside last

    @classmethod
    def read(cls, kind: Aside, arguments: Mapping[str, str]) -> "AsideFilter":
        """Read the arguments of an address."""
        reason, source = arguments.get("reason", ""), arguments.get("source", "")
        mine = kind is Aside.KEPT and arguments.get("keeper") == MINE
        return cls(
            kind=kind,
            q=arguments.get("q", "").strip()[:100],
            reason=reason if reason in REASONS[kind] else "",
            source=source if source in SOURCES else "",
            keeper=MINE if mine else "",
            sort="new" if kind is Aside.SENT_BACK or arguments.get("sort") == "new" else "due",
        )

    def address(self, path: str) -> str:
        """The path with these filters."""
        said = {"q": self.q, "reason": self.reason, "source": self.source, "keeper": self.keeper}
        said["sort"] = "new" if self.sort == "new" and self.kind is Aside.KEPT else ""
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def narrows(self) -> bool:
        """Say whether anything beside the order is asked."""
        return self != AsideFilter(self.kind, sort=self.sort)

    def chips(self, path: str) -> list[dict[str, str]]:
        """Each condition with the address of the list without it."""
        without: dict[str, AsideFilter] = {
            "q": replace(self, q=""),
            "reason": replace(self, reason=""),
            "source": replace(self, source=""),
            "keeper": replace(self, keeper=""),
        }
        said = (
            ("q", f"搜索：{self.q}"),
            ("reason", f"原因：{REASONS[self.kind].get(self.reason, '')}"),
            ("source", f"来源：{SOURCES.get(self.source, '')}"),
            ("keeper", "我办理的"),
        )
        return [{"label": label, "href": without[name].address(path)} for name, label in said if getattr(self, name)]


@dataclass(frozen=True, slots=True)
class AsideFiling:
    """One filing as its platform names it, with what an officer types there."""

    source: str
    number: str
    registered_at: datetime
    reception: str
    company: str
    code: str
    object_path: str
    problem_path: str
    diversion: str
    office: str
    status: str


@dataclass(frozen=True, slots=True)
class AsideRow:
    """A case in one of the lists."""

    reference: str
    consumer: str
    headline: str
    filings: tuple[AsideFiling, ...]
    authority: str
    reason: str
    keeper: str
    at: datetime  # when it was put aside
    due: Due | None  # of what an officer keeps: 受理

    @property
    def company(self) -> str:
        """The company as the first filing writes it."""
        return self.filings[0].company if self.filings else ""


def put_aside(
    session: Session, actor: Actor, wanted: AsideFilter, cursor: str | None, *, now: datetime, book: Almanac
) -> tuple[Page[AsideRow], int]:
    """One page of a list inside the jurisdiction, and how many there are (capped)."""
    conditions = _conditions(session, actor, wanted)
    page = _page(session, conditions, wanted, cursor)
    capped = select(Case.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    count = session.scalar(select(func.count()).select_from(capped)) or 0
    return Page(_rows(session, wanted, page.rows, now=now, book=book), page.next_cursor, page.previous_cursor), count


def every_row(
    session: Session, actor: Actor, wanted: AsideFilter, *, now: datetime, book: Almanac
) -> Iterator[AsideRow]:
    """Every row of a list in its order, read in batches, for the export."""
    conditions, cursor = _conditions(session, actor, wanted), None
    while True:
        page = _page(session, conditions, wanted, cursor, size=EXPORT_BATCH)
        yield from _rows(session, wanted, page.rows, now=now, book=book)
        cursor = page.next_cursor
        if cursor is None:
            return


def _conditions(session: Session, actor: Actor, wanted: AsideFilter) -> list[ColumnElement[bool]]:
    conditions = [visible_to(actor), Case.state == STATES[wanted.kind]]
    if wanted.reason:
        column = Case.kept_reason if wanted.kind is Aside.KEPT else Case.sent_back_reason
        conditions.append(column == wanted.reason)
    if wanted.source:
        conditions.append(Case.source == wanted.source)
    if wanted.keeper:
        conditions.append(Case.keeper_id == actor.person_id)
    if wanted.q:
        conditions.append(found_by(session, actor, wanted.q))
    return conditions


def _page(
    session: Session, conditions: Sequence[ColumnElement[bool]], wanted: AsideFilter, cursor: str | None,
    *, size: int = 50,
) -> Page[Any]:  # fmt: skip
    authority = select(Organisation.name).where(Organisation.id == Case.authority_id).scalar_subquery()
    keeper = select(Person.name).where(Person.id == Case.keeper_id).scalar_subquery()
    moment = Case.kept_at if wanted.kind is Aside.KEPT else Case.closed_at
    reason = Case.kept_reason if wanted.kind is Aside.KEPT else Case.sent_back_reason
    query: Any = select(
        Case.id, Case.reference, Case.consumer_mask, Case.headline, Case.due_at, Case.registered_at,
        moment.label("at"), reason.label("reason"), authority.label("authority"), keeper.label("keeper"),
    ).where(*conditions)  # fmt: skip
    keys = [SortKey(Case.due_at, lambda row: row.due_at), SortKey(Case.id.expression, lambda row: row.id)]
    if wanted.sort == "new":
        keys = [
            SortKey(moment, lambda row: row.at, descending=True),
            SortKey(Case.id.expression, lambda row: row.id, descending=True),
        ]
    return keyset_page(session, query, keys, cursor, size=size, scalars=False)


def _rows(
    session: Session, wanted: AsideFilter, found: Sequence[Any], *, now: datetime, book: Almanac
) -> list[AsideRow]:
    if not found:
        return []
    filings: dict[int, list[AsideFiling]] = {}
    for case_id, *said in session.execute(
        select(
            Filing.case_id, Filing.source, Filing.number, Filing.registered_at, Filing.reception, Filing.company_name,
            func.coalesce(Filing.company_code, ""), Filing.object_path, Filing.problem_path, Filing.dispatch_label,
            Filing.office, func.coalesce(Filing.platform_status, ""),
        )
        .where(Filing.case_id.in_([row.id for row in found]))
        .order_by(Filing.id)
    ):  # fmt: skip
        filings.setdefault(case_id, []).append(AsideFiling(*said))
    kept = wanted.kind is Aside.KEPT
    return [
        AsideRow(
            reference=row.reference,
            consumer=row.consumer_mask,
            headline=row.headline,
            filings=tuple(filings.get(row.id, ())),
            authority=row.authority,
            reason=REASONS[wanted.kind].get(row.reason or "", ""),
            keeper=row.keeper or "",
            at=row.at,
            due=due_for_list(now, row.registered_at, row.due_at, book.calendar) if kept else None,
        )
        for row in found
    ]
