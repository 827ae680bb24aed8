"""Facts and who wakes for them are named as the house names things."""

import re

import pytest

from portal.core.facts import SubjectKind, Topic
from portal.worker import HANDLERS


@pytest.mark.parametrize("topic", list(Topic), ids=[topic.value for topic in Topic])
def test_a_fact_is_named_after_its_subject_and_what_happened(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", topic.value)


def test_subjects_are_named_in_lower_case() -> None:
    assert all(kind.value == kind.name.lower() for kind in SubjectKind)


def test_a_handler_stands_in_jobs_and_is_listed_once() -> None:
    for topic, handlers in HANDLERS.items():
        names = [handler.__name__ for handler in handlers]
        assert len(names) == len(set(names)), f"{topic}: {names}"
