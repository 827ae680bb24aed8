"""The table of the negotiation, pair by pair, and what follows from it."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.filters import Filters, Sort, View
from portal.cases.models import Case
from portal.cases.rules import (
    ANSWERS,
    OPEN_STATES,
    STATE_NAMES,
    TRANSITIONS,
    TURNS,
    Answered,
    CaseEvent,
    CaseState,
    Channel,
    IllegalTransition,
    next_state,
)
from portal.cases.wording import state_tag
from tests.conftest import NOW


@pytest.mark.parametrize(("state", "event"), list(itertools.product(CaseState, CaseEvent)))
def test_every_pair_is_in_the_table_or_refused(state: CaseState, event: CaseEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalTransition):
            next_state(state, event)


@pytest.mark.parametrize(("state", "event"), sorted(TRANSITIONS))
def test_turn_openness_and_answer_follow_the_state(state: CaseState, event: CaseEvent) -> None:
    case = Case(
        state=state, turn=TURNS[state], is_open=state in OPEN_STATES, answer=Answered.COUNTERED, answered_at=NOW
    )
    case.apply(event, at=NOW)
    assert case.turn is TURNS[case.state]
    assert case.is_open == (case.state in OPEN_STATES)
    expected = Answered.COUNTERED if event is CaseEvent.CONTACT else ANSWERS.get((state, event))
    assert case.answer is expected
    assert (case.answered_at is None) == (case.answer is None)


def test_a_merchants_own_yes_is_no_answer_of_the_consumer() -> None:
    assert (CaseState.NEGOTIATING, CaseEvent.AGREE) not in ANSWERS


@pytest.mark.parametrize("state", CaseState)
def test_every_state_has_a_short_tag(state: CaseState) -> None:
    tag = state_tag(state, TURNS[state])
    assert tag.label == STATE_NAMES[state]
    assert 2 <= len(tag.label) <= 7
    assert tag.glyph


filters = st.builds(
    Filters,
    view=st.sampled_from(View),
    q=st.text(max_size=20).map(str.strip),
    states=st.sets(st.sampled_from([CaseState.ACCEPTED, CaseState.OFFERED])).map(lambda found: tuple(sorted(found))),
    channels=st.sets(st.sampled_from(Channel)).map(lambda found: tuple(one for one in Channel if one in found)),
    at_least=st.none() | st.integers(1, 10**9),
    assignee=st.sampled_from(["", "me", "none", "lin"]),
    outlet=st.sampled_from(["", "五缘湾店"]),
    since=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    until=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    sort=st.sampled_from(Sort),
)


@given(filters)
def test_filters_survive_the_address(wanted: Filters) -> None:
    assert Filters.from_query(wanted.query()) == wanted


@given(
    st.dictionaries(
        st.sampled_from(
            [name for name, _ in Filters(q="x", sort=Sort.NEW).pairs()] + ["state", "min", "since", "view"]
        ),
        st.lists(st.text(max_size=12), max_size=3),
    )
)
def test_a_forged_address_is_read_without_fault(arguments: dict[str, list[str]]) -> None:
    read = Filters.read(arguments)
    assert Filters.from_query(read.query()) == read


@given(filters)
def test_each_chip_takes_its_own_condition_away(wanted: Filters) -> None:
    chips = wanted.chips("/merchant/cases")
    for chip in chips:
        rest = Filters.from_query(chip.href.partition("?")[2]).chips("/merchant/cases")
        assert chip.label not in [other.label for other in rest]
        assert len(rest) < len(chips) or "登记" in chip.label
