"""Messages of the green channel: the code that proves a number, and number and link once a complaint is filed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import PhoneCode
from portal.core.facts import Fact, SubjectKind
from portal.enrolment.models import Merchant
from portal.intake.green_access import said_in
from portal.intake.green_models import GreenDraft
from portal.intake.models import Filing
from portal.notifications import rules
from portal.notifications.drafting import draft_sms, limit_words
from portal.notifications.recipients import case_of
from portal.notifications.standalone import draft_to_phone, forget_phones, sender_words
from portal.notifications.templates import TemplateCode


def send_code(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send six digits to the number that stands in a complaint that is being written; nothing where that is gone."""
    draft = session.scalars(
        select(GreenDraft)
        .where(GreenDraft.id == fact.subject_id)
        .options(
            joinedload(GreenDraft.key),
            joinedload(GreenDraft.merchant).joinedload(Merchant.organisation),
        )
    ).first()
    code = session.get(PhoneCode, fact.detail["code_id"])
    if draft is None or code is None or code.code_sealed is None:
        return
    phone = said_in(session, draft).plain_phone
    if not phone:
        return
    words = sender_words(session, draft.merchant.authority_id, draft.merchant.organisation.name)
    message = draft_to_phone(
        session,
        fact,
        TemplateCode.GREEN_CODE,
        phone,
        now=now,
        path=None,
        parameters={**words, "tail": rules.number_tail(phone)},
    )
    if message is not None:
        message.code_id = code.id


def tell_of_filing(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send the consumer number and link of a complaint that was filed through the green channel."""
    case = case_of(session, fact.subject_id)
    filing = session.get_one(Filing, fact.detail["filing_id"])
    tail, merchant = rules.number_tail(filing.number), rules.short_merchant(filing.company_name)
    if case.contact_by is None or case.dispatched_at is None:
        draft_sms(session, fact, case, TemplateCode.GREEN_REGISTERED, now=now, tail=tail, merchant=merchant)
        return
    by = limit_words(session, case.contact_by)
    draft_sms(session, fact, case, TemplateCode.GREEN_FILED, now=now, by=by, tail=tail, merchant=merchant)


def forget_phone(session: Session, fact: Fact) -> None:
    """Wipe the number from the messages of a complaint that was begun and is forgotten."""
    forget_phones(session, SubjectKind.GREEN_DRAFT, fact.subject_id)
