"""Applications as officers and applicants look at them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.rules import normalised_company
from portal.clocks.queries import Due, almanac, due_for_list
from portal.core import access, facts
from portal.core.actor import Actor, ActorKind
from portal.core.facts import Fact, SubjectKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.enrolment.application_contents import Contact, accounts_of, contact_of, outlets_of
from portal.enrolment.application_documents import PageLine, pages_of
from portal.enrolment.application_models import Application, ApplicationRequest
from portal.enrolment.application_rules import Account, ApplicationState
from portal.enrolment.models import Merchant
from portal.enrolment.reviewing import found
from portal.enrolment.rules import code_of

EXPORT_CAP = 20_000  # rows of one XLSX: our limit
VIEWS: Mapping[str, frozenset[ApplicationState]] = {  # tabs of the officers' list
    "waiting": frozenset({ApplicationState.SUBMITTED}),
    "asked": frozenset({ApplicationState.ASKED}),
    "admitted": frozenset({ApplicationState.ADMITTED}),
    "refused": frozenset({ApplicationState.REFUSED}),
    "all": frozenset(ApplicationState),
}
DISTRICT_LEVELS = ("区", "县", "市辖区", "县级市")


@dataclass(frozen=True, slots=True)
class ApplicationFilter:
    """What the list is narrowed to; empty values narrow nothing."""

    view: str = "waiting"
    search: str = ""
    tier: str = ""
    authority_code: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """One line of the list."""

    id: int
    reference: str
    code: str
    name: str
    tier: str
    authority: str
    state: ApplicationState
    round: int
    submitted_at: datetime
    review_by: datetime | None
    decider: str
    concluded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the house knows of the same code or name beside this application."""

    others: Sequence[tuple[str, ApplicationState, datetime | None]]  # reference, state, submitted
    merchants: Sequence[tuple[str, str]]  # code and name of admitted ones with the same name


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """An application with everything that its page shows; sealed things only while a grant holds."""

    row: Application
    outlets: Sequence[tuple[str, str]]
    requests: Sequence[ApplicationRequest]
    history: Sequence[Fact]
    known: Known
    granted_until: datetime | None
    contact: Contact | None
    accounts: Sequence[Account]
    pages: Sequence[PageLine]
    due: Due | None


SORTS: Mapping[str, Callable[[], list[SortKey]]] = {
    "newest": lambda: [
        SortKey(Application.submitted_at.expression, lambda line: line.submitted_at, descending=True),
        SortKey(Application.id.expression, lambda line: line.id, descending=True),
    ],
    "oldest": lambda: [
        SortKey(Application.submitted_at.expression, lambda line: line.submitted_at),
        SortKey(Application.id.expression, lambda line: line.id),
    ],
    "name": lambda: [
        SortKey(Application.name.expression, lambda line: line.name),
        SortKey(Application.id.expression, lambda line: line.id),
    ],
}


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition that the actor may look at an application: officers of its district, once it was submitted."""
    if actor.kind is not ActorKind.AUTHORITY or actor.is_council:
        return false()
    return Application.authority_id.in_(sorted(actor.jurisdiction)) & (Application.round > 0)


def applications(
    session: Session, actor: Actor, wanted: ApplicationFilter, *, sort: str, cursor: str | None, now: datetime
) -> Page[ApplicationLine]:
    """One page of the applications that the actor may see."""
    keys = SORTS.get(sort, SORTS["newest"])()
    page = keyset_page(session, _lines(actor, wanted, now=now), keys, cursor, scalars=False)
    return Page([ApplicationLine(*row) for row in page.rows], page.next_cursor, page.previous_cursor)


def all_applications(
    session: Session, actor: Actor, wanted: ApplicationFilter, *, now: datetime
) -> list[ApplicationLine]:
    """The list for a file, newest first, at most EXPORT_CAP rows."""
    query = _lines(actor, wanted, now=now).order_by(Application.submitted_at.desc(), Application.id.desc())
    return [ApplicationLine(*row) for row in session.execute(query.limit(EXPORT_CAP))]


def view_counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many applications each tab holds, in one statement."""
    rows = session.execute(select(Application.state, func.count()).where(visible_to(actor)).group_by(Application.state))
    by_state = {state: int(count) for state, count in rows}
    return {view: sum(by_state.get(state, 0) for state in states) for view, states in VIEWS.items()}


def counted(session: Session, actor: Actor, wanted: ApplicationFilter, *, now: datetime) -> int:
    """How many the list has, counted up to the cap and one."""
    capped = _lines(actor, wanted, now=now).with_only_columns(Application.id).limit(COUNT_CAP + 1).subquery()
    return session.scalars(select(func.count()).select_from(capped)).one()


def review_page(session: Session, actor: Actor, reference: str, *, now: datetime) -> ReviewPage:
    """Everything on an application's page; NotFound for strangers."""
    row = found(session, actor, reference)
    until = access.granted_until(session, actor, SubjectKind.APPLICATION, row.id, now=now)
    opened = until is not None and row.erased_at is None
    return ReviewPage(
        row=row,
        outlets=outlets_of(row),
        requests=requests_of(session, row),
        history=list(reversed(session.scalars(facts.about(SubjectKind.APPLICATION, row.id)).all())),
        known=_known(session, actor, row),
        granted_until=until,
        contact=contact_of(session, row, row.key) if opened else None,
        accounts=accounts_of(session, row, row.key) if opened else (),
        pages=pages_of(session, row, row.key),
        due=due_of(session, row, now=now),
    )


def due_of(session: Session, row: Application, *, now: datetime) -> Due | None:
    """The limit of the review as a page draws it; None while none runs."""
    if row.review_by is None or row.submitted_at is None:
        return None
    return due_for_list(now, row.submitted_at, row.review_by, almanac(session).calendar)


def requests_of(session: Session, row: Application) -> Sequence[ApplicationRequest]:
    """The requests for more, newest first."""
    return session.scalars(
        select(ApplicationRequest)
        .where(ApplicationRequest.application_id == row.id)
        .order_by(ApplicationRequest.id.desc())
    ).all()


def districts(session: Session) -> list[Organisation]:
    """The authorities that an application can be addressed to: those of districts; all where none says its level."""
    rows = session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.AUTHORITY)
        .order_by(Organisation.code, Organisation.id)
    ).all()
    return [one for one in rows if one.level in DISTRICT_LEVELS or one.prefix] or list(rows)


def reply_proposed_on(session: Session, *, today: date) -> date:
    """The day proposed for an answer to a request for more (our own rule)."""
    moment = almanac(session)
    return date.fromordinal(today.toordinal() + moment.amount("application_more", today))


def _known(session: Session, actor: Actor, row: Application) -> Known:
    same = or_(Application.code == row.code, Application.normalised_name == row.normalised_name)
    others = session.execute(
        select(Application.reference, Application.state, Application.submitted_at)
        .where(same, Application.id != row.id, visible_to(actor))
        .order_by(Application.id.desc())
        .limit(10)
    )
    merchants = session.execute(
        select(Organisation.code, Organisation.name)
        .join(Merchant, Merchant.id == Organisation.id)
        .where(
            Merchant.normalised_name == row.normalised_name,
            Merchant.authority_id.in_(sorted(actor.jurisdiction)),
            Organisation.code != row.code,
        )
        .order_by(Organisation.code)
        .limit(10)
    )
    return Known([(a, b, c) for a, b, c in others], [(code, name) for code, name in merchants])


def _lines(actor: Actor, wanted: ApplicationFilter, *, now: datetime) -> Select[*tuple[Any, ...]]:
    query: Any = (
        select(
            Application.id,
            Application.reference,
            Application.code,
            Application.name,
            Application.tier,
            Organisation.name.label("authority"),
            Application.state,
            Application.round,
            Application.submitted_at,
            Application.review_by,
            Application.decider,
            Application.concluded_at,
        )
        .join(Organisation, Organisation.id == Application.authority_id)
        .where(visible_to(actor))
    )
    states = VIEWS.get(wanted.view, VIEWS["waiting"])
    if states != VIEWS["all"]:
        query = query.where(Application.state.in_(sorted(states)))
    if wanted.tier:
        query = query.where(Application.tier == wanted.tier)
    if wanted.authority_code:
        below = select(Organisation.path).where(Organisation.code == wanted.authority_code).scalar_subquery()
        query = query.where(Organisation.path.startswith(below))
    if wanted.overdue:
        query = query.where(Application.review_by <= now)
    return query.where(_named(wanted.search)) if wanted.search else query


def _named(search: str) -> ColumnElement[bool]:
    code, plain = code_of(search), normalised_company(search)
    by_code = or_(
        Application.code.contains(code, autoescape=True), Application.reference.startswith(code, autoescape=True)
    )
    return or_(by_code, Application.normalised_name.contains(plain, autoescape=True)) if plain else by_code


def waiting_condition() -> ColumnElement[bool]:
    """The condition of an application that waits for the authority, for the count beside the navigation."""
    return Application.state == ApplicationState.SUBMITTED
