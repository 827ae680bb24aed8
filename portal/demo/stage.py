"""Where the story is played: a clock that stands in the past, actors of the demo, and the cases by their numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.accounts.models import Membership, Person
from portal.accounts.queries import actor_of
from portal.cases.models import Case
from portal.core.actor import Actor, ActorKind, Role
from portal.core.installation import InstallationClock
from portal.intake.models import Filing
from portal.runtime import Runtime
from portal.settlements.models import Offer

R = TypeVar("R")
AGENT = "agent"  # the sign-in of our merchant's agent


class StoryClock(InstallationClock):
    """Tells the moment that the story has reached."""

    moment: datetime

    def now(self) -> datetime:
        """The story's present."""
        return self.moment


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation whose present moves with the story; facts, messages and limits follow it."""

    house: Runtime
    clock: StoryClock
    present: datetime  # the real present of the installation, where the story ends
    ours: int  # the merchant whose people sign in

    def at(self, moment: datetime) -> None:
        """Move to a moment of the story, never beyond the present."""
        self.clock.moment = min(moment, self.present)

    def by(self, sign_in_name: str, action: Callable[..., R], command: Any) -> R:
        """Let one of the demo's people act."""
        with self.house.reading() as session:
            membership = session.scalars(
                select(Membership)
                .join(Membership.person)
                .join(Membership.organisation)
                .where(Person.sign_in_name == sign_in_name)
                .options(contains_eager(Membership.person), contains_eager(Membership.organisation))
            ).one()
            actor = actor_of(session, membership)
        return self.house.perform(actor, action, command)

    def by_merchant(self, case: Case, action: Callable[..., R], command: Any) -> R:
        """Let the agent of our merchant act, or for another merchant somebody who never signs in."""
        if case.merchant_id == self.ours:
            return self.by(AGENT, action, command)
        actor = Actor(ActorKind.MERCHANT, name="客服", role=Role.AGENT, organisation_id=case.merchant_id)
        return self.house.perform(actor, action, command)

    def by_consumer(self, case_id: int, action: Callable[..., R], command: Any) -> R:
        """Let the consumer of a case act, as behind the link."""
        return self.house.perform(Actor(ActorKind.CONSUMER, case_id=case_id), action, command)

    def case(self, number: str) -> Case | None:
        """The case of a filing's number; None where the import did not open one."""
        with self.house.reading() as session:
            return session.scalars(
                select(Case).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
            ).first()

    def standing_digest(self, case_id: int) -> str:
        """What an answer to the latest round is bound to."""
        with self.house.reading() as session:
            return session.scalars(
                select(Offer.digest).where(Offer.case_id == case_id).order_by(Offer.round.desc()).limit(1)
            ).one()


def put_back_clock(house: Runtime, moment: datetime) -> StoryClock:
    """Put a clock that stands at `moment` into an installation's runtime."""
    clock = StoryClock(house.engine)
    clock.moment = moment
    house.clock = clock
    return clock
