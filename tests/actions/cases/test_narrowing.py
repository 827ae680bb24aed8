"""A list's filters mean the same in a statement that is kept and in one that is made for one use."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.filters import ME, NOBODY, Filters, Sort, View
from portal.cases.models import Case
from portal.cases.rules import CaseState, Channel
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.db import among
from portal.desk.narrowing import Moments, found_by_words, narrowing
from portal.desk.worklist import KeptView, counts, worklist_page
from tests.conftest import NOW
from tests.factories import disputes, people

EVERY_VIEW = [Filters(view=view) for view in View]
EVERY_FILTER = [
    Filters(states=(CaseState.NEGOTIATING, CaseState.CLOSED_SETTLED)),
    Filters(channels=(Channel.GREEN,)),
    Filters(at_least=50_000),
    Filters(assignee=ME),
    Filters(assignee=NOBODY),
    Filters(assignee="nobody-of-this-name"),
    Filters(outlet="没有这家"),
    Filters(since=local_day(NOW), until=local_day(NOW)),
    Filters(sort=Sort.NEW),
]


@pytest.fixture
def reader(session: Session) -> Actor:
    """A merchant's agent with five cases that differ in all that filters ask about; another merchant has one too."""
    authority = people.authority(session)
    merchant, other = people.merchant(session, authority), people.merchant(session, authority)
    agent = people.actor(session, people.member(session, merchant.id))
    disputes.case(session, authority, merchant, state=CaseState.NEGOTIATING, assignee_id=agent.person_id)
    disputes.case(session, authority, merchant, state=CaseState.NEGOTIATING, channel=Channel.GREEN, amount=49_999)
    disputes.case(session, authority, merchant, state=CaseState.ACCEPTED, due_at=NOW - timedelta(days=1))
    disputes.case(session, authority, merchant, state=CaseState.CLOSED_SETTLED, registered_at=NOW - timedelta(days=90))
    disputes.case(session, authority, merchant, state=CaseState.ACCEPTED, due_at=NOW + timedelta(hours=2))
    disputes.case(session, authority, other)
    session.flush()
    return agent


def moments(session: Session) -> Moments:
    return Moments.at(NOW, almanac(session).calendar)


@pytest.mark.parametrize("filters", [*EVERY_VIEW, *EVERY_FILTER])
def test_a_kept_statement_finds_what_one_made_anew_finds(session: Session, reader: Actor, filters: Filters) -> None:
    asked = narrowing(reader, filters, moments(session))
    anew = set(session.scalars(select(Case.id).where(*asked.conditions())))
    kept = worklist_page(session, asked, filters, None, size=25).rows
    assert {row.id for row in kept} == anew
    assert anew <= set(session.scalars(select(Case.id).where(Case.merchant_id == reader.organisation_id)))


def test_one_statement_serves_readers_and_values_of_one_shape(session: Session, reader: Actor) -> None:
    stranger = replace(reader, organisation_id=0)
    for actor, at_least, expected in ((reader, 100, 4), (reader, 50_000, 3), (stranger, 100, 0)):
        filters = Filters(at_least=at_least)
        asked = narrowing(actor, filters, moments(session))
        assert len(worklist_page(session, asked, filters, None, size=25).rows) == expected


def test_saved_views_that_differ_only_in_a_value_are_counted_apart(session: Session, reader: Actor) -> None:
    views = [
        KeptView("green", "绿色", "channel=green", shared=False, own=True),
        KeptView("moved", "流转", "channel=regulator", shared=False, own=True),
        KeptView("dear", "五百元起", "min=500", shared=False, own=True),
        KeptView("words", "搜索", "q=空调", shared=False, own=True),
    ]
    held = counts(session, reader, views, moments(session))
    assert (held["green"], held["moved"], held["dear"]) == (1, 3, 3)
    assert held["all"] == 4
    assert "words" not in held


def test_many_keys_are_one_parameter(session: Session, reader: Actor) -> None:
    ids = list(session.scalars(select(Case.id)))
    statement = select(Case.id).where(among(Case.id, [*ids[:2], *range(10_000_000, 10_002_000)]))
    assert set(session.scalars(statement)) == set(ids[:2])
    assert len(statement.compile(session.get_bind()).params) == 1


def test_nothing_is_found_where_nothing_can_be_searched(session: Session, reader: Actor) -> None:
    found = found_by_words(session, reader, "？")
    filters = Filters(q="？")
    asked = narrowing(reader, filters, moments(session), found)
    assert worklist_page(session, asked, filters, None, size=25).rows == []
