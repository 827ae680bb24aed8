"""How the consumer of a case is reached, as officers read it: the number, a change that waits, the letter."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.cases.access import fetched
from portal.cases.models import Case, PhoneSource
from portal.cases.wording import full_time
from portal.core.access import granted_until
from portal.core.actor import Actor
from portal.core.facts import SubjectKind
from portal.mediation.letters import objection_to_letter
from portal.mediation.models import PhoneChange, PhoneReason
from portal.mediation.phones import is_offer_open, new_phone_of, pending_change

REASON_NAMES = {
    PhoneReason.ASKED: "消费者本人要求更换",
    PhoneReason.WRONG: "登记的号码有误",
    PhoneReason.OUT_OF_USE: "原号码已停用",
    PhoneReason.MISSING: "登记时没有可用号码",
}
ORIGINS = {
    PhoneSource.NONE: "没有可用号码",
    PhoneSource.FILING: "登记时提供",
    PhoneSource.OFFICER: "经办人员核实",
    PhoneSource.MERCHANT: "企业提供，只用于通话",
}


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """A change that waits for a second officer; its number is whole only while a reasoned look lasts."""

    phone: str
    whole: bool
    reason: str
    asked_by: str
    asked_when: str
    own: bool  # the reader asked for it, and may only take it back


@dataclass(frozen=True, slots=True)
class Reaching:
    """What the pages of number and letter show; never a link."""

    case: Case
    phone: str
    origin: str
    offer_open: bool
    waiting: WaitingChange | None
    letter_objection: str


def reaching(session: Session, actor: Actor, reference: str, *, now: datetime) -> Reaching:
    """Read how the consumer is reached; raises NotFound for strangers."""
    case = fetched(session, actor, reference)
    change = pending_change(session, case.id)
    return Reaching(
        case=case,
        phone=case.phone_mask,
        origin=ORIGINS[case.phone_source],
        offer_open=is_offer_open(session, case.id, now=now),
        waiting=_waiting(session, actor, case, change, now=now) if change else None,
        letter_objection=objection_to_letter(session, case) or "",
    )


def _waiting(session: Session, actor: Actor, case: Case, change: PhoneChange, *, now: datetime) -> WaitingChange:
    whole = granted_until(session, actor, SubjectKind.CASE, case.id, now=now) is not None
    return WaitingChange(
        phone=new_phone_of(session, case, change) if whole else change.new_mask,
        whole=whole,
        reason=REASON_NAMES[change.reason],
        asked_by=change.asked_by_name,
        asked_when=full_time(change.asked_at),
        own=change.asked_by == actor.person_id,
    )
