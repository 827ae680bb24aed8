"""Who learns when that a ledger was read: every reason, released or not, on every day around the limit."""

import itertools
from datetime import date, timedelta

import pytest

from portal.ledgers.rules.disclosure import (
    GENERAL_PURPOSES,
    HELD_BACK,
    REASON_NAMES,
    OpeningReason,
    is_shown,
    weightiest,
)

READ_ON, DAYS = date(2026, 8, 12), 30


@pytest.mark.parametrize(
    ("reason", "released", "later"), list(itertools.product(OpeningReason, [True, False], [0, 1, 29, 30, 31, 400]))
)
def test_a_read_is_shown_late_enough_and_when_it_is_open_or_released(
    reason: OpeningReason, released: bool, later: int
) -> None:
    shown = is_shown(reason, READ_ON, released=released, today=READ_ON + timedelta(days=later), days=DAYS)
    assert shown is (later >= 30 and (reason not in {"tip", "clue", "unannounced"} or released))


def test_tips_clues_and_unannounced_inspections_are_held_back() -> None:
    assert {"tip", "clue", "unannounced"} == HELD_BACK


@pytest.mark.parametrize("reason", sorted(HELD_BACK))
def test_a_purpose_never_tells_of_a_tip_a_clue_or_an_unannounced_visit(reason: OpeningReason) -> None:
    assert GENERAL_PURPOSES[reason] == "监督检查"


@pytest.mark.parametrize("reason", OpeningReason)
def test_every_reason_has_a_name_and_a_purpose(reason: OpeningReason) -> None:
    assert REASON_NAMES[reason]
    assert GENERAL_PURPOSES[reason]


@pytest.mark.parametrize("reasons", list(itertools.permutations(OpeningReason, 2)))
def test_a_reason_that_is_held_back_outweighs_the_others(reasons: tuple[OpeningReason, ...]) -> None:
    chosen = weightiest(list(reasons))
    assert (chosen in HELD_BACK) == any(reason in HELD_BACK for reason in reasons)
    assert chosen in reasons
