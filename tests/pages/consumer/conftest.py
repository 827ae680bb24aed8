"""A consumer at a standing: what is posted, what is stored."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.accounts import codes
from portal.accounts.models import PhoneCode
from portal.cases.models import Case
from tests.conftest import FixedClock
from tests.factories import standings
from tests.factories.standings import Standing
from tests.inspector import InspectingClient, form_token


@dataclass
class Consumer:
    """Someone with a link and a phone."""

    client: InspectingClient
    session: Session
    standing: Standing

    def get(self, page: str = "") -> TestResponse:
        return self.client.get(self.standing.path + page)

    def post(self, page: str, *, seen: str = "", **values: Any) -> TestResponse:
        """Fill the form of the page `seen` (default: the page of the same path) and send it."""
        html = self.client.get(self.standing.path + (seen or page)).get_data(as_text=True)
        hidden = re.search(r'name="digest" value="([0-9a-f]*)"', html)
        data = {"csrf_token": form_token(html), "digest": hidden.group(1) if hidden else "", **values}
        return self.client.post(self.standing.path + page, data=data)

    @property
    def case(self) -> Case:
        self.session.expire_all()
        return self.session.scalars(select(Case).where(Case.id == self.standing.dispute.case.id)).one()

    @property
    def code(self) -> str:
        """The digits of the last message."""
        self.session.expire_all()
        row = self.session.scalars(select(PhoneCode).order_by(PhoneCode.id.desc())).first()
        assert row is not None
        digits = codes.digits_of(self.session, row, now=self.standing.now)
        assert digits is not None
        return digits


@pytest.fixture
def consumer(client: InspectingClient, session: Session, clock: FixedClock) -> Callable[..., Consumer]:
    """A consumer whose complaint has come to the end of a story."""

    def arrive(story: Callable[[Session], standings.Made]) -> Consumer:
        standing = standings.made(session, story)
        clock.moment = standing.now
        return Consumer(client, session, standing)

    return arrive
