"""Waiting cases to look at: the officer's list with reasons and suggestions, and one case with all there is to judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.access import Sight, sight_of, sight_values, visible
from portal.cases.models import Case
from portal.cases.rules import WAITING_STATES, CaseState
from portal.clocks.queries import Almanac, Due, due_for_list
from portal.core import search
from portal.core.actor import Actor
from portal.core.paging import COUNT_CAP, Listing, Page, SortKey
from portal.intake.dispatching import is_certain
from portal.intake.hints import hints_of_list
from portal.intake.models import Filing
from portal.intake.rules import MerchantIndex, Neighbour, WaitingReason, similar
from portal.intake.rules.routing import SENTENCES
from portal.intake.suggestions import Suggestion, known_for

RETURNED = "returned"  # beside the waiting reasons: a merchant gave the case back
REASON_NAMES = {
    WaitingReason.SUSPECTED_TIP.value: "疑含举报",
    WaitingReason.CODE_NAME_CONFLICT.value: "代码与名称不一致",
    WaitingReason.NO_MERCHANT.value: "未找到入驻企业",
    WaitingReason.SEVERAL_MERCHANTS.value: "多家企业符合",
    WaitingReason.MERCHANT_SUSPENDED.value: "企业已暂停分流",
    WaitingReason.LOCAL_DIVERSION.value: "本地机关件",
    WaitingReason.NO_DIVERSION.value: "来源未注明分流",
    WaitingReason.PARTED.value: "拆分件",
    RETURNED: "企业退回",
}
KEPT_SENTENCE = "自行办理：企业不参与协商。可以改派给企业，或在受理以前退回来源单位。"
RETURNED_SENTENCE = "企业退回分派：请看退回理由，改派别的企业或自行处理。"
SOURCES = {"12315": "12315", "12345": "12345 热线", "generic": "其他表格", "green": "绿色通道"}
EXPORT_BATCH = 1000
SHAPES_KEPT = 256  # statements of the list: by filter and order
SHOWN_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class TriageFilter:
    """What the list is narrowed to; what an address says that is unknown falls away."""

    q: str = ""
    reason: str = ""
    source: str = ""
    sort: str = "due"  # due: what burns first; new: registered last

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "TriageFilter":
        """Read the arguments of an address."""
        reason, source = arguments.get("reason", ""), arguments.get("source", "")
        return cls(
            q=arguments.get("q", "").strip()[:100],
            reason=reason if reason in REASON_NAMES else "",
            source=source if source in SOURCES else "",
            sort="new" if arguments.get("sort") == "new" else "due",
        )

    def address(self, path: str) -> str:
        """The path with these filters."""
        said = {"q": self.q, "reason": self.reason, "source": self.source}
        said["sort"] = "" if self.sort == "due" else self.sort
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def narrows(self) -> bool:
        """Say whether anything beside the order is asked."""
        return self != TriageFilter(sort=self.sort)

    def chips(self, path: str) -> list[dict[str, str]]:
        """Each condition with the address of the list without it."""
        said = (
            ("q", f"搜索：{self.q}"),
            ("reason", f"原因：{REASON_NAMES.get(self.reason, '')}"),
            ("source", f"来源：{SOURCES.get(self.source, '')}"),
        )
        return [
            {"label": label, "href": replace(self, **{name: ""}).address(path)}
            for name, label in said
            if getattr(self, name)
        ]


@dataclass(frozen=True, slots=True)
class TriageRow:
    """A waiting case in the list."""

    reference: str
    consumer: str
    headline: str
    company: str  # as the filing writes it
    numbers: tuple[str, ...]  # of its filings
    authority: str
    reason: str  # short
    sentence: str
    suspected: bool
    certain: bool  # may be confirmed together with others
    suggestions: tuple[Suggestion, ...]
    amount: int | None  # 分
    due: Due
    registered_at: datetime
    hints: tuple[str, ...] = ()


def triage(
    session: Session, actor: Actor, wanted: TriageFilter, cursor: str | None, *, now: datetime, book: Almanac
) -> tuple[Page[TriageRow], int]:
    """One page of the waiting cases of the jurisdiction, and how many there are (capped)."""
    page = _page(session, actor, wanted, cursor)
    told = hints_of_list(session, actor, {row.id: _neighbour(row) for row in page.rows}, now=now, book=book)
    rows = _rows(session, actor, page.rows, told, now=now, book=book)
    return Page(rows, page.next_cursor, page.previous_cursor), page.rows[0].held if page.rows else 0


def every_row(
    session: Session, actor: Actor, wanted: TriageFilter, *, now: datetime, book: Almanac
) -> Iterator[TriageRow]:
    """Every row of the list in its order, read in batches, for the export."""
    cursor = None
    while True:
        page = _page(session, actor, wanted, cursor, size=EXPORT_BATCH)
        yield from _rows(session, actor, page.rows, {}, now=now, book=book)
        cursor = page.next_cursor
        if cursor is None:
            return


def found_by(session: Session, actor: Actor, words: str) -> ColumnElement[bool]:
    """Exact reference or 登记编号, or the bigrams of the text inside the actor's authority."""
    said: list[ColumnElement[bool]] = [
        Case.reference == words.upper(),
        Case.id.in_(select(Filing.case_id).where(Filing.source.in_(SOURCES), Filing.number == words)),
    ]
    if actor.organisation_id is not None:
        scope = search.authority_scope(actor.organisation_id)
        matched = search.matches(session, search.CASE_SEARCH, Case.id.expression, words, scope)
        if matched is not None:
            said.append(matched)
    return or_(*said)


def _page(session: Session, actor: Actor, wanted: TriageFilter, cursor: str | None, *, size: int = 50) -> Page[Any]:
    sight, values = sight_of(actor), sight_values(actor)
    if not wanted.q:
        return _listing(sight, wanted, size).page(session, cursor, values)
    listing = _listing.__wrapped__(sight, wanted, size, (found_by(session, actor, wanted.q),))  # asked once
    return listing.page(session, cursor, values)


@lru_cache(maxsize=SHAPES_KEPT)
def _listing(sight: Sight, wanted: TriageFilter, size: int, found: tuple[ColumnElement[bool], ...] = ()) -> Listing:
    conditions = [visible(sight), *_narrowed(wanted), *found]
    authority = select(Organisation.name).where(Organisation.id == Case.authority_id).scalar_subquery()
    capped = select(Case.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    held = select(func.count()).select_from(capped).scalar_subquery()  # once a statement, not a row
    query: Any = select(
        Case.id, Case.reference, Case.consumer_mask, Case.headline, Case.state, Case.wait_reason, Case.candidates,
        Case.amount, Case.due_at, Case.registered_at, authority.label("authority"), held.label("held"),
        Case.phone_index, Case.name_index, Case.source, Case.goods, Case.problem, Case.is_open, Case.merchant_id,
    )  # fmt: skip
    keys = [SortKey(Case.due_at, lambda row: row.due_at), SortKey(Case.id.expression, lambda row: row.id)]
    if wanted.sort == "new":
        keys = [
            SortKey(Case.registered_at, lambda row: row.registered_at, descending=True),
            SortKey(Case.id.expression, lambda row: row.id, descending=True),
        ]
    if not found and not wanted.reason and sight is Sight.AUTHORITY:  # an index gives each state in this order
        parts = [and_(*conditions, Case.state == state) for state in sorted(WAITING_STATES)]
        return Listing(query, keys, size=size, scalars=False, parts=parts)
    return Listing(query.where(*conditions), keys, size=size, scalars=False)


def _narrowed(wanted: TriageFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Case.state.in_(sorted(WAITING_STATES))]
    if wanted.reason == RETURNED:
        conditions.append(Case.state == CaseState.RETURNED)
    elif wanted.reason:
        conditions += [Case.state == CaseState.WAITING, Case.wait_reason == wanted.reason]
    if wanted.source:
        conditions.append(Case.source == wanted.source)
    return conditions


def _neighbour(row: Any) -> Neighbour:
    """A waiting case among others, as hints see it: the phone, the name and the day of its first filing."""
    return Neighbour(
        case_id=row.id, reference=row.reference, source=row.source, number="", registered_at=row.registered_at,
        phone=row.phone_index, name=row.name_index, merchant_id=row.merchant_id or row.candidates.get("only"),
        amount=row.amount, goods=row.goods, problem=row.problem, is_open=row.is_open,
    )  # fmt: skip


def _rows(
    session: Session,
    actor: Actor,
    found: Sequence[Any],
    told: Mapping[int, tuple[str, ...]],
    *,
    now: datetime,
    book: Almanac,
) -> list[TriageRow]:
    if not found:
        return []
    filings: dict[int, list[Any]] = {}
    for filing in session.execute(
        select(Filing.case_id, Filing.number, Filing.company_name)
        .where(Filing.case_id.in_([row.id for row in found]))
        .order_by(Filing.id)
    ):
        filings.setdefault(filing.case_id, []).append(filing)
    known = known_for(session, actor, [row.candidates.get("merchants", ()) for row in found])
    return [
        replace(_row(row, filings.get(row.id, []), known, now=now, book=book), hints=told.get(row.id, ()))
        for row in found
    ]


def _row(
    row: Any,
    filings: Sequence[Any],
    known: tuple[MerchantIndex, dict[int, Suggestion]],
    *,
    now: datetime,
    book: Almanac,
) -> TriageRow:
    returned = row.state is CaseState.RETURNED
    company = filings[0].company_name if filings else ""
    return TriageRow(
        reference=row.reference,
        consumer=row.consumer_mask,
        headline=row.headline,
        company=company,
        numbers=tuple(filing.number for filing in filings),
        authority=row.authority,
        reason=REASON_NAMES[RETURNED] if returned else REASON_NAMES.get(row.wait_reason or "", "待分流"),
        sentence=sentence_of(row.state, row.wait_reason),
        suspected=row.wait_reason == WaitingReason.SUSPECTED_TIP,
        certain=not returned and is_certain(row.wait_reason) and bool(row.candidates.get("only")),
        suggestions=suggestions_for(row.candidates, company, known),
        amount=row.amount,
        due=due_for_list(now, row.registered_at, row.due_at, book.calendar),
        registered_at=row.registered_at,
    )


def sentence_of(state: CaseState, wait_reason: str | None) -> str:
    """Why a case waits and what the officer has to do."""
    if state is CaseState.RETURNED:
        return RETURNED_SENTENCE
    if state is CaseState.KEPT:
        return KEPT_SENTENCE
    return SENTENCES[WaitingReason(wait_reason)] if wait_reason in set(WaitingReason) else "请指定企业。"


def suggestions_for(
    candidates: Mapping[str, Any],
    company: str,
    known: tuple[MerchantIndex, dict[int, Suggestion]],
    *,
    limit: int = SHOWN_SUGGESTIONS,
) -> tuple[Suggestion, ...]:
    """The candidates that routing found, else merchants of like names, best first: suggestions only."""
    index, by_id = known
    found = [by_id[key] for key in candidates.get("merchants", ()) if key in by_id]
    if found:
        return tuple(found[:limit])
    near = similar(company, index, limit=limit) if company else []
    return tuple(replace(by_id[one.merchant_id], likeness=one.likeness) for one in near if one.merchant_id in by_id)
