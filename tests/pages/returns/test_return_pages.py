"""The pages of a return request, without script: what is kept, said, refused and shown to whom."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Role
from portal.enrolment.models import Merchant
from portal.returns import public_views
from portal.returns.models import ReturnDraft, ReturnFile, ReturnRequest
from portal.returns.rules import Breach, ReturnState
from tests.factories import people, promises, returning
from tests.factories.returning import NAME, PHONE, TODAY
from tests.inspector import InspectingClient

SignIn = Callable[..., InspectingClient]
TYPED = {
    "way": "offline",
    "purchased_on": (TODAY - timedelta(days=2)).isoformat(),
    "category": "clothing",
    "goods": "羊毛围巾",
    "price": "199",
    "quantity": "2",
    "name": NAME,
    "phone": PHONE,
}


@pytest.fixture
def merchant(session: Session) -> Merchant:
    made = people.merchant(session, people.authority(session), "厦门鹭湾百货有限公司")
    promises.promise(session, made)
    session.commit()
    return made


@pytest.fixture
def clerk(session: Session, merchant: Merchant, client_for: SignIn) -> Callable[[], InspectingClient]:
    membership = people.member(session, merchant.id, Role.AGENT)

    def sign_in() -> InspectingClient:
        session.commit()
        return client_for(membership)

    return sign_in


def page_of(merchant: Merchant) -> str:
    return f"/m/{merchant.slug}/return"


def photo(name: str, colour: str = "white") -> tuple[io.BytesIO, str]:
    return io.BytesIO(returning.picture(colour)), name


def test_the_promise_is_told_before_anything_is_sent(client: InspectingClient, merchant: Merchant) -> None:
    page = page_of(merchant)
    answer = client.submit(page, {**TYPED, "name": "", "phone": "", "step": "check"})
    assert answer.status_code == 303
    shown = client.get(page).text
    for words in ("承诺适用，可以退", "第 1 版", "最后一天是", "3 天内答复", 'value="羊毛围巾"'):
        assert words in shown
    assert "仍作为意愿发送" not in shown


def test_what_is_not_covered_says_why_and_goes_as_a_wish_only(
    client: InspectingClient, session: Session, merchant: Merchant
) -> None:
    page, late = page_of(merchant), {**TYPED, "purchased_on": (TODAY - timedelta(days=40)).isoformat()}
    refused = client.submit(page, {**late, "step": "send"})
    assert refused.status_code == 422
    for words in ("承诺不适用于这次购买", "已超过 34 天", "仍作为意愿发送", "没有答复期限"):
        assert words in refused.text
    assert "checked" not in refused.text.partition('name="as_wish"')[2][:40]
    assert client.submit(page, {**late, "step": "send", "as_wish": "y"}).status_code == 303
    assert "这是一份意愿" in client.get(f"{page}/sent").text
    assert session.scalars(select(ReturnRequest.verdict)).one() == "too_late"


def test_files_survive_a_mistake_in_the_form(client: InspectingClient, session: Session, merchant: Merchant) -> None:
    page = page_of(merchant)
    first = client.submit(
        page, {**TYPED, "price": "很贵", "step": "send", "files": [photo("小票.png"), photo("围巾.png", "grey")]},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert first.status_code == 422
    assert "已上传 2 个文件" in first.text
    assert "请填写金额" in first.text
    again = client.submit(
        page, {**TYPED, "step": "send", "files": [photo("小票.png")]}, content_type="multipart/form-data"
    )
    assert again.status_code == 303
    made = session.scalars(select(ReturnRequest)).one()
    assert session.scalars(select(func.count()).where(ReturnFile.request_id == made.id)).one() == 2
    assert session.scalars(select(func.count()).select_from(ReturnDraft)).one() == 0
    sent = client.get(f"{page}/sent").text
    assert made.reference in sent
    assert "138****1234" in sent
    assert PHONE not in sent
    assert "/returns/" not in sent  # the link goes to the phone only


def test_a_stranger_browser_sees_nothing_of_another_form(
    client: InspectingClient,
    client_for: SignIn,
    session: Session,
    merchant: Merchant,
    clerk: Callable[[], InspectingClient],
) -> None:
    page = page_of(merchant)
    client.submit(page, {**TYPED, "step": "files", "files": [photo("小票.png")]}, content_type="multipart/form-data")
    assert "已上传 1 个文件" in client.get(page).text
    other = clerk().get(page).text
    assert "已上传" not in other
    assert NAME not in other
    assert clerk().get(f"{page}/sent").status_code == 303


def test_a_file_is_taken_out_again(client: InspectingClient, session: Session, merchant: Merchant) -> None:
    page = page_of(merchant)
    client.submit(page, {**TYPED, "step": "files", "files": [photo("小票.png")]}, content_type="multipart/form-data")
    reference = session.scalars(select(ReturnFile.reference)).one()
    assert client.submit(f"{page}/files/{reference}/remove", page=page).status_code == 303
    assert "已上传" not in client.get(page).text


def test_a_body_that_is_too_big_is_told_and_nothing_is_lost(
    client: InspectingClient, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(merchant)
    client.submit(page, {**TYPED, "step": "files", "files": [photo("小票.png")]}, content_type="multipart/form-data")
    monkeypatch.setattr(public_views, "MOST_BYTES", 1_000)
    big = client.submit(page, {**TYPED, "reason": "大" * 1_000, "step": "files"})
    assert big.status_code == 303
    shown = client.get(page).text
    assert "合计超过 60 MB" in shown
    assert "已上传 1 个文件" in shown


def test_the_same_request_twice_is_shown_before_sending(client: InspectingClient, merchant: Merchant) -> None:
    page = page_of(merchant)
    assert client.submit(page, {**TYPED, "step": "send"}).status_code == 303
    second = client.submit(page, {**TYPED, "step": "send"})
    assert second.status_code == 422
    assert "已经为同一件商品申请过退货" in second.text
    assert client.submit(page, {**TYPED, "step": "send", "again": "y"}).status_code == 303


def test_an_unknown_shop_is_told_where_to_go(client: InspectingClient) -> None:
    answer = client.get("/m/nobodyknowsit/return")
    assert answer.status_code == 404
    assert "没有在本平台接收退货申请" in answer.text


def test_a_forged_link_looks_like_an_ended_one(client: InspectingClient, session: Session, merchant: Merchant) -> None:
    made = returning.asked(session, merchant)
    token = returning.token_of(session, made)
    session.commit()
    page = client.get(f"/returns/{token}")
    assert page.status_code == 200
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert PHONE not in page.text
    forged = client.get(f"/returns/{'a' * 20}")
    assert forged.status_code == 404
    assert "链接打不开" in forged.text


def test_a_refusal_names_the_exclusion_and_what_to_do_next(
    client: InspectingClient, session: Session, merchant: Merchant, clerk: Callable[[], InspectingClient]
) -> None:
    made = returning.asked(session, merchant)
    token = returning.token_of(session, made)
    path = f"/merchant/returns-asked/{made.reference}"
    staff = clerk()
    warned = staff.submit(f"{path}/refuse", {"ground": "condition", "why": "吊牌已剪"}, page=path)
    assert warned.status_code == 422
    assert "这次拒绝可能违反承诺" in warned.text
    assert "第 1 版" in warned.text
    session.refresh(made)
    assert made.state is ReturnState.ASKED
    sent = staff.submit(f"{path}/refuse", {"ground": "condition", "why": "吊牌已剪", "confirmed": "yes"}, page=path)
    assert sent.status_code == 303
    session.refresh(made)
    assert made.breach is Breach.REFUSED
    shown = client.get(f"/returns/{token}").text
    for words in ("不符合退货条件：吊牌已剪", "还可以怎么办", f"/complain/{merchant.slug}", "12315"):
        assert words in shown


def test_a_clerk_reads_the_phone_only_after_asking(
    session: Session, merchant: Merchant, clerk: Callable[[], InspectingClient]
) -> None:
    path = f"/merchant/returns-asked/{returning.asked(session, merchant).reference}"
    staff = clerk()
    before = staff.get(path).text
    assert "138****1234" in before
    assert PHONE not in before
    assert NAME not in before
    assert staff.submit(f"{path}/reveal", page=path).status_code == 303
    after = staff.get(path).text
    assert PHONE in after
    assert NAME in after
    assert session.scalars(select(func.count()).where(AccessRecord.kind == AccessKind.REVEAL)).one() == 1


def test_the_list_is_narrowed_searched_and_taken_away_masked(
    session: Session, merchant: Merchant, clerk: Callable[[], InspectingClient]
) -> None:
    waiting = returning.asked(session, merchant)
    wish = returning.asked(session, merchant, goods="帽子", purchased_on=TODAY - timedelta(days=60), as_wish=True)
    staff = clerk()
    page = staff.get("/merchant/returns-asked?sort=due").text
    assert page.index(waiting.reference) < page.index(wish.reference)  # a wish is never due
    found = staff.get("/merchant/returns-asked?view=all&q=帽子").text
    assert wish.reference in found
    assert waiting.reference not in found
    assert "没有符合这些条件" in staff.get("/merchant/returns-asked?q=没有的").text
    exported = staff.submit("/merchant/returns-asked/export?view=all", page="/merchant/returns-asked")
    sheet = load_workbook(io.BytesIO(exported.data)).active
    cells = [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]
    assert len(cells) == 3
    assert NAME not in str(cells)
    assert PHONE not in str(cells)


def test_the_officer_sees_breaches_first_always_masked(
    session: Session, merchant: Merchant, clerk: Callable[[], InspectingClient], client_for: SignIn
) -> None:
    actor = people.actor(session, people.member(session, merchant.id, Role.AGENT))
    quiet = returning.asked(session, merchant)
    loud = returning.refused(session, actor, returning.asked(session, merchant, goods="帽子", reason=f"请打{PHONE}"))
    officer = people.member(session, merchant.authority_id, Role.OFFICER)
    session.commit()
    desk = client_for(officer)
    listed = desk.get("/regulator/returns-asked").text
    assert loud.reference in listed
    assert quiet.reference not in listed
    path = f"/regulator/returns-asked/{loud.reference}"
    shown = desk.get(path).text
    assert NAME not in shown
    assert PHONE not in shown
    assert "承诺有违反" in shown
    assert desk.submit(f"{path}/finding", {"finding": "broken", "words": ""}, page=path).status_code == 422
    assert desk.submit(f"{path}/finding", {"finding": "broken", "words": "承诺适用"}, page=path).status_code == 303
    assert "承诺有违反" in desk.get("/regulator/returns-asked?view=found").text
