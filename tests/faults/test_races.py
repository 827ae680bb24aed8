"""Two tabs at the same instant: one wins, the other is told in a sentence, and the rows agree with the winner."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks.rules import end_of_day
from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.documents.models import Document
from portal.mediation.actions import Escalate, WithdrawComplaint, escalate, withdraw_complaint
from portal.runtime import Runtime
from portal.settlements import actions
from portal.settlements.models import Agreement, Answer, Offer
from tests.conftest import NOW, FixedClock
from tests.factories import settling

ROUNDS = 3  # each race is run this often: luck must not be what passes it


@dataclass
class Stage:
    """A case with an offer that the consumer sees."""

    runtime: Runtime
    dispute: settling.Dispute
    digest: str

    @property
    def case_id(self) -> int:
        return self.dispute.case.id

    @property
    def reference(self) -> str:
        return self.dispute.case.reference


@pytest.fixture
def stage(own_runtime: Runtime, clock: FixedClock) -> Callable[..., Stage]:
    """Make a fresh case with an offer, committed for everyone to see."""

    def make(*terms: Any) -> Stage:
        clock.moment = NOW
        with own_runtime.writing() as session:
            dispute = settling.dispute(session)
            digest = settling.offered(session, dispute, *terms).digest
            session.commit()
        clock.moment = NOW + timedelta(minutes=1)
        return Stage(own_runtime, dispute, digest)

    return make


Tab = tuple[Any, Callable[..., Any], Any]


def race(runtime: Runtime, *tabs: Tab) -> list[Any]:
    """Perform all at the same instant; each ends in its result or its refusal."""
    start = threading.Barrier(len(tabs))

    def run(tab: Tab) -> Any:
        actor, action, command = tab
        start.wait(timeout=10)
        try:
            return runtime.perform(actor, action, command)
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(tabs)) as pool:
        return list(pool.map(run, tabs))


def losers(results: list[Any]) -> list[Refused]:
    return [one for one in results if isinstance(one, Refused)]


def look(stage: Stage) -> tuple[Case, list[Offer], int, int]:
    with stage.runtime.reading() as session:
        case = session.get_one(Case, stage.case_id)
        offers = session.scalars(select(Offer).where(Offer.case_id == case.id).order_by(Offer.round)).all()
        agreements = session.scalars(select(func.count(Agreement.id)).where(Agreement.case_id == case.id)).one()
        papers = session.scalars(select(func.count(Document.id)).where(Document.case_id == case.id)).one()
    return case, list(offers), agreements, papers


def accepting(stage: Stage) -> Tab:
    return stage.dispute.consumer, actions.accept_offer, actions.AcceptOffer(stage.case_id, stage.digest)


def test_accept_against_withdraw(stage: Callable[..., Stage]) -> None:
    for _ in range(ROUNDS):
        here = stage()
        withdrawing = (here.dispute.consumer, withdraw_complaint, WithdrawComplaint(here.case_id))
        results = race(here.runtime, accepting(here), withdrawing)
        case, offers, agreements, papers = look(here)
        (loser,) = losers(results)
        assert loser.text.endswith("。")
        if results[0] is loser:
            assert (case.state, offers[0].answer, agreements, papers) == (CaseState.WITHDRAWN, Answer.VOID, 0, 0)
            assert "撤回" in loser.text
        else:
            assert (case.state, offers[0].answer, agreements, papers) == (CaseState.AGREED, Answer.ACCEPTED, 1, 1)


def test_accept_against_escalation(stage: Callable[..., Stage]) -> None:
    for _ in range(ROUNDS):
        here = stage()
        results = race(here.runtime, accepting(here), (here.dispute.consumer, escalate, Escalate(here.case_id)))
        case, offers, agreements, _papers = look(here)
        accepted = not isinstance(results[0], Refused)
        assert (agreements == 1) is accepted
        assert (case.state is CaseState.AGREED) is accepted
        assert offers[0].answer is (Answer.ACCEPTED if accepted else Answer.VOID)


def test_accept_twice(stage: Callable[..., Stage]) -> None:
    for _ in range(ROUNDS):
        here = stage()
        results = race(here.runtime, accepting(here), accepting(here), accepting(here))
        case, offers, agreements, papers = look(here)
        told = losers(results)
        assert len(told) == 2
        assert {one.text for one in told} == {"这个方案已经接受，双方已达成和解。请刷新页面查看协议。"}
        assert (case.state, offers[0].answer, agreements, papers) == (CaseState.AGREED, Answer.ACCEPTED, 1, 1)


def test_accept_against_counter_and_refusal_of_the_same_offer(stage: Callable[..., Stage]) -> None:
    for _ in range(ROUNDS):
        here = stage()
        consumer = here.dispute.consumer
        countering = actions.CounterOffer(here.case_id, here.digest, (settling.refund(80_000),))
        refusing = actions.RefuseOffer(here.case_id, here.digest)
        results = race(
            here.runtime,
            accepting(here),
            (consumer, actions.counter_offer, countering),
            (consumer, actions.refuse_offer, refusing),
        )
        case, offers, agreements, _papers = look(here)
        assert len(losers(results)) == 2
        assert offers[0].answer in (Answer.ACCEPTED, Answer.COUNTERED, Answer.REFUSED)
        assert (offers[0].answer is Answer.ACCEPTED) == (agreements == 1) == (case.state is CaseState.AGREED)
        assert sum(one.answer is Answer.PENDING for one in offers) <= 1


def test_accept_a_changed_offer(stage: Callable[..., Stage], clock: FixedClock) -> None:
    """The seen offer has lapsed and the merchant sends another while the consumer accepts the one he saw."""
    for _ in range(ROUNDS):
        here = stage()
        clock.moment = end_of_day(NOW.date() + timedelta(days=3))
        another = actions.MakeOffer(here.reference, (settling.refund(40_000),))
        results = race(here.runtime, accepting(here), (here.dispute.agent, actions.make_offer, another))
        case, offers, agreements, _papers = look(here)
        assert isinstance(results[0], Refused)
        assert "已过答复期限" in results[0].text
        assert not isinstance(results[1], Refused)
        assert [one.answer for one in offers] == [Answer.EXPIRED, Answer.PENDING]
        assert (case.state, agreements) == (CaseState.OFFERED, 0)


def test_the_merchant_accepts_a_counter_while_a_colleague_sends_another_offer(stage: Callable[..., Stage]) -> None:
    for _ in range(ROUNDS):
        here = stage()
        countering = actions.CounterOffer(here.case_id, here.digest, (settling.refund(80_000),))
        counter = here.runtime.perform(here.dispute.consumer, actions.counter_offer, countering)
        agent = here.dispute.agent
        results = race(
            here.runtime,
            (agent, actions.accept_counter, actions.AcceptCounter(here.reference, counter.digest)),
            (agent, actions.make_offer, actions.MakeOffer(here.reference, (settling.refund(60_000),))),
        )
        case, offers, agreements, _papers = look(here)
        assert len(losers(results)) == 1
        accepted = not isinstance(results[0], Refused)
        assert (case.state, agreements) == ((CaseState.AGREED, 1) if accepted else (CaseState.OFFERED, 0))
        assert len(offers) == (2 if accepted else 3)


def test_two_colleagues_offer_at_once(stage: Callable[..., Stage]) -> None:
    for _ in range(ROUNDS):
        here = stage()
        here.runtime.perform(
            here.dispute.consumer, actions.refuse_offer, actions.RefuseOffer(here.case_id, here.digest)
        )
        tabs = [
            (here.dispute.agent, actions.make_offer, actions.MakeOffer(here.reference, (settling.refund(amount),)))
            for amount in (60_000, 70_000)
        ]
        results = race(here.runtime, *tabs)
        _case, offers, _agreements, _papers = look(here)
        assert len(losers(results)) == 1
        assert [one.answer for one in offers] == [Answer.REFUSED, Answer.PENDING]


def test_accept_against_the_tick_at_the_last_second(stage: Callable[..., Stage], clock: FixedClock) -> None:
    here = stage()
    clock.moment = end_of_day(NOW.date() + timedelta(days=3))
    ticking = (SYSTEM, actions.expire_offer, actions.DueCase(here.case_id))
    results = race(here.runtime, accepting(here), ticking, ticking)
    case, offers, agreements, _papers = look(here)
    assert isinstance(results[0], Refused)
    assert sorted(results[1:]) == [False, True]
    assert (case.state, offers[0].answer, agreements) == (CaseState.NEGOTIATING, Answer.EXPIRED, 0)
