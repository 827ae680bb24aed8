"""Trainings and practice: the rows that its doors' URLs name."""

from sqlalchemy import select

from portal.cases.models import Case
from portal.practice.actions import EnterPractice, enter_practice
from portal.practice.models import PracticeCase
from portal.training.models import TrainingFile
from tests.conftest import NOW
from tests.factories import people, trainings
from tests.sweeps.stage import Maker, Values, World


def _training(world: World) -> Values:
    """A training of district A that invited merchant A alone, was held yesterday, and hands out a file."""
    officer = people.actor(world.session, world.members["officer"])
    code = world.merchant.organisation.code
    row = trainings.recorded(world.session, officer, codes=(code,))
    trainings.handed_out(world.session, officer, row.reference)
    return {"reference": row.reference, "code": code}


def _material(world: World) -> Values:
    """A file of a training of district A that invited merchant A."""
    known = _training(world)
    file = select(TrainingFile.reference).order_by(TrainingFile.id.desc()).limit(1)
    return {"reference": known["reference"], "file": world.session.scalars(file).one()}


def _practice_case(world: World) -> Values:
    """A case that was invented for the agent of merchant A."""
    agent = people.actor(world.session, world.members["agent"])
    enter_practice(world.session, agent, EnterPractice(), now=NOW)
    case = select(Case.reference).join(PracticeCase, PracticeCase.case_id == Case.id)
    return {"reference": world.session.scalars(case.order_by(Case.id).limit(1)).one()}


SUBJECTS: dict[str, Maker] = {"training": _training, "training material": _material, "practice case": _practice_case}
