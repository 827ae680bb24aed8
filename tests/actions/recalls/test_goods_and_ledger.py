"""A quality return that is sent for testing: its result comes back into the merchant's own ledger."""

import json
from dataclasses import replace

import pytest

from portal.clocks.rules import local_day
from portal.core.errors import RuleBroken
from portal.ledgers.models import EntryKind
from portal.recalls import actions
from portal.recalls.actions import RecordResult, SendForTesting
from tests.conftest import NOW
from tests.factories import books, goods

TESTED = {"cause": "质量问题", "disposition": "送检"}


def registered(session, desk, seq):
    return actions.register_goods(session, desk.agent, replace(goods.REGISTRATION, entry_seq=seq), now=NOW)


@pytest.mark.parametrize("passed", [True, False])
def test_the_result_is_entered_into_the_return(session, passed):
    desk = books.clerk(session)
    entry = books.entered(session, desk, **TESTED)
    row = registered(session, desk, entry.seq)
    today = local_day(NOW)
    actions.send_for_testing(session, desk.agent, SendForTesting(row.reference, "市质检院", today), now=NOW)
    result = RecordResult(row.reference, passed, today, "XM-1", "泄漏电流超标")
    actions.record_result(session, desk.agent, result, now=NOW)
    [_, amendment] = books.entries_of(session, desk)
    assert (amendment.kind, amendment.amends_id) == (EntryKind.AMENDMENT, entry.id)
    assert json.loads(amendment.line)["lab_result"] == ("passed" if passed else "failed")


def test_a_result_that_a_clerk_entered_before_does_not_hold_up_the_matter(session):
    desk = books.clerk(session)
    entry = books.entered(session, desk, **TESTED, lab_result="检测不合格")
    row = registered(session, desk, entry.seq)
    today = local_day(NOW)
    actions.send_for_testing(session, desk.agent, SendForTesting(row.reference, "市质检院", today), now=NOW)
    actions.record_result(session, desk.agent, RecordResult(row.reference, False, today, "", "不合格"), now=NOW)
    assert len(books.entries_of(session, desk)) == 1
    assert row.reported_at == NOW


def test_a_return_that_is_not_in_the_ledger_is_refused_at_its_field(session):
    desk = books.clerk(session)
    books.complained(session, desk)
    for seq in (1, 7):  # a complaint, and nothing
        with pytest.raises(RuleBroken, match="没有第") as refusal:
            registered(session, desk, seq)
        assert refusal.value.field == "entry"
