"""A merchant's own data: outlets, proposals, the yearly confirmation, licences; who may, and when it is warned."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.core.actor import SYSTEM, Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.enrolment import keeping, queries, upkeep
from portal.enrolment.application_models import ProposalState
from portal.enrolment.keeping import ChangeOutlet, CloseOutlet, ConfirmData, DecideProposal, OpenOutlet, ProposeChange
from portal.enrolment.models import Merchant, MerchantState, Outlet
from portal.enrolment.queries import MerchantFilter
from portal.enrolment.standing import due_filter, standing_of
from portal.enrolment.upkeep import Sweep
from tests.conftest import NOW
from tests.factories import people


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def merchant(session: Session, district: Organisation) -> Merchant:
    return people.merchant(session, district)


@pytest.fixture
def head(session: Session, merchant: Merchant) -> Actor:
    return people.actor(session, people.member(session, merchant.id, Role.PRINCIPAL))


@pytest.fixture
def officer(session: Session, district: Organisation) -> Actor:
    return people.actor(session, people.member(session, district.id, Role.OFFICER))


def wished(merchant: Merchant, **changes: object) -> ProposeChange:
    values = {
        "name": merchant.organisation.name,
        "address": merchant.address,
        "phone": merchant.phone,
        "licence_until_on": merchant.licence_until_on,
    }
    return ProposeChange(**{**values, **changes})  # type: ignore[arg-type]


def told(session: Session, topic: Topic) -> list[Fact]:
    return list(session.scalars(select(Fact).where(Fact.topic == topic).order_by(Fact.id)))


def test_heads_open_rename_and_close_shops(session: Session, head: Actor) -> None:
    keeping.open_outlet(session, head, OpenOutlet("江头店", "江头街 1 号"), now=NOW)
    with pytest.raises(RuleBroken, match="已经有门店"):
        keeping.open_outlet(session, head, OpenOutlet("江头店"), now=NOW)
    keeping.open_outlet(session, head, OpenOutlet("枋湖店"), now=NOW)
    with pytest.raises(RuleBroken, match="请换一个名称"):
        keeping.change_outlet(session, head, ChangeOutlet("江头店", "枋湖店"), now=NOW)
    keeping.change_outlet(session, head, ChangeOutlet("江头店", "江头旗舰店", "江头街 2 号"), now=NOW)
    closed = keeping.close_outlet(session, head, CloseOutlet("江头旗舰店"), now=NOW)
    assert (closed.name, closed.address, closed.closed_at) == ("江头旗舰店", "江头街 2 号", NOW)
    with pytest.raises(NotFound):
        keeping.close_outlet(session, head, CloseOutlet("江头旗舰店"), now=NOW)
    assert keeping.open_outlet(session, head, OpenOutlet("江头旗舰店"), now=NOW).closed_at is None
    assert [fact.detail["fields"] for fact in told(session, Topic.MERCHANT_CHANGED)] == [
        ["outlet_added"], ["outlet_added"], ["outlet_changed"], ["outlet_removed"], ["outlet_added"],
    ]  # fmt: skip


def test_a_list_of_shops_adds_and_mends_but_never_closes(session: Session, head: Actor, merchant: Merchant) -> None:
    keeping.open_outlet(session, head, OpenOutlet("江头店", "旧址"), now=NOW)
    keeping.open_outlet(session, head, OpenOutlet("老店"), now=NOW)
    listed = (OpenOutlet("江头店", "新址"), OpenOutlet("枋湖店", "枋湖路"), OpenOutlet("老店"))
    assert keeping.open_outlets(session, head, listed, now=NOW) == 2
    assert keeping.open_outlets(session, head, listed, now=NOW) == 0
    session.flush()
    rows = session.scalars(select(Outlet).where(Outlet.merchant_id == merchant.id).order_by(Outlet.id)).all()
    assert [(row.name, row.address) for row in rows] == [("江头店", "新址"), ("老店", ""), ("枋湖店", "枋湖路")]


def test_a_clerk_keeps_nothing(session: Session, merchant: Merchant) -> None:
    clerk = people.actor(session, people.member(session, merchant.id, Role.AGENT))
    for action, command in (
        (keeping.open_outlet, OpenOutlet("江头店")),
        (keeping.propose_change, wished(merchant, phone="1")),
        (keeping.confirm_data, ConfirmData(checked=True)),
    ):
        with pytest.raises(NotAllowed):
            action(session, clerk, command, now=NOW)  # type: ignore[operator]


def test_a_proposal_is_approved_and_changes_the_data(
    session: Session, head: Actor, officer: Actor, merchant: Merchant
) -> None:
    assert keeping.propose_change(session, head, wished(merchant), now=NOW) is None
    new = wished(merchant, name="厦门新名百货有限公司", licence_until_on=date(2031, 1, 1))
    proposal = keeping.propose_change(session, head, new, now=NOW)
    assert proposal is not None
    assert set(proposal.changes) == {"name", "licence_until_on"}
    session.flush()
    with pytest.raises(RuleBroken, match="在等核准"):
        keeping.propose_change(session, head, wished(merchant, phone="0592-1"), now=NOW)
    decide = DecideProposal(merchant.organisation.code, proposal.reference, approved=True)
    keeping.decide_proposal(session, officer, decide, now=NOW)
    assert merchant.organisation.name == "厦门新名百货有限公司"
    assert merchant.normalised_name == "厦门新名百货"
    assert merchant.licence_until_on == date(2031, 1, 1)
    with pytest.raises(RuleBroken, match="已经办理或撤回"):
        keeping.decide_proposal(session, officer, decide, now=NOW)


def test_a_rejection_says_why_and_a_proposal_can_be_withdrawn(
    session: Session, head: Actor, officer: Actor, merchant: Merchant
) -> None:
    proposal = keeping.propose_change(session, head, wished(merchant, phone="0592-2"), now=NOW)
    assert proposal is not None
    session.flush()
    reject = DecideProposal(merchant.organisation.code, proposal.reference, approved=False)
    with pytest.raises(RuleBroken, match="不核准的理由"):
        keeping.decide_proposal(session, officer, reject, now=NOW)
    keeping.withdraw_proposal(session, head, keeping.WithdrawProposal(proposal.reference), now=NOW)
    assert proposal.state is ProposalState.WITHDRAWN
    assert merchant.phone == "0592-5500000"


def test_another_merchant_withdraws_nothing(session: Session, head: Actor, merchant: Merchant) -> None:
    proposal = keeping.propose_change(session, head, wished(merchant, phone="0592-2"), now=NOW)
    assert proposal is not None
    session.flush()
    other = people.merchant(session, people.authority(session, "思明区市场监督管理局", prefix="SM"))
    stranger = people.actor(session, people.member(session, other.id, Role.PRINCIPAL))
    with pytest.raises(NotFound):
        keeping.withdraw_proposal(session, stranger, keeping.WithdrawProposal(proposal.reference), now=NOW)


def test_an_expired_licence_is_neither_proposed_nor_confirmed(
    session: Session, head: Actor, merchant: Merchant
) -> None:
    with pytest.raises(RuleBroken, match="已经过期"):
        keeping.propose_change(session, head, wished(merchant, licence_until_on=date(2026, 8, 11)), now=NOW)
    merchant.licence_until_on = date(2026, 8, 11)
    with pytest.raises(RuleBroken, match="请先提出变更"):
        keeping.confirm_data(session, head, ConfirmData(checked=True), now=NOW)


def test_data_are_confirmed_once_a_year_and_warned_before(
    session: Session, head: Actor, officer: Actor, merchant: Merchant
) -> None:
    def warned(days: int) -> int:
        return upkeep.warn_of_confirmation(session, SYSTEM, Sweep(), now=NOW + timedelta(days=days))

    assert warned(334) == 0
    assert warned(336) == 1
    assert warned(340) == 0
    assert told(session, Topic.MERCHANT_DATA_DUE)[0].detail == {"on": "2027-08-12"}
    late = NOW + timedelta(days=366)
    overdue = MerchantFilter(**due_filter(session, "confirm", now=late))
    assert [line.id for line in queries.merchants(session, officer, overdue).rows] == [merchant.id]
    assert standing_of(session, merchant, now=late).confirm_tone == "bad"
    with pytest.raises(RuleBroken, match="勾选"):
        keeping.confirm_data(session, head, ConfirmData(checked=False), now=late)
    keeping.confirm_data(session, head, ConfirmData(checked=True), now=late)
    session.flush()
    assert queries.merchants(session, officer, overdue).rows == []
    assert warned(366 + 334) == 0
    assert warned(366 + 336) == 1


def test_a_licence_is_warned_of_once_for_each_end(session: Session, officer: Actor, merchant: Merchant) -> None:
    merchant.licence_until_on = date(2026, 10, 12)
    session.flush()
    assert upkeep.warn_of_licences(session, SYSTEM, Sweep(), now=NOW) == 0
    soon = NOW + timedelta(days=2)
    assert upkeep.warn_of_licences(session, SYSTEM, Sweep(), now=soon) == 1
    assert upkeep.warn_of_licences(session, SYSTEM, Sweep(), now=soon) == 0
    ending = MerchantFilter(**due_filter(session, "licence", now=soon))
    assert len(queries.merchants(session, officer, ending).rows) == 1
    merchant.licence_until_on = date(2026, 10, 11)
    session.flush()
    assert upkeep.warn_of_licences(session, SYSTEM, Sweep(), now=soon) == 1


def test_nobody_warns_a_merchant_that_left(session: Session, merchant: Merchant) -> None:
    merchant.state, merchant.licence_until_on = MerchantState.EXITED, date(2026, 8, 1)
    session.flush()
    assert upkeep.warn_of_licences(session, SYSTEM, Sweep(), now=NOW) == 0
    assert upkeep.warn_of_confirmation(session, SYSTEM, Sweep(), now=NOW + timedelta(days=400)) == 0
