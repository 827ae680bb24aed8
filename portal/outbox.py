"""From facts to what they set off: the dispatcher takes outbox rows, then each delivery is carried out once.

Taking is one transaction: a delivery per handler, the outbox row deleted (decisions 16). Carrying out is one
transaction per delivery, with the handler's own writes in it, so that database effects happen exactly once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.core import facts
from portal.core.actor import SYSTEM, Actor
from portal.core.facts import Delivery, DeliveryState, Fact, Outbox, SubjectKind, Topic
from portal.logs import kind_and_place
from portal.runtime import Runtime

BATCH = 200  # rows a transaction: short enough for SQLite's single writer
MOST_ATTEMPTS = 10  # the last one comes about two hours after the first
FIRST_WAIT = 5  # seconds; doubles with each attempt
LONGEST_WAIT = 3600  # seconds
KEPT_DAYS = 30  # done deliveries, for whoever looks into a complaint about a message
FORGOTTEN_AT_ONCE = 1000  # rows a transaction

log = structlog.get_logger(__name__)


class Handler(Protocol):
    """What a capability does about a fact, in the session of its delivery; safe to run again after a rollback."""

    __name__: str

    def __call__(self, session: Session, fact: Fact, *, now: datetime) -> None:
        """Write what follows from the fact; never commit, never talk to the network."""


Handlers = Mapping[Topic, Sequence[Handler]]


class Told(Protocol):
    """As much of a fact as a gatherer is told."""

    fact_id: int
    topic: Topic
    subject_kind: SubjectKind
    subject_id: int


class Gatherer(Protocol):
    """What a capability does about many facts together, in the transaction that takes them out of the outbox.

    It must find by itself, later, what it missed: where it fails the facts are taken all the same, for no message
    may wait for it.
    """

    __name__: str

    def __call__(self, session: Session, told: Sequence[Any], *, now: datetime) -> None:
        """Write what follows from the facts; never commit, never talk to the network."""


@dataclass(frozen=True, slots=True)
class TakeFacts:
    """Who wakes for each fact, and who is told of all of them."""

    handlers: Handlers
    gatherers: Sequence[Gatherer] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round of dispatching did."""

    taken: int  # facts that left the outbox
    done: int  # deliveries carried out
    failed: int  # deliveries that will be tried again, or were given up

    def __add__(self, other: "Delivered") -> "Delivered":
        return Delivered(self.taken + other.taken, self.done + other.done, self.failed + other.failed)


def deliver_due(
    runtime: Runtime,
    handlers: Handlers,
    gatherers: Sequence[Gatherer] = (),
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Take every fact that is due and carry out every delivery that is due, until nothing is left for now."""
    total = Delivered(0, 0, 0)
    while not stop():
        taken = runtime.perform(SYSTEM, take_due_facts, TakeFacts(handlers, gatherers))
        waiting = _waiting(runtime)
        outcomes = [_carry_out(runtime, handlers, delivery_id) for delivery_id in waiting]
        total += Delivered(taken, outcomes.count(True), outcomes.count(False))
        if not taken and outcomes.count(None) == len(outcomes):  # what is left lies with other dispatchers
            break
    return total


def handler_name(handler: Handler) -> str:
    """The name under which a handler's deliveries are kept: notifications.tell_consumer."""
    return f"{handler.__module__.removeprefix('portal.').removesuffix('.jobs')}.{handler.__name__}"


def take_due_facts(session: Session, actor: Actor, command: TakeFacts, *, now: datetime) -> int:
    """Turn due outbox rows into deliveries; returns how many were taken. Rows another dispatcher holds are skipped."""
    rows = session.execute(
        select(Outbox.id, Outbox.fact_id, Fact.topic, Fact.subject_kind, Fact.subject_id)
        .join(Outbox.fact)
        .where(Outbox.not_before <= now)
        .order_by(Outbox.id)
        .limit(BATCH)
        .with_for_update(of=Outbox, skip_locked=True)
    ).all()
    deliveries = [
        {"fact_id": row.fact_id, "handler": handler_name(handler), "next_at": now}
        for row in rows
        for handler in command.handlers[row.topic]
    ]
    if deliveries:
        session.execute(insert(Delivery), deliveries)
    if rows:
        session.execute(delete(Outbox).where(Outbox.id.in_([row.id for row in rows])))
        for gatherer in command.gatherers:
            _gather(session, gatherer, rows, now)
    return len(rows)


def _gather(session: Session, gatherer: Gatherer, rows: Sequence[Any], now: datetime) -> None:
    try:
        with session.begin_nested():
            gatherer(session, rows, now=now)
    except DBAPIError:  # a deadlock or a busy database: all of it is tried again
        raise
    except Exception as problem:  # noqa: BLE001 -- whatever it raises must not stop the messages
        log.warning("gathering failed", gatherer=gatherer.__name__, problem=kind_and_place(problem))


@dataclass(frozen=True, slots=True)
class CarryOut:
    """One delivery, and the table in which its handler is found."""

    delivery_id: int
    handlers: Handlers


def carry_out(session: Session, actor: Actor, command: CarryOut, *, now: datetime) -> bool:
    """Run a waiting delivery's handler and mark it done in the same transaction; False where another has it."""
    delivery = _locked(session, command.delivery_id)
    if delivery is None:
        return False
    fact = session.get_one(Fact, delivery.fact_id)
    by_name = {handler_name(handler): handler for handler in command.handlers[fact.topic]}
    if handler := by_name.get(delivery.handler):  # a handler that is gone has nothing left to do
        handler(session, fact, now=now)
    delivery.state, delivery.attempts, delivery.problem = DeliveryState.DONE, delivery.attempts + 1, None
    delivery.done_at = now
    return True


@dataclass(frozen=True, slots=True)
class ForgetDone:
    """Deliveries that were done long ago."""

    before: datetime


def forget_done(session: Session, actor: Actor, command: ForgetDone, *, now: datetime) -> int:
    """Delete a batch of done deliveries that were due before a moment; the facts stay. Returns how many."""
    old = (
        select(Delivery.id)
        .where(Delivery.state == DeliveryState.DONE, Delivery.next_at < command.before)
        .order_by(Delivery.next_at, Delivery.id)
        .limit(FORGOTTEN_AT_ONCE)
    )
    found = session.scalars(old).all()
    if found:
        session.execute(delete(Delivery).where(Delivery.id.in_(found)))
    return len(found)


@dataclass(frozen=True, slots=True)
class PutOff:
    """A delivery whose handler failed; `problem` is kind and place, never the error's text."""

    delivery_id: int
    problem: str


def put_off(session: Session, actor: Actor, command: PutOff, *, now: datetime) -> None:
    """Count a failure and try again later; after the last attempt give up and record it as a fact."""
    delivery = _locked(session, command.delivery_id)
    if delivery is None:
        return
    delivery.attempts += 1
    delivery.problem = command.problem
    delivery.next_at = now + timedelta(seconds=min(FIRST_WAIT * 2 ** (delivery.attempts - 1), LONGEST_WAIT))
    if delivery.attempts < MOST_ATTEMPTS:
        return
    delivery.state = DeliveryState.GIVEN_UP
    fact = session.get_one(Fact, delivery.fact_id)
    facts.record(
        session,
        actor,
        Topic.DELIVERY_GIVEN_UP,
        fact.subject_kind,
        fact.subject_id,
        at=now,
        fact=fact.id,
        handler=delivery.handler,
    )


def _carry_out(runtime: Runtime, handlers: Handlers, delivery_id: int) -> bool | None:
    """True: done; False: failed and put off; None: another dispatcher was faster."""
    try:
        return runtime.perform(SYSTEM, carry_out, CarryOut(delivery_id, handlers)) or None
    except Exception as problem:  # noqa: BLE001 -- whatever a handler raises must not stop the others
        described = kind_and_place(problem)
        log.warning("delivery failed", delivery=delivery_id, problem=described)
        runtime.perform(SYSTEM, put_off, PutOff(delivery_id, described))
        return False


def _waiting(runtime: Runtime) -> Sequence[int]:
    with runtime.reading() as session:
        return session.scalars(
            select(Delivery.id)
            .where(Delivery.state == DeliveryState.WAITING, Delivery.next_at <= runtime.now())
            .order_by(Delivery.next_at, Delivery.id)
            .limit(BATCH)
        ).all()


def _locked(session: Session, delivery_id: int) -> Delivery | None:
    return session.scalars(
        select(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.WAITING)
        .with_for_update(skip_locked=True)
    ).first()
