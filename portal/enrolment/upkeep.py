"""What is due by itself around enrolment: drafts lapse, old applications are erased, merchants are warned.

Every limit is a dated row that is not law.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.facts import SubjectKind, Topic
from portal.enrolment import application_rules as rules
from portal.enrolment.application_documents import discard_pages
from portal.enrolment.application_models import Application, ApplicationRequest
from portal.enrolment.application_rules import ApplicationEvent
from portal.enrolment.models import Merchant, MerchantState

AT_ONCE = 100  # rows of one transaction


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many rows one transaction takes."""

    limit: int = AT_ONCE


def lapse_drafts(session: Session, actor: Actor, command: Sweep, *, now: datetime) -> int:
    """Let applications lapse that their applicants have not touched for `application_draft` days."""
    before = now - timedelta(days=almanac(session).amount("application_draft", local_day(now)))
    rows = session.scalars(
        select(Application)
        .where(Application.state.in_(sorted(rules.EDITABLE)), Application.changed_at < before)
        .order_by(Application.id)
        .limit(command.limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.state = rules.next_state(row.state, ApplicationEvent.LAPSE)
        row.concluded_at = row.changed_at = now
        facts.record(session, actor, Topic.APPLICATION_LAPSED, SubjectKind.APPLICATION, row.id, at=now)
    return len(rows)


def erase_abandoned(session: Session, actor: Actor, command: Sweep, *, now: datetime) -> int:
    """Erase contact person, accounts, documents, free words and link of applications that came to nothing long ago.

    `application_kept` days after the end; the key is destroyed with them, so that the erasure reaches backups.
    """
    before = now - timedelta(days=almanac(session).amount("application_kept", local_day(now)))
    rows = session.scalars(
        select(Application)
        .where(
            Application.state.in_(sorted(rules.ABANDONED)),
            Application.changed_at < before,
            Application.erased_at.is_(None),
        )
        .options(joinedload(Application.key))
        .order_by(Application.id)
        .limit(command.limit)
        .with_for_update(skip_locked=True, of=Application)
    ).all()
    for row in rows:
        discard_pages(session, row.id)
        row.contact_sealed = row.accounts_sealed = row.token_sealed = row.token_hash = None
        row.phone_index, row.phone_mask, row.erased_at = b"", "", now
        row.conditions = {}  # free words may name people, as may the answers
        session.execute(update(ApplicationRequest).where(ApplicationRequest.application_id == row.id).values(answer=""))
        row.key.wrapped, row.key.destroyed_at = None, now
        facts.record(session, actor, Topic.APPLICATION_ERASED, SubjectKind.APPLICATION, row.id, at=now)
    return len(rows)


def warn_of_confirmation(session: Session, actor: Actor, command: Sweep, *, now: datetime) -> int:
    """Warn the merchants whose yearly confirmation falls due within `data_ahead` days, once a year each."""
    book, today = almanac(session), local_day(now)
    ahead = timedelta(days=book.amount("data_ahead", today))
    due = confirmation_before(session, now=now) + ahead
    rows = session.scalars(
        _merchants(command).where(
            last_confirmed() < due, or_(Merchant.data_warned_at.is_(None), Merchant.data_warned_at < last_confirmed())
        )
    ).all()
    for row in rows:
        row.data_warned_at = now
        on = confirm_on(session, row, now=now)
        _warn(session, actor, Topic.MERCHANT_DATA_DUE, row, max(on, today), now=now)
    return len(rows)


def warn_of_licences(session: Session, actor: Actor, command: Sweep, *, now: datetime) -> int:
    """Warn merchant and authority of a business licence that ends within `licence_ahead` days, once for each end."""
    today = local_day(now)
    until = today + timedelta(days=almanac(session).amount("licence_ahead", today))
    not_yet = or_(Merchant.licence_warned_on.is_(None), Merchant.licence_warned_on != Merchant.licence_until_on)
    rows = session.scalars(_merchants(command).where(Merchant.licence_until_on <= until, not_yet)).all()
    for row in rows:
        assert row.licence_until_on is not None
        row.licence_warned_on = row.licence_until_on
        _warn(session, actor, Topic.MERCHANT_LICENCE_ENDING, row, row.licence_until_on, now=now)
    return len(rows)


def last_confirmed() -> ColumnElement[datetime]:
    """When a merchant's data were last known to be right: its confirmation, else its admission."""
    return func.coalesce(Merchant.data_confirmed_at, Merchant.admitted_at)


def confirmation_before(session: Session, *, now: datetime) -> datetime:
    """A merchant that last confirmed before this moment is overdue with its yearly confirmation."""
    return now - timedelta(days=almanac(session).amount("data_confirmation", local_day(now)))


def confirm_on(session: Session, merchant: Merchant, *, now: datetime) -> date:
    """The last day on which a merchant's yearly confirmation is in time."""
    last = merchant.data_confirmed_at or merchant.admitted_at
    return local_day(last) + timedelta(days=almanac(session).amount("data_confirmation", local_day(now)))


def _merchants(command: Sweep) -> Any:
    return (
        select(Merchant)
        .where(Merchant.state != MerchantState.EXITED, Merchant.practice_of_id.is_(None))
        .order_by(Merchant.id)
        .limit(command.limit)
        .with_for_update(skip_locked=True)
    )


def _warn(session: Session, actor: Actor, topic: Topic, merchant: Merchant, on: date, *, now: datetime) -> None:
    facts.record(session, actor, topic, SubjectKind.MERCHANT, merchant.id, at=now, on=on.isoformat())
