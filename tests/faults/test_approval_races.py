"""Two people before the same draft at the same instant: one wins, the other is told, and nothing is sent twice."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from portal.cases.models import Case
from portal.core.actor import Role
from portal.core.errors import Stale
from portal.runtime import Runtime
from portal.settlements import actions, limits
from portal.settlements.limits import SetLimits
from portal.settlements.models import DraftState, Offer, OfferDraft
from tests.conftest import NOW, FixedClock
from tests.factories import people, settling
from tests.faults.test_races import ROUNDS, losers, race


class Stage:
    """A draft above the agent's limit, committed for everyone to see."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        with runtime.writing() as session:
            dispute = settling.dispute(session)
            merchant = dispute.merchant.id
            self.agent = dispute.agent
            self.chief = people.actor(session, people.member(session, merchant, Role.SUPERVISOR, name="王强"))
            self.head = people.actor(session, people.member(session, merchant, Role.PRINCIPAL, name="陈立"))
            limits.set_limits(session, self.head, SetLimits(30_000, None), now=NOW)
            offer = actions.MakeOffer(dispute.case.reference, (settling.refund(50_000),))
            digest = actions.hold_offer(session, self.agent, offer, now=NOW).digest
            self.case_id = dispute.case.id
            session.commit()
        self.send = actions.SendDraft(dispute.case.reference, digest)
        self.take = actions.TakeBackDraft(dispute.case.reference, digest)
        self.back = actions.GiveBack(dispute.case.reference, digest, "先退三百。")

    def end(self) -> tuple[DraftState, int, object]:
        with self.runtime.reading() as session:
            state = session.scalars(select(OfferDraft.state).where(OfferDraft.case_id == self.case_id)).one()
            offers = session.scalars(select(func.count(Offer.id)).where(Offer.case_id == self.case_id)).one()
            raised = session.scalars(select(Case.raised_to).where(Case.id == self.case_id)).one()
            return state, offers, raised


def stages(runtime: Runtime, clock: FixedClock) -> Iterator[Stage]:
    """As many fresh stages as a race is run, each a minute after its draft was made."""
    for _ in range(ROUNDS):
        clock.moment = NOW
        stage = Stage(runtime)
        clock.moment = NOW + timedelta(minutes=1)
        yield stage


def test_two_who_send_the_same_draft_send_it_once(own_runtime: Runtime, clock: FixedClock) -> None:
    for stage in stages(own_runtime, clock):
        results = race(
            own_runtime, (stage.chief, actions.send_draft, stage.send), (stage.head, actions.send_draft, stage.send)
        )
        (lost,) = losers(results)
        assert isinstance(lost, Stale)
        assert "已经发送" in lost.text
        assert stage.end() == (DraftState.SENT, 1, None)


def test_sent_given_back_and_taken_back_at_once_end_in_one(own_runtime: Runtime, clock: FixedClock) -> None:
    for stage in stages(own_runtime, clock):
        results = race(
            own_runtime,
            (stage.chief, actions.send_draft, stage.send),
            (stage.agent, actions.take_back_draft, stage.take),
            (stage.head, actions.give_back, stage.back),
        )
        assert len(losers(results)) == 2
        state, offers, raised = stage.end()
        assert offers == (1 if state is DraftState.SENT else 0)
        assert state is not DraftState.WAITING
        assert raised is None
