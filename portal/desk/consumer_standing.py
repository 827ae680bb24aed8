"""Where one complaint stands, read for its consumer in a handful of statements."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import due_day
from portal.core.actor import Actor
from portal.mediation.queries import OfficialSide, official_side
from portal.settlements.queries import AgreementView, ConsumerNegotiation, RoundView, consumer_view
from portal.settlements.rules import TermDraft


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the page tells, before it is put into words: the negotiation, and the official side of it."""

    now: datetime
    case: Case
    talk: ConsumerNegotiation
    official: OfficialSide
    decision_is_provisional: bool  # 受理 is due on a day of a year whose holidays are not published
    rate_by: date | None  # last day for a rating
    choose_by: date  # last day of the consumer's choice after a failed case of channel A

    @property
    def state(self) -> CaseState:
        """The negotiation's state."""
        return self.case.state

    @property
    def offer(self) -> RoundView | None:
        """The merchant's offer that waits for an answer."""
        return self.talk.offer

    @property
    def agreement(self) -> AgreementView | None:
        """The agreement in force."""
        return self.talk.agreement

    @property
    def agreed_terms(self) -> tuple[TermDraft, ...]:
        """What was agreed."""
        return self.talk.accepted.terms if self.talk.accepted else ()

    @property
    def last(self) -> RoundView | None:
        """The last round that ended."""
        return self.talk.past[0] if self.talk.past else None

    @property
    def merchant(self) -> str:
        """The merchant's full name; empty while nobody has the complaint."""
        return self.talk.merchant_name

    @property
    def authority(self) -> str:
        """The authority's full name."""
        return self.talk.authority_name


def standing(session: Session, actor: Actor, *, now: datetime) -> Standing:
    """Read the case behind the actor's link; raises NotFound where there is none."""
    talk = consumer_view(session, actor, actor.case_id or 0, now=now)
    case = session.get_one(Case, talk.case_id)  # the view has loaded it
    book = almanac(session)
    official = official_side(session, actor, case)
    decision_on = due_day(official.decide_by) if official.decide_by else None
    upwards = case.authority.ancestry()[::-1]
    rated_until = book.derive("rating", case.closed_at, upwards) if case.closed_at and talk.can_rate else None
    return Standing(
        now=now,
        case=case,
        talk=talk,
        official=official,
        decision_is_provisional=decision_on is not None and not book.calendar.covers(decision_on, decision_on),
        rate_by=rated_until.due if rated_until else None,
        choose_by=due_day(case.next_action_at or book.derive("consumer_choice", case.last_event_at, upwards).due_at),
    )
