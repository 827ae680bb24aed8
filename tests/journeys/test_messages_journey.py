"""The demo's phone and the officer's messages in Chromium: wide and on a phone, axe clean."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from portal.accounts import passwords
from portal.core.actor import Role
from portal.core.facts import Topic
from portal.core.installation import Installation
from portal.notifications import jobs
from portal.notifications.models import MessageState
from portal.notifications.recipients import case_of
from portal.notifications.templates import TemplateCode
from portal.runtime import Runtime
from tests.browser import axe, fits_the_width
from tests.conftest import NOW, FixedClock
from tests.factories import disputes, messages, people

PASSWORD = "correct horse 7"
Picture = Callable[[Page, str], Path]


def open_rows(session: Session, officer_of: int) -> str:
    """Two open messages, two notices and a chief who may decide; returns the chief's sign-in name."""
    person = people.member(session, officer_of, Role.CHIEF, name="陈立").person
    person.password_hash = passwords.hash_password(PASSWORD)
    return person.sign_in_name


@pytest.fixture
def chief(own_runtime: Runtime, clock: FixedClock) -> str:
    clock.row = Installation(rehearsal=True, demo=True, clock_offset=0, made_at=NOW)
    with own_runtime.writing() as session:
        authority = people.authority(session)
        merchant = people.merchant(session, authority, "厦门五缘百货有限公司")
        case = case_of(session, disputes.case(session, authority, merchant).id)
        offered = messages.message(session, case, TemplateCode.OFFER_MADE, state=MessageState.KEPT, by="8月15日9时")
        offered.created_at = NOW - timedelta(days=2)
        messages.message(session, case, state=MessageState.KEPT)
        other = case_of(session, disputes.case(session, authority, merchant, phone="13900009999").id)
        uncertain = messages.message(session, other, state=MessageState.UNCERTAIN)
        uncertain.problem = "短信平台没有明确答复，可能已发送。请核实后再决定。"
        bare = case_of(session, disputes.case(session, authority, merchant, phone=None).id)
        messages.message(session, bare, state=MessageState.FAILED)
        jobs.notify_staff(session, messages.fact(session, case, Topic.CASE_BREACHED), now=NOW)
        jobs.notify_staff(session, messages.fact(session, other, Topic.PERFORMANCE_DENIED), now=NOW)
        name = open_rows(session, authority.id)
        session.commit()
        return name


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/regulator/")


@pytest.mark.parametrize("kind", ["page", "phone", "plain_phone"])
@pytest.mark.usefixtures("chief")
def test_the_demo_phone_shows_messages_with_links(request: pytest.FixtureRequest, picture: Picture, kind: str) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto("/demo/phone")
    page.get_by_role("link", name="138****1234").click()
    link = page.locator(".sms a").first
    expect(link).to_be_visible()
    assert "/c/" in (link.get_attribute("href") or "")
    fits_the_width(page)
    if kind != "plain_phone":
        axe(page)
    picture(page, f"demo-phone-{kind}")


@pytest.mark.parametrize("kind", ["page", "phone"])
def test_an_officer_decides_about_messages(
    request: pytest.FixtureRequest, picture: Picture, kind: str, chief: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    sign_in(page, chief)
    page.goto("/regulator/messages")
    axe(page)
    fits_the_width(page)
    picture(page, f"messages-{kind}")
    page.get_by_role("button", name="已另行告知").click()
    expect(page.get_by_role("button", name="已另行告知")).to_have_count(0)
    expect(page.get_by_role("button", name="标为已发送")).to_be_visible()


@pytest.mark.parametrize("kind", ["page", "phone"])
def test_an_officer_reads_notices(request: pytest.FixtureRequest, picture: Picture, kind: str, chief: str) -> None:
    page: Page = request.getfixturevalue(kind)
    sign_in(page, chief)
    page.goto("/regulator/notices")
    expect(page.get_by_text("和解未兑现")).to_be_visible()
    axe(page)
    fits_the_width(page)
    picture(page, f"notices-{kind}")
