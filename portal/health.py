"""How the house is: does the database answer, does Valkey, how long does the oldest work wait."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.core.duties import DutyRow
from portal.core.facts import Delivery, DeliveryState, Outbox
from portal.core.paging import COUNT_CAP
from portal.notifications.models import Message, MessageState
from portal.queues import valkey_answers
from portal.runtime import Runtime

UNSENT = (MessageState.WAITING, MessageState.SENDING, MessageState.FAILED, MessageState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Health:
    """One look. Counts stop at 1001: an alarm needs no more."""

    valkey: bool | None  # None: none is configured and none runs here; work goes on without it
    lag_seconds: float  # how long the oldest fact or delivery has been due
    outbox: int  # facts that are due and not taken
    deliveries: dict[str, int]  # waiting, given_up
    messages: dict[str, int]  # by state, those that have not left
    duties_late_seconds: dict[str, float]
    duties_failed: tuple[str, ...]


def look(runtime: Runtime) -> Health:
    """Look at queue and database; raises what the database raises where it does not answer."""
    now = runtime.now()
    with runtime.reading() as session:
        late = {
            row.name: max(0.0, (now - row.next_at).total_seconds())
            for row in session.execute(select(DutyRow.name, DutyRow.next_at).order_by(DutyRow.name))
        }
        failed = session.scalars(select(DutyRow.name).where(DutyRow.problem.is_not(None)).order_by(DutyRow.name)).all()
        return Health(
            valkey=valkey_answers(runtime.config),
            lag_seconds=lag_seconds(session, now=now),
            outbox=_capped(session, select(Outbox.id).where(Outbox.not_before <= now)),
            deliveries={
                state.value: _capped(session, select(Delivery.id).where(Delivery.state == state))
                for state in (DeliveryState.WAITING, DeliveryState.GIVEN_UP)
            },
            messages={
                state.value: _capped(session, select(Message.id).where(Message.state == state)) for state in UNSENT
            },
            duties_late_seconds=late,
            duties_failed=tuple(failed),
        )


def lag_seconds(session: Session, *, now: datetime) -> float:
    """How long, in seconds, the oldest fact in the outbox or delivery has been due; 0 where nothing waits."""
    oldest = [
        session.scalar(select(func.min(Outbox.not_before))),
        session.scalar(select(func.min(Delivery.next_at)).where(Delivery.state == DeliveryState.WAITING)),
    ]
    return max([0.0, *((now - moment).total_seconds() for moment in oldest if moment is not None)])


def _capped(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.limit(COUNT_CAP + 1).subquery())) or 0
