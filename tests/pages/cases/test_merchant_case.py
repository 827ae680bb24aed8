"""One case on one screen, and everything a merchant's staff do from it, without script."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Membership, Organisation
from portal.cases import actions, evidence
from portal.cases.actions import AddNote, RecordContact
from portal.cases.models import Case, CaseNote, ContactMethod, ContactResult
from portal.cases.rules import CaseState, FailureCause
from portal.core import facts
from portal.core.access import AccessRecord
from portal.core.actor import SYSTEM, Role
from portal.core.facts import SubjectKind, Topic
from portal.enrolment.models import Merchant
from tests.conftest import NOW, FixedClock
from tests.factories import disputes, people
from tests.inspector import PARTIAL, InspectingClient

LIST = "/merchant/cases"
SignIn = Callable[[Membership], InspectingClient]


@dataclass(frozen=True)
class Desk:
    authority: Organisation
    merchant: Merchant
    membership: Membership
    client: InspectingClient


@pytest.fixture
def desk(session: Session, client_for: SignIn) -> Desk:
    authority = people.authority(session)
    merchant = people.merchant(session, authority)
    membership = people.member(session, merchant.id)
    session.commit()
    return Desk(authority, merchant, membership, client_for(membership))


def kept(session: Session, desk: Desk, **changes: object) -> Case:
    case = disputes.case(session, desk.authority, desk.merchant, **changes)  # type: ignore[arg-type]
    session.commit()
    return case


def photo(name: str = "小票.jpg") -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (10, 90, 200)).save(out, "JPEG")
    out.seek(0)
    return out, name


def test_the_screen_says_what_is_asked_and_by_when(session: Session, desk: Desk) -> None:
    case = kept(
        session, desk, text="门店电话13806010001，大衣起球。", platform_due_on=(NOW + timedelta(days=6)).date(),
        respond_by=NOW.replace(day=26, hour=16), due_at=NOW.replace(day=26, hour=16), dispatched_at=NOW,
    )  # fmt: skip
    html = desk.client.get(f"{LIST}/{case.reference}").text
    for words in ("羊毛大衣 起球，要求退款", "¥1,280.00", "李** 138****1234", "****0001，大衣起球", "2026-08-26 周三",
                  "剩 10 个工作日", "8 月 12 日收到，当日不计", "平台期限（推算，自登记时间起）：2026-08-18 周二", "依据与版本",
                  "新分派，等我们受理"):  # fmt: skip
        assert words in html, words
    for secret in ("13860001234", "李小明", "嘉禾里", "13806010001"):
        assert secret not in html


def test_a_look_at_the_consumer_takes_a_reason_and_ends(session: Session, desk: Desk, clock: FixedClock) -> None:
    case = kept(session, desk)
    page = f"{LIST}/{case.reference}"
    assert desk.client.submit(f"{page}/reveal", {}, page=page).status_code == 422
    assert desk.client.submit(f"{page}/reveal", {"reason": "contact"}, page=page).location == page
    html = desk.client.get(page).text
    for shown in ("13860001234", "李小明", "嘉禾里1号", "可以看到 09:30"):
        assert shown in html, shown
    assert [one.reason for one in session.scalars(select(AccessRecord))] == ["contact"]
    clock.advance(minutes=31)
    assert "李小明" not in desk.client.get(page).text


def test_accepting_opens_the_next_step(session: Session, desk: Desk) -> None:
    case = kept(session, desk)
    page = f"{LIST}/{case.reference}"
    answer = desk.client.submit(f"{page}/accept", page=page, headers={"Referer": f"http://localhost{page}?view=new"})
    assert answer.location == f"{page}?view=new"
    html = desk.client.get(answer.location).text
    assert "已受理，可以联系消费者了" in html
    assert "记一次沟通" in html
    assert "新分派，等我们受理" not in html
    again = desk.client.submit(f"{page}/accept", page=page)
    assert again.status_code == 422
    assert "状态已经变了" in again.text


def test_a_refused_contact_keeps_what_was_typed(session: Session, desk: Desk) -> None:
    case = kept(session, desk, state=CaseState.ACCEPTED)
    page = f"{LIST}/{case.reference}"
    typed = {"happened_at": "2027-01-01T09:00", "method": "visit", "text": "到店协商，愿意退款。", "result": "reached"}
    refused = desk.client.submit(f"{page}/contact", typed, page=page)
    assert refused.status_code == 422
    assert "错误：协商过程" in refused.text
    assert "沟通时间在现在以后" in refused.text
    assert "到店协商，愿意退款。" in refused.text
    part = desk.client.submit(f"{page}/contact", {**typed, "text": ""}, page=page, headers=PARTIAL)
    assert part.status_code == 422
    assert part.text.strip().startswith('<section class="panel" id="history"')
    assert session.scalars(select(CaseNote.id)).all() == []
    sent = desk.client.submit(f"{page}/contact", {**typed, "happened_at": "2026-08-12T08:30"}, page=page)
    assert sent.location == page
    html = desk.client.get(page).text
    assert "现场沟通：已联系上" in html
    assert "今天 08:30" in html
    assert "协商中</span>" in html


def test_a_note_is_for_the_own_people_only(session: Session, desk: Desk, client_for: SignIn) -> None:
    case = kept(session, desk, state=CaseState.NEGOTIATING)
    page = f"{LIST}/{case.reference}"
    part = desk.client.submit(f"{page}/note", {"note": "先问门店"}, page=page, headers=PARTIAL)
    assert part.status_code == 200
    assert "先问门店" in part.text
    assert desk.client.submit(f"{page}/note", {"note": ""}, page=page).status_code == 422
    officer = people.member(session, desk.authority.id, Role.OFFICER)
    session.commit()
    assert client_for(officer).get(page).status_code == 404


def test_a_returned_case_is_gone_from_the_desk(session: Session, desk: Desk) -> None:
    case = kept(session, desk)
    page = f"{LIST}/{case.reference}"
    form = f"{page}/return"
    assert desk.client.submit(form, {"reason": "not_ours", "explanation": ""}).status_code == 422
    answer = desk.client.submit(form, {"reason": "not_ours", "explanation": "门店已转让。"})
    assert answer.location == LIST
    assert f"{case.reference} 已退回分派" in desk.client.get(LIST).text
    assert desk.client.get(page).status_code == 404


def test_a_case_is_handed_to_a_colleague(session: Session, desk: Desk) -> None:
    colleague = people.member(session, desk.merchant.id, name="王珂")
    case = kept(session, desk)
    page = f"{LIST}/{case.reference}"
    assert desk.client.submit(f"{page}/assign", {}).status_code == 422
    assert desk.client.submit(f"{page}/assign", {"person": colleague.person.sign_in_name}).location == page
    assert "经办 王珂" in desk.client.get(page).text


def test_files_are_added_shown_and_served_safely(session: Session, desk: Desk, client_for: SignIn) -> None:
    case = kept(session, desk)
    page = f"{LIST}/{case.reference}"
    none = desk.client.submit(f"{page}/evidence", {}, content_type="multipart/form-data")
    assert none.status_code == 422
    assert "还没有选择文件" in none.text
    bad = desk.client.submit(
        f"{page}/evidence", {"files": (io.BytesIO(b"MZ"), "病毒.jpg")}, content_type="multipart/form-data"
    )
    assert bad.status_code == 422
    assert "不是照片" in bad.text
    both = {"files": [photo(), photo("同一张.jpg")]}
    part = desk.client.submit(f"{page}/evidence", both, content_type="multipart/form-data", headers=PARTIAL)
    assert "已上传 1 个文件，1 个以前传过" in part.text
    html = desk.client.get(page).text
    assert "证据 1 件" in html
    address = re.search(r'src="(/evidence/\w+/thumbnail)"', html)
    assert address
    file = desk.client.get(address.group(1))
    assert file.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"].startswith("sandbox")
    assert file.mimetype == "image/jpeg"
    assert desk.client.get(address.group(1).replace("thumbnail", "huge")).status_code == 404
    stranger = people.member(session, people.merchant(session, desk.authority).id)
    session.commit()
    assert client_for(stranger).get(address.group(1)).status_code == 404


def test_an_oversized_upload_is_refused_by_its_length(
    session: Session, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = kept(session, desk)
    page = f"{LIST}/{case.reference}"
    monkeypatch.setattr(evidence, "MAX_REQUEST", 100_000)
    token = desk.client.token(page)
    body = {"csrf_token": token, "files": (io.BytesIO(b"x" * 200_000), "大.jpg")}
    answer = desk.client.post(f"{page}/evidence", data=body, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "合计不能超过 0 MB" in answer.text


def test_neighbours_stay_inside_the_filter(session: Session, desk: Desk) -> None:
    cases = [
        kept(session, desk, due_at=NOW + timedelta(days=days), amount=amount)
        for days, amount in ((1, 90_000), (2, 100), (3, 90_000), (4, 90_000))
    ]
    query = "?min=500"
    html = desk.client.get(f"{LIST}/{cases[2].reference}{query}").text
    assert "第 2 件，共 3 件" in html
    assert f'href="{LIST}/{cases[0].reference}{query}" data-key="["' in html
    assert f'href="{LIST}/{cases[3].reference}{query}" data-key="]"' in html
    first = desk.client.get(f"{LIST}/{cases[0].reference}{query}").text
    assert 'data-key="["' not in first
    outside = desk.client.get(f"{LIST}/{cases[1].reference}{query}").text
    assert "共 3 件" not in outside


def test_earlier_complaints_are_the_merchants_own(session: Session, desk: Desk) -> None:
    earlier = kept(
        session, desk, state=CaseState.CLOSED_SETTLED, registered_at=NOW - timedelta(days=40), headline="围巾 掉色"
    )
    elsewhere = disputes.case(session, desk.authority, people.merchant(session, desk.authority),
                              registered_at=NOW - timedelta(days=30))  # fmt: skip
    other = kept(session, desk, phone="13900000000", registered_at=NOW - timedelta(days=20))
    case = kept(session, desk)
    html = desk.client.get(f"{LIST}/{case.reference}").text.partition("同一消费者以前的投诉")[2]
    assert "围巾 掉色" in html
    assert earlier.reference in html
    assert elsewhere.reference not in html
    assert other.reference not in html


def test_nothing_of_an_earlier_merchants_time_is_told(session: Session, desk: Desk) -> None:
    former = people.merchant(session, desk.authority)
    before = people.actor(session, people.member(session, former.id, name="前任客服"))
    case = disputes.case(session, desk.authority, former, state=CaseState.ACCEPTED)
    facts.record(session, SYSTEM, Topic.CASE_OPENED, SubjectKind.CASE, case.id, at=NOW)
    actions.add_note(session, before, AddNote(case.reference, "前任的备注"), now=NOW)
    contact = RecordContact(case.reference, NOW, ContactMethod.PHONE, "前任的沟通", ContactResult.UNREACHED)
    actions.record_contact(session, before, contact, now=NOW)
    case.merchant_id, case.dispatched_at = desk.merchant.id, NOW + timedelta(minutes=5)
    facts.record(session, SYSTEM, Topic.CASE_DISPATCHED, SubjectKind.CASE, case.id, at=NOW + timedelta(minutes=5))
    session.commit()
    html = desk.client.get(f"{LIST}/{case.reference}").text
    assert "登记投诉" in html
    assert "分派到企业" in html
    for hidden in ("前任的备注", "前任的沟通", "前任客服"):
        assert hidden not in html


def test_a_finished_case_is_filled_in_and_ticked(session: Session, desk: Desk) -> None:
    case = kept(session, desk, state=CaseState.NEGOTIATING)
    agent = people.actor(session, desk.membership)
    contact = RecordContact(
        case.reference, NOW, ContactMethod.PHONE, "同意退款，电话13860001234。", ContactResult.REACHED
    )
    actions.record_contact(session, agent, contact, now=NOW)
    case.state, case.is_open, case.cause = CaseState.FAILED, False, FailureCause.NO_AGREEMENT
    case.closed_at = NOW
    session.commit()
    page = f"{LIST}/{case.reference}"
    for html in (desk.client.get(page).text, desk.client.get("/merchant/backfill").text):
        for words in ("2026-08-12 09:00", "电话沟通：已联系上：同意退款，电话****1234。", "未达成和解：协商未达成。"):
            assert words in html, words
    sheet = desk.client.submit("/merchant/backfill/export", page="/merchant/backfill")
    assert sheet.status_code == 200
    answer = desk.client.submit(
        f"{LIST}/backfilled", {"case": [case.reference], "next": "/merchant/backfill"}, page=page
    )
    assert answer.location == "/merchant/backfill"
    empty = desk.client.get("/merchant/backfill").text
    assert "已标记回填 1 件" in empty
    assert "没有等回填的纠纷" in empty
    assert "已回填</div>" in desk.client.get(page).text
