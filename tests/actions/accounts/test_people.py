"""Who may look after whom, and a second factor's code."""

import pyotp
import pytest
from sqlalchemy.orm import Session

from portal.accounts import people, second_factor
from portal.accounts.actions import AddPerson, add_person
from portal.accounts.models import Membership, Organisation, OrganisationKind
from portal.accounts.people import AddMembership, ResetPassword, SetActive
from portal.accounts.second_factor import ConfirmSecondFactor, FactorResult, SetSecondFactor
from portal.core.actor import OPERATOR, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from tests.conftest import NOW
from tests.factories import people as factory

AT = 1_786_000_000  # seconds since 1970; a moment inside a time step
NEW = "Kd83-neu-passwort"


@pytest.fixture
def principal(session: Session) -> Membership:
    merchant = factory.merchant(session, factory.authority(session))
    return factory.member(session, merchant.id, Role.PRINCIPAL)


def test_a_principal_manages_only_his_own_house(session: Session, principal: Membership) -> None:
    district = factory.authority(session)
    other = factory.member(session, factory.merchant(session, district).id)
    actor = factory.actor(session, principal)
    with pytest.raises(NotFound):
        people.reset_password(session, actor, ResetPassword(other.person.sign_in_name, NEW), now=NOW)
    agent = factory.member(session, principal.organisation_id)
    command = ResetPassword(principal.person.sign_in_name, NEW)
    with pytest.raises(NotAllowed):
        people.reset_password(session, factory.actor(session, agent), command, now=NOW)


def test_whoever_shares_a_person_gains_nothing(session: Session, principal: Membership) -> None:
    shared = factory.member(session, factory.merchant(session, factory.authority(session)).id)
    command = AddMembership(shared.person.sign_in_name, Role.AGENT, principal.organisation.code)
    actor = factory.actor(session, principal)
    with pytest.raises(NotAllowed):
        people.add_membership(session, actor, command, now=NOW)
    people.add_membership(session, OPERATOR, command, now=NOW)
    with pytest.raises(NotAllowed):
        people.reset_password(session, actor, ResetPassword(shared.person.sign_in_name, NEW), now=NOW)
    with pytest.raises(NotAllowed):
        people.set_active(session, actor, SetActive(shared.person.sign_in_name, active=False), now=NOW)


def test_a_chief_makes_and_touches_no_administrator(session: Session) -> None:
    district = factory.authority(session)
    chief = factory.actor(session, factory.member(session, district.id, Role.CHIEF))
    admin = factory.member(session, district.id, Role.ADMIN)
    with pytest.raises(NotAllowed):
        add_person(session, chief, AddPerson("newadmin", "x", Role.ADMIN, district.code, NEW), now=NOW)
    with pytest.raises(NotAllowed):
        people.reset_password(session, chief, ResetPassword(admin.person.sign_in_name, NEW), now=NOW)


def test_a_role_of_another_house_is_refused(session: Session) -> None:
    district = factory.authority(session)
    council = factory.authority(session, "消委会", kind=OrganisationKind.COUNCIL)
    operator = Organisation(kind=OrganisationKind.OPERATOR, code="OP", name="运维单位")
    session.add(operator)
    session.flush()
    for organisation, role in ((district, Role.AGENT), (council, Role.ADMIN), (operator, Role.CHIEF)):
        with pytest.raises(RuleBroken, match="不是这类单位的岗位"):
            add_person(session, OPERATOR, AddPerson("x", "x", role, organisation.code, NEW), now=NOW)


def test_a_reset_ends_sessions_and_lifts_the_lock(session: Session, principal: Membership) -> None:
    agent = factory.member(session, principal.organisation_id)
    agent.person.locked_until, before = NOW, agent.person.session_stamp
    command = ResetPassword(agent.person.sign_in_name, NEW)
    person = people.reset_password(session, factory.actor(session, principal), command, now=NOW)
    assert person.must_change_password
    assert person.locked_until is None
    assert person.session_stamp != before


def test_a_code_is_right_within_a_step_and_once(session: Session, principal: Membership) -> None:
    actor, secret = factory.actor(session, principal), second_factor.new_secret()
    code = pyotp.TOTP(secret)

    def result(typed: str, at: int) -> FactorResult:
        return second_factor.confirm_second_factor(session, actor, ConfirmSecondFactor(typed, at), now=NOW)

    with pytest.raises(RuleBroken):
        second_factor.set_second_factor(session, actor, SetSecondFactor(secret, "000000", AT), now=NOW)
    second_factor.set_second_factor(session, actor, SetSecondFactor(secret, code.at(AT), AT), now=NOW)
    assert result(code.at(AT), AT) is FactorResult.USED  # the set-up used it
    assert result(code.at(AT + 30), AT) is FactorResult.RIGHT  # a phone one step ahead
    assert result(code.at(AT + 30), AT + 30) is FactorResult.USED
    assert result(code.at(AT), AT + 30) is FactorResult.USED  # an earlier one is not taken after a later
    assert result(code.at(AT + 120), AT + 30) is FactorResult.WRONG
    assert result(code.at(AT + 60), AT + 60) is FactorResult.RIGHT
    with pytest.raises(RuleBroken, match="已经设置"):
        second_factor.set_second_factor(session, actor, SetSecondFactor(secret, code.at(AT), AT), now=NOW)
