"""Consumers' return requests: the rows that its doors' URLs name."""

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.uploads import Upload
from portal.returns.models import ReturnFile, ReturnRequest
from tests.factories import people, returning
from tests.sweeps.stage import Maker, Values, World


def _clerk(world: World) -> Actor:
    return people.actor(world.session, world.members["agent"])


def _asked(world: World, goods: str) -> ReturnRequest:
    world.values("promise current of A")
    token = returning.begun(world.session, world.merchant, Upload("小票.png", returning.picture()))
    phone = f"1380000{len(world.known):04d}"
    return returning.asked(world.session, world.merchant, token=token, goods=goods, phone=phone)


def _page(world: World) -> Values:
    return {"slug": world.merchant.slug}


def _form_file(world: World) -> Values:
    return {"slug": world.merchant.slug, "reference": "0" * 24}


def _request(world: World) -> Values:
    return {"reference": _asked(world, "围巾").reference}


def _agreed(world: World) -> Values:
    return {"reference": returning.agreed(world.session, _clerk(world), _asked(world, "帽子")).reference}


def _received(world: World) -> Values:
    return {"reference": returning.received(world.session, _clerk(world), _asked(world, "手套")).reference}


def _denied(world: World) -> Values:
    return {"reference": returning.denied(world.session, _clerk(world), _asked(world, "袜子")).reference}


def _breach(world: World) -> Values:
    return {"reference": returning.refused(world.session, _clerk(world), _asked(world, "外套")).reference}


def _link(world: World) -> Values:
    return {"token": returning.token_of(world.session, _asked(world, "衬衫"))}


def _refunded_link(world: World) -> Values:
    made = returning.refunded(world.session, _clerk(world), _asked(world, "裤子"))
    return {"token": returning.token_of(world.session, made)}


def _own_proof(world: World) -> Values:
    made = _asked(world, "裙子")
    return {"token": returning.token_of(world.session, made), **_file(world, made)}


def _proof(world: World) -> Values:
    return _file(world, _asked(world, "腰带"))


def _file(world: World, made: ReturnRequest) -> Values:
    query = select(ReturnFile.reference).where(ReturnFile.request_id == made.id)
    return {"reference": world.session.scalars(query).one(), "variant": "shown"}


SUBJECTS: dict[str, Maker] = {
    "return page": _page,
    "return form file": _form_file,
    "return request": _request,
    "return agreed": _agreed,
    "return received": _received,
    "return denied": _denied,
    "return breach": _breach,
    "return link": _link,
    "return link after refund": _refunded_link,
    "return link proof": _own_proof,
    "return proof": _proof,
}
