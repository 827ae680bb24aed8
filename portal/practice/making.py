"""A set of invented cases for one person: filed, aged as their plots say, and put away when a fresh one is asked for."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.cases.actions import AcceptCase, RecordContact, accept_case, record_contact
from portal.cases.models import Case, ContactMethod, ContactResult
from portal.cases.rules import CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import end_of_day, local_day
from portal.core.actor import SYSTEM, Actor, ActorKind, Role
from portal.core.errors import RuleBroken
from portal.mediation.actions import WithdrawComplaint, withdraw_complaint
from portal.practice.filing import Tenant, file_plots
from portal.practice.models import PracticeCase
from portal.practice.plots import PLOTS, Age, Plot
from portal.settlements import actions as settlements
from portal.settlements.models import PaymentMethod, TermKind
from portal.settlements.rules import TermDraft

LOOKED_BACK = 40  # days; ten working days lie within
BROKEN_DAYS = 21  # ago a colleague promised
PROMISED_DAYS = 7
COLLEAGUE = "练习同事"


def make_set(session: Session, tenant: Tenant, person_id: int, *, now: datetime) -> list[PracticeCase]:
    """File every plot for a person and bring it to where the practice begins."""
    plots = list(PLOTS.values())
    moments = [moment_of(session, tenant, plot, now=now) for plot in plots]
    cases = file_plots(session, tenant, list(zip(plots, moments, strict=True)), now=now)
    rows = []
    for plot, case in zip(plots, cases, strict=True):
        assert case.contact_by is not None
        rows.append(
            PracticeCase(
                case_id=case.id,
                merchant_id=tenant.merchant.id,
                person_id=person_id,
                plot=plot.key,
                contact_by=case.contact_by,
                made_at=now,
            )
        )
        if plot.age is Age.OVERDUE:
            settlements.fail_late(session, SYSTEM, settlements.DueCase(case.id), now=now)
        if plot.age is Age.BROKEN:
            _promise_and_break(session, tenant, plot, case, now=now)
    session.add_all(rows)
    session.flush()
    return rows


def moment_of(session: Session, tenant: Tenant, plot: Plot, *, now: datetime) -> datetime:
    """When a plot was dispatched, so that today it is fresh, about to end, over, or promised three weeks ago."""
    if plot.age is Age.FRESH:
        return now
    if plot.age is Age.BROKEN:
        return now - timedelta(days=BROKEN_DAYS)
    book, upwards = almanac(session), [tenant.authority.id]
    back = [now - timedelta(days=days) for days in range(1, LOOKED_BACK)]
    running = [at for at in back if book.derive("odr", at, upwards).due_at > now]
    if plot.age is Age.PRESSING:
        return min(running, default=now)
    over = [at for at in back if book.derive("odr", at, upwards).due_at <= now]
    return max(over)


def end_set(session: Session, person_id: int, merchant_id: int, *, now: datetime) -> int:
    """Put a person's invented cases away: the consumer takes back or confirms; returns how many."""
    rows = session.scalars(
        select(PracticeCase)
        .where(
            PracticeCase.person_id == person_id,
            PracticeCase.merchant_id == merchant_id,
            PracticeCase.ended_at.is_(None),
        )
        .options(joinedload(PracticeCase.case))
        .order_by(PracticeCase.id)
        .with_for_update(of=PracticeCase)
    ).all()
    for row in rows:
        row.ended_at = now
        consumer = Actor(ActorKind.CONSUMER, case_id=row.case_id)
        _let_go(session, consumer, row.case, now=now)
    session.flush()
    return len(rows)


def _let_go(session: Session, consumer: Actor, case: Case, *, now: datetime) -> None:
    if case.state in (CaseState.AGREED, CaseState.PERFORMED, CaseState.BREACHED):
        settlements.answer_receipt(session, consumer, settlements.AnswerReceipt(case.id, received=True), now=now)
        return
    try:
        withdraw_complaint(session, consumer, WithdrawComplaint(case.id), now=now)
    except RuleBroken:  # it has ended already
        return


def _promise_and_break(session: Session, tenant: Tenant, plot: Plot, case: Case, *, now: datetime) -> None:
    """Let a colleague promise a refund three weeks ago and pay nothing: by the actions of both sides, and the clock."""
    assert case.dispatched_at is not None
    start, hour = case.dispatched_at, timedelta(hours=1)
    colleague = Actor(
        ActorKind.MERCHANT, name=COLLEAGUE, role=Role.PRINCIPAL, organisation_id=tenant.merchant.id, in_practice=True
    )
    consumer = Actor(ActorKind.CONSUMER, case_id=case.id)
    accept_case(session, colleague, AcceptCase(case.reference), now=start + hour)
    contact = RecordContact(
        case.reference, start + hour, ContactMethod.PHONE, "已电话联系，同意退款。", ContactResult.REACHED
    )
    record_contact(session, colleague, contact, now=start + hour)
    terms = (TermDraft(TermKind.REFUND, plot.fair, PaymentMethod.ORIGINAL, PROMISED_DAYS),)
    offer = settlements.make_offer(
        session, colleague, settlements.MakeOffer(case.reference, terms), now=start + 2 * hour
    )
    accepted = settlements.AcceptOffer(case.id, offer.digest)
    agreement = settlements.accept_offer(session, consumer, accepted, now=start + 3 * hour)
    late = max(end_of_day(agreement.perform_on) + timedelta(minutes=1), now)
    assert local_day(late) <= local_day(now)
    settlements.breach_late(session, SYSTEM, settlements.DueCase(case.id), now=late)
