"""The enrolled enterprises as anyone may search them: names and lines that the enterprises publish themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation
from portal.accounts.rules import normalised_company
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.enrolment.models import Merchant, MerchantState
from portal.enrolment.rules import code_of

PAGE_SIZE = 30
MAX_WORDS = 60  # characters

Authority = aliased(Organisation, name="authority")


@dataclass(frozen=True, slots=True)
class FirmFilter:
    """What the list is narrowed to; empty values narrow nothing."""

    q: str = ""
    area: str = ""  # an authority's code
    tier: str = ""

    @property
    def narrows(self) -> bool:
        """Whether any condition holds."""
        return bool(self.q or self.area or self.tier)


@dataclass(frozen=True, slots=True)
class FirmLine:
    """One line of the list."""

    id: int
    name: str
    slug: str
    address: str
    phone: str
    tier: str
    authority: str
    state: MerchantState


@dataclass(frozen=True, slots=True)
class Choices:
    """What the list can be narrowed to: authorities with enterprises of their own, and tiers."""

    areas: Sequence[tuple[str, str]]  # code, name
    tiers: Sequence[str]


def filter_of(asked: Mapping[str, str]) -> FirmFilter:
    """Read the filter from a request's arguments."""
    return FirmFilter(
        q=" ".join(asked.get("q", "").split())[:MAX_WORDS],
        area=asked.get("region", "").strip()[:40],
        tier=asked.get("tier", "").strip()[:40],
    )


def firms(session: Session, wanted: FirmFilter, cursor: str | None) -> Page[FirmLine]:
    """One page by name: enrolled and suspended enterprises; those that left are no longer among them."""
    keys = [
        SortKey(Organisation.name.expression, lambda line: line.name),
        SortKey(Merchant.id.expression, lambda line: line.id),
    ]
    page = keyset_page(session, _lines(wanted), keys, cursor, size=PAGE_SIZE, scalars=False)
    return Page([FirmLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def firm_count(session: Session, wanted: FirmFilter) -> int:
    """How many the list has, counted up to the cap and one."""
    capped = _lines(wanted).with_only_columns(Merchant.id).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def choices(session: Session) -> Choices:
    """What occurs among the enrolled enterprises, in two statements."""
    enrolled = (Merchant.state != MerchantState.EXITED) & Merchant.practice_of_id.is_(None)
    held = select(Merchant.authority_id).where(enrolled).distinct()
    areas = session.execute(
        select(Organisation.code, Organisation.name).where(Organisation.id.in_(held)).order_by(Organisation.code)
    )
    tiers = session.scalars(select(Merchant.tier).where(enrolled, Merchant.tier.is_not(None)).distinct())
    return Choices([(row.code, row.name) for row in areas], sorted(one for one in tiers if one))


def _lines(wanted: FirmFilter) -> Select[Any]:
    query: Any = (
        select(
            Merchant.id,
            Organisation.name,
            Merchant.slug,
            Merchant.address,
            Merchant.phone,
            func.coalesce(Merchant.tier, ""),
            Authority.name,
            Merchant.state,
        )
        .join(Organisation, Organisation.id == Merchant.id)
        .join(Authority, Authority.id == Merchant.authority_id)
        .where(Merchant.state != MerchantState.EXITED, Merchant.practice_of_id.is_(None))
    )
    if wanted.tier:
        query = query.where(Merchant.tier == wanted.tier)
    if wanted.area:
        query = query.where(Authority.code == wanted.area)
    if wanted.q:
        plain, code = normalised_company(wanted.q), code_of(wanted.q)
        query = query.where(
            or_(
                Merchant.normalised_name.contains(plain or wanted.q, autoescape=True),
                Organisation.name.icontains(wanted.q, autoescape=True),
                Organisation.code == code,
            )
        )
    return query
