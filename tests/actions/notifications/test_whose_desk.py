"""A case of a 所 is told where somebody works cases: there, or at the authority above that does."""

import pytest
from sqlalchemy import select

from portal.cases.rules import CaseState
from portal.core.actor import Role
from portal.core.facts import Topic
from portal.notifications.models import Message, MessageChannel, RecipientKind
from portal.worker import HANDLERS
from tests.conftest import NOW
from tests.factories import disputes, messages, people


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def office(session, district):
    return people.authority(session, "江头市场监督管理所", parent=district)


def desk_told(session, office):
    case = disputes.case(session, office, people.merchant(session, office), state=CaseState.BREACHED)
    fact = messages.fact(session, case, Topic.CASE_BREACHED)
    for handler in HANDLERS[fact.topic]:
        handler(session, fact, now=NOW)
    session.flush()
    query = select(Message.organisation_id).where(
        Message.recipient_kind == RecipientKind.OFFICER, Message.channel == MessageChannel.DESK
    )
    return session.scalars(query).one()


def test_an_office_that_nobody_signs_in_to_leaves_it_to_its_district(session, district, office):
    people.member(session, district.id, Role.OFFICER)
    people.member(session, office.id, Role.AUDITOR)  # only looks
    people.member(session, office.id, Role.OFFICER).person.active = False
    assert desk_told(session, office) == district.id


def test_an_office_with_an_officer_hears_it_itself(session, district, office):
    people.member(session, district.id, Role.OFFICER)
    people.member(session, office.id, Role.OFFICER)
    assert desk_told(session, office) == office.id


def test_where_nobody_works_yet_it_waits_on_the_nearest_desk(session, district, office):
    assert desk_told(session, office) == office.id
