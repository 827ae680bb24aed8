"""The register of tips: officers only. No merchant sees one by page, export, search, count or fact (令121 art 37)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.rules import RevealReason
from portal.clocks import rules as clocks
from portal.core import search
from portal.core.access import AccessGrant, grant_reading, granted_until
from portal.core.actor import Actor
from portal.core.facts import SubjectKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.core.permissions import Permission, require
from portal.core.privacy import mask_text, vault_of
from portal.intake.access import fetched_tip, tips_visible_to
from portal.intake.models import Tip

SOURCES = {"12315": "12315", "12345": "12345 热线", "generic": "其他表格"}
EXPORT_BATCH = 1000


@dataclass(frozen=True, slots=True)
class TipFilter:
    """What the register is narrowed to; what an address says that is unknown falls away."""

    q: str = ""
    source: str = ""
    since: date | None = None  # registered on or after, in China
    until: date | None = None

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "TipFilter":
        """Read the arguments of an address."""
        source = arguments.get("source", "")
        return cls(
            q=arguments.get("q", "").strip()[:100],
            source=source if source in SOURCES else "",
            since=_day(arguments.get("since", "")),
            until=_day(arguments.get("until", "")),
        )

    def address(self, path: str) -> str:
        """The path with these filters."""
        said = {"q": self.q, "source": self.source, "since": self.since or "", "until": self.until or ""}
        query = urlencode({name: str(value) for name, value in said.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def narrows(self) -> bool:
        """Say whether anything is asked."""
        return self != TipFilter()

    def chips(self, path: str) -> list[dict[str, str]]:
        """Each condition with the address of the list without it."""
        empty = TipFilter()
        said = (
            ("q", f"搜索：{self.q}"),
            ("source", f"来源：{SOURCES.get(self.source, '')}"),
            ("since", f"登记：{self.since} 起"),
            ("until", f"登记：{self.until} 止"),
        )
        return [
            {"label": label, "href": replace(self, **{name: getattr(empty, name)}).address(path)}
            for name, label in said
            if getattr(self, name)
        ]


@dataclass(frozen=True, slots=True)
class TipRow:
    """A tip in the register, masked."""

    id: int
    source: str
    number: str
    headline: str
    company: str
    informant: str
    authority: str
    registered_at: datetime

    @property
    def source_name(self) -> str:
        """The channel in words."""
        return SOURCES.get(self.source, self.source)


def tips(session: Session, actor: Actor, wanted: TipFilter, cursor: str | None) -> tuple[Page[TipRow], int]:
    """One page of the register of the jurisdiction, newest first, and how many there are (capped)."""
    conditions = _conditions(session, actor, wanted)
    capped = select(Tip.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    return _page(session, conditions, cursor), session.scalar(select(func.count()).select_from(capped)) or 0


def every_row(session: Session, actor: Actor, wanted: TipFilter) -> Iterator[TipRow]:
    """Every row of the register in its order, read in batches, for the export."""
    conditions, cursor = _conditions(session, actor, wanted), None
    while True:
        page = _page(session, conditions, cursor, size=EXPORT_BATCH)
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _conditions(session: Session, actor: Actor, wanted: TipFilter) -> list[ColumnElement[bool]]:
    conditions = [tips_visible_to(actor)]
    if wanted.source:
        conditions.append(Tip.source == wanted.source)
    if wanted.since:
        conditions.append(Tip.registered_at >= clocks.start_of_day(wanted.since))
    if wanted.until:
        conditions.append(Tip.registered_at < clocks.end_of_day(wanted.until))
    if wanted.q and actor.organisation_id is not None:
        said: list[ColumnElement[bool]] = [Tip.number == wanted.q]
        scope = search.authority_scope(actor.organisation_id)
        matched = search.matches(session, search.TIP_SEARCH, Tip.id.expression, wanted.q, scope)
        conditions.append(or_(*said, *([matched] if matched is not None else [])))
    return conditions


def _page(
    session: Session, conditions: list[ColumnElement[bool]], cursor: str | None, *, size: int = 50
) -> Page[TipRow]:
    authority = select(Organisation.name).where(Organisation.id == Tip.authority_id).scalar_subquery()
    query: Any = select(
        Tip.id, Tip.source, Tip.number, Tip.headline, Tip.company_name, Tip.informant_mask, authority,
        Tip.registered_at,
    ).where(*conditions)  # fmt: skip
    keys = [
        SortKey(Tip.registered_at, lambda row: row.registered_at, descending=True),
        SortKey(Tip.id.expression, lambda row: row.id, descending=True),
    ]
    page = keyset_page(session, query, keys, cursor, size=size, scalars=False)
    return Page([TipRow(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


@dataclass(frozen=True, slots=True)
class TipView:
    """One tip; who gave it and every number in the text are masked until a reasoned look."""

    source: str
    number: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    text: str
    extras: tuple[tuple[str, str], ...]
    revealed_until: str  # 15:30, '' without a grant


def tip_view(session: Session, actor: Actor, source: str, number: str, *, now: datetime) -> TipView:
    """One tip of the jurisdiction; raises NotFound for strangers."""
    tip = fetched_tip(session, actor, source, number)
    until = granted_until(session, actor, SubjectKind.TIP, tip.id, now=now)
    text = vault_of(session).open(tip.key, tip.text_sealed, "tip.text")
    return TipView(
        source=tip.source,
        number=tip.number,
        headline=tip.headline,
        facts=(*_facts(tip), *_person(session, tip, plain=until is not None)),
        text=text if until else mask_text(text),
        extras=_extras(session, tip) if until else (),
        revealed_until=f"{until.astimezone(clocks.SHANGHAI):%H:%M}" if until else "",
    )


def _facts(tip: Tip) -> list[tuple[str, str]]:
    registered = f"{tip.registered_at.astimezone(clocks.SHANGHAI):%Y-%m-%d %H:%M}"
    said = (
        ("来源", SOURCES.get(tip.source, tip.source)),
        ("登记编号", tip.number),
        ("登记时间", f"{registered}（晚于导入时间）" if tip.in_future else registered),
        ("接收方式", tip.reception),
        ("被举报企业", tip.company_name),
        ("统一社会信用代码", tip.company_code or ""),
        ("客体类别", tip.object_path),
        ("问题类别", tip.problem_path),
        ("处理部门", tip.office),
    )
    return [(term, value) for term, value in said if value]


def _person(session: Session, tip: Tip, *, plain: bool) -> list[tuple[str, str]]:
    if not plain:
        return [("举报人", tip.informant_mask)]
    vault = vault_of(session)
    sealed = (
        ("举报人", "name", tip.name_sealed), ("电话", "phone", tip.phone_sealed), ("地址", "address", tip.address_sealed)
    )  # fmt: skip
    return [(term, vault.open(tip.key, value, f"tip.{part}") if value else "没有提供") for term, part, value in sealed]


def _extras(session: Session, tip: Tip) -> tuple[tuple[str, str], ...]:
    if tip.extras_sealed is None:
        return ()
    return tuple(json.loads(vault_of(session).open(tip.key, tip.extras_sealed, "tip.extras")).items())


@dataclass(frozen=True, slots=True)
class RevealTip:
    """Look at who gave a tip and at its whole text, for a reason of the list."""

    source: str
    number: str
    reason: RevealReason


def reveal_tip(session: Session, actor: Actor, command: RevealTip, *, now: datetime) -> AccessGrant:
    """Open a tip to the actor for thirty minutes, recorded with the reason (decisions 19)."""
    tip = fetched_tip(session, actor, command.source, command.number)
    require(actor, Permission.TIP_READ, tip)
    return grant_reading(session, actor, SubjectKind.TIP, tip.id, reason=command.reason.value, now=now)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
