"""What a return request sets off: short messages to the consumer, notices on the merchant's and the authority's desk."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.clocks import rules as clocks
from portal.core.facts import Fact, SubjectKind, Topic
from portal.notifications import rules
from portal.notifications.drafting import draft_for_desks
from portal.notifications.models import RecipientKind
from portal.notifications.standalone import draft_to_phone, forget_phones, sender_words
from portal.notifications.templates import TemplateCode
from portal.returns.models import ReturnRequest
from portal.returns.queries import contact_of
from portal.returns.rules import BREACH_NAMES, FINDING_NAMES, Breach

T = TemplateCode
TO_CONSUMER = {
    Topic.RETURN_ASKED: T.RETURN_ASKED,
    Topic.RETURN_AGREED: T.RETURN_ANSWERED,
    Topic.RETURN_REFUSED: T.RETURN_ANSWERED,
    Topic.RETURN_REFUNDED: T.RETURN_REFUNDED,
    Topic.RETURN_OVERDUE: T.RETURN_LATE,
}
TO_MERCHANT = {
    Topic.RETURN_ASKED: T.STAFF_RETURN_ASKED,
    Topic.RETURN_WARNED: T.STAFF_RETURN_NEAR,
    Topic.RETURN_OVERDUE: T.STAFF_RETURN_LATE,
    Topic.RETURN_DENIED: T.STAFF_RETURN_DENIED,
    Topic.RETURN_BREACH_FOUND: T.STAFF_RETURN_FOUND,
}
POSSIBLE_BREACHES = frozenset({Topic.RETURN_REFUSED, Topic.RETURN_OVERDUE, Topic.RETURN_DENIED})
SOON = "近日"  # a wish has no promised day
AT_ONCE = "尽快"


def tell_of_return(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell whoever the fact concerns; looks at the request as it is now."""
    request = session.get_one(ReturnRequest, fact.subject_id)
    if fact.topic in TO_CONSUMER:
        _tell_consumer(session, fact, request, now=now)
    if fact.topic in TO_MERCHANT:
        by = _by(request) if fact.topic is not Topic.RETURN_BREACH_FOUND else _found(request)
        _tell_desk(session, fact, TO_MERCHANT[fact.topic], RecipientKind.MERCHANT, request, by, now=now)
    if fact.topic in POSSIBLE_BREACHES and fact.detail.get("breach"):
        by = BREACH_NAMES[Breach(request.breach)] if request.breach else ""
        _tell_desk(session, fact, T.STAFF_RETURN_BREACH, RecipientKind.OFFICER, request, by, now=now)


def forget_return(session: Session, fact: Fact, *, now: datetime) -> None:
    """Wipe number and link of the messages about a request whose personal data was erased."""
    forget_phones(session, SubjectKind.RETURN, fact.subject_id)


def _tell_consumer(session: Session, fact: Fact, request: ReturnRequest, *, now: datetime) -> None:
    contact = contact_of(session, request)
    if contact is None:
        return
    draft_to_phone(
        session,
        fact,
        TO_CONSUMER[fact.topic],
        contact.phone,
        now=now,
        path=contact.path,
        parameters={
            **sender_words(session, request.authority_id, contact.merchant),
            "tail": rules.number_tail(request.reference),
            "by": _by(request),
        },
        authority_id=request.authority_id,
    )


def _tell_desk(
    session: Session,
    fact: Fact,
    template: TemplateCode,
    kind: RecipientKind,
    request: ReturnRequest,
    by: str,
    *,
    now: datetime,
) -> None:
    is_merchant = kind is RecipientKind.MERCHANT
    path = f"/{'merchant' if is_merchant else 'regulator'}/returns-asked/{request.reference}"
    organisation_id = request.merchant_id if is_merchant else request.authority_id
    known = {"reference": request.reference, "by": by, "path": path}
    draft_for_desks(session, fact, template, kind, [organisation_id], now=now, parameters=known)


def _by(request: ReturnRequest) -> str:
    due = request.due_at or request.pay_by or request.answer_by
    if due is None:
        return SOON if request.is_wish else AT_ONCE
    return rules.day_words(clocks.due_day(due))


def _found(request: ReturnRequest) -> str:
    return FINDING_NAMES[request.finding] if request.finding else ""
