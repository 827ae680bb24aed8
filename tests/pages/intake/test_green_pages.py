"""The green channel as a browser without script meets it: every part, its errors, the closed doors."""

import gzip
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from portal.accounts.models import Organisation
from portal.cases.models import Case, Evidence
from portal.enrolment.models import Merchant, MerchantState, Outlet
from portal.intake.green_models import FilingConsent, GreenDraft, GreenFile
from portal.intake.models import Filing
from portal.intake.rules.greens import Step
from portal.notifications.models import Message
from portal.notifications.queries import printed_messages
from portal.runtime import Runtime
from portal.worker import tick
from tests.conftest import NOW, FixedClock
from tests.factories import greens, people
from tests.inspector import InspectingClient, form_token

BYTES = 35_000  # of a page with its style, script and icons, compressed


@pytest.fixture
def merchant(session: Session) -> Merchant:
    merchant = people.merchant(session, people.authority(session))
    session.add(Outlet(merchant_id=merchant.id, name="鹭湾百货湖里店", normalised="鹭湾百货湖里店", address="湖里区"))
    session.commit()
    return merchant


class Writer:
    """Someone who fills in the complaint, page by page."""

    def __init__(self, client: InspectingClient, session: Session, merchant: Merchant) -> None:
        self.client, self.session, self.root = client, session, f"/complain/{merchant.slug}"

    def get(self, page: str = "") -> TestResponse:
        return self.client.get(self.root + page)

    def post(self, page: str, *, seen: str | None = None, **values: Any) -> TestResponse:
        """Send the form as the page `seen` shows it."""
        token = form_token(self.get(page if seen is None else seen).text)
        return self.client.post(self.root + page, data={"csrf_token": token, **values})

    def part(self, step: Step, **changes: Any) -> TestResponse:
        """Fill in one part."""
        names = {
            Step.YOU: ("name", "phone", "address"),
            Step.MATTER: (
                "category",
                "goods",
                "nature",
                "bought_by",
                "outlet",
                "purchased_on",
                "amount",
                "order",
                "text",
            ),
            Step.WISH: ("demands", "detail"),
            Step.CONSENT: ("settle", "share"),
        }[step]
        said = {name: greens.SAID[name] for name in names}
        ticked = {name: "y" for name in ("settle", "share") if name in said}
        return self.post(f"/{step.value}", **{**said, **ticked, **changes})

    def prove(self) -> TestResponse:
        assert self.post("/code").status_code == 303
        self.session.expire_all()
        return self.post("/number", seen="/code?sent=1", code=greens.code_of(self.session))

    def complete(self) -> None:
        """Everything but the last button."""
        self.part(Step.YOU)
        self.prove()
        for step in (Step.MATTER, Step.WISH, Step.CONSENT):
            assert self.part(step).status_code == 303

    def submit(self) -> TestResponse:
        page = self.get("/check").text
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
        data = {"csrf_token": form_token(page) if seen else "", "seen": seen.group(1) if seen else ""}
        return self.client.post(f"{self.root}/check", data=data)


def filed(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Filing)).one()


@pytest.fixture
def writer(client: InspectingClient, session: Session, merchant: Merchant) -> Writer:
    return Writer(client, session, merchant)


def test_a_complaint_from_first_page_to_receipt(
    writer: Writer, session: Session, runtime: Runtime, merchant: Merchant
) -> None:
    assert "绿色通道" in writer.get().text
    assert writer.part(Step.YOU).location == f"{writer.root}/code"
    assert writer.prove().status_code == 303
    assert writer.get("/code").location == f"{writer.root}/matter"
    assert writer.part(Step.MATTER, outlet="鹭湾百货湖里店").location == f"{writer.root}/wish"
    assert writer.part(Step.WISH).location == f"{writer.root}/files"
    assert writer.part(Step.CONSENT).location == f"{writer.root}/check"
    page = writer.get("/check").text
    assert "139****1234" in page
    assert "跑绒" in page
    assert writer.submit().location == f"{writer.root}/receipt"
    receipt = writer.get("/receipt").text
    assert "投诉已送达商家" in receipt
    assert "LS2608000001" in receipt
    session.expire_all()
    case = session.scalars(select(Case)).one()
    assert case.merchant_id == merchant.id
    assert case.outlet_id is not None
    tick(runtime)
    session.expire_all()
    newest = printed_messages(session, limit=1, base_url="", openly=True, now=NOW)
    assert newest[0].link is not None
    assert "8月14日前联系你" in newest[0].text  # two working days
    told = writer.client.get(newest[0].link).text
    assert "投诉已送达商家" in told
    assert "8 月 14 日（周五）" in told


def test_the_same_button_twice_files_once(writer: Writer, session: Session) -> None:
    writer.complete()
    page = writer.get("/check").text
    data = {"csrf_token": form_token(page), "seen": page.split('name="seen" value="')[1][:32]}
    answers = [writer.client.post(f"{writer.root}/check", data=data) for _ in range(2)]
    assert [one.location for one in answers] == [f"{writer.root}/receipt"] * 2
    assert filed(session) == 1


@pytest.mark.parametrize(
    ("step", "changes", "said"),
    [
        (Step.YOU, {"phone": "12345"}, "11 位手机号"),
        (Step.YOU, {"name": "陈"}, "真实姓名"),
        (Step.YOU, {"address": ""}, "通讯地址"),
    ],
)
def test_a_mistake_keeps_what_was_typed(writer: Writer, step: Step, changes: dict[str, str], said: str) -> None:
    answer = writer.part(step, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert greens.SAID["address"] in answer.text or "address" in changes
    again = writer.get(f"/{step.value}").text  # and behind a lost connection too
    assert greens.SAID["name"] in again or "name" in changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purchased_on": "2026-09-01"}, "今天或更早"),
        ({"amount": "一百"}, "金额只写数字"),
        ({"text": "坏了"}, "写清时间、地点和经过"),
        ({"category": "weapons"}, "哪一类"),
        ({"bought_by": ""}, "怎么买的"),
    ],
)
def test_a_mistake_in_the_matter_says_what_and_keeps_the_rest(
    writer: Writer, changes: dict[str, str], said: str
) -> None:
    writer.part(Step.YOU)
    answer = writer.part(Step.MATTER, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "羽绒服" in answer.text
    assert "<title>错误：" in answer.text


def test_nothing_is_ticked_beforehand_and_each_consent_stands_alone(writer: Writer) -> None:
    writer.part(Step.YOU)
    page = writer.get("/consent").text
    assert "checked" not in page
    refused = writer.post("/consent", publish="y")
    assert refused.status_code == 422
    assert "可以拨打 12315" in refused.text


def test_a_wrong_code_says_so_and_the_right_one_came_by_message(
    writer: Writer, session: Session, runtime: Runtime
) -> None:
    writer.part(Step.YOU)
    writer.post("/code")
    tick(runtime)
    session.expire_all()
    message = printed_messages(session, limit=1, base_url="", openly=True, now=NOW)[0]
    assert greens.code_of(session) in message.text
    assert message.to == "139****1234"
    answer = writer.post("/number", seen="/code?sent=1", code="000000")
    assert answer.status_code == 422
    assert "验证码不对" in answer.text


def test_what_is_missing_is_listed_before_filing(writer: Writer, session: Session) -> None:
    writer.part(Step.YOU)
    page = writer.get("/check").text
    for title in ("验证手机号", "发生了什么", "你想怎么解决", "同意事项"):
        assert title in page
    assert "提交投诉" not in page
    token = form_token(writer.get("/you").text)
    assert writer.client.post(f"{writer.root}/check", data={"csrf_token": token}).status_code == 422
    assert filed(session) == 0


def test_a_tip_is_told_apart_before_filing(writer: Writer) -> None:
    writer.complete()
    writer.part(Step.MATTER, text="他们卖假货，我要举报，请市场监管部门查处。")
    assert "举报请另外拨打 12315" in writer.get("/check").text
    assert writer.submit().status_code == 303
    assert "先看过" in writer.get("/receipt").text


def photos(*contents: tuple[str, bytes]) -> list[FileStorage]:
    return [FileStorage(io.BytesIO(content), filename=name) for name, content in contents]


def test_one_bad_file_costs_the_others_nothing(writer: Writer, session: Session) -> None:
    writer.part(Step.YOU)
    good, twin = greens.photo(), greens.photo("商品.jpg")
    answer = writer.post(
        "/files", files=photos((good.name, good.content), ("病毒.exe", b"MZ"), (twin.name, twin.content))
    )
    assert answer.status_code == 422
    assert "病毒.exe" in answer.text
    assert "其余 2 个文件已收到" in answer.text
    assert len(session.scalars(select(GreenFile)).all()) == 2
    again = writer.post("/files", files=photos((good.name, good.content)))
    assert "不用再传" in writer.client.get(again.location).text
    reference = session.scalars(select(GreenFile.reference).order_by(GreenFile.id)).first()
    picture = writer.get(f"/files/{reference}")
    assert picture.mimetype == "image/jpeg"
    assert writer.post(f"/files/{reference}", seen="/files").status_code == 303
    assert len(session.scalars(select(GreenFile)).all()) == 1


def test_no_file_is_a_sentence(writer: Writer) -> None:
    writer.part(Step.YOU)
    assert "可以直接继续" in writer.post("/files").text


def test_the_photos_of_a_draft_open_for_its_browser_only(writer: Writer, session: Session, app: Flask) -> None:
    writer.part(Step.YOU)
    one = greens.photo()
    writer.post("/files", files=photos((one.name, one.content)))
    reference = session.scalars(select(GreenFile.reference)).one()
    assert app.test_client().get(f"{writer.root}/files/{reference}").status_code == 404


def test_a_program_that_fills_in_everything_is_stopped(writer: Writer, session: Session) -> None:
    answer = writer.part(Step.YOU, homepage="https://spam.example")
    assert answer.status_code == 422
    assert "应当留空" in answer.text
    assert not session.scalars(select(GreenDraft)).all()


def test_an_open_complaint_is_shown_once_the_number_is_proved(
    writer: Writer, session: Session, merchant: Merchant, clock: FixedClock, runtime: Runtime
) -> None:
    greens.filed(session, merchant)
    session.commit()
    clock.advance(minutes=2)
    writer.part(Step.YOU)
    assert "正在办理" not in writer.get("/code").text  # nobody learns of it by typing a number
    writer.prove()
    page = writer.get("/code").text
    assert "你有一件正在办理的投诉" in page
    assert "0001" in page
    assert "正发到" in writer.post("/link", seen="/code").text
    tick(runtime)
    session.expire_all()
    assert session.scalars(select(Message).where(Message.template == "fresh_link")).one().case_id is not None
    assert writer.post("/apart", seen="/code").location == f"{writer.root}/matter"


def test_a_draft_is_thrown_away_by_its_owner(writer: Writer, session: Session) -> None:
    writer.part(Step.YOU)
    assert "接着填" in writer.get().text
    assert writer.post("/discard", seen="").status_code == 303
    assert "开始填写" in writer.get().text
    assert not session.scalars(select(GreenDraft)).all()


@pytest.mark.parametrize(
    ("state", "said"), [(MerchantState.SUSPENDED, "已暂停接收投诉"), (MerchantState.EXITED, "已退出")]
)
def test_a_closed_door_says_why_and_where_to_go(
    writer: Writer, session: Session, merchant: Merchant, state: MerchantState, said: str
) -> None:
    merchant.state = state
    merchant.suspended_at = NOW if state is MerchantState.SUSPENDED else None
    session.commit()
    page = writer.get().text
    assert said in page
    assert "12315" in page
    assert writer.get("/you").location == writer.root


def test_nobody_at_an_address_is_a_missing_page(client: InspectingClient) -> None:
    answer = client.get("/complain/nobody-here")
    assert answer.status_code == 404
    assert "没有这家企业" in answer.text


def test_the_pages_are_light(writer: Writer, app: Flask) -> None:
    writer.complete()
    for page in ("", "/you", "/code?sent=1", "/matter", "/wish", "/files", "/consent", "/check"):
        answer = writer.get(page)
        named = set(re.findall(r'(?:href|src)="/static/([^"?#]+)', answer.text))
        files = [(Path(str(app.static_folder)) / name).read_bytes() for name in named]
        assert sum(len(gzip.compress(one)) for one in [answer.data, *files]) <= BYTES, page


def test_the_evidence_and_the_consents_go_with_the_complaint(writer: Writer, session: Session) -> None:
    writer.complete()
    one = greens.photo()
    writer.post("/files", files=photos((one.name, one.content)))
    assert writer.submit().status_code == 303
    assert len(session.scalars(select(Evidence)).all()) == 1
    assert len(session.scalars(select(FilingConsent)).all()) == 3


def test_too_many_complaints_are_told_before_anything_is_filled_in_for_nothing(
    writer: Writer, session: Session, merchant: Merchant, clock: FixedClock
) -> None:
    other = people.merchant(session, session.get_one(Organisation, merchant.authority_id))
    for minutes, whose in ((0, other), (2, other), (4, people.merchant(session, other_authority(session)))):
        greens.filed(session, whose, now=NOW + timedelta(minutes=minutes))
    session.commit()
    clock.advance(minutes=6)
    writer.part(Step.YOU)
    writer.prove()
    page = writer.get("/code").text
    assert "现在不能再提交" in page
    assert "24 小时内已经提交 3 件" in page
    assert "是另一件事" not in page


def other_authority(session: Session) -> Organisation:
    return people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
