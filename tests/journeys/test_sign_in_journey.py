"""The door, in Chromium: wide and on a phone, with its errors, with and without script."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.accounts import passwords
from portal.core.actor import Role
from portal.runtime import Runtime
from tests.browser import axe, fits_the_width
from tests.factories import people

PASSWORD = "correct horse 7"
Picture = Callable[[Page, str], Path]


@pytest.fixture
def clerk(own_runtime: Runtime) -> str:
    """The sign-in name of a merchant's clerk."""
    with own_runtime.writing() as session:
        merchant = people.merchant(session, people.authority(session))
        person = people.member(session, merchant.id, Role.AGENT).person
        person.password_hash = passwords.hash_password(PASSWORD)
        session.commit()
        return person.sign_in_name


def fail_to_sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill("nobody")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("登录名或密码不对")).to_be_visible()


@pytest.mark.parametrize("kind", ["page", "phone"])
def test_the_sign_in_page_can_be_used_by_everyone(request: pytest.FixtureRequest, picture: Picture, kind: str) -> None:
    page: Page = request.getfixturevalue(kind)
    page.goto("/sign-in")
    axe(page)
    fits_the_width(page)
    picture(page, f"sign-in-{kind}")


@pytest.mark.parametrize("kind", ["page", "phone"])
def test_a_wrong_password_is_told_to_everyone(request: pytest.FixtureRequest, picture: Picture, kind: str) -> None:
    page: Page = request.getfixturevalue(kind)
    fail_to_sign_in(page)
    axe(page)
    fits_the_width(page)
    picture(page, f"sign-in-error-{kind}")


def test_a_clerk_signs_in_without_script(plain_phone: Page, clerk: str) -> None:
    plain_phone.goto("/sign-in")
    plain_phone.get_by_label("登录名").fill(clerk)
    plain_phone.get_by_label("密码").fill(PASSWORD)
    plain_phone.get_by_role("button", name="登录").click()
    plain_phone.wait_for_url("**/merchant/")
