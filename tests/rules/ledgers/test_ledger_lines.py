"""Canonical lines and salted commitments."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledgers.rules.canonical import canonical_line, parsed_line
from portal.ledgers.rules.commitments import commitment, is_commitment

names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
fields = st.dictionaries(names, st.integers(-(2**53) + 1, 2**53 - 1) | texts, max_size=6)


def test_the_string_of_rfc_8785_3_2_2_2_is_written_as_there() -> None:
    line = canonical_line({"string": '€$\u000f\nA\'B"\\\\"/', "b": 2, "a": 1})
    assert line == '{"a":1,"b":2,"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'


@given(fields)
def test_a_line_reads_back_and_is_one_line(wanted: dict[str, str | int]) -> None:
    line = canonical_line(wanted)
    assert parsed_line(line) == wanted
    assert "\n" not in line
    assert "\r" not in line
    assert list(json.loads(line)) == sorted(wanted)


@pytest.mark.parametrize(
    "wrong", [{"名": 1}, {"": 1}, {"a": 1.5}, {"a": None}, {"a": True}, {"a": [1]}, {"a": 2**53}, {"a": "\ud800"}]
)
def test_what_others_could_read_otherwise_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        canonical_line(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ['{"b":1,"a":2}', '{"a": 1}', '{"a":1}\n', "[1]", '{"a":1,"a":1}', '{"a":1.0}', "{"])
def test_a_line_that_is_not_canonical_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        parsed_line(line)


def test_a_commitment_is_the_hash_of_salt_field_and_value() -> None:
    salt = bytes(range(32))
    made = commitment(salt, "consumer_name", "张三")
    assert made == "sha256:" + hashlib.sha256(salt + b"consumer_name\x00" + "张三".encode()).hexdigest()
    assert is_commitment(made)
    assert made != commitment(salt, "consumer_phone", "张三")
    assert made != commitment(bytes(32), "consumer_name", "张三")
    with pytest.raises(ValueError, match="32"):
        commitment(b"short", "consumer_name", "张三")


@pytest.mark.parametrize("value", ["", "sha256:", "sha256:" + "A" * 64, "sha256:" + "0" * 63, 5, "x" * 71])
def test_other_values_are_no_commitments(value: object) -> None:
    assert not is_commitment(value)
