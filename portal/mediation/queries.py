"""What the official side of a complaint looks like to its consumer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, literal, or_, select
from sqlalchemy.orm import Session

from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.cases.rules import CaseState, Channel
from portal.core.actor import Actor
from portal.intake.models import Filing
from portal.intake.states import AdminState
from portal.mediation import rules

AT_ONCE = 500  # cases found by one look
TAIL = 4  # characters of a filing's number that a message and a page show


@dataclass(frozen=True, slots=True)
class OfficialSide:
    """The filings of one case, seen together; objections are sentences, None where the consumer may."""

    number_tails: tuple[str, ...]
    states: tuple[AdminState, ...]
    asked_at: datetime | None
    decide_by: datetime | None  # the earliest limit of 受理 that still runs
    is_choice_open: bool
    objection_to_asking: str | None
    objection_to_withdrawal: str | None

    @property
    def is_taken_up(self) -> bool:
        """Whether the authority has accepted any of the filings."""
        return bool({AdminState.ACCEPTED, AdminState.MEDIATING, AdminState.TESTING} & set(self.states))

    @property
    def is_decided(self) -> bool:
        """Whether nothing of the complaint waits for the authority any more."""
        return not rules.UNDECIDED & set(self.states)


def official_side(session: Session, actor: Actor, case: Case) -> OfficialSide:
    """Read the filings of a case that the actor may see; one statement."""
    rows = session.execute(
        select(Filing.number, Filing.admin_state, Filing.escalated_at, Filing.decide_by)
        .join(Filing.case)
        .where(Filing.case_id == case.id, visible_to(actor))
        .order_by(Filing.id)
    ).all()
    states = tuple(row.admin_state for row in rows)
    running = [row.decide_by for row in rows if row.decide_by and row.admin_state is AdminState.RECEIVED]
    return OfficialSide(
        number_tails=tuple(row.number[-TAIL:] for row in rows),
        states=states,
        asked_at=min((row.escalated_at for row in rows if row.escalated_at), default=None),
        decide_by=min(running, default=None),
        is_choice_open=rules.is_choice_open(case.state, case.channel, states),
        objection_to_asking=rules.objection_to_asking(case.state, states),
        objection_to_withdrawal=rules.objection_to_withdrawal(case.state),
    )


def awaits_choice() -> ColumnElement[bool]:
    """The condition of 待消费者选择: the rows on which `rules.is_choice_open` holds and which nobody has laid aside."""
    return and_(  # state and channel as literals: only so does a planner see that the partial index holds
        Case.state == literal(CaseState.FAILED, Case.state.type, literal_execute=True),
        Case.channel == literal(Channel.GREEN, Case.channel.type, literal_execute=True),
        Case.closed_at.is_(None),
        _with_authority().is_(None),
    )


def failed_with_authority() -> ColumnElement[bool]:
    """The condition of 未和解待处理: what failed and is the authority's, at once or because the consumer asked."""
    return and_(
        Case.state == CaseState.FAILED,
        or_(Case.channel == Channel.REGULATOR, _with_authority().is_not(None)),
    )


def _with_authority() -> ScalarSelect[int]:
    """A filing that the authority takes up; NULL where none is. Not EXISTS: PostgreSQL would read all filings for it."""
    with_authority = select(Filing.id).where(Filing.case_id == Case.id, Filing.admin_state != AdminState.NONE)
    return with_authority.limit(1).correlate(Case).scalar_subquery()


def unchosen(session: Session, *, now: datetime) -> Sequence[int]:
    """The failed cases of channel A whose consumer's days of choice are over, oldest first."""
    return session.scalars(
        select(Case.id)
        .where(
            Case.next_action_at <= now,
            Case.state == CaseState.FAILED,
            Case.channel == Channel.GREEN,
        )
        .order_by(Case.next_action_at, Case.id)
        .limit(AT_ONCE)
    ).all()
