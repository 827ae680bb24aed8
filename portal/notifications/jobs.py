"""What each fact sets off: messages to the consumer, notices to staff, and how long a link lives.

Every handler looks at the case as it is now, for a fact may be delivered late, and may run twice.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import BEFORE_AGREEMENT, CaseState, FailureCause
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core.actor import ActorKind
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import Erased
from portal.intake.models import Filing
from portal.mediation.phones import old_phone_of
from portal.mediation.queries import awaits_choice
from portal.notifications import enrolment_jobs, greens, rules
from portal.notifications.checkpoint_mails import mail_to_merchant
from portal.notifications.drafting import draft_for_desks, draft_for_staff, draft_sms, limit_words
from portal.notifications.models import Message, MessageState, RecipientKind
from portal.notifications.recipients import case_of, reached_at
from portal.notifications.templates import TemplateCode
from portal.notifications.training_notices import tell_invited
from portal.recalls.models import ProblemGoods, RecallNotice
from portal.recalls.queries import merchants_to_remind
from portal.settlements.models import Agreement, Offer
from portal.settlements.rules.words import Answer, Side
from portal.supervision.models import Inspection
from portal.supervision.sanction_models import Measure, SanctionProposal
from portal.supervision.visit_models import MysteryVisit

OVERDUE_WORD = clocks.Severity.OVERDUE.name.lower()
OVER = "方案已撤回、到期或有了结果，不再通知。"
MERCHANT, OFFICER = RecipientKind.MERCHANT, RecipientKind.OFFICER
ABOUT_ROUNDS = frozenset({Topic.OFFER_REFUSED, Topic.OFFER_EXPIRED})
SAID = frozenset({Topic.MEASURE_STATED, Topic.MEASURE_ANSWERED})

STAFF_NOTICES: dict[Topic, tuple[TemplateCode, tuple[RecipientKind, ...]]] = {
    Topic.OFFER_COUNTERED: (TemplateCode.STAFF_COUNTERED, (MERCHANT,)),
    Topic.OFFER_REFUSED: (TemplateCode.STAFF_REFUSED, (MERCHANT,)),
    Topic.OFFER_EXPIRED: (TemplateCode.STAFF_EXPIRED, (MERCHANT,)),
    Topic.OFFER_ACCEPTED: (TemplateCode.STAFF_AGREED, (MERCHANT,)),
    Topic.PERFORMANCE_CONFIRMED: (TemplateCode.STAFF_CONFIRMED, (MERCHANT,)),
    Topic.PERFORMANCE_DENIED: (TemplateCode.STAFF_DENIED, (MERCHANT, OFFICER)),
    Topic.CASE_BREACHED: (TemplateCode.STAFF_BREACHED, (MERCHANT, OFFICER)),
    Topic.CASE_RAISED: (TemplateCode.STAFF_RAISED, (MERCHANT,)),
    Topic.AGREEMENT_DISOWNED: (TemplateCode.STAFF_DISOWNED, (MERCHANT,)),
    Topic.CASE_FAILED: (TemplateCode.STAFF_FAILED, (MERCHANT, OFFICER)),
    Topic.CASE_WITHDRAWN: (TemplateCode.STAFF_WITHDRAWN, (MERCHANT,)),
    Topic.CASE_WARNED: (TemplateCode.STAFF_WARNED, (MERCHANT,)),
    Topic.PHONE_CHANGE_ASKED: (TemplateCode.STAFF_PHONE_ASKED, (OFFICER,)),
    Topic.FILING_ESCALATED: (TemplateCode.STAFF_ESCALATED, (OFFICER,)),
}
OVERDUE = (TemplateCode.STAFF_OVERDUE, (MERCHANT, OFFICER))  # of a warning whose limit has ended


def tell_of_offer(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send the consumer the link to an offer that still stands; runs only after the undo window."""
    case = case_of(session, fact.subject_id)
    offer = _offer_of(session, fact, case)
    if offer is None or offer.side != Side.MERCHANT or offer.answer != Answer.PENDING or offer.expires_at <= now:
        return
    by = rules.moment_words(offer.expires_at.astimezone(clocks.SHANGHAI))
    draft_sms(session, fact, case, TemplateCode.OFFER_MADE, now=now, by=by)


def cancel_offer_message(session: Session, fact: Fact, *, now: datetime) -> None:
    """Call back the message of an offer that was undone, expired or ended otherwise, as far as it is not out."""
    session.execute(
        update(Message)
        .where(
            Message.case_id == fact.subject_id,
            Message.template == TemplateCode.OFFER_MADE,
            Message.state == MessageState.WAITING,
            Message.fact_id < fact.id,
        )
        .values(state=MessageState.CANCELLED, problem=OVER)
    )


def send_receipt(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send the consumer who accepted an offer the link to the receipt, with the day of performance."""
    case = case_of(session, fact.subject_id)
    perform_on = session.scalars(
        select(Agreement.perform_on).where(Agreement.case_id == case.id).order_by(Agreement.id.desc()).limit(1)
    ).first()
    if perform_on is None or case.state not in (CaseState.AGREED, CaseState.PERFORMED):
        return
    draft_sms(session, fact, case, TemplateCode.AGREED, now=now, by=rules.day_words(perform_on))


def tell_of_counter(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the consumer what the merchant said to a counter; the consumer's own answers are no news to him."""
    if fact.actor_kind is ActorKind.CONSUMER or fact.detail.get("unverified"):
        return  # nor is an agreement made outside an answer to any counter
    case = case_of(session, fact.subject_id)
    if fact.topic is Topic.AGREEMENT_MADE:
        by = rules.day_words(date.fromisoformat(fact.detail["perform_on"]))
        draft_sms(session, fact, case, TemplateCode.COUNTER_ACCEPTED, now=now, by=by)
    elif case.state in BEFORE_AGREEMENT | {CaseState.FAILED, CaseState.BREACHED}:
        draft_sms(session, fact, case, TemplateCode.COUNTER_REFUSED, now=now)


def ask_for_receipt(session: Session, fact: Fact, *, now: datetime) -> None:
    """Ask the consumer whether what was promised has come: 收到 or 没收到."""
    case = case_of(session, fact.subject_id)
    if case.state is CaseState.PERFORMED:
        draft_sms(session, fact, case, TemplateCode.RECEIPT_ASKED, now=now)


def tell_of_breach(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the consumer of a breach found by the clock; whoever said 没收到 knows already."""
    case = case_of(session, fact.subject_id)
    if case.state is CaseState.BREACHED and fact.actor_kind is not ActorKind.CONSUMER:
        draft_sms(session, fact, case, TemplateCode.BREACHED, now=now)


def tell_of_failure(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the consumer that nothing was agreed: channel A asks for a choice, channel B is the officer's (decisions 3)."""
    case = case_of(session, fact.subject_id)
    if case.state is not CaseState.FAILED or case.cause is FailureCause.CONSUMER_ESCALATED:
        return
    chooses = session.scalars(select(Case.id).where(Case.id == case.id, awaits_choice())).first() is not None
    template = TemplateCode.CHOICE_ASKED if chooses else TemplateCode.WITH_AUTHORITY
    draft_sms(session, fact, case, template, now=now)


def send_code(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send a six-digit code to the verified phone."""
    case = case_of(session, fact.subject_id)
    draft_sms(session, fact, case, TemplateCode.CODE, now=now, code_id=fact.detail["code_id"])


def send_fresh_link(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send the registered phone a link that lives, because the holder of a dead one asked."""
    case = case_of(session, fact.subject_id)
    days = fact.detail["days"]
    ends_at = now + timedelta(days=days) if days else None
    draft_sms(session, fact, case, TemplateCode.FRESH_LINK, now=now, link_ends_at=ends_at)


def tell_old_phone(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the number that was replaced, so that nobody loses a complaint to a stranger unheard (decisions 10)."""
    try:
        old = old_phone_of(session, fact.detail["change_id"])
    except Erased:
        return
    if old is not None:
        case = case_of(session, fact.subject_id)
        draft_sms(session, fact, case, TemplateCode.PHONE_CHANGED, now=now, to=reached_at(old))


def tell_new_phone(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send the new number its own link, for the old one has ended; nothing where the case is over."""
    case = case_of(session, fact.subject_id)
    if case.merchant_id is not None and case.closed_at is None:
        draft_sms(session, fact, case, TemplateCode.FRESH_LINK, now=now)


def notify_staff(session: Session, fact: Fact, *, now: datetime) -> None:
    """Put the fact on the desks that it concerns, and mail it where an address is known."""
    if fact.topic in ABOUT_ROUNDS and fact.detail.get("side") == Side.CONSUMER:
        return  # of a counter, which the merchant answered or left alone himself
    template, kinds = STAFF_NOTICES[fact.topic]
    case = case_of(session, _case_id(fact))
    if fact.topic is Topic.CASE_WARNED and fact.detail.get("severity") == OVERDUE_WORD:
        template, kinds = OVERDUE
        if case.state not in BEFORE_AGREEMENT | {CaseState.FAILED}:
            return
    elif fact.topic is Topic.CASE_WARNED and not steps.limit_runs(case):
        return
    for kind in kinds:
        draft_for_staff(
            session, fact, case, template, kind, now=now, by=_due_words(session, fact, case, template, now=now)
        )


def tell_of_goods(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the authority of an article that failed its test, and every merchant of the area of the authority's notice."""
    goods = session.get_one(ProblemGoods, fact.subject_id)
    if fact.topic is Topic.GOODS_TESTED:
        if not fact.detail["passed"]:
            known = {"goods": goods.goods, "by": "", "path": f"/regulator/goods/{goods.reference}"}
            draft_for_desks(
                session, fact, TemplateCode.STAFF_GOODS_FAILED, OFFICER, [goods.authority_id], now=now, parameters=known
            )
        return
    notice = session.scalars(select(RecallNotice).where(RecallNotice.goods_id == goods.id)).one()
    chased = fact.topic is Topic.RECALL_CHASED
    draft_for_desks(
        session,
        fact,
        TemplateCode.STAFF_RECALL_CHASED if chased else TemplateCode.STAFF_RECALL_ISSUED,
        MERCHANT,
        merchants_to_remind(session, goods.id),
        now=now,
        parameters={
            "goods": goods.goods,
            "by": rules.day_words(clocks.due_day(notice.answer_by)),
            "path": f"/merchant/recalls/{goods.reference}",
        },
    )


def tell_of_inspection(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the merchant of an inspection and of a re-check, the inspecting authority of a rectification."""
    row = session.get_one(Inspection, fact.subject_id)
    template, kind, desk, organisation_id = {
        Topic.INSPECTION_RECORDED: (TemplateCode.STAFF_INSPECTED, MERCHANT, "merchant", row.merchant_id),
        Topic.INSPECTION_RECTIFIED: (TemplateCode.STAFF_RECTIFIED, OFFICER, "regulator", row.authority_id),
        Topic.INSPECTION_RECHECKED: (TemplateCode.STAFF_RECHECKED, MERCHANT, "merchant", row.merchant_id),
    }[fact.topic]
    known = {"reference": row.reference, "path": f"/{desk}/inspections/{row.reference}"}
    draft_for_desks(session, fact, template, kind, [organisation_id], now=now, parameters=known)


def tell_of_proposal(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the authority that a trigger was reached; what an officer proposed himself is no news to it."""
    row = session.get_one(SanctionProposal, fact.subject_id)
    if not row.remark:
        path = f"/regulator/sanctions/{row.reference}"
        _tell_one(session, fact, TemplateCode.STAFF_SANCTION, OFFICER, row.authority_id, (row.reference, path), now=now)


def tell_of_measure(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the merchant of a measure and of what was decided about it, the authority of what the merchant said."""
    row = session.get_one(Measure, fact.subject_id)
    if fact.topic in SAID:
        path = f"/regulator/measures/{row.number}"
        _tell_one(
            session, fact, TemplateCode.STAFF_MEASURE_SAID, OFFICER, row.authority_id, (row.number, path), now=now
        )
        return
    template = TemplateCode.STAFF_MEASURE if fact.topic is Topic.MEASURE_TAKEN else TemplateCode.STAFF_MEASURE_JUDGED
    _tell_one(
        session, fact, template, MERCHANT, row.merchant_id, (row.number, f"/merchant/measures/{row.number}"), now=now
    )


def tell_of_visit(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell an enrolled merchant of a visit that was released to it, the authority of what was put right."""
    row = session.get_one(MysteryVisit, fact.subject_id)
    if fact.topic is Topic.VISIT_RECTIFIED:
        said = (row.reference, f"/regulator/visits/{row.reference}")
        _tell_one(session, fact, TemplateCode.STAFF_VISIT_SAID, OFFICER, row.authority_id, said, now=now)
    elif row.merchant_id is not None and row.released_at is not None:
        said = (row.reference, f"/merchant/visits/{row.reference}")
        _tell_one(session, fact, TemplateCode.STAFF_VISIT, MERCHANT, row.merchant_id, said, now=now)


def tell_applicant(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send an applicant the link and what became of the application."""
    enrolment_jobs.tell_applicant(session, fact, now=now)


def tell_of_application(session: Session, fact: Fact, *, now: datetime) -> None:
    """Put a submitted application on the authority's desk."""
    enrolment_jobs.tell_of_application(session, fact, now=now)


def forget_applicant(session: Session, fact: Fact, *, now: datetime) -> None:
    """Wipe the numbers and links of an erased application's messages."""
    enrolment_jobs.forget_applicant(session, fact, now=now)


def tell_of_merchant_data(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell of the yearly confirmation, a licence that ends, a proposal and its answer."""
    enrolment_jobs.tell_of_merchant_data(session, fact, now=now)


def mail_checkpoint(session: Session, fact: Fact, *, now: datetime) -> None:
    """Mail a merchant's heads the checkpoint of its ledger that was just signed (decisions 27)."""
    mail_to_merchant(session, fact, now=now)


def tell_of_training(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell invited merchants of a training, of its new day or place, and that it is called off."""
    tell_invited(session, fact, now=now)


def send_green_code(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send six digits to the number of a complaint that is being written."""
    greens.send_code(session, fact, now=now)


def tell_of_green_filing(session: Session, fact: Fact, *, now: datetime) -> None:
    """Send number and link of a complaint that was filed through the green channel."""
    greens.tell_of_filing(session, fact, now=now)


def forget_green_phone(session: Session, fact: Fact, *, now: datetime) -> None:
    """Wipe the number of a complaint that was begun and is forgotten from its messages."""
    greens.forget_phone(session, fact)


def keep_links(session: Session, fact: Fact, *, now: datetime) -> None:
    """Let the case's links end when it closed, and live on when it did not or reopened (decisions 12).

    30 days after closing; a year while 没收到 can still be said: rows of limits.
    """
    case = case_of(session, _case_id(fact))
    limits = {
        CaseState.CLOSED_SETTLED: "link_after_closing",
        CaseState.WITHDRAWN: "link_after_closing",
        CaseState.SENT_BACK: "link_after_closing",
        CaseState.FAILED: "link_after_closing" if case.closed_at else "",
        CaseState.CLOSED_UNCONFIRMED: "not_received",
    }
    limit = limits.get(case.state, "")
    ends_at = almanac(session).derive(limit, case.closed_at or fact.at).due_at if limit else None
    links.expire_links(session, case.id, ends_at)


def _tell_one(
    session: Session,
    fact: Fact,
    template: TemplateCode,
    kind: RecipientKind,
    organisation_id: int,
    said: tuple[str, str],
    *,
    now: datetime,
) -> None:
    known = {"reference": said[0], "path": said[1]}
    draft_for_desks(session, fact, template, kind, [organisation_id], now=now, parameters=known)


def _case_id(fact: Fact) -> int:
    case_id: int = fact.detail["case_id"] if fact.subject_kind is SubjectKind.FILING else fact.subject_id
    return case_id


def _offer_of(session: Session, fact: Fact, case: Case) -> Offer | None:
    query = select(Offer).where(Offer.case_id == case.id).order_by(Offer.round.desc()).limit(1)
    if "offer_id" in fact.detail:
        query = query.where(Offer.id == fact.detail["offer_id"])
    elif "round" in fact.detail:
        query = query.where(Offer.round == fact.detail["round"])
    return session.scalars(query).first()


def _due_words(session: Session, fact: Fact, case: Case, template: TemplateCode, *, now: datetime) -> str:
    if template is TemplateCode.STAFF_AGREED and case.perform_by is not None:
        return rules.day_words(clocks.due_day(case.perform_by))
    if template is TemplateCode.STAFF_ESCALATED:
        decide_by = session.get_one(Filing, fact.subject_id).decide_by
        return limit_words(session, decide_by) if decide_by else "规定期限"
    if template is TemplateCode.STAFF_OVERDUE:
        return rules.day_words(date.fromisoformat(fact.detail["due_on"]))
    if template is TemplateCode.STAFF_WARNED:  # what is left now, not when it was planned: tick may have been away
        left = clocks.deadline_wording(now, case.due_at, almanac(session).calendar)
        return f"{limit_words(session, case.due_at)}，{left.text}"
    if case.respond_by is not None:
        return limit_words(session, case.respond_by)
    return "到期"
