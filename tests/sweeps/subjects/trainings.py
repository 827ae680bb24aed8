"""Trainings and practice: the rows that its doors' URLs name."""

from tests.sweeps.stage import Maker

SUBJECTS: dict[str, Maker] = {}
