"""What happened, by whom: one append-only table is timeline, audit trail and outbox (decisions 16, 17)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from portal.core.actor import Actor, ActorKind
from portal.core.db import Json, Model, Ref, growing_enum


class Topic(StrEnum):
    """Every kind of fact, in the past tense; `portal.worker` says who wakes for each."""

    INSTALLATION_MADE = "installation.made"
    CLOCK_ADVANCED = "clock.advanced"
    CALENDAR_IMPORTED = "calendar.imported"
    CALENDAR_SPREAD = "calendar.spread"  # so far the dates that leaned on the former days were derived again
    AUTHORITY_IMPORTED = "authority.imported"
    AUTHORITY_CHANGED = "authority.changed"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    SUBSTITUTE_NAMED = "person.substitute_named"
    SUBSTITUTE_ENDED = "person.substitute_ended"
    SECOND_FACTOR_SET = "person.second_factor_set"
    MERCHANT_ADMITTED = "merchant.admitted"
    MERCHANT_CHANGED = "merchant.changed"
    MERCHANT_SUSPENDED = "merchant.suspended"
    MERCHANT_RESUMED = "merchant.resumed"
    MERCHANT_EXITED = "merchant.exited"
    MERCHANT_READMITTED = "merchant.readmitted"
    MERCHANT_PROPOSED = "merchant.proposed"
    MERCHANT_PROPOSAL_DECIDED = "merchant.proposal_decided"
    MERCHANT_CONFIRMED = "merchant.confirmed"  # 年度资料确认
    MERCHANT_DATA_DUE = "merchant.data_due"
    MERCHANT_LICENCE_ENDING = "merchant.licence_ending"
    APPLICATION_STARTED = "application.started"
    APPLICATION_LINK_ASKED = "application.link_asked"
    APPLICATION_SUBMITTED = "application.submitted"
    APPLICATION_MORE_ASKED = "application.more_asked"
    APPLICATION_ADMITTED = "application.admitted"
    APPLICATION_REDATED = "application.redated"
    APPLICATION_REFUSED = "application.refused"
    APPLICATION_WITHDRAWN = "application.withdrawn"
    APPLICATION_REOPENED = "application.reopened"
    APPLICATION_LAPSED = "application.lapsed"
    APPLICATION_ERASED = "application.erased"
    INVITATION_ASKED = "invitation.asked"  # a fresh link to the first password
    INVITATION_USED = "invitation.used"
    SENDING_LIMIT_SET = "merchant.sending_limit_set"
    IMPORT_STARTED = "import.started"
    IMPORT_ENDED = "import.ended"
    TIP_REGISTERED = "tip.registered"
    TIP_CHANGED = "tip.changed"
    FILING_REGISTERED = "filing.registered"
    FILING_CHANGED = "filing.changed"
    FILING_ESCALATED = "filing.escalated"
    FILING_DECIDED = "filing.decided"
    FILING_WITHDRAWN = "filing.withdrawn"
    FILING_PARTED = "filing.parted"
    FILING_TAKEN = "filing.taken"  # an officer handles it himself: its limit of 受理 runs
    FILING_SENT_BACK = "filing.sent_back"
    FILING_REDATED = "filing.redated"
    CASE_OPENED = "case.opened"
    CASE_MERGED = "case.merged"
    CASE_PARTED = "case.parted"
    CASE_KEPT = "case.kept"
    CASE_SENT_BACK = "case.sent_back"
    FILING_REDACTED = "filing.redacted"
    CASE_DISPATCHED = "case.dispatched"
    CASE_ACCEPTED = "case.accepted"
    CASE_RETURNED = "case.returned"
    CASE_ASSIGNED = "case.assigned"
    CASE_RAISED = "case.raised"
    CASE_LOWERED = "case.lowered"
    CASE_TAKEN_BACK = "case.taken_back"
    CASE_NOTED = "case.noted"
    CASE_CONTACTED = "case.contacted"
    CASE_FAILED = "case.failed"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_BREACHED = "case.breached"
    CASE_CLOSED = "case.closed"
    CASE_WARNED = "case.warned"
    CASE_REDATED = "case.redated"
    CASE_BACKFILLED = "case.backfilled"
    CASE_PLATFORM_CHANGED = "case.platform_changed"  # a repeated number came with other columns
    EVIDENCE_ADDED = "evidence.added"
    OFFER_MADE = "offer.made"
    OFFER_UNDONE = "offer.undone"
    OFFER_COUNTERED = "offer.countered"
    OFFER_REFUSED = "offer.refused"
    OFFER_ACCEPTED = "offer.accepted"
    OFFER_EXPIRED = "offer.expired"
    AGREEMENT_MADE = "agreement.made"
    AGREEMENT_CONFIRMED = "agreement.confirmed"
    AGREEMENT_DISOWNED = "agreement.disowned"
    PERFORMANCE_RECORDED = "performance.recorded"
    PERFORMANCE_CONFIRMED = "performance.confirmed"
    PERFORMANCE_DENIED = "performance.denied"
    SETTLEMENT_RATED = "settlement.rated"
    LEDGER_ENTERED = "ledger.entered"
    CHECKPOINT_SIGNED = "checkpoint.signed"
    RECEIPT_ASKED = "receipt.asked"
    PAYEE_GIVEN = "payee.given"
    CALLBACK_RECORDED = "callback.recorded"
    PHONE_CHANGE_ASKED = "phone.change_asked"
    PHONE_CHANGE_REFUSED = "phone.change_refused"
    PHONE_CHANGED = "phone.changed"
    LETTER_MADE = "letter.made"
    GOODS_REGISTERED = "goods.registered"
    GOODS_SENT = "goods.sent"
    GOODS_TESTED = "goods.tested"
    GOODS_REMOVED = "goods.removed"
    GOODS_CANCELLED = "goods.cancelled"
    GOODS_CLOSED = "goods.closed"
    RECALL_ISSUED = "recall.issued"
    RECALL_ANSWERED = "recall.answered"
    RECALL_CHASED = "recall.chased"
    TRAINING_RECORDED = "training.recorded"
    TRAINING_CHANGED = "training.changed"
    TRAINING_CANCELLED = "training.cancelled"
    TRAINING_ATTENDED = "training.attended"
    TRAINING_IMPORTED = "training.imported"
    PRACTICE_STARTED = "practice.started"
    INSPECTION_RECORDED = "inspection.recorded"
    INSPECTION_CONFIRMED = "inspection.confirmed"
    INSPECTION_RECTIFIED = "inspection.rectified"
    INSPECTION_RECHECKED = "inspection.rechecked"
    TRIGGER_SET = "trigger.set"
    LIMIT_SET = "limit.set"
    SANCTION_PROPOSED = "sanction.proposed"
    SANCTION_DECLINED = "sanction.declined"
    MEASURE_TAKEN = "measure.taken"
    MEASURE_CONFIRMED = "measure.confirmed"
    MEASURE_STATED = "measure.stated"
    MEASURE_ANSWERED = "measure.answered"
    MEASURE_PROLONGED = "measure.prolonged"
    MEASURE_LIFTED = "measure.lifted"
    MEASURE_REPLACED = "measure.replaced"
    VISIT_PLANNED = "visit.planned"
    VISIT_CANCELLED = "visit.cancelled"
    VISIT_RECORDED = "visit.recorded"
    VISIT_RELEASED = "visit.released"
    VISIT_RECTIFIED = "visit.rectified"
    VISIT_RECHECKED = "visit.rechecked"
    VISIT_CLOSED = "visit.closed"
    VIOLATION_RECORDED = "violation.recorded"
    VIOLATION_DECIDED = "violation.decided"
    REMOVAL_ASKED = "removal.asked"
    REMOVAL_DECIDED = "removal.decided"
    CHECKPOINTS_TOLD = "checkpoints.told"
    PROMISE_SUBMITTED = "promise.submitted"
    PROMISE_WITHDRAWN = "promise.withdrawn"  # what was submitted, before it held
    PROMISE_REVIEWED = "promise.reviewed"
    PROMISE_BEGUN = "promise.begun"
    PROMISE_ENDING = "promise.ending"  # the merchant said when it ends
    PROMISE_ENDED = "promise.ended"
    PROMISE_REMOVED = "promise.removed"
    PROMISE_EXPIRED = "promise.expired"
    PROMISE_WARNED = "promise.warned"  # of the coming expiry
    PROMISOR_CHANGED = "promise.promisor_changed"  # its name or line, by a list
    FEEDBACK_GIVEN = "promise_feedback.given"
    FEEDBACK_HANDLED = "promise_feedback.handled"
    FEEDBACK_PASSED_ON = "promise_feedback.passed_on"  # the merchant may read it
    FEEDBACK_ERASED = "promise_feedback.erased"
    PROGRAMME_EDITED = "programme.edited"
    RETURN_ASKED = "return.asked"
    RETURN_FILES_ADDED = "return.files_added"
    RETURN_AGREED = "return.agreed"
    RETURN_REFUSED = "return.refused"
    RETURN_GOODS_BACK = "return.goods_back"
    RETURN_REFUNDED = "return.refunded"
    RETURN_EXCHANGED = "return.exchanged"
    RETURN_CONFIRMED = "return.confirmed"
    RETURN_DENIED = "return.denied"
    RETURN_WITHDRAWN = "return.withdrawn"
    RETURN_LAPSED = "return.lapsed"
    RETURN_WARNED = "return.warned"
    RETURN_OVERDUE = "return.overdue"
    RETURN_BREACH_FOUND = "return.breach_found"
    RETURN_ERASED = "return.erased"
    DISPOSAL_DRAWN = "disposal.drawn"
    DISPOSAL_APPROVED = "disposal.approved"
    DISPOSAL_REJECTED = "disposal.rejected"
    DISPOSAL_DONE = "disposal.done"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    LINK_ASKED = "link.asked"
    CODE_ASKED = "code.asked"
    GREEN_CODE_ASKED = "green.code_asked"  # to prove the number of a complaint that is being written
    GREEN_FORGOTTEN = "green.forgotten"  # a complaint that was begun and not filed, or filed some days ago
    GREEN_FILED = "green.filed"  # a complaint of the green channel: its consumer gets number and link
    MESSAGE_FAILED = "message.failed"
    MESSAGE_RESOLVED = "message.resolved"
    DELIVERY_GIVEN_UP = "delivery.given_up"
    TALLY_CORRECTED = "tally.corrected"
    LEDGER_CHECKED = "ledger.checked"
    LEDGER_READ_RELEASED = "ledger.read_released"


class SubjectKind(StrEnum):
    """What a fact is about."""

    INSTALLATION = "installation"
    ORGANISATION = "organisation"
    PERSON = "person"
    MERCHANT = "merchant"
    APPLICATION = "application"
    IMPORT = "import"
    TIP = "tip"
    FILING = "filing"
    CASE = "case"
    GREEN_DRAFT = "green_draft"
    MESSAGE = "message"
    GOODS = "goods"
    PROMISE = "promise"
    PROMISE_FEEDBACK = "promise_feedback"
    RETURN = "return"
    INSPECTION = "inspection"
    SANCTION = "sanction"
    MEASURE = "measure"
    VISIT = "visit"
    VIOLATION = "violation"
    TRAINING = "training"
    LEDGER = "ledger"
    LEDGER_ENTRY = "ledger_entry"


class Fact(Model):
    """One thing that happened to one subject. Never updated, never deleted: a trigger refuses both."""

    __tablename__ = "fact"
    __table_args__ = (Index("ix_fact_subject", "subject_kind", "subject_id", "id"),)

    topic: Mapped[Topic] = mapped_column(growing_enum(Topic))
    subject_kind: Mapped[SubjectKind] = mapped_column(growing_enum(SubjectKind))
    subject_id: Mapped[Ref]
    actor_kind: Mapped[ActorKind] = mapped_column(growing_enum(ActorKind))
    actor_id: Mapped[Ref | None]  # a person's id; no foreign key, so that the table can be partitioned
    actor_organisation_id: Mapped[Ref | None]
    actor_name: Mapped[str]  # a staff name; empty for consumers
    at: Mapped[datetime]
    detail: Mapped[Json]  # numbers, codes and references; never personal data


class Outbox(Model):
    """A fact that no dispatcher has taken yet."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_not_before", "not_before", "id"),)

    fact_id: Mapped[Ref] = mapped_column(ForeignKey("fact.id"), unique=True)
    not_before: Mapped[datetime]

    fact: Mapped[Fact] = relationship(lazy="raise_on_sql")


class DeliveryState(StrEnum):
    """Where one handler stands with one fact."""

    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given_up"


class Delivery(Model):
    """One handler's duty towards one fact."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("uq_delivery_fact_handler", "fact_id", "handler", unique=True),
        Index("ix_delivery_state_next", "state", "next_at", "id"),
    )

    fact_id: Mapped[Ref] = mapped_column(ForeignKey("fact.id"))
    handler: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    problem: Mapped[str | None]
    done_at: Mapped[datetime | None]


def record(
    session: Session,
    actor: Actor,
    topic: Topic,
    subject_kind: SubjectKind,
    subject_id: int,
    *,
    at: datetime,
    not_before: datetime | None = None,
    **detail: Any,
) -> Fact:
    """Write a fact and its outbox row in the session's transaction.

    `detail` holds numbers, codes and references only, never personal data. `not_before` delays its handlers
    (an undo window, decisions 15).
    """
    fact = Fact(
        topic=topic,
        subject_kind=subject_kind,
        subject_id=subject_id,
        actor_kind=actor.kind,
        actor_id=actor.person_id,
        actor_organisation_id=actor.organisation_id,
        actor_name=actor.name,
        at=at,
        detail=detail,
    )
    session.add(Outbox(fact=fact, not_before=not_before or at))
    session.info["facts_recorded"] = session.info.get("facts_recorded", 0) + 1
    return fact


def about(subject_kind: SubjectKind, subject_id: int) -> Select[Fact]:
    """Select a subject's facts, oldest first."""
    return (
        select(Fact).where(Fact.subject_kind == subject_kind, Fact.subject_id == subject_id).order_by(Fact.at, Fact.id)
    )
