"""Promises and their versions: the rows that its doors' URLs name."""

from portal.commitments.rules import PromiseState
from tests.factories import promises
from tests.sweeps.stage import Maker, Values, World


def _version(state: PromiseState) -> Maker:
    """A version of merchant A's promise in this state."""

    def make(world: World) -> Values:
        first_on = promises.FIRST if state in (*promises.HELD, PromiseState.CURRENT) else promises.TODAY
        version = promises.promise(world.session, world.merchant, state=state, first_on=first_on)
        if state is not PromiseState.DRAFT:
            version.programme = {"offline": {"second_review": True}}
        return {"reference": version.reference}

    return make


def _public(world: World) -> Values:
    promises.promise(world.session, world.merchant)
    return {"slug": world.merchant.slug}


SUBJECTS: dict[str, Maker] = {
    "promise draft of A": _version(PromiseState.DRAFT),
    "promise submitted of A": _version(PromiseState.SUBMITTED),
    "promise district-passed of A": _version(PromiseState.DISTRICT_PASSED),
    "promise passed of A": _version(PromiseState.PASSED),
    "promise refused of A": _version(PromiseState.REFUSED),
    "promise current of A": _version(PromiseState.CURRENT),
    "promise ended of A": _version(PromiseState.ENDED),
    "promise page of A": _public,
}
