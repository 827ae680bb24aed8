"""What must be true of the whole database once a storm is over; each check says what it found."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.clocks.queries import almanac
from portal.core.db import is_postgresql
from portal.core.facts import Delivery, DeliveryState, Fact, Outbox, Topic
from portal.intake.models import Filing, ImportRefusal, ImportRun, ImportState, Tip
from portal.intake.states import AdminState
from portal.ledgers.models import Ledger, LedgerEntry
from portal.ledgers.rules.words import EntryKind
from portal.ledgers.verification import verify_ledger
from portal.notifications.models import Message, MessageState
from portal.outbox import handler_name
from portal.settlements.models import Answer, Offer
from portal.worker import HANDLERS
from tests.gateway import SmsGateway

Clocks = dict[str, tuple[datetime | None, ...]]


def refuse_difference(found: Iterable[object], wanted: Iterable[object], what: str) -> None:
    """Fail with a handful of what is too much or missing: pytest would compare thousands of rows for minutes."""
    had, due = Counter(found), Counter(wanted)
    too_many, missing = list((had - due).items()), list((due - had).items())
    assert not too_many, f"{what}: {len(too_many)} too many, such as {too_many[:3]}"
    assert not missing, f"{what}: {len(missing)} missing, such as {missing[:3]}"


def clocks_of(session: Session) -> Clocks:
    """Every clock of every case and filing that no offer moves, by reference and number."""
    cases = select(Case.reference, Case.dispatched_at, Case.respond_by, Case.contact_by, Case.platform_due_on)
    filings = select(Filing.number, Filing.registered_at, Filing.decide_by, Filing.platform_due_on)
    rows = [*session.execute(cases), *session.execute(filings)]
    return {row[0]: tuple(row[1:]) for row in rows}


def filings_were_stored_once(session: Session, complaints: Iterable[str], tips: Iterable[str], refused: int) -> None:
    """Every number of every file, once; a case, a key and a search document for each, numbered without a gap."""
    numbers, tips = list(complaints), list(tips)
    refuse_difference(session.scalars(select(Filing.number)), numbers, "complaints")
    refuse_difference(session.scalars(select(Tip.number)), tips, "tips")
    cases = session.execute(select(Case.id, Case.reference)).all()
    refuse_difference(session.scalars(select(Filing.case_id)), [row.id for row in cases], "cases")
    serials = [int(row.reference.rpartition("-")[2]) for row in cases]
    refuse_difference(serials, range(1, len(numbers) + 1), "serial numbers")
    assert session.scalar(text("SELECT count(*) FROM case_search")) == len(numbers)
    assert session.scalar(text("SELECT count(*) FROM tip_search")) == len(tips)
    runs = session.scalars(select(ImportRun)).all()
    assert {run.state for run in runs} == {ImportState.DONE}
    assert sum(run.totals["created"] for run in runs) == len(numbers)
    assert session.scalar(select(func.count()).select_from(ImportRefusal)) == refused
    keys = [key for table in (Filing, Tip, ImportRun) for key in session.scalars(select(table.key_id))]
    refuse_difference(keys, set(keys), "keys of their own")


def facts_are_complete(session: Session) -> None:
    """One fact for each thing that happened, and none for what was rolled back."""
    told = Counter((row.topic, row.subject_id) for row in session.execute(select(Fact.topic, Fact.subject_id)))
    expected = {
        Topic.CASE_OPENED: set(session.scalars(select(Case.id))),
        Topic.CASE_DISPATCHED: set(session.scalars(select(Case.id).where(Case.dispatched_at.is_not(None)))),
        Topic.CASE_ACCEPTED: set(session.scalars(select(Case.id).where(Case.accepted_at.is_not(None)))),
        Topic.TIP_REGISTERED: set(session.scalars(select(Tip.id))),
        Topic.IMPORT_ENDED: set(session.scalars(select(ImportRun.id))),
        Topic.OFFER_MADE: set(session.scalars(select(Offer.case_id))),
    }
    for topic, subjects in expected.items():
        refuse_difference([subject for one, subject in told.elements() if one is topic], subjects, topic)


def facts_were_delivered(session: Session) -> None:
    """Nothing waits, nothing was given up, and each handler of each fact has run once."""
    assert session.scalar(select(func.count()).select_from(Outbox)) == 0
    wanted = Counter(
        (fact_id, handler_name(handler))
        for fact_id, topic in session.execute(select(Fact.id, Fact.topic))
        for handler in HANDLERS[topic]
    )
    assert wanted, "no fact had a handler"
    rows = session.execute(select(Delivery.fact_id, Delivery.handler, Delivery.state)).all()
    refuse_difference([(row.fact_id, row.handler) for row in rows], wanted.elements(), "deliveries")
    assert {row.state for row in rows} == {DeliveryState.DONE}


def offers_were_made_once(session: Session, references: Iterable[str]) -> None:
    """One round for each case that somebody insisted on, waiting for its answer."""
    rows = session.execute(select(Case.reference, Offer.round, Offer.answer).join(Case, Case.id == Offer.case_id)).all()
    refuse_difference(map(tuple, rows), [(one, 1, Answer.PENDING) for one in references], "offers")


def messages_went_out_once(session: Session, gateway: SmsGateway) -> None:
    """One message for each offer, sent, under the number its gateway gave it; and nothing else went to a phone."""
    rows = session.scalars(select(Message)).all()
    offered = session.scalars(select(Fact.id).where(Fact.topic == Topic.OFFER_MADE)).all()
    refuse_difference([row.fact_id for row in rows], offered, "messages")
    unsent = [(row.state, row.attempts, row.problem) for row in rows if row.state is not MessageState.SENT]
    assert not unsent, unsent[:5]
    refuse_difference([(row.idempotency_key, row.gateway_id) for row in rows], gateway.accepted.items(), "accepted")
    refuse_difference([one["idempotency_key"] for one in gateway.outbox], list(gateway.accepted), "sent to phones")


def accepted_cases_were_entered_once(session: Session, references: Iterable[str]) -> None:
    """One complaint in the merchant's ledger for each accepted case, and a log that fits."""
    complaints = select(LedgerEntry.reference).where(LedgerEntry.kind == EntryKind.COMPLAINT)
    refuse_difference(session.scalars(complaints), references, "ledger entries")
    for merchant_id in session.scalars(select(Ledger.merchant_id)):
        assert verify_ledger(session, merchant_id).ok


def every_case_has_its_clock(session: Session) -> None:
    """No open case without a moment at which tick looks at it, and each limit as the law derives it."""
    for case in session.scalars(select(Case).where(Case.dispatched_at.is_not(None))):
        assert case.next_action_at is not None, case.reference
        authorities = [case.authority_id]
        assert case.dispatched_at is not None
        assert case.respond_by == almanac(session).derive("odr", case.dispatched_at, authorities).due_at
        assert case.contact_by == almanac(session).derive("accept", case.dispatched_at, authorities).due_at
    received = select(Filing.number).where(Filing.admin_state == AdminState.RECEIVED, Filing.decide_by.is_(None))
    assert session.scalars(received).all() == []


def clocks_are_unchanged(before: Clocks, session: Session) -> None:
    """What ran before the storm runs as if there had been none."""
    now = clocks_of(session)
    refuse_difference([(name, now.get(name)) for name in before], before.items(), "clocks")


def the_file_is_sound(session: Session) -> None:
    """SQLite finds no fault in its file; PostgreSQL guards its own."""
    if not is_postgresql(session):
        assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def is_quiet(session: Session) -> bool:
    """Nothing waits to be delivered, sent or imported."""
    waiting = (
        select(func.count()).select_from(Outbox),
        select(func.count()).where(Delivery.state == DeliveryState.WAITING),
        select(func.count()).where(Message.state.in_([MessageState.WAITING, MessageState.SENDING])),
        select(func.count()).where(ImportRun.state.in_([ImportState.QUEUED, ImportState.RUNNING])),
    )
    return not any(session.scalar(one) for one in waiting)
