"""Entering by hand: good rows are kept, bad ones come back, and a row that is sent twice is stored once."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from portal.core.actor import SYSTEM, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.ledgers import log, records
from portal.ledgers.amending import AmendEntry, RowRefused, amend_entry
from portal.ledgers.entering import EnterComplaints, EnterReturns, enter_complaints, enter_returns
from portal.ledgers.entry_models import LabelClaim, MonthTotal
from portal.ledgers.models import EntryKind
from tests.conftest import NOW
from tests.factories import people
from tests.factories.books import (
    clerk,
    complained,
    complaint_cells,
    enter,
    entered,
    entries_of,
    outlet,
    return_cells,
    typed,
)
from tests.queries import counted

RESALE = {"disposition": "贴标识再销售", "label_number": "T-1"}


def totals(session, kind=EntryKind.RETURN):
    rows = session.scalars(select(MonthTotal).where(MonthTotal.kind == kind).order_by(MonthTotal.month_on))
    return [(row.month_on.isoformat(), row.entries, row.amount) for row in rows if row.entries or row.amount]


def amend(session, desk, seq, reason="数量录入错误", token="", **changes):
    return amend_entry(session, desk.agent, AmendEntry(seq, changes, reason, token), now=NOW)


def test_good_rows_are_kept_and_bad_ones_come_back(session) -> None:
    desk = clerk(session)
    results = enter(
        session, desk, return_cells(), return_cells(price="-1"), return_cells(category="散装食品", **RESALE)
    )
    assert [one.entry is not None for one in results] == [True, False, False]
    assert results[1].problems[0].sentence == "单价不能是负数。请写 0 或更大的金额。"
    assert results[2].problems[0].field == "disposition"
    (entry,) = entries_of(session, desk)
    assert (entry.kind, entry.number, entry.goods, entry.outcome) == (EntryKind.RETURN, 1, "不粘炒锅", "returned")
    assert (entry.disposition, entry.category, entry.amount) == ("supplier", "daily_goods", 26800)
    assert totals(session) == [("2026-08-01", 1, 26800)]


def test_nothing_personal_stands_in_the_line_or_in_search(session) -> None:
    desk = clerk(session)
    entry = entered(session, desk)
    line = json.loads(entry.line)
    assert "洪丽华" not in entry.line
    assert "13860001234" not in entry.line
    assert line["consumer_name"].startswith("sha256:")
    assert line["price"] == 26800
    assert log.opened(session, [entry]) == {entry.id: {"consumer_name": "洪丽华", "consumer_phone": "13860001234"}}
    assert records.masks_of(session, [entry])[entry.id].consumer == "洪**"
    assert records.masks_of(session, [entry])[entry.id].phone == "138****1234"
    for query, found in (("不粘炒锅", True), ("鹭顺供应链", True), ("洪丽华", False), ("60001234", False)):
        condition = records.entry_matches(session, desk.merchant.id, query)
        ids = session.scalars(select(type(entry).id).where(condition)).all()
        assert (entry.id in ids) is found, query


def test_a_row_sent_twice_is_stored_once(session) -> None:
    desk = clerk(session)
    row = typed(return_cells(), "same")
    first = enter_returns(session, desk.agent, EnterReturns((row, row)), now=NOW)
    again = enter_returns(session, desk.agent, EnterReturns((row, typed(return_cells()))), now=NOW)
    assert first[0].entry is first[1].entry
    assert (again[0].entry.id, again[0].repeated, again[1].repeated) == (first[0].entry.id, True, False)
    assert len(entries_of(session, desk)) == 2
    with pytest.raises(RuleBroken):
        enter_returns(session, desk.agent, EnterReturns((typed(return_cells(), "x" * 81),)), now=NOW)


def test_a_token_of_another_merchant_is_not_ours(session) -> None:
    ours, theirs = clerk(session), clerk(session)
    row = EnterReturns((typed(return_cells(), "same"),))
    enter_returns(session, ours.agent, row, now=NOW)
    (result,) = enter_returns(session, theirs.agent, row, now=NOW)
    assert not result.repeated


def test_a_label_is_used_once_in_an_outlet(session) -> None:
    desk = clerk(session)
    outlet(session, desk.merchant, "五缘湾店")
    outlet(session, desk.merchant, "江头店")
    here, there = return_cells(**RESALE, outlet="五缘湾店"), return_cells(**RESALE, outlet="江头店")
    results = enter(session, desk, here, there, {**here, "label_number": " t－1 "}, return_cells(**RESALE))
    assert [one.entry is not None for one in results] == [True, True, False, True]
    said = "标识号 T-1 已用在退换货第 1 笔。同一门店的标识号不能重复，请换一个。"
    assert [one.sentence for one in results[2].problems] == [said]
    (again,) = enter(session, desk, here)
    assert [one.sentence for one in again.problems] == [said]


def test_an_outlet_nobody_knows_is_refused_with_those_there_are(session) -> None:
    desk = clerk(session)
    outlet(session, desk.merchant, "五缘湾店")
    known, unknown = enter(session, desk, return_cells(outlet="五缘湾店"), return_cells(outlet="五缘店"))
    assert known.entry.outlet_id is not None
    assert [one.sentence for one in unknown.problems] == ["没有名为“五缘店”的门店。请留空，或写：五缘湾店。"]


def test_only_the_merchants_own_staff_enter(session) -> None:
    desk = clerk(session)
    officer = people.actor(session, people.member(session, desk.authority.id, Role.OFFICER))
    for stranger in (officer, SYSTEM):
        with pytest.raises(NotAllowed):
            enter_returns(session, stranger, EnterReturns((typed(return_cells()),)), now=NOW)


def test_more_rows_than_one_commit_holds_are_refused_whole(session) -> None:
    desk = clerk(session)
    with pytest.raises(RuleBroken):
        enter_returns(session, desk.agent, EnterReturns(tuple(typed(return_cells()) for _ in range(501))), now=NOW)
    assert entries_of(session, desk) == []


def test_a_complaint_by_hand_holds_its_returns(session) -> None:
    desk = clerk(session)
    goods = {"goods": "不粘炒锅", "category": "日用百货", "price": "268", "quantity": "1", "cause": "质量问题",
             "decision": "退货", "disposition": "送检"}  # fmt: skip
    command = EnterComplaints(
        (typed(complaint_cells(**goods)), typed(complaint_cells()), typed(complaint_cells(**goods, content="")))
    )
    first, second, third = enter_complaints(session, desk.agent, command, now=NOW)
    assert [one.field for one in third.problems] == ["content"]
    complaint, inside, alone = entries_of(session, desk)
    assert (first.entry, second.entry) == (complaint, alone)
    assert (inside.kind, inside.disposition, json.loads(inside.line)["complaint"]) == (EntryKind.RETURN, "testing", 1)
    with_goods, without = records.book_lines(session, [complaint, alone], personal=True)
    assert with_goods.complaint.personal["content"] == "炒锅涂层脱落，要求退货。"
    assert [one.standing["goods"] for one in with_goods.returns] == ["不粘炒锅"]
    assert without.returns == ()


def test_a_return_names_its_complaint_by_running_number(session) -> None:
    desk = clerk(session)
    complaint = complained(session, desk)
    inside, lost = enter(session, desk, return_cells(reference="1"), return_cells(reference="HL2608-9999"))
    assert records.book_lines(session, [complaint])[0].returns[0].entry.id == inside.entry.id
    assert lost.problems[0].field == "reference"
    assert "没有编号 HL2608-9999 的投诉" in lost.problems[0].sentence


def test_a_correction_names_the_entry_and_leaves_it_as_it_was(session) -> None:
    desk = clerk(session)
    entry = entered(session, desk, quantity="2")
    before = entry.line
    made = amend(session, desk, entry.seq, quantity="1", consumer_name="洪丽花")
    assert (made.kind, made.amends_id, made.number, made.amount) == (EntryKind.AMENDMENT, entry.id, 1, 26800)
    line = json.loads(made.line)
    assert {name for name in line if name not in log.RESERVED} == {"quantity", "refund", "consumer_name", "reason"}
    assert (line["amends"], line["quantity"]) == (1, "1")
    session.refresh(entry)
    assert entry.line == before
    (record,) = records.records(session, [entry], personal=True)
    assert (record.standing["quantity"], record.standing["refund"]) == ("1", 26800)
    assert record.personal == {"consumer_name": "洪丽花", "consumer_phone": "13860001234"}
    assert (record.masks.consumer, record.masks.phone) == ("洪**", "138****1234")
    assert log.opened(session, [made])[made.id]["reason"] == "数量录入错误"
    assert totals(session) == [("2026-08-01", 1, 26800)]


def test_a_correction_of_a_correction_amends_the_entry_itself(session) -> None:
    desk = clerk(session)
    entry = entered(session, desk, quantity="3")
    first = amend(session, desk, entry.seq, quantity="2")
    second = amend(session, desk, first.seq, quantity="1", occurred_on="2026-07-31")
    assert second.amends_id == entry.id
    (record,) = records.records(session, [entry])
    assert [one.seq for one in record.amendments] == [2, 3]
    assert record.occurred_on == date(2026, 7, 31)
    assert totals(session) == [("2026-07-01", 1, 26800)]


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"quantity": "1"}, "", "reason"),
        ({"quantity": "1"}, "改" * 201, "reason"),
        ({"quantity": "-1"}, "更正", "quantity"),
        ({"category": "鲜活食品", "disposition": "贴标识再销售", "label_number": "T-1"}, "更正", "disposition"),
        ({"occurred_on": "2026-08-13"}, "更正", "occurred_on"),
        ({"price": "268.00"}, "更正", "changes"),
        ({"outcome": "已解决"}, "更正", "outcome"),
        ({"outlet": "没有的店"}, "更正", "outlet"),
        ({"reference": "99"}, "更正", "reference"),
        ({"reference": ""}, "更正", "reference"),
    ],
)
def test_a_correction_that_the_rules_refuse_is_not_stored(session, changes, reason, field) -> None:
    desk = clerk(session)
    entry = entered(session, desk)
    with pytest.raises(RuleBroken) as refusal:
        amend(session, desk, entry.seq, reason=reason, **changes)
    assert refusal.value.field == field
    assert len(entries_of(session, desk)) == 1


def test_a_label_is_free_again_once_a_correction_takes_it_away(session) -> None:
    desk = clerk(session)
    first = entered(session, desk, **RESALE)
    amend(session, desk, first.seq, disposition="退回供货商", label_number="")
    second = entered(session, desk, **RESALE)
    with pytest.raises(RowRefused) as refusal:
        amend(session, desk, first.seq, **RESALE)
    assert [one.field for one in refusal.value.problems] == ["label_number"]
    amend(session, desk, second.seq, label_number="T-2")
    claims = session.execute(select(LabelClaim.label, LabelClaim.entry_id)).all()
    assert [tuple(one) for one in claims] == [("T-2", second.id)]


def test_a_correction_sent_twice_is_made_once(session) -> None:
    desk = clerk(session)
    entry = entered(session, desk, quantity="2")
    first = amend(session, desk, entry.seq, token="t", quantity="1")
    assert amend(session, desk, entry.seq, token="t", quantity="1").id == first.id
    assert len(entries_of(session, desk)) == 2


def test_another_merchants_entry_cannot_be_corrected(session) -> None:
    ours, theirs = clerk(session), clerk(session)
    entered(session, ours)
    with pytest.raises(NotFound):
        amend(session, theirs, 1, quantity="1")


def test_a_return_is_put_into_a_complaint_later(session) -> None:
    desk = clerk(session)
    entry, complaint = entered(session, desk), complained(session, desk)
    amend(session, desk, entry.seq, reference="1")
    (line,) = records.book_lines(session, [complaint])
    assert [one.standing["complaint"] for one in line.returns] == [complaint.seq]


def test_erased_entries_stay_correct_without_what_was_erased(session) -> None:
    desk = clerk(session)
    entry = entered(session, desk, quantity="2")
    log.erase_openings(session, [entry.id], now=NOW)
    made = amend(session, desk, entry.seq, quantity="1")
    assert set(json.loads(made.line)) & {"consumer_name", "consumer_phone"} == set()
    (record,) = records.records(session, [entry], personal=True)
    assert (record.personal, record.masks.erased, record.masks.consumer) == ({}, True, "")
    with pytest.raises(RuleBroken):
        amend(session, desk, entry.seq, consumer_name="洪丽花")


def test_a_page_of_entries_folds_in_two_statements(session, runtime) -> None:
    desk = clerk(session)
    entries = [one.entry for one in enter(session, desk, *(return_cells() for _ in range(20)))]
    amend(session, desk, 3, quantity="2")
    session.flush()
    with counted(runtime.engine) as said:
        folded = records.records(session, entries)
    assert len(said) == 2, said
    assert [one.standing["quantity"] for one in folded[:3]] == ["1", "1", "2"]


def test_a_hundred_rows_cost_as_many_statements_as_one(session, runtime) -> None:
    desk = clerk(session)
    enter(session, desk, return_cells())
    session.flush()
    costs = []
    for count in (1, 100):
        with counted(runtime.engine) as said:
            enter(session, desk, *(return_cells() for _ in range(count)))
            session.flush()
        costs.append(len(said))
    assert costs[0] == costs[1], costs
    assert costs[0] <= 18, said
