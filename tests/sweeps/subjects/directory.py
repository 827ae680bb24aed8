"""The public list of promises: the rows that its doors' URLs name."""

from portal.commitments.feedback import GiveFeedback, HandleFeedback, give_feedback, handle_feedback
from portal.commitments.feedback_models import FeedbackReason, PromiseFeedback
from portal.commitments.queries import promisor_of
from portal.core.actor import VISITOR
from tests.conftest import NOW
from tests.factories import people
from tests.sweeps.stage import Maker, Values, World


def _promised(world: World) -> None:
    world.values("promise current of A")


def _firm(world: World) -> Values:
    _promised(world)
    return {"slug": world.merchant.slug}


def _given(world: World) -> PromiseFeedback:
    _promised(world)
    promisor = promisor_of(world.session, world.merchant.id)
    assert promisor is not None
    command = GiveFeedback(promisor.id, FeedbackReason.REFUSED, "拿小票去退，店员说打折商品不退。", "13800138000")
    return give_feedback(world.session, VISITOR, command, now=NOW)


def _passed_on(world: World) -> Values:
    row = _given(world)
    officer = people.actor(world.session, world.members["officer"])
    handle_feedback(world.session, officer, HandleFeedback(row.reference, "已核实，门店承认。", pass_on=True), now=NOW)
    return {"reference": row.reference}


SUBJECTS: dict[str, Maker] = {
    "firm": _firm,
    "promise feedback": lambda world: {"reference": _given(world).reference},
    "promise feedback passed on": _passed_on,
}
