"""From the action to the message: outbox, handlers and sending together, as a tick runs them."""

import pytest
from sqlalchemy import select

from portal.core.actor import OPERATOR
from portal.installing import MakeInstallation, make_installation
from portal.notifications.models import Message, MessageChannel, MessageState
from portal.notifications.queries import told_at
from portal.notifications.sending import send_due_messages
from portal.notifications.templates import TemplateCode
from portal.runtime import Runtime
from portal.settlements import actions
from portal.worker import dispatch
from tests.conftest import FixedClock
from tests.factories import settling
from tests.factories.settling import Dispute


@pytest.fixture
def dispute(own_runtime: Runtime) -> Dispute:
    own_runtime.perform(OPERATOR, make_installation, MakeInstallation())
    with own_runtime.writing() as session:
        made = settling.dispute(session)
        session.commit()
        return made


def work(runtime: Runtime) -> None:
    dispatch(runtime)
    send_due_messages(runtime)


def sms(runtime: Runtime) -> list[tuple[str, MessageState]]:
    with runtime.reading() as session:
        query = select(Message).where(Message.channel == MessageChannel.SMS).order_by(Message.id)
        return [(one.template, one.state) for one in session.scalars(query)]


def offer(dispute: Dispute) -> actions.MakeOffer:
    return actions.MakeOffer(dispute.case.reference, (settling.refund(),), "")


def test_an_offer_is_told_after_the_undo_window_and_not_before(
    own_runtime: Runtime, dispute: Dispute, clock: FixedClock
) -> None:
    own_runtime.perform(dispute.agent, actions.make_offer, offer(dispute))
    clock.advance(seconds=29)
    work(own_runtime)
    assert sms(own_runtime) == []
    clock.advance(seconds=1)
    work(own_runtime)
    work(own_runtime)
    assert sms(own_runtime) == [(TemplateCode.OFFER_MADE, MessageState.KEPT)]
    with own_runtime.reading() as session:
        assert told_at(session, dispute.case.id, TemplateCode.OFFER_MADE) == clock.now()
        assert told_at(session, dispute.case.id, TemplateCode.AGREED) is None


def test_an_offer_undone_in_time_is_never_told(own_runtime: Runtime, dispute: Dispute, clock: FixedClock) -> None:
    made = own_runtime.perform(dispute.agent, actions.make_offer, offer(dispute))
    clock.advance(seconds=10)
    own_runtime.perform(dispute.agent, actions.undo_offer, actions.UndoOffer(dispute.case.reference, made.round))
    clock.advance(minutes=5)
    work(own_runtime)
    assert sms(own_runtime) == []


def test_acceptance_is_told_with_a_receipt(own_runtime: Runtime, dispute: Dispute, clock: FixedClock) -> None:
    made = own_runtime.perform(dispute.agent, actions.make_offer, offer(dispute))
    clock.advance(minutes=1)
    accept = actions.AcceptOffer(dispute.case.id, made.digest, address="192.0.2.7")
    own_runtime.perform(dispute.consumer, actions.accept_offer, accept)
    work(own_runtime)
    assert (TemplateCode.AGREED, MessageState.KEPT) in sms(own_runtime)
    assert (TemplateCode.OFFER_MADE, MessageState.KEPT) not in sms(own_runtime)  # answered before it was told
