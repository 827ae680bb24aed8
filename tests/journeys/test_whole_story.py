"""One complaint from the 12315 export to the settled case, by each of the three people in a real browser.

The officer imports the sample, a clerk offers, the consumer answers from the link on a phone (with and without
script), the clerk performs, the consumer confirms, the officer sees it settled.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal.accounts import passwords
from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import Role
from portal.core.installation import Installation
from portal.intake.models import ImportRun
from portal.notifications import queries
from portal.runtime import Runtime
from portal.worker import JOBS, tick
from tests.browser import axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import people
from tests.factories.intake import SAMPLES, sample_world

PASSWORD = "correct horse 7"
SMALL = 100_000  # 分: below it a consumer's answer needs no phone code
Picture = Callable[[Page, str], Path]


@pytest.fixture
def house(own_runtime: Runtime, clock: FixedClock) -> Runtime:
    """The samples' authorities and merchants in a demo installation, with an officer who can sign in."""
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        district = sample_world(session)["350206"]
        add_person(session, district.id, Role.OFFICER, "officer")
        session.commit()
    return own_runtime


def add_person(session, organisation_id: int, role: Role, name: str) -> None:
    person = people.member(session, organisation_id, role).person
    person.sign_in_name, person.password_hash = name, passwords.hash_password(PASSWORD)
    session.flush()


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile("/(merchant|regulator)/"))


def look(page: Page, picture: Picture, name: str, *, script: bool = True) -> None:
    """Nothing scrolls sideways, axe finds nothing, and a picture is kept."""
    fits_the_width(page)
    if script:
        axe(page)
    picture(page, name)


def newest_link(house: Runtime) -> str:
    with house.reading() as session:
        phone = queries.demo_phones(session)[0]
        found = queries.phone_messages(session, phone, base_url="", now=house.now())
    links = [one.link for one in found if one.link]
    return links[0]


def a_small_case(house: Runtime) -> Case:
    """A dispatched case whose amount needs no code; its merchant gets a clerk."""
    with house.writing() as session:
        case = session.scalars(
            select(Case)
            .where(Case.state == CaseState.DISPATCHED, Case.amount < SMALL, Case.phone_index.is_not(None))
            .where(Case.demands.contains("refund"))
            .order_by(Case.due_at, Case.id)
        ).first()
        assert case is not None
        assert session.get(Organisation, case.merchant_id) is not None
        add_person(session, case.merchant_id, Role.AGENT, "clerk")
        session.commit()
        return case


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("kind", ["phone", "plain_phone"])
def test_one_complaint_is_settled(  # noqa: PLR0915  a story is told in one breath
    request: pytest.FixtureRequest, house: Runtime, clock: FixedClock, page: Page, picture: Picture, kind: str
) -> None:
    phone: Page = request.getfixturevalue(kind)
    script = kind == "phone"

    sign_in(page, "officer")
    page.goto("/regulator/imports/new")
    look(page, picture, "import-upload")
    page.set_input_files("input[type=file]", SAMPLES / "12315-export.xlsx")
    page.get_by_role("button", name="开始导入").click()
    page.wait_for_url(re.compile("/regulator/imports/[^n]"))
    address = page.url
    with house.reading() as session:
        run_id = session.scalars(select(ImportRun.id)).one()
    JOBS["import"](house, run_id=run_id)  # what a worker does when the queue tells it
    page.goto(address)
    expect(page.get_by_text("166").first).to_be_visible()
    look(page, picture, "import-result")

    case = a_small_case(house)
    page.context.clear_cookies()
    sign_in(page, "clerk")
    look(page, picture, "today")
    page.goto("/merchant/cases")
    look(page, picture, "worklist")
    page.goto(f"/merchant/cases/{case.reference}")
    page.get_by_role("button", name="受理").first.click()
    look(page, picture, "case-accepted")
    page.goto(f"/merchant/cases/{case.reference}/settlement")
    look(page, picture, "offer")
    page.get_by_role("button", name="预览后发送").click()
    look(page, picture, "preview")
    page.get_by_role("button", name="发送").click()
    page.wait_for_url(f"**/merchant/cases/{case.reference}")
    look(page, picture, "case-offered")

    clock.advance(seconds=31)
    tick(house)
    phone.goto(newest_link(house))
    look(phone, picture, f"consumer-offer-{kind}", script=script)
    phone.get_by_role("link", name=re.compile("^接受")).or_(
        phone.get_by_role("button", name=re.compile("^接受"))
    ).first.click()
    look(phone, picture, f"consumer-accept-{kind}", script=script)
    phone.get_by_role("button", name=re.compile("接受")).first.click()
    expect(phone.get_by_text("不是行政调解书")).to_be_visible()
    look(phone, picture, f"consumer-receipt-{kind}", script=script)

    page.goto(f"/merchant/cases/{case.reference}/settlement/performance")
    look(page, picture, "performance")
    page.get_by_label("没有凭证的").or_(page.locator("textarea")).first.fill("已按原路退回，当天到账。")
    page.get_by_role("button", name="记录履行").click()
    page.wait_for_url(f"**/merchant/cases/{case.reference}")

    clock.advance(seconds=31)
    tick(house)
    phone.reload()
    look(phone, picture, f"consumer-performed-{kind}", script=script)
    phone.get_by_role("button", name=re.compile("收到")).first.click()
    phone.get_by_role("button", name=re.compile("^满意")).click()
    look(phone, picture, f"consumer-closed-{kind}", script=script)

    page.goto(f"/merchant/cases/{case.reference}")
    look(page, picture, "case-closed")
    page.context.clear_cookies()
    sign_in(page, "officer")
    look(page, picture, "board")
    page.goto(f"/regulator/cases/{case.reference}")
    expect(page.get_by_text("已和解").first).to_be_visible()
    look(page, picture, "officer-case")
    page.goto("/regulator/cases?tab=settled")
    expect(page.get_by_text(case.reference)).to_be_visible()
