"""The administrative machine of a filing, pair by pair."""

import itertools

import pytest

from portal.intake.states import (
    ADMIN_STATE_NAMES,
    ADMIN_TRANSITIONS,
    DECIDED,
    AdminEvent,
    AdminState,
    IllegalAdminTransition,
    next_admin_state,
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(AdminState, AdminEvent)))
def test_every_pair_is_in_the_table_or_refused(state, event):
    if (state, event) in ADMIN_TRANSITIONS:
        assert next_admin_state(state, event) is ADMIN_TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalAdminTransition):
            next_admin_state(state, event)


@pytest.mark.parametrize("state", list(AdminState))
def test_decided_is_what_nothing_moves(state):
    assert (state in DECIDED) is all((state, event) not in ADMIN_TRANSITIONS for event in AdminEvent)
    assert ADMIN_STATE_NAMES[state]


def test_only_what_no_decision_was_made_on_is_sent_back():
    """令121第四十一条: returned at once, not after 受理."""
    assert {state for state, event in ADMIN_TRANSITIONS if event is AdminEvent.SEND_BACK} == {
        AdminState.NONE,
        AdminState.RECEIVED,
    }
