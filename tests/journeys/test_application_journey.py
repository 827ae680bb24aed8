"""From the public application to the first sign-in of the new merchant's head, in Chromium; a lost upload."""

import http.client
import re
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from portal.accounts import passwords
from portal.core.actor import Role
from portal.core.installation import Installation
from portal.enrolment.application_models import Application, ApplicationPage
from portal.notifications.contents import shown_text
from portal.notifications.models import Message
from portal.notifications.templates import TemplateCode
from portal.runtime import Runtime
from portal.worker import dispatch
from tests.browser import axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import applications, people
from tests.inspector import form_token

PASSWORD = "correct horse 7"
Picture = Callable[[Page, str], Path]


@pytest.fixture
def officer(own_runtime: Runtime, clock: FixedClock) -> str:
    """The sign-in name of an officer of the district that applications go to; a demo asks for no second factor."""
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        district = people.authority(session)
        person = people.member(session, district.id, Role.OFFICER, name="王珂").person
        person.password_hash = passwords.hash_password(PASSWORD)
        session.commit()
        return person.sign_in_name


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    found = []
    for number, colour in enumerate(("white", "black", "red", "green", "blue")):
        file = tmp_path / f"photo{number}.png"
        file.write_bytes(applications.picture(colour))
        found.append(str(file))
    return found


def texts(runtime: Runtime, template: TemplateCode) -> list[str]:
    """What the applicant's phone shows."""
    dispatch(runtime)
    with runtime.reading() as session:
        rows = session.scalars(select(Message).where(Message.template == template.value).order_by(Message.id)).all()
        return [shown_text(session, row, base_url="", now=runtime.now(), openly=True) for row in rows]


def begin(page: Page) -> None:
    page.goto("/apply")
    page.locator("#code").fill(applications.new_code())
    page.get_by_label("企业名称", exact=True).fill("厦门鹭岛家居有限公司")
    page.get_by_label("企业所在区县的市场监督管理局").select_option(index=1)
    page.get_by_label("联系人姓名").fill("陈立")
    page.get_by_label("联系人手机号").fill(applications.PHONE)
    page.get_by_role("button", name="开始填写").click()
    page.wait_for_url("**/firm")


def fill_in(page: Page, photos: list[str], picture: Picture, kind: str) -> None:
    page.get_by_label("经营地址").fill("厦门市湖里区鹭岛路 10 号")
    page.get_by_label("对外公开的联系电话").fill("0592-5500000")
    page.get_by_label("长期").check()
    page.get_by_label("门店", exact=False).first.fill("江头店，江头街 1 号")
    look(page, picture, f"apply-firm-{kind}")
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_url("**/conditions")
    for box in page.get_by_role("checkbox").all():
        box.check()
    for text in page.locator("textarea").all():
        text.fill("已经具备，现场可以核对。")
    look(page, picture, f"apply-conditions-{kind}")
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_url("**/documents")
    upload(page, photos)
    look(page, picture, f"apply-documents-{kind}")
    page.get_by_role("link", name="继续", exact=True).click()
    page.get_by_label("企业负责人姓名").fill("陈立")
    page.get_by_label("企业负责人登录名").fill("chenli")
    look(page, picture, f"apply-accounts-{kind}")
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_url("**/check")


def upload(page: Page, photos: list[str]) -> None:
    for place, kind in enumerate(("form", "promise", "licence", "work")):
        several = photos if kind == "work" else photos[place]
        page.set_input_files(f"#doc-{kind}-files", several)
        page.locator(f"#doc-{kind}").get_by_role("button", name="上传").click()
        expect(page.locator(f"#doc-{kind} ol li")).to_have_count(5 if kind == "work" else 1)


def look(page: Page, picture: Picture, name: str) -> None:
    fits_the_width(page)
    if not name.endswith("plain_phone"):
        axe(page)
    picture(page, name)


@pytest.mark.parametrize("kind", ["plain_phone", "phone"])
def test_an_application_leads_to_the_first_sign_in(
    request: pytest.FixtureRequest, own_runtime: Runtime, officer: str, photos: list[str], picture: Picture, kind: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto("/apply")
    look(page, picture, f"apply-start-{kind}")
    begin(page)
    assert urlsplit(page.url).path.rpartition("/")[0] in texts(own_runtime, TemplateCode.APPLICATION_LINK)[0]
    fill_in(page, photos, picture, kind)
    for box in page.get_by_role("checkbox").all():
        expect(box).not_to_be_checked()
        box.check()
    look(page, picture, f"apply-check-{kind}")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("待审核")).to_be_visible()
    look(page, picture, f"apply-status-{kind}")

    admit(request.getfixturevalue("page"), own_runtime, officer, picture)
    page.reload()
    expect(page.get_by_text("首次登录链接已发到")).to_be_visible()
    [text] = texts(own_runtime, TemplateCode.APPLICATION_ADMITTED)
    page.goto(re.findall(r"/apply/welcome/\w+", text)[0])
    page.get_by_label("新密码", exact=True).fill(PASSWORD)
    page.get_by_label("再输一次新密码").fill(PASSWORD)
    look(page, picture, f"apply-welcome-{kind}")
    page.get_by_role("button", name="设置密码").click()
    page.get_by_label("登录名").fill("chenli")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/merchant/")
    page.goto("/merchant/organisation")
    expect(page.get_by_text("江头店")).to_be_visible()
    look(page, picture, f"organisation-{kind}")


def admit(desk: Page, runtime: Runtime, officer: str, picture: Picture) -> None:
    """Sign in as an officer, look at what is sealed, and admit."""
    with runtime.reading() as session:
        reference = session.scalars(select(Application.reference)).one()
    enter(desk, officer)
    desk.goto("/regulator/applications")
    axe(desk)
    picture(desk, "applications-list")
    desk.goto(f"/regulator/applications/{reference}")
    desk.get_by_label("审核申请").check()
    desk.get_by_role("button", name="查看").click()
    expect(desk.get_by_text(applications.PHONE)).to_be_visible()
    axe(desk)
    fits_the_width(desk)
    picture(desk, "application-desk")
    desk.get_by_label("由谁监督").select_option(index=0)
    desk.get_by_role("button", name="通过，办理入驻").click()
    desk.locator("#confirm [data-yes]").click()
    expect(desk.get_by_text("密码由企业自己设置")).to_be_visible()


def enter(desk: Page, officer: str) -> None:
    desk.goto("/sign-in")
    desk.get_by_label("登录名").fill(officer)
    desk.get_by_label("密码").fill(PASSWORD)
    desk.get_by_role("button", name="登录").click()
    desk.wait_for_url("**/regulator/")


def test_photos_that_arrived_before_the_connection_was_lost_are_kept(own_runtime: Runtime, address: str) -> None:
    with own_runtime.writing() as session:
        token = applications.begun(session, people.authority(session))
        session.commit()
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request("GET", f"/apply/{token}/documents")
    answer = connection.getresponse()
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    csrf = form_token(answer.read().decode())
    connection.close()

    pictures = [applications.picture(colour) for colour in ("white", "black", "red", "green")]
    parts = [part("csrf_token", csrf.encode()), *(part("files", one, f"{n}.png") for n, one in enumerate(pictures))]
    whole, cut = b"".join(parts), part("files", applications.picture("blue"), "4.png")[:-20]
    head = (
        f"POST /apply/{token}/documents/licence HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {len(whole) + 50_000}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port or 0), timeout=20) as phone:
        phone.sendall(head.encode() + whole + cut)
        phone.shutdown(socket.SHUT_WR)
        while phone.recv(65536):
            pass
    with own_runtime.reading() as session:
        assert len(session.scalars(select(ApplicationPage.id)).all()) == len(pictures)


def part(name: str, content: bytes, file_name: str = "") -> bytes:
    """One part of a form, up to the next boundary."""
    named = f'; filename="{file_name}"' if file_name else ""
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_ten_photos_go_on_after_the_connection_was_lost(own_runtime: Runtime, phone: Page, tmp_path: Path) -> None:
    with own_runtime.writing() as session:
        token = applications.begun(session, people.authority(session))
        session.commit()
    taken = []
    for number in range(10):
        file = tmp_path / f"page{number}.png"
        file.write_bytes(applications.picture(f"#{number}{number}0000"))
        taken.append(str(file))
    asked: list[str] = []

    def lose_some(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) in {4, 5}:
            route.abort("aborted")
        else:
            route.continue_()

    phone.route("**/documents/licence", lose_some)
    phone.goto(f"/apply/{token}/documents")
    phone.set_input_files("#doc-licence-files", taken)
    phone.locator("#doc-licence").get_by_role("button", name="上传").click()
    expect(phone.locator("#doc-licence").get_by_text("网络断了，接通后自动继续")).to_be_visible()
    expect(phone.locator("#doc-licence ol li")).to_have_count(10, timeout=30_000)
    assert len(asked) == 12


@pytest.mark.parametrize("kind", ["page", "phone"])
def test_a_wrong_code_is_told_to_everyone(
    request: pytest.FixtureRequest, own_runtime: Runtime, picture: Picture, kind: str
) -> None:
    with own_runtime.writing() as session:
        people.authority(session)
        session.commit()
    page: Page = request.getfixturevalue(kind)
    page.goto("/apply")
    page.locator("#code").fill("91350206MA0070000A")
    page.get_by_role("button", name="开始填写").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    look(page, picture, f"apply-error-{kind}")
    page.locator("#name").fill("厦门鹭岛家居有限公司")
    page.get_by_label("企业所在区县的市场监督管理局").select_option(index=1)
    page.get_by_label("联系人姓名").fill("陈立")
    page.get_by_label("联系人手机号").fill(applications.PHONE)
    page.get_by_role("button", name="开始填写").click()
    expect(page.get_by_text("第 18 位（校验码）应为“N”").first).to_be_visible()
    expect(page.locator("#contact_phone")).to_have_value(applications.PHONE)
    look(page, picture, f"apply-wrong-code-{kind}")
