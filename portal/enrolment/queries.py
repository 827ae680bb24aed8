"""Merchants as people look at them: who may see which, lists, one merchant's page, the index for routing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased, contains_eager

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.rules import normalised_company
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.core.permissions import Permission, can
from portal.enrolment.models import Merchant, MerchantAlias, MerchantState, Outlet
from portal.enrolment.rules import code_of

EXPORT_CAP = 20_000  # rows of one XLSX: our limit
NO_MERCHANT = "没有这家企业，或者它不在你的辖区。"

Authority = aliased(Organisation, name="authority")


@dataclass(frozen=True, slots=True)
class MerchantFilter:
    """What a list of merchants is narrowed to; empty values narrow nothing."""

    search: str = ""
    state: MerchantState | None = None
    tier: str = ""
    authority_code: str = ""
    confirmed_before: datetime | None = None  # those that have not confirmed their data since
    licence_until: date | None = None  # those whose licence ends by this day


@dataclass(frozen=True, slots=True)
class MerchantLine:
    """One line of the list."""

    id: int
    code: str
    name: str
    authority: str
    tier: str
    state: MerchantState
    phone: str
    address: str
    admitted_at: datetime


@dataclass(frozen=True, slots=True)
class MerchantNames:
    """What a merchant is known by, for routing."""

    id: int
    code: str
    name: str
    aliases: tuple[str, ...]
    outlets: tuple[str, ...]  # of those that are open
    admitted: bool
    suspended: bool


@dataclass(frozen=True, slots=True)
class MerchantPage:
    """A merchant with everything its page shows."""

    merchant: Merchant
    authority: Organisation
    aliases: Sequence[MerchantAlias]
    outlets: Sequence[Outlet]
    history: Sequence[Fact]


SORTS: Mapping[str, Callable[[], list[SortKey]]] = {
    "newest": lambda: [
        SortKey(Merchant.admitted_at.expression, lambda line: line.admitted_at, descending=True),
        SortKey(Merchant.id.expression, lambda line: line.id, descending=True),
    ],
    "name": lambda: [
        SortKey(Organisation.name.expression, lambda line: line.name),
        SortKey(Merchant.id.expression, lambda line: line.id),
    ],
    "code": lambda: [SortKey(Organisation.code.expression, lambda line: line.code)],
}


def may_see(actor: Actor, merchant: Merchant) -> bool:
    """Say whether the actor may look at a merchant; agrees with `visible_to`."""
    return can(actor, Permission.MERCHANT_READ, merchant)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition that the actor may look at the merchant of a row; agrees with `may_see`."""
    match actor.kind:
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return true()
        case ActorKind.MERCHANT:
            return Merchant.id == actor.organisation_id
        case ActorKind.AUTHORITY:
            return Merchant.authority_id.in_(sorted(actor.jurisdiction))
        case _:
            return false()


def merchants(
    session: Session, actor: Actor, wanted: MerchantFilter, *, sort: str = "newest", cursor: str | None = None
) -> Page[MerchantLine]:
    """One page of the merchants that the actor may see."""
    keys = SORTS.get(sort, SORTS["newest"])()
    page = keyset_page(session, _lines(actor, wanted), keys, cursor, scalars=False)
    return Page([_line(row) for row in page.rows], page.next_cursor, page.previous_cursor)


def counted(session: Session, actor: Actor, wanted: MerchantFilter) -> int:
    """How many merchants the list has, counted up to the cap and one."""
    capped = _lines(actor, wanted).with_only_columns(Merchant.id).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def all_merchants(session: Session, actor: Actor, wanted: MerchantFilter) -> Iterator[MerchantLine]:
    """The list for an export, at most EXPORT_CAP rows, by name."""
    rows = session.execute(_lines(actor, wanted).order_by(Organisation.name, Merchant.id).limit(EXPORT_CAP))
    return (_line(row) for row in rows)


def tiers(session: Session, actor: Actor) -> list[str]:
    """The tiers that occur among the merchants that the actor may see."""
    found = select(Merchant.tier).where(visible_to(actor), Merchant.tier.is_not(None)).distinct()
    return [tier for tier in session.scalars(found.order_by(Merchant.tier)) if tier]


def authorities_of(session: Session, actor: Actor) -> list[Organisation]:
    """The authorities of the actor's jurisdiction, from the top down; councils have none."""
    return list(
        session.scalars(
            select(Organisation)
            .where(Organisation.id.in_(sorted(actor.jurisdiction)), Organisation.kind == OrganisationKind.AUTHORITY)
            .order_by(Organisation.code, Organisation.id)
        )
    )


def merchant_page(session: Session, actor: Actor, code: str) -> MerchantPage:
    """Everything on a merchant's page; NotFound where there is none or the actor may not see it."""
    row = session.execute(
        select(Merchant, Authority)
        .join(Merchant.organisation)
        .join(Authority, Authority.id == Merchant.authority_id)
        .where(Organisation.code == code_of(code), visible_to(actor))
        .options(contains_eager(Merchant.organisation))
    ).first()
    if row is None:
        raise NotFound(NO_MERCHANT)
    merchant, authority = row
    return MerchantPage(
        merchant=merchant,
        authority=authority,
        aliases=_of(session, MerchantAlias, merchant.id),
        outlets=_of(session, Outlet, merchant.id),
        history=list(reversed(session.scalars(facts.about(SubjectKind.MERCHANT, merchant.id)).all())),
    )


def own_page(session: Session, actor: Actor) -> MerchantPage:
    """A merchant's own page, without what the authority notes about it."""
    code = session.scalars(select(Organisation.code).where(Organisation.id == actor.organisation_id)).first()
    if code is None:
        raise NotFound(NO_MERCHANT)
    return merchant_page(session, actor, code)


def merchant_facts(session: Session) -> list[MerchantNames]:
    """What every merchant is known by, in three statements: for the index that routes complaints."""
    aliases = _names_by_merchant(session, select(MerchantAlias.merchant_id, MerchantAlias.name))
    outlets = _names_by_merchant(session, select(Outlet.merchant_id, Outlet.name).where(Outlet.closed_at.is_(None)))
    rows = session.execute(
        select(Merchant.id, Organisation.code, Organisation.name, Merchant.state)
        .join(Merchant.organisation)
        .where(Merchant.practice_of_id.is_(None))
        .order_by(Merchant.id)
    )
    return [
        MerchantNames(
            id=row.id,
            code=row.code,
            name=row.name,
            aliases=tuple(aliases.get(row.id, ())),
            outlets=tuple(outlets.get(row.id, ())),
            admitted=row.state is not MerchantState.EXITED,
            suspended=row.state is MerchantState.SUSPENDED,
        )
        for row in rows
    ]


def _names_by_merchant(session: Session, query: Select[int, str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for merchant_id, name in session.execute(query.order_by(*query.selected_columns)):
        found.setdefault(merchant_id, []).append(name)
    return found


def _of(session: Session, model: Any, merchant_id: int) -> Sequence[Any]:
    return session.scalars(select(model).where(model.merchant_id == merchant_id).order_by(model.name, model.id)).all()


def _lines(actor: Actor, wanted: MerchantFilter) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Merchant.id,
            Organisation.code,
            Organisation.name,
            Authority.name.label("authority"),
            Merchant.tier,
            Merchant.state,
            Merchant.phone,
            Merchant.address,
            Merchant.admitted_at,
        )
        .join(Merchant.organisation)
        .join(Authority, Authority.id == Merchant.authority_id)
        .where(visible_to(actor), Merchant.practice_of_id.is_(None))
    )
    if wanted.state is not None:
        query = query.where(Merchant.state == wanted.state)
    if wanted.tier:
        query = query.where(Merchant.tier == wanted.tier)
    if wanted.confirmed_before is not None:
        known = func.coalesce(Merchant.data_confirmed_at, Merchant.admitted_at)
        query = query.where(known < wanted.confirmed_before, Merchant.state != MerchantState.EXITED)
    if wanted.licence_until is not None:
        query = query.where(Merchant.licence_until_on <= wanted.licence_until, Merchant.state != MerchantState.EXITED)
    if wanted.authority_code:
        below = select(Organisation.path).where(Organisation.code == wanted.authority_code).scalar_subquery()
        query = query.where(Authority.path.startswith(below))
    return query.where(_named(wanted.search)) if wanted.search.strip() else query


def _named(search: str) -> ColumnElement[bool]:
    """A code or a part of it, or a fragment of the name, an alias or an outlet."""
    code = code_of(search)
    plain = normalised_company(search)
    if not plain:
        return Organisation.code.contains(code, autoescape=True)
    return or_(
        Organisation.code.contains(code, autoescape=True),
        Merchant.normalised_name.contains(plain, autoescape=True),
        exists().where(
            MerchantAlias.merchant_id == Merchant.id, MerchantAlias.normalised.contains(plain, autoescape=True)
        ),
        exists().where(Outlet.merchant_id == Merchant.id, Outlet.normalised.contains(plain, autoescape=True)),
    )


def _line(row: Any) -> MerchantLine:
    return MerchantLine(
        id=row.id,
        code=row.code,
        name=row.name,
        authority=row.authority,
        tier=row.tier or "",
        state=row.state,
        phone=row.phone,
        address=row.address,
        admitted_at=row.admitted_at,
    )
