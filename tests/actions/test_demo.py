"""The demo's story and the generated volume, on both databases."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.cases.models import Case
from portal.cases.rules import OPEN_STATES, TURNS, CaseState
from portal.core import search
from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.core.facts import Delivery, Fact, Outbox
from portal.core.installation import installation
from portal.core.privacy import DataKey, vault_of
from portal.demo.complaints import number_of
from portal.demo.generate import generate
from portal.demo.story import ACTS, _filed, furnish, is_told, tell
from portal.documents.models import Document
from portal.documents.sealing import open_document
from portal.installing import MakeInstallation, make_installation
from portal.intake.models import Filing, ImportRun, Tip
from portal.notifications.models import Message, MessageState
from portal.settlements.models import Agreement, Answer, Offer
from portal.worker import tick
from tests.factories import disputes, people


def rehearse(session, actor, command, *, now):
    installation(session).rehearsal = command


def complain(session, actor, command, *, now):
    disputes.case(session, people.authority(session), now=now, state=CaseState.WAITING)


@pytest.fixture
def house(own_runtime):
    own_runtime.perform(OPERATOR, make_installation, MakeInstallation())
    own_runtime.perform(OPERATOR, rehearse, True)
    return own_runtime


def counted(house, column, *conditions):
    with house.reading() as session:
        return Counter(session.scalars(select(column).where(*conditions)).all())


@pytest.mark.parametrize(
    "present",
    [
        datetime(2026, 8, 12, 1, 0, tzinfo=UTC),  # a Wednesday morning
        datetime(2026, 10, 5, 15, 0, tzinfo=UTC),  # in the long holiday, at night
    ],
)
def test_the_story_ends_where_its_plots_say(house, clock, present):
    clock.moment = present
    assert not is_told(house)
    tell(house)
    assert is_told(house)
    assert house.now() == present
    states, wanted = [], []
    with house.reading() as session:
        for act in ACTS:
            for position, plot in enumerate([*act.plots, *act.others]):
                filed = _filed(present - timedelta(hours=act.hours), position)
                number = number_of(act.first_serial + position, filed)
                states.append(
                    session.scalars(
                        select(Case.state).join(Filing, Filing.case_id == Case.id).where(Filing.number == number)
                    ).one()
                )
                wanted.append(plot.ends)
        assert session.scalar(select(func.max(Fact.at))) <= present
        refused = sum(run.totals["refused"] for run in session.scalars(select(ImportRun)))
    assert states == wanted
    assert refused == 1
    assert sum(counted(house, Tip.id).values()) == 3
    assert set(counted(house, Message.state)) <= {MessageState.KEPT, MessageState.SENT}
    assert set(counted(house, Delivery.problem)) == {None}
    assert sum(report.done for report in tick(house).values()) == 0


def test_generated_cases_are_whole_findable_and_quiet(house):
    furnish(house)
    clocks_before = counted(house, Outbox.id)
    generate(house, merchants=5, cases=400, seed=7, progress=lambda _done, _all: None)
    assert counted(house, Outbox.id) == clocks_before
    with house.reading() as session:
        filings = session.scalars(select(Filing).where(Filing.number.like("3502066%"))).all()
        assert len(filings) == 400
        cases = {one.id: one for one in session.scalars(select(Case).where(Case.id.in_([f.case_id for f in filings])))}
        for case in cases.values():
            assert (case.turn, case.is_open) == (TURNS[case.state], case.state in OPEN_STATES)
            assert case.next_action_at is None or case.next_action_at > house.now(), case.state
        assert len({case.state for case in cases.values()}) >= 8
        vault, one = vault_of(session), filings[0]
        key = session.get_one(DataKey, one.key_id)
        written = vault.open(key, one.text_sealed, "filing.text")
        assert one.company_name in written
        found = search.matches(
            session, search.CASE_SEARCH, Case.id, one.number, search.authority_scope(one.authority_id)
        )
        assert session.scalars(select(Case.id).where(found)).all() == [one.case_id]
        agreement = session.scalars(select(Agreement).where(Agreement.case_id.in_(cases)).limit(1)).one()
        document = session.get_one(Document, agreement.document_id)
        assert open_document(session, document)["number"] == document.number
        pending = session.scalars(select(Offer.case_id).where(Offer.answer == Answer.PENDING)).all()
        assert {case.id for case in cases.values() if case.state is CaseState.OFFERED} == set(pending) & set(cases)


def test_generating_again_adds_more_and_repeats_nothing(house):
    furnish(house)
    for _ in range(2):
        generate(house, merchants=2, cases=30, seed=7, progress=lambda _done, _all: None)
    numbers = counted(house, Filing.number, Filing.number.like("3502066%"))
    assert len(numbers) == 60


def test_generated_cases_do_not_mix_with_real_ones(house):
    with pytest.raises(RuleBroken, match="还没有监管部门"):
        generate(house, merchants=2, cases=30, seed=7, progress=lambda _done, _all: None)
    furnish(house)
    house.perform(OPERATOR, complain, None)
    house.perform(OPERATOR, rehearse, False)
    with pytest.raises(RuleBroken, match="真实的投诉"):
        generate(house, merchants=2, cases=30, seed=7, progress=lambda _done, _all: None)
