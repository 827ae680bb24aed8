"""The merchant's desk through the browser: lists, filters, files, one case, and how much each page costs."""

import gzip
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

import openpyxl
import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.cases.models import Case, Channel, SavedView
from portal.cases.rules import NEVER_WITH_MERCHANT, OPEN_STATES, TURNS, Answered, CaseState
from portal.core import search
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Role
from portal.core.privacy import DataKey
from portal.enrolment.models import Merchant, Outlet
from portal.intake.models import Filing
from portal.runtime import Runtime
from tests.conftest import NOW
from tests.factories import disputes, people
from tests.inspector import PARTIAL, InspectingClient
from tests.queries import counted

BUDGET = 8  # statements a page
BYTES = 60_000  # compressed, page and its own CSS and script apart
LIST = "/merchant/cases"


@dataclass(frozen=True)
class Desk:
    authority: Organisation
    merchant: Merchant
    membership: Membership
    colleague: Membership


@pytest.fixture
def desk(session: Session) -> Desk:
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    membership = people.member(session, merchant.id, Role.SUPERVISOR)
    return Desk(authority, merchant, membership, people.member(session, merchant.id, name="王珂"))


def references(html: str) -> list[str]:
    return re.findall(r'<td role="cell"><a href="[^"]*">(HL[\d-]+)</a>', html)


def tab(html: str, name: str) -> str:
    found = re.search(rf">{name} ([\d+]+)</a>", html)
    assert found, name
    return found.group(1)


def many(session: Session, desk: Desk, number: int) -> None:
    """Cases of every state that a merchant sees, in bulk, each with a filing."""
    key = DataKey(wrapped=b"none", created_at=NOW)
    session.add(key)
    session.flush()
    states = [state for state in CaseState if state not in NEVER_WITH_MERCHANT]
    rows = []
    for n in range(number):
        state = states[n % len(states)]
        due = NOW + timedelta(hours=n % 400 - 100)
        rows.append(
            {
                "reference": f"HL2601-{n:05d}", "authority_id": desk.authority.id, "merchant_id": desk.merchant.id,
                "key_id": key.id, "channel": Channel.REGULATOR, "source": "12315", "state": state,
                "turn": TURNS[state], "is_open": state in OPEN_STATES, "candidates": {}, "headline": "电饭煲 漏电，要求退款",
                "goods": "电饭煲", "problem": "漏电", "demands": "refund", "amount": 100 * n, "consumer_mask": "李**",
                "phone_mask": "138****1234", "registered_at": NOW - timedelta(days=n % 60), "opened_at": NOW,
                "dispatched_at": NOW - timedelta(days=3), "respond_by": due, "due_at": due, "last_event_at": NOW,
                "answer": Answered.COUNTERED if state is CaseState.NEGOTIATING else None,
                "answered_at": NOW if state is CaseState.NEGOTIATING else None,
            }
        )  # fmt: skip
    session.execute(insert(Case), rows)


def test_every_page_of_the_desk_keeps_its_budget(
    client_for: Callable[[Membership], InspectingClient], session: Session, runtime: Runtime, desk: Desk
) -> None:
    many(session, desk, 3000)
    case = disputes.case(session, desk.authority, desk.merchant, due_at=NOW + timedelta(hours=1))
    text = search.Document(case.id, "羊毛大衣 起球", (search.merchant_scope(desk.merchant.id),))
    search.index_documents(session, search.CASE_SEARCH, [text])
    for name, query in (("甲", "state=offered"), ("乙", "view=ours&min=50"), ("丙", "q=电饭煲")):
        session.add(
            SavedView(reference=name, person_id=desk.colleague.person_id, organisation_id=desk.merchant.id, name=name,
                      query=query, shared=True, at=NOW)
        )  # fmt: skip
    session.add(Outlet(merchant_id=desk.merchant.id, name="五缘湾店", normalised="五缘湾店", address="嘉禾路"))
    session.commit()
    client = client_for(desk.membership)
    client.get("/merchant/")  # calendar and limits are read once a minute
    for path in (
        "/merchant/", LIST, f"{LIST}?view=overdue", f"{LIST}?view=finished", f"{LIST}?q=羊毛大衣&sort=new",
        f"{LIST}?state=offered&state=agreed&channel=regulator&min=5&assignee=none&outlet=五缘湾店&since=2026-01-01",
        f"{LIST}/{case.reference}", f"{LIST}/{case.reference}?view=ours&q=大衣",
    ):  # fmt: skip
        with counted(runtime.engine) as said:
            answer = client.get(path)
        assert answer.status_code == 200
        assert len(said) <= BUDGET, f"{path}\n{said}"
        assert not said.writes
        assert len(gzip.compress(answer.data)) <= BYTES
    assert tab(client.get(LIST).text, "全部在办") == "1000+"


def test_tabs_count_what_their_lists_hold(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    late = disputes.case(session, desk.authority, desk.merchant, due_at=NOW - timedelta(days=1))
    mine = disputes.case(session, desk.authority, desk.merchant, assignee_id=desk.membership.person_id)
    answered = disputes.case(
        session, desk.authority, desk.merchant, state=CaseState.NEGOTIATING, answer=Answered.REFUSED, answered_at=NOW
    )
    waiting = disputes.case(
        session, desk.authority, desk.merchant, state=CaseState.OFFERED, due_at=NOW + timedelta(days=1)
    )
    disputes.case(session, desk.authority, desk.merchant, state=CaseState.CLOSED_SETTLED)
    disputes.case(session, desk.authority, people.merchant(session, desk.authority))
    session.commit()
    client = client_for(desk.membership)
    page = client.get(LIST).text
    expected = {
        "": {late, mine, answered, waiting}, "view=ours": {late, mine, answered}, "view=mine": {mine},
        "view=soon": {waiting}, "view=answered": {answered}, "view=overdue": {late},
    }  # fmt: skip
    names = ["全部在办", "轮到我们", "我负责的", "3 个工作日内到期", "消费者已答复", "逾期"]
    for name, (query, cases) in zip(names, expected.items(), strict=True):
        found = references(client.get(f"{LIST}?{query}").text)
        assert set(found) == {case.reference for case in cases}, name
        assert tab(page, name) == str(len(cases))
    assert references(page)[:2] == [late.reference, waiting.reference]


def test_a_list_is_walked_page_by_page_without_a_gap(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    many(session, desk, 143)
    session.commit()
    client = client_for(desk.membership)
    seen: list[str] = []
    path: str | None = f"{LIST}?state=accepted&state=offered&state=dispatched&state=breached&state=failed"
    while path:
        html = client.get(path).text
        seen += references(html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        path = following.group(1).replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 65
    assert client.get(f"{LIST}?cursor=forged").status_code == 200


def test_search_finds_by_words_number_and_reference_inside_the_own_cases(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    ours = disputes.case(session, desk.authority, desk.merchant)
    theirs = disputes.case(session, desk.authority, people.merchant(session, desk.authority))
    for case, merchant_id in ((ours, desk.merchant.id), (theirs, theirs.merchant_id)):
        assert merchant_id is not None
        document = search.Document(case.id, "羊毛双面呢大衣起球", (search.merchant_scope(merchant_id),))
        search.index_documents(session, search.CASE_SEARCH, [document])
    numbers = {filing.case_id: filing.number for filing in session.scalars(select(Filing))}
    session.commit()
    client = client_for(desk.membership)
    for words in ("双面呢", ours.reference.lower(), numbers[ours.id]):
        assert references(client.get(f"{LIST}?q={words}").text) == [ours.reference]
    for words in (theirs.reference, numbers[theirs.id], "冰箱"):
        assert "没有符合条件的纠纷" in client.get(f"{LIST}?q={words}").text


def test_a_full_phone_number_is_found_by_a_recorded_post(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    case = disputes.case(session, desk.authority, desk.merchant)
    disputes.case(session, desk.authority, desk.merchant, phone="13900000000")
    session.commit()
    client = client_for(desk.membership)
    refused = client.submit(f"{LIST}/find", {"who": "1386000"}, page=LIST)
    assert refused.status_code == 422
    assert "完整的手机号" in refused.text
    answer = client.submit(f"{LIST}/find", {"who": disputes.PHONE}, page=LIST)
    assert answer.status_code == 303
    assert disputes.PHONE not in answer.location
    page = client.get(answer.location).text
    assert references(page) == [case.reference]
    assert "按手机号或姓名查到的" in page
    assert references(client_for(desk.colleague).get(answer.location).text) == []
    kinds = session.scalars(select(AccessRecord.kind).where(AccessRecord.actor_id == desk.membership.person_id)).all()
    assert kinds == [AccessKind.SEARCH_PERSON]


def test_a_full_name_is_found_the_same_way_and_never_stands_in_the_address(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    case = disputes.case(session, desk.authority, desk.merchant, name="欧阳小雅")
    disputes.case(session, desk.authority, desk.merchant)
    disputes.case(session, desk.authority, people.merchant(session, desk.authority), name="欧阳小雅")
    session.commit()
    client = client_for(desk.membership)
    for half in ("欧**", "欧阳女士"):
        refused = client.submit(f"{LIST}/find", {"who": half}, page=LIST)
        assert refused.status_code == 422
        assert "完整的中文姓名" in refused.text
    answer = client.submit(f"{LIST}/find", {"who": "欧阳小雅"}, page=LIST)
    assert "欧阳" not in unquote(answer.location)
    assert references(client.get(answer.location).text) == [case.reference]
    assert references(client.get(f"{answer.location}x").text) == []


def test_the_export_holds_the_filtered_list_masked_as_text(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    disputes.case(session, desk.authority, desk.merchant, goods="=1+1", headline="=1+1 漏水，要求退款", amount=1999)
    disputes.case(session, desk.authority, desk.merchant, state=CaseState.OFFERED)
    session.commit()
    answer = client_for(desk.membership).submit(f"{LIST}/export", {"query": "state=dispatched"}, page=LIST)
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    head, row = list(sheet.iter_rows(values_only=True))
    assert (head[0], row[1], row[2], row[3], row[4]) == ("编号", "李**", "=1+1", "漏水，要求退款", 19.99)
    assert sheet["C2"].data_type == "s"
    record = session.scalars(select(AccessRecord)).one()
    assert (record.kind, record.detail["query"]) == (AccessKind.EXPORT, "state=dispatched")


def test_the_days_page_adds_up(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    disputes.case(session, desk.authority, desk.merchant, due_at=NOW - timedelta(days=1), contact_by=NOW)
    disputes.case(session, desk.authority, desk.merchant, due_at=NOW + timedelta(hours=3), contact_by=NOW)
    disputes.case(
        session, desk.authority, desk.merchant, state=CaseState.NEGOTIATING, answer=Answered.COUNTERED, answered_at=NOW
    )
    done = disputes.case(session, desk.authority, desk.merchant, state=CaseState.FAILED)
    own = disputes.case(session, desk.authority, desk.merchant, state=CaseState.FAILED, source="green")
    session.commit()
    html = client_for(desk.membership).get("/merchant/").text
    figures = re.findall(r'<a class="plain" href="([^"]+)"><span[^>]*>.*?</svg> ([^<]+)</span><b[^>]*>([^<]+)', html)
    assert [(name, value) for _, name, value in figures] == [
        ("逾期", "1"), ("今天到期", "1"), ("消费者已答复", "1"), ("今天应付", "¥0.00"), ("新分派", "2"),
    ]  # fmt: skip
    assert "1 件还价" in html
    assert done.reference in html.partition("等回填")[2]
    assert own.reference not in html  # no platform waits for it
    client = client_for(desk.membership)
    for href, name, value in figures:
        if name != "今天应付":
            assert len(references(client.get(href).text)) == int(value)


def test_an_empty_desk_says_what_is_true(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    session.commit()
    client = client_for(desk.membership)
    assert "没有等我们办的纠纷" in client.get("/merchant/").text
    assert "现在没有在办的纠纷" in client.get(LIST).text
    assert "没有等回填的纠纷" in client.get("/merchant/backfill").text


def test_filters_become_a_view_that_is_shared_and_deleted(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    disputes.case(session, desk.authority, desk.merchant)
    session.commit()
    client = client_for(desk.membership)
    wanted = f"{LIST}?state=dispatched&min=50"
    answer = client.submit(f"{LIST}/views", {"name": "专项", "query": "state=dispatched&min=50&evil=1", "shared": "y"})
    assert answer.location == wanted
    page = client_for(desk.colleague).get(LIST).text
    assert tab(page, "专项（共享）") == "1"
    shown = client.get(wanted).text
    assert "删除视图" in shown
    share = re.search(r'action="(/merchant/cases/views/\w+)/share"', shown)
    assert share
    client.submit(f"{share.group(1)}/share", {"shared": "no", "next": wanted}, page=wanted)
    assert "专项" not in client_for(desk.colleague).get(LIST).text
    assert client.submit(f"{share.group(1)}/delete", page=wanted).location == LIST
    assert client.submit(f"{LIST}/views", {"name": "", "query": ""}, page=wanted).status_code == 422


def test_selected_cases_are_handed_over(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    cases = [disputes.case(session, desk.authority, desk.merchant) for _ in range(2)]
    session.commit()
    client = client_for(desk.membership)
    chosen = {"case": [case.reference for case in cases], "person": desk.colleague.person.sign_in_name}
    answer = client.submit(f"{LIST}/assign", {**chosen, "next": f"{LIST}?view=ours"}, page=LIST)
    assert answer.location == f"{LIST}?view=ours"
    page = client.get(answer.location).text
    assert "已转派 2 件" in page
    assert page.count("王珂</td>") == 2
    evil = client.submit(f"{LIST}/assign", {**chosen, "person": "none", "next": "//evil.example/x"}, page=LIST)
    assert evil.location == LIST
    assert client.submit(f"{LIST}/assign", {"case": [cases[0].reference]}, page=LIST).status_code == 422


def test_a_fragment_is_the_same_markup_as_in_the_page(
    client_for: Callable[[Membership], InspectingClient], session: Session, desk: Desk
) -> None:
    case = disputes.case(session, desk.authority, desk.merchant, state=CaseState.NEGOTIATING)
    session.commit()
    client = client_for(desk.membership)
    base = f"{LIST}/{case.reference}"
    for path, opening in (
        (f"{base}/contact", '<section class="panel" id="history"'),
        (f"{base}/evidence", '<section class="panel" id="evidence"'),
        (LIST, '<div id="list"'),
    ):
        fragment = client.get(path, headers=PARTIAL).text.strip()
        assert fragment.startswith(opening), path
        assert without_token(fragment) in without_token(client.get(path).text)
    screen = without_token(client.get(base).text)
    assert without_token(client.get(f"{base}/evidence", headers=PARTIAL).text.strip()) in screen


def without_token(html: str) -> str:
    return re.sub(r'(name="csrf_token"[^>]*value=")[^"]+', r"\1", html)
