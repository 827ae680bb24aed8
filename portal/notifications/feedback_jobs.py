"""Telling the authority of a consumer's word on a promise, and the merchant of one that was passed on to it."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.commitments.feedback_models import REASON_NAMES, PromiseFeedback
from portal.commitments.models import Promisor
from portal.core.facts import Fact, Topic
from portal.notifications.drafting import draft_for_desks
from portal.notifications.models import RecipientKind
from portal.notifications.templates import TemplateCode

WAITING = "消费者反馈“{reason}”，请核实处理。"
PASSED_ON = "监管部门转来消费者反馈“{reason}”和处理结果，见本页。"


def tell_of_feedback(session: Session, fact: Fact, *, now: datetime) -> None:
    """Put a feedback on the desk that has to look at it; of what was said only its reason from the list."""
    row = session.get_one(PromiseFeedback, fact.subject_id)
    promisor = session.get_one(Promisor, row.promisor_id)
    passed_on = fact.topic is Topic.FEEDBACK_PASSED_ON
    desk = promisor.merchant_id if passed_on else row.authority_id
    if desk is None:  # the firm of an imported list has none
        return
    draft_for_desks(
        session,
        fact,
        TemplateCode.STAFF_FEEDBACK,
        RecipientKind.MERCHANT if passed_on else RecipientKind.OFFICER,
        [desk],
        now=now,
        parameters={
            "reference": row.reference,
            "name": promisor.name,
            "words": (PASSED_ON if passed_on else WAITING).format(reason=REASON_NAMES[row.reason]),
            "path": f"/{'merchant' if passed_on else 'regulator'}/promise-feedback/{row.reference}",
        },
    )
