"""Trainings and practice: the rows that its doors' URLs name."""

from tests.factories import people, trainings
from tests.sweeps.stage import Maker, Values, World


def _training(world: World) -> Values:
    """A training of district A that invited merchant A alone and was held yesterday."""
    officer = people.actor(world.session, world.members["officer"])
    code = world.merchant.organisation.code
    row = trainings.recorded(world.session, officer, codes=(code,))
    return {"reference": row.reference, "code": code}


SUBJECTS: dict[str, Maker] = {"training": _training}
