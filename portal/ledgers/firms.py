"""The ledgers of a jurisdiction: each merchant with how much it entered, what was signed, what was verified."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any
from urllib.parse import urlencode

import xlsxwriter
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.accounts.rules import normalised_company
from portal.clocks.rules import SHANGHAI
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed
from portal.core.facts import SubjectKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.core.permissions import REFUSAL
from portal.enrolment.models import Merchant
from portal.enrolment.queries import visible_to
from portal.enrolment.rules import code_of
from portal.ledgers.models import Ledger
from portal.ledgers.page_models import CheckState, LedgerCheck

STATES = {
    "none": "还没有登记",
    "unsigned": "有待签的登记",
    "ok": "验证通过",
    "bad": "验证不通过",
    "never": "没有验证过",
}
HEADERS = ("企业", "统一社会信用代码", "辖区", "登记笔数", "检查点笔数", "签发时间", "最近验证", "验证时间")
MOST_LINES = 20_000  # our limit; a filter narrows what is more
SORTS = {"name": "按名称", "entries": "登记多的在前"}


@dataclass(frozen=True, slots=True)
class FirmFilter:
    """What the list is narrowed to."""

    q: str = ""
    state: str = ""
    sort: str = ""

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "FirmFilter":
        """Read the arguments of an address; what is unknown falls away."""
        state, sort = arguments.get("state", ""), arguments.get("sort", "")
        return cls(
            arguments.get("q", "").strip()[:100], state if state in STATES else "", sort if sort in SORTS else ""
        )

    def address(self, path: str) -> str:
        """The path with these conditions."""
        query = urlencode({name: getattr(self, name) for name in self.__slots__ if getattr(self, name)})
        return f"{path}?{query}" if query else path

    def chips(self, path: str) -> list[dict[str, str]]:
        """Each condition with the address of the list without it."""
        said = (("q", f"搜索：{self.q}"), ("state", f"状态：{STATES.get(self.state, '')}"))
        return [
            {"label": label, "href": replace(self, **{name: ""}).address(path)}
            for name, label in said
            if getattr(self, name)
        ]


@dataclass(frozen=True, slots=True)
class FirmLine:
    """One merchant's ledger."""

    id: int
    code: str
    name: str
    authority: str
    entries: int
    signed_size: int | None
    signed_at: datetime | None
    ok: bool | None  # of the newest verification that ended
    checked_at: datetime | None

    @property
    def waiting(self) -> int:
        """How many entries no checkpoint covers."""
        return self.entries - (self.signed_size or 0)


def firms(session: Session, actor: Actor, wanted: FirmFilter, cursor: str | None) -> tuple[Page[FirmLine], int]:
    """One page of the ledgers of the jurisdiction, and how many there are (capped)."""
    query = _lines(actor, wanted)
    page = keyset_page(session, query, _keys(wanted), cursor, scalars=False)
    capped = query.with_only_columns(Merchant.id).limit(COUNT_CAP + 1).subquery()
    count = session.scalar(select(func.count()).select_from(capped)) or 0
    return Page([FirmLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor), count


@dataclass(frozen=True, slots=True)
class TakeFirms:
    """The list under its conditions, as a file."""

    wanted: FirmFilter


def take_firms(session: Session, actor: Actor, command: TakeFirms, *, now: datetime) -> IO[bytes]:
    """Write the list as XLSX and record that it was taken; at most 20,000 lines, nothing is ever a formula."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    query = _lines(actor, command.wanted).order_by(Organisation.name, Merchant.id).limit(MOST_LINES)
    lines = [FirmLine(*row) for row in session.execute(query)]
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.ORGANISATION, actor.organisation_id,
        at=now, what="ledgers", rows=len(lines),
    )  # fmt: skip
    out = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  the sender closes it
    with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("企业台账")
        sheet.write_row(0, 0, HEADERS, book.add_format({"bold": True}))
        for place, line in enumerate(lines, 1):
            for column, cell in enumerate(_cells(line)):
                if isinstance(cell, int):
                    sheet.write_number(place, column, cell)
                else:
                    sheet.write_string(place, column, cell)
    out.seek(0)
    return out


def _cells(line: FirmLine) -> tuple[str | int, ...]:
    signed = f"{line.signed_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if line.signed_at else ""
    checked = f"{line.checked_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if line.checked_at else ""
    verdict = "" if line.ok is None else "通过" if line.ok else "不通过"
    return line.name, line.code, line.authority, line.entries, line.signed_size or 0, signed, verdict, checked


SIZE = func.coalesce(Ledger.size, 0)


def _keys(wanted: FirmFilter) -> list[SortKey]:
    last = SortKey(Merchant.id.expression, lambda row: row.id)
    if wanted.sort == "entries":
        return [SortKey(SIZE, lambda row: row.entries, descending=True), last]
    return [SortKey(Organisation.name, lambda row: row.name), last]


def _lines(actor: Actor, wanted: FirmFilter) -> Select[*tuple[Any, ...]]:
    authority = select(Organisation.name).where(Organisation.id == Merchant.authority_id)
    newest = (
        select(func.max(LedgerCheck.id))
        .where(LedgerCheck.merchant_id == Merchant.id, LedgerCheck.state == CheckState.DONE)
        .correlate(Merchant)
        .scalar_subquery()
    )
    return (
        select(
            Merchant.id,
            Organisation.code,
            Organisation.name,
            authority.correlate(Merchant).scalar_subquery().label("authority"),
            SIZE.label("entries"),
            Ledger.signed_size,
            Ledger.signed_at,
            LedgerCheck.ok,
            LedgerCheck.ended_at,
        )
        .join(Merchant.organisation)
        .outerjoin(Ledger, Ledger.merchant_id == Merchant.id)
        .outerjoin(LedgerCheck, LedgerCheck.id == newest)
        .where(visible_to(actor), *_narrowed(wanted))
    )


def _narrowed(wanted: FirmFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.q:
        code, plain = code_of(wanted.q), normalised_company(wanted.q)
        named = [Organisation.code.contains(code, autoescape=True)]
        if plain:
            named.append(Merchant.normalised_name.contains(plain, autoescape=True))
        conditions.append(or_(*named))
    states: dict[str, ColumnElement[bool]] = {
        "none": SIZE == 0,
        "unsigned": and_(SIZE > 0, func.coalesce(Ledger.signed_size, 0) < SIZE),
        "ok": LedgerCheck.ok.is_(True),
        "bad": LedgerCheck.ok.is_(False),
        "never": and_(SIZE > 0, LedgerCheck.id.is_(None)),
    }
    if wanted.state:
        conditions.append(states[wanted.state])
    return conditions
