"""Telling applicants of their application, officers of what waits, merchants of what to keep current."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import Erased
from portal.enrolment.application_contents import contact_of
from portal.enrolment.application_links import application_path, invitation_path
from portal.enrolment.application_models import Application, ApplicationRequest
from portal.enrolment.models import Merchant
from portal.notifications import rules
from portal.notifications.drafting import draft_for_desks, limit_words
from portal.notifications.models import RecipientKind
from portal.notifications.standalone import draft_to_mail, draft_to_phone, forget_phones, sender_words
from portal.notifications.templates import TemplateCode

MERCHANT, OFFICER = RecipientKind.MERCHANT, RecipientKind.OFFICER
TO_APPLICANTS: dict[Topic, tuple[TemplateCode, str]] = {  # the short message, and what a mail says
    Topic.APPLICATION_STARTED: (TemplateCode.APPLICATION_LINK, "已经开始填写，可以随时继续"),
    Topic.APPLICATION_LINK_ASKED: (TemplateCode.APPLICATION_LINK, "重新获取的链接"),
    Topic.APPLICATION_MORE_ASKED: (TemplateCode.APPLICATION_MORE, "审核人员要求补正"),
    Topic.APPLICATION_ADMITTED: (TemplateCode.APPLICATION_ADMITTED, "已通过审核，首次登录链接已发到联系人手机"),
    Topic.APPLICATION_REFUSED: (TemplateCode.APPLICATION_REFUSED, "没有通过审核，可以修改后重新申请"),
    Topic.INVITATION_ASKED: (TemplateCode.APPLICATION_ADMITTED, ""),
}
OF_INVITATIONS = frozenset({Topic.APPLICATION_ADMITTED, Topic.INVITATION_ASKED})


def tell_applicant(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send the link of an application to the contact person's phone, and by mail where an address was given.

    The way to the first password goes to the phone only.
    """
    row = _application(session, fact)
    template, words = TO_APPLICANTS[fact.topic]
    path = application_path(session, row)
    sms_path = invitation_path(session, row) if fact.topic in OF_INVITATIONS else path
    try:
        contact = contact_of(session, row, row.key)
    except Erased:
        return
    if not contact.phone or path is None or sms_path is None:
        return  # erased or used since
    parameters = {**sender_words(session, row.authority_id, row.name), "tail": rules.number_tail(row.reference)}
    if template is TemplateCode.APPLICATION_MORE:
        parameters["by"] = rules.day_words(_reply_on(session, row))
    draft_to_phone(
        session, fact, template, contact.phone, now=now, path=sms_path, parameters=parameters,
        authority_id=row.authority_id,
    )  # fmt: skip
    if contact.mail and words:
        known = {"name": rules.short_merchant(row.name), "what": words, "path": "/apply"}
        draft_to_mail(session, fact, TemplateCode.MAIL_APPLICATION, contact.mail, now=now, path=path, parameters=known)


def tell_of_application(session: Session, fact: Fact, *, now: datetime) -> None:
    """Put a submitted application on the desk of the authority that it is addressed to."""
    row = _application(session, fact)
    if row.review_by is None:
        return
    by = limit_words(session, row.review_by)
    known = {"name": row.name, "by": by, "path": f"/regulator/applications/{row.reference}"}
    draft_for_desks(
        session, fact, TemplateCode.STAFF_APPLICATION, OFFICER, [row.authority_id], now=now, parameters=known
    )


def forget_applicant(session: Session, fact: Fact, *, now: datetime) -> None:
    """Wipe the numbers and links of the messages of an application that was erased."""
    forget_phones(session, SubjectKind.APPLICATION, fact.subject_id)


def tell_of_merchant_data(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell a merchant of its yearly confirmation, its licence and what became of a proposal; officers of the rest."""
    row = session.scalars(
        select(Merchant).where(Merchant.id == fact.subject_id).options(joinedload(Merchant.organisation))
    ).one()
    own, theirs = "/merchant/organisation", f"/regulator/merchants/{row.organisation.code}"
    by = rules.day_words(date.fromisoformat(fact.detail["on"]))
    told: dict[Topic, Sequence[tuple[TemplateCode, RecipientKind, int, str]]] = {
        Topic.MERCHANT_DATA_DUE: ((TemplateCode.STAFF_DATA_DUE, MERCHANT, row.id, own),),
        Topic.MERCHANT_LICENCE_ENDING: (
            (TemplateCode.STAFF_LICENCE, MERCHANT, row.id, own),
            (TemplateCode.STAFF_LICENCE, OFFICER, row.authority_id, theirs),
        ),
        Topic.MERCHANT_PROPOSED: ((TemplateCode.STAFF_PROPOSED, OFFICER, row.authority_id, theirs),),
        Topic.MERCHANT_PROPOSAL_DECIDED: ((TemplateCode.STAFF_PROPOSAL, MERCHANT, row.id, own),),
    }
    for template, kind, desk, path in told[fact.topic]:
        known = {"name": row.organisation.name, "by": by, "path": path}
        draft_for_desks(session, fact, template, kind, [desk], now=now, parameters=known)


def _application(session: Session, fact: Fact) -> Application:
    query = select(Application).where(Application.id == fact.subject_id).options(joinedload(Application.key))
    return session.scalars(query).one()


def _reply_on(session: Session, row: Application) -> date:
    return session.scalars(
        select(ApplicationRequest.reply_on)
        .where(ApplicationRequest.application_id == row.id)
        .order_by(ApplicationRequest.id.desc())
        .limit(1)
    ).one()
