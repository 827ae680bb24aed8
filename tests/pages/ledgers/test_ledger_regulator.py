"""The regulator's side: opening with a reason, reading masked, verifying, bundles, releases."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Role
from portal.core.facts import SubjectKind
from portal.ledgers.checking import AT_ONCE
from portal.ledgers.models import Checkpoint, Ledger
from portal.ledgers.page_models import CheckState, LedgerCheck
from portal.ledgers.rules.disclosure import REASON_NAMES, OpeningReason
from tests.factories import books, people
from tests.factories.books import Clerk
from tests.inspector import InspectingClient
from tests.pages.ledgers.conftest import RETURNS

LEDGERS = "/regulator/ledgers"


@pytest.fixture
def hub(session: Session, clerk: Clerk) -> str:
    """The address of a ledger with three entries."""
    for goods in ("电热毯", "皮鞋", "女式风衣"):
        books.entered(session, clerk, goods=goods)
    session.commit()
    return f"{LEDGERS}/{clerk.merchant.organisation.code}"


def open_it(client: InspectingClient, hub: str, reason: str = "inspection") -> Any:
    return client.submit(f"{hub}/open", {"reason": reason}, page=hub)


def token_at(client: InspectingClient) -> str:
    return client.token("/account")


def post(client: InspectingClient, path: str, **values: str) -> Any:
    """Send a form whose page is not shown, as a stranger would."""
    return client.post(path, data={"csrf_token": token_at(client), **values})


def test_the_list_shows_the_state_of_every_ledger_of_the_jurisdiction(
    hub: str, session: Session, clerk: Clerk, desk: InspectingClient
) -> None:
    people.merchant(session, clerk.authority, "厦门没有登记商行")
    people.merchant(session, people.authority(session, "厦门市思明区市场监督管理局"), "思明区别家商行")
    session.commit()
    page = desk.get(LEDGERS).text
    assert clerk.merchant.organisation.name in page
    assert "还没有签发" in page
    assert "没有验证过" in page
    assert "厦门没有登记商行" in page
    assert "思明区别家商行" not in page


LISTED = {  # whether our merchant and one without entries stand in the list
    "": (True, True),
    "state=none": (False, True),
    "state=unsigned": (True, False),
    "state=never": (True, False),
    "state=ok": (False, False),
    "state=bad": (False, False),
    "q=没有登记": (False, True),
    "q=不存在的企业": (False, False),
    "sort=entries": (True, True),
}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_list_is_narrowed_by_state_and_name(
    hub: str, session: Session, clerk: Clerk, desk: InspectingClient
) -> None:
    people.merchant(session, clerk.authority, "厦门没有登记商行")
    session.commit()
    ours = clerk.merchant.organisation.name
    found = {}
    for query in LISTED:
        page = desk.get(f"{LEDGERS}?{query}").text
        names = re.findall(r'<td role="cell" class="full"><a [^>]*>([^<]+)</a>', page)
        found[query] = (ours in names, "厦门没有登记商行" in names)
    assert found == LISTED


def test_the_list_of_ledgers_is_exported_and_recorded(
    hub: str, session: Session, clerk: Clerk, desk: InspectingClient
) -> None:
    answer = desk.submit(f"{LEDGERS}/export?state=unsigned", page=LEDGERS)
    _header, row = openpyxl.load_workbook(io.BytesIO(answer.data)).active.values
    assert row[:5] == (clerk.merchant.organisation.name, clerk.merchant.organisation.code, clerk.authority.name, 3, 0)
    assert session.scalars(select(AccessRecord)).one().detail == {"what": "ledgers", "rows": 1}


def test_without_a_grant_every_page_leads_to_the_question_for_a_reason(hub: str, desk: InspectingClient) -> None:
    for below in ("returns", "complaints", "entries/1"):
        answer = desk.get(f"{hub}/{below}")
        assert (answer.status_code, answer.location) == (303, hub), below


def test_without_a_grant_nothing_is_verified_or_taken(hub: str, session: Session, desk: InspectingClient) -> None:
    for below in ("verify", "bundle.zip", "returns.xlsx", "entries/1/reveal"):
        answer = post(desk, f"{hub}/{below}", reason="verify")
        assert (answer.status_code, answer.location) == (303, hub), below
    assert session.scalars(select(AccessRecord)).all() == []
    assert session.scalars(select(LedgerCheck)).all() == []


def test_looking_at_the_state_opens_nothing(hub: str, session: Session, desk: InspectingClient) -> None:
    page = desk.get(hub).text
    assert "查阅台账" in page
    assert all(name in page for name in REASON_NAMES.values())
    assert "电热毯" not in page
    assert session.scalars(select(AccessRecord)).all() == []


def test_opening_needs_a_reason_of_the_list(hub: str, session: Session, desk: InspectingClient) -> None:
    assert "请选择查阅理由" in open_it(desk, hub, "").text
    assert open_it(desk, hub, "curiosity").status_code == 422
    assert session.scalars(select(AccessRecord)).all() == []


def test_opened_the_book_is_read_masked_for_thirty_minutes(
    hub: str, session: Session, desk: InspectingClient, clock: Any
) -> None:
    assert open_it(desk, hub).status_code == 303
    record = session.scalars(select(AccessRecord)).one()
    assert (record.kind, record.subject_kind, record.reason) == (AccessKind.REVEAL, SubjectKind.LEDGER, "inspection")
    page = desk.get(f"{hub}/returns").text
    assert "电热毯" in page
    assert "洪**" in page
    assert "洪丽华" not in page
    assert "洪丽华" not in desk.get(f"{hub}/entries/1").text
    clock.advance(minutes=30)
    assert desk.get(f"{hub}/returns").status_code == 303


def test_filters_and_search_work_for_the_officer_too(hub: str, desk: InspectingClient) -> None:
    open_it(desk, hub)
    page = desk.get(f"{hub}/returns?q=皮鞋").text
    assert "皮鞋" in page
    assert "女式风衣" not in page


def test_the_list_is_taken_masked_and_recorded_with_the_reason(
    hub: str, session: Session, desk: InspectingClient
) -> None:
    open_it(desk, hub, "clue")
    answer = desk.submit(f"{hub}/returns.xlsx", {"personal": "yes"}, page=f"{hub}/returns")
    header, *rows = openpyxl.load_workbook(io.BytesIO(answer.data)).active.values
    assert {row[header.index("消费者姓名")] for row in rows} == {"洪**"}
    export = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.EXPORT)).one()
    assert (export.reason, export.detail["rows"], export.detail["personal"]) == ("clue", 3, False)


def test_a_consumer_is_shown_after_a_recorded_look(hub: str, session: Session, desk: InspectingClient) -> None:
    open_it(desk, hub)
    first = f"{hub}/entries/1"
    assert desk.submit(f"{first}/reveal", {"reason": "verify"}, page=first).status_code == 303
    assert "洪丽华" in desk.get(first).text
    kinds = [record.subject_kind for record in session.scalars(select(AccessRecord).order_by(AccessRecord.id))]
    assert kinds == [SubjectKind.LEDGER, SubjectKind.LEDGER_ENTRY]


def test_a_stranger_district_finds_nothing(
    hub: str, session: Session, client_for: Callable[..., InspectingClient]
) -> None:
    other = people.authority(session, "厦门市思明区市场监督管理局")
    stranger = people.member(session, other.id, Role.CHIEF)
    session.commit()
    client = client_for(stranger)
    assert [client.get(f"{hub}{below}").status_code for below in ("", "/returns", "/entries/1")] == [404, 404, 404]


def test_a_ledger_is_verified_and_the_result_is_kept(hub: str, session: Session, desk: InspectingClient) -> None:
    open_it(desk, hub)
    answer = desk.submit(f"{hub}/verify", page=hub)
    assert answer.status_code == 303
    page = desk.get(answer.location).text
    assert "通过：台账完整，没有被改动" in page
    check = session.scalars(select(LedgerCheck)).one()
    assert (check.state, check.ok, check.entries) == (CheckState.DONE, True, 3)
    assert "台账完整，没有被改动" in desk.get(hub).text
    assert "通过" in desk.get(LEDGERS).text


def test_an_altered_entry_is_named(hub: str, session: Session, clerk: Clerk, desk: InspectingClient) -> None:
    session.execute(text("DROP TRIGGER ledger_entry_no_update"))
    session.execute(text("UPDATE ledger_entry SET line = replace(line, '皮鞋', '布鞋') WHERE seq = 2"))
    session.commit()
    open_it(desk, hub)
    page = desk.get(desk.submit(f"{hub}/verify", page=hub).location).text
    assert "不通过：台账与检查点不符" in page
    assert "从第 2 笔起不符" in page
    assert "台账与检查点不符" in desk.get(hub).text


def test_the_merchant_is_not_told_of_an_officers_verification(
    hub: str, desk: InspectingClient, counter: InspectingClient
) -> None:
    open_it(desk, hub, "tip")
    where = desk.submit(f"{hub}/verify", page=hub).location
    assert "还没有验证过" in counter.get(RETURNS).text
    assert counter.get(f"/merchant/ledgers/checks/{where.rpartition('/')[2]}").status_code == 404


def test_the_merchant_verifies_its_own(hub: str, counter: InspectingClient) -> None:
    answer = counter.submit("/merchant/ledgers/verify", page=RETURNS)
    assert "通过：台账完整，没有被改动" in counter.get(answer.location).text
    assert "全部 3 笔" in counter.get(RETURNS).text


def test_a_long_verification_waits_for_a_worker(
    hub: str, session: Session, desk: InspectingClient, runtime: Any
) -> None:
    session.execute(text("DROP TRIGGER ledger_entry_no_update"))
    ledger = session.scalars(select(Ledger)).one()
    ledger.size = ledger.returns = AT_ONCE + 1  # it only looks long
    session.commit()
    asked: list[tuple[str, int]] = []
    runtime.enqueue = lambda name, *, job_id, check_id: asked.append((name, check_id)) or True
    open_it(desk, hub)
    page = desk.get(desk.submit(f"{hub}/verify", page=hub).location).text
    check = session.scalars(select(LedgerCheck)).one()
    assert asked == [("ledger-check", check.id)]
    assert "正在验证" in page
    assert 'hx-trigger="every 1s"' in page
    assert desk.submit(f"{hub}/verify", page=hub).location.endswith(check.reference), "one under way is enough"


def verified(answer: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let the bundle's own program judge the bundle."""
    file = folder / "bundle.zip"
    file.write_bytes(answer.data)
    with zipfile.ZipFile(file) as bundle:
        (folder / "verify.py").write_bytes(bundle.read("verify.py"))
    command = [sys.executable, "-I", str(folder / "verify.py"), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_bundle_is_redacted_and_its_own_program_finds_it_whole(
    hub: str, session: Session, desk: InspectingClient, tmp_path: Path
) -> None:
    open_it(desk, hub)
    answer = desk.submit(f"{hub}/bundle.zip", page=hub)
    assert answer.status_code == 200
    assert verified(answer, tmp_path).returncode == 0
    with zipfile.ZipFile(io.BytesIO(answer.data)) as bundle:
        everything = "".join(bundle.read(name).decode("utf-8", "replace") for name in bundle.namelist())
    assert "洪丽华" not in everything
    assert "13860001234" not in everything
    export = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.EXPORT)).one()
    assert (export.reason, export.detail["opened"]) == ("inspection", False)


def test_personal_values_leave_only_with_a_reason_on_record(hub: str, session: Session, desk: InspectingClient) -> None:
    open_it(desk, hub)
    refused = desk.submit(f"{hub}/bundle.zip", {"opened": "y"}, page=hub)
    assert refused.status_code == 422
    assert "要写明取证理由" in refused.text
    answer = desk.submit(f"{hub}/bundle.zip", {"opened": "y", "why": "湖市监案〔2026〕7号"}, page=hub)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as bundle:
        assert "洪丽华" in bundle.read("openings.jsonl").decode()
    export = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.EXPORT)).one()
    assert (export.detail["opened"], export.detail["why"]) == (True, "湖市监案〔2026〕7号")


def test_an_auditor_takes_no_personal_values(
    hub: str, session: Session, clerk: Clerk, client_for: Callable[..., InspectingClient]
) -> None:
    auditor = people.member(session, clerk.authority.id, Role.AUDITOR)
    session.commit()
    client = client_for(auditor)
    open_it(client, hub)
    assert "包含消费者个人信息" not in client.get(hub).text
    assert post(client, f"{hub}/bundle.zip", opened="y", why="x").status_code == 403
    assert client.submit(f"{hub}/bundle.zip", page=hub).status_code == 200


@pytest.mark.parametrize("reason", [OpeningReason.INSPECTION, OpeningReason.TIP])
def test_only_an_open_read_signs_what_the_bundle_holds(
    hub: str, session: Session, clerk: Clerk, desk: InspectingClient, counter: InspectingClient, reason: OpeningReason
) -> None:
    """A checkpoint at an odd hour would tell the merchant of a read that is held back."""
    counter.submit("/merchant/ledgers/bundle.zip", page="/merchant/ledgers/entries/1")
    books.entered(session, clerk, goods="后来的商品")
    session.commit()
    open_it(desk, hub, reason)
    assert desk.submit(f"{hub}/bundle.zip", page=hub).status_code == 200
    sizes = list(session.scalars(select(Checkpoint.size).order_by(Checkpoint.size)))
    assert sizes == ([3] if reason is OpeningReason.TIP else [3, 4])


def test_the_chief_releases_a_read_with_a_reason(hub: str, desk: InspectingClient, head: InspectingClient) -> None:
    open_it(desk, hub, "tip")
    releases = f"{LEDGERS}/releases"
    page = head.get(releases).text
    assert "核查举报" in page
    read = re.search(r'name="read" value="(\d+)"', page)
    assert read
    assert head.submit(releases, {"read": read.group(1), "reason": ""}).status_code == 422
    assert head.submit(releases, {"read": read.group(1), "reason": "检查已经结束"}).status_code == 303
    page = head.get(releases).text
    assert "已公开" in page
    assert "检查已经结束" in page


def test_others_are_sent_to_the_chief(hub: str, desk: InspectingClient) -> None:
    open_it(desk, hub, "tip")
    page = desk.get(f"{LEDGERS}/releases").text
    assert "只有负责人办理查阅公开" in page
    assert "核查举报 ·" not in page
    assert "查阅公开</a>" not in page


def test_a_forged_release_finds_nothing(head: InspectingClient) -> None:
    answers = [post(head, f"{LEDGERS}/releases", read=read, reason="x") for read in ("0", "x", "9" * 20, "")]
    assert {one.status_code for one in answers} == {404}
