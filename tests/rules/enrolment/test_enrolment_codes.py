"""Which character of a credit code is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.enrolment import rules

SAMPLE = "91350206MA0070000N"
codes = st.text(rules.CODE_ALPHABET, min_size=17, max_size=17).map(lambda start: start + rules.check_character(start))


def test_a_code_of_the_samples_is_right() -> None:
    assert rules.objection_to_code(SAMPLE) is None
    assert rules.code_of(" ９１３５０２０６-ｍa0070000n ") == SAMPLE


@given(codes, st.integers(0, 17), st.sampled_from(rules.CODE_ALPHABET))
def test_one_wrong_character_never_passes(code: str, position: int, other: str) -> None:
    assert rules.objection_to_code(code) is None
    if code[position] != other:
        wrong = code[:position] + other + code[position + 1 :]
        assert rules.objection_to_code(wrong) is not None


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("91350206MA0070000O", "第 18 位“O”"),
        ("9135020I", "第 8 位“I”"),
        ("91350206", "应为 18 位，现在是 8 位"),
        ("91350206MA0070000A", "应为“N”，现在是“A”"),
        ("", "现在是 0 位"),
    ],
)
def test_the_objection_names_the_place(code: str, told: str) -> None:
    assert told in (rules.objection_to_code(code) or "")


def test_names_are_cut_at_any_usual_mark() -> None:
    assert rules.split_names("鹭岛、鹭岛建材；鹭岛\n 江头 ;") == ("鹭岛", "鹭岛建材", "江头")
    assert rules.split_names("") == ()
