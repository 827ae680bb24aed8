"""登记退换货 from the case: one click opens the row, filled in; a second stores it."""

import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.actions import AcceptCase, accept_case
from portal.cases.rules import CaseState
from portal.ledgers.batches import TypedRow
from portal.ledgers.entering import EnterReturns, enter_returns
from portal.ledgers.models import EntryKind, LedgerEntry
from tests.conftest import NOW
from tests.factories import settling
from tests.factories.books import return_cells
from tests.inspector import InspectingClient
from tests.pages.ledgers.conftest import RETURNS


def shown_row(html: str) -> dict[str, str]:
    """What stands in the first row of the grid, as a browser would send it."""
    row = re.search(r"<tbody data-row>(.*?)</tbody>", html, re.DOTALL)
    assert row
    values = {}
    for field in re.findall(r"<input [^>]*>", row.group(1)):
        name, value = re.search(r'name="(\w+)"', field), re.search(r'value="([^"]*)"', field)
        assert name
        assert value
        values[name.group(1)] = value.group(1)
    for field, choices in re.findall(r"(<select [^>]*>)(.*?)</select>", row.group(1), re.DOTALL):
        name, chosen = re.search(r'name="(\w+)"', field), re.search(r'value="([^"]*)" selected', choices)
        assert name
        values[name.group(1)] = chosen.group(1) if chosen else ""
    return values


def agreed_case(session: Session) -> settling.Dispute:
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    accept_case(session, dispute.agent, AcceptCase(dispute.case.reference), now=NOW)
    settling.agreed(session, dispute, settling.refund(50_000), now=NOW)
    return dispute


def test_a_return_is_entered_from_its_case_with_two_clicks(
    session: Session, client_for: Callable[..., InspectingClient]
) -> None:
    dispute = agreed_case(session)
    before = TypedRow("before", return_cells(goods="羊毛大衣", category="服装", supplier="厦门衣锦商贸有限公司"))
    enter_returns(session, dispute.agent, EnterReturns((before,)), now=NOW)
    session.commit()
    client = client_for(dispute.membership)
    case = client.get(f"/merchant/cases/{dispute.case.reference}").text
    address = re.search(rf'href="({RETURNS}\?case=[^"]+)"[^>]*>.*?登记退换货', case)
    assert address
    page = client.get(address.group(1)).text
    assert "已从投诉" in page
    row = shown_row(page)
    assert (row["goods"], row["category"], row["refund"]) == ("羊毛大衣", "clothing", "500.00")
    answer = client.submit(RETURNS, row)
    assert answer.status_code == 303, re.findall(r'<p class="error">.*?</p>', answer.text)
    entry = session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq.desc()).limit(1)).one()
    assert (entry.kind, entry.reference, entry.amount) == (EntryKind.RETURN, dispute.case.reference, 50_000)
    assert dispute.case.reference in client.get(RETURNS).text
    again = client.get(address.group(1)).text
    assert "这件投诉已经登记过 1 笔退换" in again


def test_a_case_that_is_not_accepted_says_what_to_do(
    session: Session, client_for: Callable[..., InspectingClient]
) -> None:
    dispute = settling.dispute(session, state=CaseState.DISPATCHED)
    session.commit()
    client = client_for(dispute.membership)
    assert "登记退换货" not in client.get(f"/merchant/cases/{dispute.case.reference}").text
    assert "你的消费投诉记录里没有这件纠纷" in client.get(f"{RETURNS}?case={dispute.case.reference}").text
