"""The two halves of access agree: what `may_see` says of a row, `visible_to` says in SQL (decisions 31)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.access import may_see, sight_of, sight_values, visible, visible_to
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import Actor, ActorKind
from tests.factories import disputes, people


@pytest.fixture
def stage(session: Session) -> tuple[list[Case], list[int]]:
    """Cases of three authorities and two merchants, one of them with nobody, and every id an actor may hold."""
    district, other = people.authority(session), people.authority(session, "思明区局")
    station = people.authority(session, "江头所", parent=district)
    first, second = people.merchant(session, district), people.merchant(session, other)
    cases = [
        disputes.case(session, district, first),
        disputes.case(session, station, second),
        disputes.case(session, other, first, state=CaseState.CLOSED_SETTLED),
        disputes.case(session, station, None, state=CaseState.WAITING),
    ]
    return cases, [district.id, other.id, station.id, first.id, second.id, 0, *(case.id for case in cases)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(drawn=st.data())
def test_both_halves_of_access_agree(
    session: Session, stage: tuple[list[Case], list[int]], drawn: st.DataObject
) -> None:
    cases, ids = stage
    an_id = st.none() | st.sampled_from(ids)
    actor = Actor(
        kind=drawn.draw(st.sampled_from(ActorKind)),
        organisation_id=drawn.draw(an_id),
        jurisdiction=frozenset(drawn.draw(st.sets(st.sampled_from(ids), max_size=3))),
        case_id=drawn.draw(an_id),
    )
    shown = set(session.scalars(select(Case.id).where(visible_to(actor))))
    assert {case.id for case in cases if may_see(actor, case)} == shown & {case.id for case in cases}
    assert set(session.scalars(select(Case.id).where(visible(sight_of(actor))), sight_values(actor))) == shown
