"""A clerk at the counter and an officer, each with a browser."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from portal.core.actor import Role
from portal.ledgers.grid import FIELDS
from portal.ledgers.page_models import Book
from tests.factories import books, people
from tests.factories.books import Clerk
from tests.inspector import InspectingClient

RETURNS, COMPLAINTS = "/merchant/ledgers/returns", "/merchant/ledgers/complaints"


@pytest.fixture
def database() -> str:
    """Pages run on SQLite; those whose queries differ say @pytest.mark.parametrize("database", […])."""
    return "sqlite"


@pytest.fixture
def clerk(session: Session) -> Clerk:
    return books.clerk(session)


@pytest.fixture
def counter(session: Session, clerk: Clerk, client_for: Callable[..., InspectingClient]) -> InspectingClient:
    """The clerk's browser."""
    session.commit()
    return client_for(clerk.membership)


@pytest.fixture
def desk(session: Session, clerk: Clerk, client_for: Callable[..., InspectingClient]) -> InspectingClient:
    """An officer's browser."""
    member = people.member(session, clerk.authority.id, Role.OFFICER, name="陈立")
    session.commit()
    return client_for(member)


@pytest.fixture
def head(session: Session, clerk: Clerk, client_for: Callable[..., InspectingClient]) -> InspectingClient:
    """The chief's browser."""
    member = people.member(session, clerk.authority.id, Role.CHIEF, name="周敏")
    session.commit()
    return client_for(member)


def form_of(*rows: dict[str, str], book: Book = Book.RETURNS) -> dict[str, list[str]]:
    """The fields of a sent grid."""
    names = [one.name for one in FIELDS[book] if one.name != "outlet"]
    return {
        "token": [row.get("token", f"token-{place}") for place, row in enumerate(rows)],
        **{name: [row.get(name, "") for row in rows] for name in names},
    }
