"""The door."""

from sqlalchemy.orm import Session

from portal.accounts import passwords
from portal.core.actor import Role
from tests.factories import people
from tests.inspector import InspectingClient


def test_a_clerk_signs_in_and_out(client: InspectingClient, session: Session) -> None:
    merchant = people.merchant(session, people.authority(session))
    membership = people.member(session, merchant.id, Role.AGENT)
    membership.person.password_hash = passwords.hash_password("correct horse 7")
    session.commit()

    wrong = client.submit("/sign-in", {"sign_in_name": membership.person.sign_in_name, "password": "no"})
    assert wrong.status_code == 422
    assert "登录名或密码不对" in wrong.text

    right = client.submit("/sign-in", {"sign_in_name": membership.person.sign_in_name, "password": "correct horse 7"})
    assert right.status_code == 303
    assert right.location == "/merchant/"


def test_five_failures_lock_the_name(client: InspectingClient, session: Session) -> None:
    membership = people.member(session, people.authority(session).id, Role.OFFICER)
    session.commit()
    for _ in range(5):
        answer = client.submit("/sign-in", {"sign_in_name": membership.person.sign_in_name, "password": "no"})
    assert "暂停使用" in answer.text


def test_a_return_address_of_another_site_is_ignored(client: InspectingClient, session: Session) -> None:
    membership = people.member(session, people.authority(session).id, Role.OFFICER)
    membership.person.password_hash = passwords.hash_password("correct horse 7")
    session.commit()
    values = {
        "sign_in_name": membership.person.sign_in_name,
        "password": "correct horse 7",
        "next": "https://example.org/merchant/",
    }
    assert client.submit("/sign-in", values).location == "/regulator/"
