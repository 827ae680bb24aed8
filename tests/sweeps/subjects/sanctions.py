"""Sanctions, visits, violations: the rows that its doors' URLs name."""

import io

from PIL import Image
from sqlalchemy import select

from portal.commitments.models import Promisor
from portal.commitments.storing import promisor_for
from portal.core.actor import Actor
from portal.core.uploads import Upload
from portal.supervision.measures import AnswerMeasure, ConfirmMeasure, answer_measure, confirm_measure
from portal.supervision.rules.triggers import Trigger
from portal.supervision.sanction_models import Measure
from portal.supervision.visit_models import SupervisionFile
from tests.conftest import NOW
from tests.factories import people, sanctions, visits
from tests.sweeps.stage import Maker, Values, World


def _measure_row(world: World) -> Measure:
    officer = people.actor(world.session, world.members["officer"])
    return sanctions.taken(world.session, officer, sanctions.by_hand(world.session, officer, world.merchant))


def _proposal(world: World) -> Values:
    officer = people.actor(world.session, world.members["officer"])
    return {"reference": sanctions.by_hand(world.session, officer, world.merchant, Trigger.LICENCE).reference}


def _measure(world: World) -> Values:
    return {"number": _measure_row(world).number}


def _confirmed(world: World) -> Measure:
    row = _measure_row(world)
    principal = people.actor(world.session, world.members["principal"])
    confirm_measure(world.session, principal, ConfirmMeasure(row.number), now=NOW)
    return row


def _measure_received(world: World) -> Values:
    return {"number": _confirmed(world).number}


def _file(world: World) -> Values:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(picture, "PNG")
    row = _confirmed(world)
    principal = people.actor(world.session, world.members["principal"])
    answer = AnswerMeasure(row.number, "已整改", (Upload("门店.png", picture.getvalue()),))
    answer_measure(world.session, principal, answer, now=NOW)
    newest = select(SupervisionFile.reference).order_by(SupervisionFile.id.desc()).limit(1)
    return {"reference": world.session.scalars(newest).one()}


def _known_promisor(world: World) -> Promisor:
    return promisor_for(world.session, world.merchant, now=NOW)


def _officer(world: World) -> Actor:
    return people.actor(world.session, world.members["officer"])


def _planned(world: World) -> Values:
    return {"reference": visits.planned(world.session, _officer(world), _known_promisor(world)).reference}


def _visited(world: World) -> Values:
    return {"reference": visits.made(world.session, _officer(world), _known_promisor(world)).reference}


def _released(world: World) -> Values:
    return {"reference": visits.released(world.session, _officer(world), _known_promisor(world)).reference}


def _violation(world: World) -> Values:
    return {"reference": visits.violated(world.session, _officer(world), _known_promisor(world)).reference}


SUBJECTS: dict[str, Maker] = {
    "visit planned": _planned,
    "visit made": _visited,
    "visit released": _released,
    "violation": _violation,
    "sanction proposal": _proposal,
    "measure": _measure,
    "measure received": _measure_received,
    "supervision file": _file,
}
