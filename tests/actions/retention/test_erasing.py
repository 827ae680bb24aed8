"""Personal fields of a ledger are erased by two people's word, and the books prove themselves afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.core.actor import OPERATOR, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.core.privacy import DataKey
from portal.ledgers.log import append, ledger_of, opened
from portal.ledgers.models import EntryKind, LedgerEntry, LedgerOpening
from portal.ledgers.verification import verify_ledger
from portal.retention import actions
from portal.retention.actions import DecideList, DrawList, EraseNext, PlaceHold, ReleaseHold
from portal.retention.due import CountDue, count_due, counted_ledgers, due_entries
from portal.retention.rules import ListState
from tests.conftest import NOW
from tests.factories import ledgers, people

LATER = NOW + timedelta(days=1097)  # three years and a day behind the factory's entries
EVEN_LATER = LATER + timedelta(days=1)


class House:
    """A merchant with a ledger, its principal, and its authority's officers."""

    def __init__(self, session):
        self.authority = people.authority(session)
        self.merchant = people.merchant(session, self.authority)
        self.principal, self.agent = (
            people.actor(session, people.member(session, self.merchant.id, role))
            for role in (Role.PRINCIPAL, Role.AGENT)
        )
        self.officer, self.auditor = (
            people.actor(session, people.member(session, self.authority.id, role))
            for role in (Role.OFFICER, Role.AUDITOR)
        )
        elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
        self.stranger = people.actor(session, people.member(session, elsewhere.id, Role.CHIEF))
        self.entries = ledgers.entered(session, self.merchant.id, list(ledgers.mixed(6)))

    def approved(self, session):
        row = actions.draw_list(session, self.principal, DrawList(self.merchant.id), now=LATER)
        for who in (self.principal, self.officer):
            actions.decide_list(session, who, DecideList(row.reference, agreed=True), now=LATER)
        return row


@pytest.fixture
def house(session):
    return House(session)


def due_of(session, house, now):
    return count_due(session, OPERATOR, CountDue(house.entries[0].ledger_id), now=now)


def carried_out(session, row):
    while actions.erase_next(session, OPERATOR, EraseNext(row.id), now=EVEN_LATER):
        pass


def test_nothing_is_due_before_its_time(session, house):
    with pytest.raises(RuleBroken, match="没有到期的记录"):
        actions.draw_list(session, house.principal, DrawList(house.merchant.id), now=NOW + timedelta(days=1095))
    assert due_of(session, house, NOW + timedelta(days=1095)) == 0


def test_pages_read_what_was_counted(session, house):
    assert due_of(session, house, LATER) == 3
    session.flush()
    [line] = counted_ledgers(session, authority_ids=[house.authority.id])
    assert (line.merchant_id, line.entries) == (house.merchant.id, 3)
    assert counted_ledgers(session, authority_ids=[]) == []


def test_only_what_names_a_person_is_listed(session, house):
    row = actions.draw_list(session, house.principal, DrawList(house.merchant.id), now=LATER)
    assert row.entries == 3  # three complaints; the returns between them name nobody
    assert row.digest == actions.digest_of([1, 3, 5])


def test_an_amended_entry_falls_due_with_its_youngest_amendment(session, house):
    ledger = ledger_of(session, house.merchant.id, now=LATER)
    late = ledgers.amendment(house.entries[0], outcome="settled")
    append(session, ledgers.CLERK, ledger, [late], now=LATER - timedelta(days=5))
    row = actions.draw_list(session, house.principal, DrawList(house.merchant.id), now=LATER)
    assert row.digest == actions.digest_of([3, 5])


def test_two_people_of_two_sides_must_agree(session, house):
    row = actions.draw_list(session, house.principal, DrawList(house.merchant.id), now=LATER)
    with pytest.raises(NotAllowed):
        actions.decide_list(session, house.agent, DecideList(row.reference, agreed=True), now=LATER)
    with pytest.raises(NotAllowed):
        actions.decide_list(session, house.auditor, DecideList(row.reference, agreed=True), now=LATER)
    with pytest.raises(NotFound):
        actions.decide_list(session, house.stranger, DecideList(row.reference, agreed=True), now=LATER)
    actions.decide_list(session, house.principal, DecideList(row.reference, agreed=True), now=LATER)
    assert row.state is ListState.DRAWN
    with pytest.raises(RuleBroken, match="已经审批过"):
        actions.decide_list(session, house.principal, DecideList(row.reference, agreed=True), now=LATER)
    carried_out(session, row)
    assert row.erased == 0  # nothing happens by one word
    actions.decide_list(session, house.officer, DecideList(row.reference, agreed=True), now=LATER)
    assert row.state is ListState.APPROVED


def test_a_refusal_needs_a_reason_and_frees_the_entries_for_another_list(session, house):
    row = actions.draw_list(session, house.officer, DrawList(house.merchant.id), now=LATER)
    with pytest.raises(RuleBroken, match="理由"):
        actions.decide_list(session, house.principal, DecideList(row.reference, agreed=False), now=LATER)
    actions.decide_list(session, house.principal, DecideList(row.reference, agreed=False, reason="在诉"), now=LATER)
    assert row.state is ListState.REJECTED
    assert actions.draw_list(session, house.officer, DrawList(house.merchant.id), now=LATER).entries == 3


def test_one_list_at_a_time(session, house):
    actions.draw_list(session, house.principal, DrawList(house.merchant.id), now=LATER)
    with pytest.raises(RuleBroken, match="已有一份清单"):
        actions.draw_list(session, house.officer, DrawList(house.merchant.id), now=LATER)


def test_values_salts_and_keys_go_and_every_proof_stays(session, house):
    before = verify_ledger(session, house.merchant.id)
    row = house.approved(session)
    carried_out(session, row)
    assert opened(session, house.entries) == {}
    sealed = select(func.count()).select_from(LedgerOpening).where(LedgerOpening.sealed.is_not(None))
    assert session.scalar(sealed) == 0
    assert session.scalar(select(func.count()).select_from(DataKey).where(DataKey.wrapped.is_not(None))) == 0
    after = verify_ledger(session, house.merchant.id)
    assert (before.ok, after.ok) == (True, True)
    assert after.entries == before.entries + 1


def test_the_log_keeps_a_record_of_the_erasure(session, house):
    row = house.approved(session)
    carried_out(session, row)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == EntryKind.DISPOSAL)).one()
    assert (row.state, row.erased, row.disposal_seq) == (ListState.DONE, 3, entry.seq)
    assert f'"digest":"sha256:{row.digest}"' in entry.line
    assert f'"list":"{row.reference}"' in entry.line
    assert session.scalar(select(func.count()).where(Fact.topic == Topic.DISPOSAL_DONE)) == 1
    assert due_of(session, house, EVEN_LATER) == 0


def test_a_hold_keeps_an_entry_off_the_list_and_its_release_lets_it_fall_due(session, house):
    hold = actions.place_hold(session, house.officer, PlaceHold(house.merchant.id, "（2026）闽0206民初1号", 3), now=NOW)
    due = session.scalars(due_entries(hold.ledger_id, LATER.date())).all()
    assert house.entries[2].id not in due
    assert house.entries[0].id in due
    actions.release_hold(session, house.officer, ReleaseHold(hold.reference), now=NOW)
    assert house.entries[2].id in session.scalars(due_entries(hold.ledger_id, LATER.date())).all()


def test_a_hold_after_the_approval_still_saves_its_entry(session, house):
    row = house.approved(session)
    actions.place_hold(session, house.officer, PlaceHold(house.merchant.id, "检查需要", 1), now=LATER)
    carried_out(session, row)
    assert (row.erased, row.held_back) == (2, 1)
    assert opened(session, house.entries).keys() == {house.entries[0].id}


def test_a_hold_on_the_whole_ledger_leaves_nothing_due(session, house):
    actions.place_hold(session, house.officer, PlaceHold(house.merchant.id, "检查"), now=NOW)
    with pytest.raises(RuleBroken, match="没有到期的记录"):
        actions.draw_list(session, house.officer, DrawList(house.merchant.id), now=LATER)


def test_holds_are_the_authoritys_and_name_an_entry_that_exists(session, house):
    with pytest.raises(NotAllowed):
        actions.place_hold(session, house.principal, PlaceHold(house.merchant.id, "不想删"), now=NOW)
    with pytest.raises(RuleBroken, match="没有第 99 笔"):
        actions.place_hold(session, house.officer, PlaceHold(house.merchant.id, "检查", 99), now=NOW)
    hold = actions.place_hold(session, house.officer, PlaceHold(house.merchant.id, "检查"), now=NOW)
    with pytest.raises(NotFound):
        actions.release_hold(session, house.stranger, ReleaseHold(hold.reference), now=NOW)


def test_erasing_goes_on_where_it_was_cut_off(session, house, monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    row = house.approved(session)
    assert actions.erase_next(session, OPERATOR, EraseNext(row.id), now=EVEN_LATER) == 1
    assert row.state is ListState.APPROVED
    assert actions.erase_next(session, OPERATOR, EraseNext(row.id), now=EVEN_LATER) == 0
    assert (row.state, row.erased) == (ListState.DONE, 3)
    with pytest.raises(NotAllowed):
        actions.erase_next(session, house.officer, EraseNext(row.id), now=EVEN_LATER)
