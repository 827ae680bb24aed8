"""An officer corrects the consumer's number: with a reason, told to the old number, by two while an offer is open."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from portal.accounts.links import revoke_links
from portal.cases import access
from portal.cases.models import Case, PhoneSource
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken, Stale
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, mask_phone, takes_sms, usable_phone, vault_of
from portal.mediation.models import ChangeState, PhoneChange, PhoneReason
from portal.settlements.models import Answer, Offer

VERIFIED = (PhoneSource.FILING, PhoneSource.OFFICER)
SEAL_NEW, SEAL_OLD = "phone_change.new", "phone_change.old"

UNUSABLE = "请填写完整的 11 位手机号，或带区号的座机号。带星号、缺位或留空的号码不能用。"
UNCHANGED = "这就是现在登记的号码，不用更换。"
WAITING = "这件纠纷已有一项号码更换在等复核。请先确认或退回那一项。"
DECIDED = "这项号码更换已经处理过了，别人可能刚刚确认或退回。请刷新页面。"
SECOND = "方案正在等消费者答复，更换号码须由另一名经办人员确认，申请人不能自己确认。"


@dataclass(frozen=True, slots=True)
class ChangePhone:
    """The consumer's number as the officer knows it now."""

    reference: str
    phone: str
    reason: PhoneReason


def change_phone(session: Session, actor: Actor, command: ChangePhone, *, now: datetime) -> PhoneChange:
    """Set the consumer's number at once, or leave it to a second officer while an offer is open (decisions 10).

    Refuses with RuleBroken (field "phone") a number nobody can call and the one already verified.
    """
    case, person_id = _opened(session, actor, command.reference)
    phone = usable_phone(command.phone)
    if phone is None:
        raise RuleBroken(UNUSABLE, field="phone")
    if case.phone_source in VERIFIED and phone == phone_of(session, case):
        raise RuleBroken(UNCHANGED, field="phone")
    if pending_change(session, case.id) is not None:
        raise RuleBroken(WAITING)
    waits = is_offer_open(session, case.id, now=now)
    change = PhoneChange(
        case_id=case.id,
        state=ChangeState.PENDING,
        needs_second=waits,
        reason=command.reason,
        new_sealed=vault_of(session).seal(_key(session, case), phone, SEAL_NEW),
        new_mask=mask_phone(phone),
        asked_by=person_id,
        asked_by_name=actor.name,
        asked_at=now,
    )
    session.add(change)
    if waits:
        session.flush()
        _record(session, actor, Topic.PHONE_CHANGE_ASKED, change, now=now)
    else:
        _apply(session, actor, case, change, phone, now=now)
    return change


@dataclass(frozen=True, slots=True)
class DecidePhone:
    """A waiting change of number, confirmed or sent back."""

    reference: str
    confirmed: bool


def decide_phone(session: Session, actor: Actor, command: DecidePhone, *, now: datetime) -> PhoneChange:
    """Confirm another officer's change, or send one back; Stale where it was decided meanwhile.

    Whoever asked may take the change back, never confirm it.
    """
    case, person_id = _opened(session, actor, command.reference)
    change = pending_change(session, case.id)
    if change is None:
        raise Stale(DECIDED)
    if not command.confirmed:
        change.state, change.decided_by, change.decided_at = ChangeState.REFUSED, person_id, now
        _record(session, actor, Topic.PHONE_CHANGE_REFUSED, change, now=now)
    elif change.asked_by == person_id:
        raise RuleBroken(SECOND)
    else:
        _apply(session, actor, case, change, new_phone_of(session, case, change), now=now)
    return change


def pending_change(session: Session, case_id: int) -> PhoneChange | None:
    """The change of a case's number that waits for a second officer."""
    return session.scalars(
        select(PhoneChange).where(PhoneChange.case_id == case_id, PhoneChange.state == ChangeState.PENDING)
    ).first()


def change_waits() -> ColumnElement[bool]:
    """The condition that a case's change of number waits for a second officer, for statements about cases."""
    return exists().where(PhoneChange.case_id == Case.id, PhoneChange.state == ChangeState.PENDING).correlate(Case)


def is_offer_open(session: Session, case_id: int, *, now: datetime) -> bool:
    """Say whether a round of either side waits for its answer, in its undo window as well."""
    waiting = select(Offer.id).where(Offer.case_id == case_id, Offer.answer == Answer.PENDING, Offer.expires_at > now)
    return session.scalars(waiting.limit(1)).first() is not None


def phone_of(session: Session, case: Case) -> str | None:
    """The number a case has now, whoever gave it; raises Erased once its key was destroyed."""
    if case.phone_sealed is None:
        return None
    return vault_of(session).open(_key(session, case), case.phone_sealed, "case.phone")


def new_phone_of(session: Session, case: Case, change: PhoneChange) -> str:
    """The number that a change brings."""
    return vault_of(session).open(_key(session, case), change.new_sealed, SEAL_NEW)


def old_phone_of(session: Session, change_id: int) -> str | None:
    """The verified number that a change replaced, which is told of it; raises Erased once its key was destroyed."""
    row = session.execute(
        select(PhoneChange.old_sealed, DataKey)
        .join(Case, Case.id == PhoneChange.case_id)
        .join(DataKey, DataKey.id == Case.key_id)
        .where(PhoneChange.id == change_id)
    ).one()
    return vault_of(session).open(row.DataKey, row.old_sealed, SEAL_OLD) if row.old_sealed else None


def has_verified_mobile(session: Session, case: Case) -> bool:
    """Say whether a short message reaches the consumer on a number that counts (decisions 10)."""
    phone = phone_of(session, case) if case.phone_source in VERIFIED else None
    return phone is not None and takes_sms(phone)


def _opened(session: Session, actor: Actor, reference: str) -> tuple[Case, int]:
    case = access.locked(session, actor, reference)
    require(actor, Permission.CONSUMER_REACH, case)
    if actor.person_id is None:
        raise NotAllowed("请先登录再更换消费者的号码。")
    return case, actor.person_id


def _apply(session: Session, actor: Actor, case: Case, change: PhoneChange, phone: str, *, now: datetime) -> None:
    """Put the number in force: the old number's link ends, and whoever accepts needs a code (decisions 13)."""
    vault, key = vault_of(session), _key(session, case)
    old = phone_of(session, case)
    if old is not None and old != phone:
        revoke_links(session, case.id, old, now=now)
        if case.phone_source in VERIFIED:
            change.old_sealed = vault.seal(key, old, SEAL_OLD)
    case.phone_sealed = vault.seal(key, phone, "case.phone")
    case.phone_index = vault.blind(phone, "phone")
    case.phone_mask = mask_phone(phone)
    case.phone_source, case.phone_set_at = PhoneSource.OFFICER, now
    change.state, change.decided_by, change.decided_at = ChangeState.APPLIED, actor.person_id, now
    session.flush()
    _record(session, actor, Topic.PHONE_CHANGED, change, now=now)


def _key(session: Session, case: Case) -> DataKey:
    return session.get_one(DataKey, case.key_id)


def _record(session: Session, actor: Actor, topic: Topic, change: PhoneChange, *, now: datetime) -> None:
    facts.record(session, actor, topic, SubjectKind.CASE, change.case_id, at=now, change_id=change.id)
