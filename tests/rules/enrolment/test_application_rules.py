"""Applications: every pair of state and event, what is missing, licences, tiers, accounts."""

import itertools
from dataclasses import replace
from datetime import date

import pytest

from portal.core.errors import RuleBroken
from portal.enrolment import application_rules as rules
from portal.enrolment.application_rules import (
    ABANDONED,
    CONDITIONS,
    DOCUMENTS,
    EDITABLE,
    STATE_NAMES,
    TRANSITIONS,
    UNDER_REVIEW,
    Account,
    ApplicationEvent,
    ApplicationState,
    Filled,
    Part,
    missing_parts,
    next_state,
    objection_to_accounts,
    objection_to_licence,
    objection_to_tier,
    split_outlets,
)
from portal.enrolment.rules import TIERS

TODAY = date(2026, 8, 12)
COMPLETE = Filled(
    name="厦门鹭岛家居有限公司",
    address="鹭岛路 10 号",
    phone="0592-5500000",
    licence_until_on=TODAY,
    licence_open_ended=False,
    conditions=frozenset(one.value for one in CONDITIONS),
    documents=frozenset(one.value for one in DOCUMENTS),
    principals=1,
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(ApplicationState, ApplicationEvent)))
def test_every_pair_is_in_the_table_or_refused_in_words(state: ApplicationState, event: ApplicationEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(RuleBroken, match=STATE_NAMES[state][0]):
            next_state(state, event)


def test_states_stand_in_one_group_each() -> None:
    assert set(STATE_NAMES) == set(ApplicationState)
    assert frozenset() == EDITABLE & ABANDONED
    assert frozenset() == UNDER_REVIEW & ABANDONED
    assert EDITABLE | UNDER_REVIEW | ABANDONED | {ApplicationState.ADMITTED} == set(ApplicationState)


def test_only_the_applicants_turn_can_be_submitted() -> None:
    submitting = {state for state, event in TRANSITIONS if event is ApplicationEvent.SUBMIT}
    assert submitting == EDITABLE


def test_a_complete_application_lacks_nothing() -> None:
    assert missing_parts(COMPLETE, TODAY) == ()


@pytest.mark.parametrize(
    ("changes", "part", "words"),
    [
        ({"address": ""}, Part.FIRM, "经营地址"),
        ({"phone": ""}, Part.FIRM, "联系电话"),
        ({"licence_until_on": None}, Part.FIRM, "有效期"),
        ({"licence_until_on": date(2026, 8, 11)}, Part.FIRM, "已经过期"),
        ({"conditions": COMPLETE.conditions - {"telephone"}}, Part.CONDITIONS, "有一部专用电话"),
        ({"documents": COMPLETE.documents - {"licence"}}, Part.DOCUMENTS, "营业执照副本"),
        ({"principals": 0}, Part.ACCOUNTS, "一名企业负责人"),
        ({"principals": 2}, Part.ACCOUNTS, "一名企业负责人"),
    ],
)
def test_what_is_missing_is_named_at_its_step(changes: dict[str, object], part: Part, words: str) -> None:
    [(found, sentence)] = missing_parts(replace(COMPLETE, **changes), TODAY)
    assert found is part
    assert words in sentence


@pytest.mark.parametrize(
    ("until", "open_ended", "good"),
    [
        (TODAY, False, True),
        (date(2026, 8, 11), False, False),
        (None, False, False),
        (None, True, True),
        (date(2020, 1, 1), True, True),
    ],
)
def test_a_licence_holds_to_the_end_of_its_last_day(until: date | None, open_ended: bool, good: bool) -> None:
    assert (objection_to_licence(until, open_ended, TODAY) is None) is good


@pytest.mark.parametrize("tier", ["", *TIERS, "自定"])
@pytest.mark.parametrize("level", [None, "区", "市", "所"])
def test_only_a_station_is_kept_from_the_largest_merchants(tier: str, level: str | None) -> None:
    objection = objection_to_tier(tier, level)
    assert (objection is not None) is (tier == "重点企业" and level == "所")
    assert objection is None or rules.TIER_BASIS in objection


def test_each_tier_has_a_desk() -> None:
    assert set(rules.TIER_DESKS) == set(TIERS)


def test_accounts_have_names_of_their_own_and_are_few() -> None:
    head = Account("principal", "陈立", "chenli")
    assert objection_to_accounts([head]) is None
    assert "“chenli”写了两次" in (objection_to_accounts([head, Account("agent", "王小梅", "ChenLi")]) or "")
    many = [Account("agent", "甲", f"a{number}") for number in range(rules.MAX_ACCOUNTS + 1)]
    assert "最多先开通" in (objection_to_accounts(many) or "")


def test_outlets_are_read_line_by_line() -> None:
    assert split_outlets("江头店，江头街1号，一楼\n\n 枋湖店 \n枋湖店\nA店\t北路, 2号") == (
        ("江头店", "江头街1号，一楼"),
        ("枋湖店", ""),
        ("A店", "北路, 2号"),
    )
