"""Notices about proposals, measures and visits: to the merchant's desk, and to the authority's."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.facts import Fact, Topic
from portal.notifications.drafting import draft_for_desks
from portal.notifications.models import RecipientKind
from portal.notifications.templates import TemplateCode
from portal.supervision.sanction_models import Measure, SanctionProposal
from portal.supervision.visit_models import MysteryVisit

MERCHANT, OFFICER = RecipientKind.MERCHANT, RecipientKind.OFFICER
SAID = frozenset({Topic.MEASURE_STATED, Topic.MEASURE_ANSWERED})


def tell_of_proposal(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the authority that a trigger was reached; what an officer proposed himself is no news to it."""
    row = session.get_one(SanctionProposal, fact.subject_id)
    if not row.remark:
        path = f"/regulator/sanctions/{row.reference}"
        _tell(session, fact, TemplateCode.STAFF_SANCTION, OFFICER, row.authority_id, (row.reference, path), now=now)


def tell_of_measure(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell the merchant of a measure and of what was decided about it, the authority of what the merchant said."""
    row = session.get_one(Measure, fact.subject_id)
    if fact.topic in SAID:
        path = f"/regulator/measures/{row.number}"
        _tell(session, fact, TemplateCode.STAFF_MEASURE_SAID, OFFICER, row.authority_id, (row.number, path), now=now)
        return
    template = TemplateCode.STAFF_MEASURE if fact.topic is Topic.MEASURE_TAKEN else TemplateCode.STAFF_MEASURE_JUDGED
    _tell(session, fact, template, MERCHANT, row.merchant_id, (row.number, f"/merchant/measures/{row.number}"), now=now)


def tell_of_visit(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell an enrolled merchant of a visit that was released to it, the authority of what was put right."""
    row = session.get_one(MysteryVisit, fact.subject_id)
    if fact.topic is Topic.VISIT_RECTIFIED:
        said = (row.reference, f"/regulator/visits/{row.reference}")
        _tell(session, fact, TemplateCode.STAFF_VISIT_SAID, OFFICER, row.authority_id, said, now=now)
    elif row.merchant_id is not None and row.released_at is not None:
        said = (row.reference, f"/merchant/visits/{row.reference}")
        _tell(session, fact, TemplateCode.STAFF_VISIT, MERCHANT, row.merchant_id, said, now=now)


def _tell(
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
