"""Promises and their versions: the rows that its doors' URLs name."""

from portal.commitments.list_runs import StartList, start_list
from portal.commitments.rules import PromiseState
from tests.conftest import NOW
from tests.factories import people, promises
from tests.sweeps.stage import Maker, Values, World

OWN = (PromiseState.CURRENT, PromiseState.DRAFT)  # at most one version is on its way: the others are a neighbour's


def _version(state: PromiseState) -> Maker:
    """A version of merchant A's promise in this state, or of one beside it in district A."""

    def make(world: World) -> Values:
        if state is PromiseState.DRAFT:
            world.values("promise current of A")  # first: every version begins as a draft
        merchant = world.merchant if state in OWN else people.merchant(world.session, world.authority)
        first_on = promises.FIRST if state in (*promises.HELD, PromiseState.CURRENT) else promises.TODAY
        version = promises.promise(world.session, merchant, state=state, first_on=first_on)
        if state is not PromiseState.DRAFT:
            version.programme = {"offline": {"second_review": True}}
        return {"reference": version.reference}

    return make


def _step(world: World) -> Values:
    _draft(world)
    return {"step": "scope"}


def _draft(world: World) -> Values:
    """Its addresses name nobody: the draft is the reader's own."""
    world.values("promise draft of A")
    return {}


def _held(world: World) -> Values:
    world.values("promise current of A")
    return {}


def _poster(world: World) -> Values:
    return {**world.values("promise current of A"), "size": "a6"}


def _list(world: World) -> Values:
    """A list that the officer of district A handed in, with nothing in it yet."""
    officer = people.actor(world.session, world.members["officer"])
    run = start_list(world.session, officer, StartList("名录.csv", b"x", 1), now=NOW)
    return {"reference": run.reference}


def _public(world: World) -> Values:
    world.values("promise current of A")
    return {"slug": world.merchant.slug}


SUBJECTS: dict[str, Maker] = {
    "promise draft of A": _version(PromiseState.DRAFT),
    "promise submitted of A": _version(PromiseState.SUBMITTED),
    "promise district-passed of A": _version(PromiseState.DISTRICT_PASSED),
    "promise passed of A": _version(PromiseState.PASSED),
    "promise refused of A": _version(PromiseState.REFUSED),
    "promise current of A": _version(PromiseState.CURRENT),
    "promise ended of A": _version(PromiseState.ENDED),
    "promise list of A": _list,
    "promise page of A": _public,
    "promise poster of A": _poster,
    "promise step of A": _step,
    "own promise of A": _held,
    "own promise draft of A": _draft,
}
