"""What every row of a run needs to know, read once: authorities, merchants, calendar, the vault."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.cases import steps
from portal.cases.rules import Channel
from portal.cases.steps import FirstClocks
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, almanac
from portal.core.errors import RuleBroken
from portal.core.privacy import Vault, vault_of
from portal.enrolment.models import Merchant, MerchantAlias, MerchantState, Outlet
from portal.intake import rules
from portal.intake.rules import MerchantFacts, MerchantIndex, ParsedRow

FALLBACK_PREFIX = "ODR"  # of references where no authority upwards has a prefix


@dataclass(frozen=True, slots=True)
class Place:
    """An authority as rows need it: whom it lies below, and how its cases are numbered."""

    id: int
    upwards: tuple[int, ...]  # itself first
    prefix: str
    before_acceptance: bool = False  # its merchants negotiate before it decides on 受理 (decisions 2)


@dataclass(frozen=True, slots=True)
class Context:
    """What is the same for every row of a run."""

    place: Place  # the file's authority
    below: Mapping[int, Place]  # it and every authority below it
    names: Mapping[int, str]
    merchants: MerchantIndex
    book: Almanac
    vault: Vault
    dialect: Dialect  # of the database that rows are written down for
    _places: dict[tuple[str, str], Place] = field(default_factory=dict)
    _days: dict[tuple[object, ...], datetime | None] = field(default_factory=dict)
    _firsts: dict[tuple[object, ...], FirstClocks] = field(default_factory=dict)

    def place_of(self, row: ParsedRow) -> Place:
        """Return the authority of a row: 处理部门 below 处理机构 below the file's authority, as far as known."""
        key = (row.authority or "", row.office or "")
        if key not in self._places:
            self._places[key] = self._named(key[1], self._named(key[0], self.place))
        return self._places[key]

    def _named(self, written: str, above: Place) -> Place:
        if not written:
            return above
        names = {key: name for key, name in self.names.items() if above.id in self.below[key].upwards}
        found = rules.find_authority(written, names)
        return self.below[found] if found is not None else above

    def decide_by(self, channel: Channel, registered_at: datetime, place: Place) -> datetime | None:
        """Return when the authority must have decided on 受理 (令121 art 15); None in the green channel."""
        if channel is Channel.GREEN:
            return None
        return self._end("triage", registered_at, place)

    def dispatch_by(self, at: datetime, place: Place) -> datetime:
        """Return when a case without any other clock is to be dispatched."""
        return self._end("dispatch", at, place) or at + timedelta(days=1)

    def platform_due_on(self, row: ParsedRow, place: Place) -> tuple[date | None, bool]:
        """Return the platform's own day and whether it is inferred from 登记时间 (decisions 7)."""
        if row.platform_due_on is not None:
            return row.platform_due_on, False
        end = self._end("odr", row.dispatched_at or row.registered_at, place)
        return (clocks.due_day(end) if end else None), row.dispatched_at is None

    def first_clocks(
        self, platform_end: datetime | None, statutory_end: datetime | None, place: Place, at: datetime
    ) -> FirstClocks:
        """Return the merchant's clocks of a case dispatched now; computed once a day."""
        binding = statutory_end if place.before_acceptance else None
        key = (clocks.local_day(at), platform_end, binding, place.id)
        if key not in self._firsts:
            self._firsts[key] = steps.first_clocks(
                self.book, platform_end, place.upwards, statutory_end=binding, now=at
            )
        return self._firsts[key]

    def joining_span(self, at: datetime) -> timedelta:
        """Return how far apart two filings of one grievance may lie (limit `joining_hours`)."""
        return timedelta(hours=self.book.amount("joining_hours", clocks.local_day(at), self.place.upwards))

    def _end(self, code: str, start: datetime, place: Place) -> datetime | None:
        """Derive a limit's end once a day; None for a day so long ago that no limit is known."""
        key = (code, clocks.local_day(start), place.id)
        if key not in self._days:
            try:
                self._days[key] = self.book.derive(code, start, place.upwards).due_at
            except RuleBroken:
                self._days[key] = None
        return self._days[key]


def read_context(session: Session, authority_id: int) -> Context:
    """Read what the rows of a run for this authority need to know."""
    everyone = session.scalars(
        select(Organisation).where(Organisation.kind.in_([OrganisationKind.AUTHORITY, OrganisationKind.COUNCIL]))
    ).all()
    by_id = {one.id: one for one in everyone}
    below = {one.id: _place(one, by_id) for one in everyone if authority_id in one.ancestry()}
    return Context(
        place=below[authority_id],
        below=below,
        names={key: by_id[key].name for key in below},
        merchants=merchant_index(session),
        book=almanac(session),
        vault=vault_of(session),
        dialect=session.get_bind().dialect,
    )


def context_of_place(session: Session, authority_id: int) -> Context:
    """Read what one complaint needs to know whose merchant is known: its authority alone, and no other merchant."""
    path = session.scalars(select(Organisation.path).where(Organisation.id == authority_id)).one()
    above = session.scalars(
        select(Organisation).where(Organisation.id.in_([int(one) for one in path.split("/") if one]))
    )
    by_id = {one.id: one for one in above}
    place = _place(by_id[authority_id], by_id)
    return Context(
        place=place,
        below={authority_id: place},
        names={},
        merchants=MerchantIndex({}, {}),
        book=almanac(session),
        vault=vault_of(session),
        dialect=session.get_bind().dialect,
    )


def merchant_index(session: Session) -> MerchantIndex:
    """Index every merchant of the installation by code, name, aliases and outlets; those who left are marked."""
    aliases = _names(session.execute(select(MerchantAlias.merchant_id, MerchantAlias.name)))
    outlets = _names(session.execute(select(Outlet.merchant_id, Outlet.name).where(Outlet.closed_at.is_(None))))
    rows = session.execute(
        select(Merchant.id, Organisation.code, Organisation.name, Merchant.state)
        .join(Organisation, Organisation.id == Merchant.id)
        .where(Merchant.practice_of_id.is_(None))
        .order_by(Merchant.id)
    )
    return MerchantIndex.of(
        MerchantFacts(
            id=key,
            code=code,
            name=name,
            aliases=tuple(aliases.get(key, ())),
            outlets=tuple(outlets.get(key, ())),
            admitted=state is not MerchantState.EXITED,
            suspended=state is MerchantState.SUSPENDED,
        )
        for key, code, name, state in rows
    )


def _names(rows: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for key, name in rows:
        found.setdefault(key, []).append(name)
    return found


def _place(authority: Organisation, by_id: Mapping[int, Organisation]) -> Place:
    upwards = tuple(reversed(authority.ancestry()))
    known = [by_id[key] for key in upwards if key in by_id]
    return Place(
        authority.id,
        upwards,
        next((one.prefix for one in known if one.prefix), FALLBACK_PREFIX),
        before_acceptance=any(one.odr_before_acceptance for one in known),
    )
