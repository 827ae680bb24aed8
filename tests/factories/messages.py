"""Facts as actions leave them, and messages as their handlers do."""

from typing import Any

from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.core import facts
from portal.core.actor import SYSTEM, Actor
from portal.core.facts import Fact, SubjectKind, Topic
from portal.notifications.drafting import draft_sms
from portal.notifications.models import Message, MessageState
from portal.notifications.templates import TemplateCode
from tests.conftest import NOW


def fact(session: Session, case: Case, topic: Topic, *, actor: Actor = SYSTEM, **detail: Any) -> Fact:
    """A fact about a case."""
    row = facts.record(session, actor, topic, SubjectKind.CASE, case.id, at=NOW, **detail)
    session.flush()
    return row


def message(
    session: Session,
    case: Case,
    template: TemplateCode = TemplateCode.RECEIPT_ASKED,
    *,
    state: MessageState = MessageState.WAITING,
    **parameters: str,
) -> Message:
    """A short message to the consumer of a case."""
    row = draft_sms(session, fact(session, case, Topic.PERFORMANCE_RECORDED), case, template, now=NOW, **parameters)
    assert row is not None
    row.state = state
    session.flush()
    return row
