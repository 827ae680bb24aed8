"""Finishing a sign-in, one's own account, and the people of an organisation."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.accounts import passwords
from portal.accounts.models import Membership, Organisation, OrganisationKind, Person
from portal.core.actor import Role
from portal.core.privacy import vault_of
from tests.factories import people
from tests.inspector import InspectingClient

Browser = Callable[..., InspectingClient]
PASSWORD = "correct horse 7"


def with_password(session: Session, membership: Membership) -> Membership:
    membership.person.password_hash = passwords.hash_password(PASSWORD)
    session.commit()
    return membership


def sign_in(client: InspectingClient, membership: Membership, password: str = PASSWORD, **values: str) -> str:
    typed = {"sign_in_name": membership.person.sign_in_name, "password": password, **values}
    return client.submit("/sign-in", typed).location


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(datetime.now(UTC).timestamp()) + 30 * steps)


@pytest.fixture
def officer(session: Session) -> Membership:
    return with_password(session, people.member(session, people.authority(session).id, Role.OFFICER))


def test_an_officer_sets_up_a_second_factor_before_anything_else(
    client: InspectingClient, session: Session, officer: Membership
) -> None:
    assert sign_in(client, officer) == "/regulator/"
    kept_out = client.get("/regulator/merchants?q=x")
    assert kept_out.location == "/second-factor?next=/regulator/merchants%3Fq%3Dx"
    page = client.get(kept_out.location)
    secret = re.search(r'<p class="hash">([A-Z2-7 ]+)</p>', page.text)
    assert secret is not None
    assert '<svg class="qr"' in page.text
    plain = secret[1].replace(" ", "")
    assert client.get("/second-factor").text.count(secret[1]) == 1  # the same secret until a code proves it

    wrong = client.submit("/second-factor", {"code": "000000", "next": "/regulator/merchants"})
    assert wrong.status_code == 422
    right = client.submit("/second-factor", {"code": code_of(plain), "next": "/regulator/merchants"})
    assert right.location == "/regulator/merchants"
    assert client.get("/regulator/merchants").status_code == 200
    session.expire_all()
    sealed = session.get_one(Person, officer.person_id).second_factor
    assert sealed is not None
    assert plain.encode() not in sealed


def test_a_code_is_asked_at_every_sign_in_and_works_once(
    client: InspectingClient, app: Flask, session: Session, officer: Membership
) -> None:
    secret = pyotp.random_base32()
    officer.person.second_factor = vault_of(session).seal_secret(secret, "person.totp")
    session.commit()
    sign_in(client, officer)
    assert "二维码" not in client.get("/second-factor").text
    assert client.submit("/second-factor", {"code": code_of(secret)}).location == "/regulator/"
    client.submit("/sign-out", page="/account")
    sign_in(client, officer)
    again = client.submit("/second-factor", {"code": code_of(secret)})
    assert "已经用过" in again.text
    assert client.get("/regulator/").location.startswith("/second-factor")


def test_five_wrong_codes_lock_the_name(client: InspectingClient, session: Session, officer: Membership) -> None:
    officer.person.second_factor = vault_of(session).seal_secret(pyotp.random_base32(), "person.totp")
    session.commit()
    sign_in(client, officer)
    for _ in range(5):
        answer = client.submit("/second-factor", {"code": "000000"})
    assert "暂停使用" in answer.text


def test_a_half_signed_officer_is_a_visitor_everywhere(client: InspectingClient, officer: Membership) -> None:
    sign_in(client, officer)
    assert officer.person.name not in client.get("/").text


def test_a_handed_over_password_is_changed_first(client: InspectingClient, session: Session) -> None:
    merchant = people.merchant(session, people.authority(session))
    agent = with_password(session, people.member(session, merchant.id))
    agent.person.must_change_password = True
    session.commit()
    sign_in(client, agent)
    assert client.get("/merchant/").location.startswith("/new-password")
    form = {"current": PASSWORD, "new": "neues Kennwort 9", "again": "neues Kennwort 9"}
    assert "两次输入" in client.submit("/new-password", form | {"again": "other"}).text
    assert "现在的密码不对" in client.submit("/new-password", form | {"current": "guess"}).text
    assert "至少 10 个字符" in client.submit("/new-password", form | {"new": "kurz 1", "again": "kurz 1"}).text
    assert client.submit("/new-password", form).location == "/merchant/"
    assert client.get("/account").status_code == 200


def test_whoever_works_for_two_chooses(client: InspectingClient, session: Session) -> None:
    district = people.authority(session)
    first, second = people.merchant(session, district), people.merchant(session, district)
    membership = with_password(session, people.member(session, first.id))
    session.add(Membership(person=membership.person, organisation=second.organisation, role=Role.PRINCIPAL))
    foreign = people.merchant(session, district)
    session.commit()
    assert sign_in(client, membership).startswith("/choose-organisation")
    page = client.get("/choose-organisation")
    assert second.organisation.name in page.text
    chosen = client.submit("/choose-organisation", {"code": second.organisation.code})
    assert chosen.location == "/merchant/"
    assert second.organisation.name in client.get("/account").text
    assert client.submit("/choose-organisation", {"code": foreign.organisation.code}).status_code == 404


def test_ending_the_other_sessions_keeps_this_one(client_for: Browser, session: Session, officer: Membership) -> None:
    here, elsewhere = client_for(officer), client_for(officer)
    here.submit("/account/end-sessions", page="/account")
    assert "其他地方的登录都已结束" in here.get("/account").text
    assert elsewhere.get("/account").location.startswith("/sign-in")


def test_a_changed_phone_starts_with_the_old_one(client_for: Browser, session: Session, officer: Membership) -> None:
    secret = pyotp.random_base32()
    officer.person.second_factor = vault_of(session).seal_secret(secret, "person.totp")
    session.commit()
    browser = client_for(officer)
    wrong = browser.submit("/account/remove-second-factor", {"code": "000000"}, page="/account")
    assert wrong.status_code == 422
    browser.submit("/account/remove-second-factor", {"code": code_of(secret)}, page="/account")
    assert browser.get("/account").location.startswith("/second-factor")
    assert "设置第二验证" in browser.get("/second-factor").text


def test_a_principal_adds_somebody_who_then_signs_in(
    client: InspectingClient, client_for: Browser, session: Session
) -> None:
    merchant = people.merchant(session, people.authority(session))
    principal = people.member(session, merchant.id, Role.PRINCIPAL)
    session.commit()
    browser = client_for(principal)
    form = {"name": "王小红", "sign_in_name": "Wang.XH", "role": "agent", "next": "/staff"}
    assert browser.submit("/staff/add", form, page="/staff").location == "/staff"
    page = browser.get("/staff").text
    handed = re.search(r'id="handed">([^<]+)<', page)
    assert handed is not None
    assert "王小红" in page
    assert handed[1] not in browser.get("/staff").text  # shown once
    typed = {"sign_in_name": "wang.xh", "password": handed[1]}
    assert client.submit("/sign-in", typed).location == "/merchant/"
    assert client.get("/merchant/").location.startswith("/new-password")
    twice = browser.submit("/staff/add", form, page="/staff")
    assert twice.status_code == 422
    assert "已经有人使用" in twice.text


def test_a_principal_helps_stops_and_brings_back(client_for: Browser, session: Session) -> None:
    merchant = people.merchant(session, people.authority(session))
    principal, agent = people.member(session, merchant.id, Role.PRINCIPAL), people.member(session, merchant.id)
    agent.person.second_factor = vault_of(session).seal_secret(pyotp.random_base32(), "person.totp")
    session.commit()
    browser, theirs, about = client_for(principal), client_for(agent), {"person": agent.person.sign_in_name}
    browser.submit("/staff/reset-second-factor", about, page="/staff")
    assert "第二验证已清除" in browser.get("/staff").text
    browser.submit("/staff/reset-password", about, page="/staff")
    assert "初始密码" in browser.get("/staff").text
    browser.submit("/staff/deactivate", about, page="/staff")
    assert "已停用" in browser.get("/staff").text
    assert theirs.get("/account").location.startswith("/sign-in")
    browser.submit("/staff/activate", about, page="/staff")
    assert "可以重新登录" in browser.get("/staff").text
    own = browser.submit("/staff/deactivate", {"person": principal.person.sign_in_name}, page="/staff")
    assert own.status_code == 422


def test_agents_see_no_staff_and_supervisors_only_look(client_for: Browser, session: Session) -> None:
    merchant = people.merchant(session, people.authority(session))
    agent, head = people.member(session, merchant.id), people.member(session, merchant.id, Role.SUPERVISOR)
    session.commit()
    assert client_for(agent).get("/staff").status_code == 403
    assert "添加人员" not in client_for(head).get("/staff").text


def test_an_administrator_finds_everybody(client_for: Browser, session: Session, officer: Membership) -> None:
    operator = Organisation(kind=OrganisationKind.OPERATOR, code="OPERATOR", name="运维单位")
    session.add(operator)
    session.flush()
    admin = client_for(people.member(session, operator.id, Role.ADMIN, name="管理员"))
    session.commit()
    assert officer.organisation.name in admin.get("/admin/").text
    found = admin.get(f"/admin/?q={officer.person.sign_in_name}")
    assert officer.person.name in found.text
    house = admin.get(f"/admin/organisations/{officer.organisation.code}")
    assert "添加人员" in house.text
    assert "系统管理员" in house.text
    assert "没有这样的单位" in admin.get("/admin/?q=没有这个").text
