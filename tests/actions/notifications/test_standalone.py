"""A short message about no case: once for a phone, its link put in at sending, seen by whoever is in charge."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core import facts
from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind, Topic
from portal.notifications import actions, queries
from portal.notifications.actions import Decision, ResolveMessage, TakeNext
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.standalone import draft_to_phone, forget_phones, sender_words
from portal.notifications.templates import TemplateCode
from tests.conftest import NOW
from tests.factories import people

BASE = "https://odr.example"
PATH = "/returns/abcdefghijklmnopqrst"
PHONE = "13800001234"


@pytest.fixture
def authority(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def fact(session: Session, authority: Organisation) -> Fact:
    row = facts.record(session, SYSTEM, Topic.AUTHORITY_CHANGED, SubjectKind.ORGANISATION, authority.id, at=NOW)
    session.flush()
    return row


def draft(session: Session, fact: Fact, phone: str = PHONE, path: str | None = PATH) -> Message | None:
    authority_id = fact.subject_id
    known = {**sender_words(session, authority_id, "厦门鹭湾百货有限公司"), "tail": "0012", "by": "8月15日"}
    return draft_to_phone(
        session, fact, TemplateCode.RETURN_ASKED, phone, now=NOW, path=path, parameters=known, authority_id=authority_id
    )


def test_the_link_is_put_in_at_sending_and_stands_in_no_column(session: Session, fact: Fact) -> None:
    message = draft(session, fact)
    assert message is not None
    assert PATH not in str(message.parameters)
    assert message.path_sealed is not None
    assert PATH.encode() not in message.path_sealed
    taken = actions.take_next(session, SYSTEM, TakeNext((MessageChannel.SMS,), BASE), now=NOW)
    assert taken is not None
    assert taken.outgoing is not None
    assert taken.outgoing.to == PHONE
    assert f"{BASE}{PATH} " in taken.outgoing.text
    assert taken.outgoing.text.startswith("【湖里区市场监管局】厦门鹭湾百货")


def test_the_same_phone_is_told_once_and_another_too(session: Session, fact: Fact) -> None:
    assert draft(session, fact) is not None
    assert draft(session, fact) is None
    assert draft(session, fact, phone="13800005678") is not None


def test_the_operator_and_the_demo_phone_read_the_link(session: Session, fact: Fact) -> None:
    message = draft(session, fact)
    assert message is not None
    message.state = MessageState.KEPT
    session.flush()
    (printed,) = queries.printed_messages(session, limit=5, base_url=BASE, openly=True, now=NOW)
    assert (printed.link, printed.case, printed.to) == (BASE + PATH, None, "138****1234")
    (hidden,) = queries.printed_messages(session, limit=5, base_url=BASE, openly=False, now=NOW)
    assert hidden.link is None
    assert PATH not in hidden.text
    (phone,) = queries.demo_phones(session)
    (shown,) = queries.phone_messages(session, phone, base_url=BASE, now=NOW)
    assert shown.link == BASE + PATH


def test_a_landline_fails_and_its_authority_sees_it(session: Session, authority: Organisation, fact: Fact) -> None:
    message = draft(session, fact, phone="05925500000")
    assert message is not None
    assert message.state is MessageState.FAILED
    officer = people.actor(session, people.member(session, authority.id, Role.OFFICER))
    (row,) = queries.open_messages(session, officer, None).rows
    assert (row.case, row.authority_id, row.has_address) == (None, authority.id, False)
    told = ResolveMessage(message.reference, Decision.TOLD)
    stranger = people.actor(session, people.member(session, people.authority(session, prefix="SM").id, Role.OFFICER))
    assert queries.open_messages(session, stranger, None).rows == []
    with pytest.raises(NotFound):
        actions.resolve_message(session, stranger, told, now=NOW)
    actions.resolve_message(session, officer, told, now=NOW)
    assert message.state is MessageState.SENT


def test_an_erased_subject_leaves_no_number_and_no_link(session: Session, fact: Fact) -> None:
    draft(session, fact)
    assert forget_phones(session, SubjectKind.ORGANISATION, fact.subject_id) == 1
    message = session.scalars(select(Message)).one()
    session.refresh(message)
    assert (message.to_sealed, message.path_sealed, message.to_mask) == (None, None, "")
    assert message.state is MessageState.CANCELLED
