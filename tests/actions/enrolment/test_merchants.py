"""Admission, changes, suspension, import; who may see which merchant."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.core.actor import OPERATOR, SYSTEM, VISITOR, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment import actions, queries
from portal.enrolment.actions import AddName, AdmitMerchant, ChangeMerchant, RemoveName, ResumeMerchant, SuspendMerchant
from portal.enrolment.importing import ImportMerchants, MerchantRow, import_merchants
from portal.enrolment.models import Merchant, MerchantAlias, MerchantState
from portal.enrolment.rules import SuspensionReason
from tests.conftest import NOW
from tests.factories import people

CODE = "91350206MA0070000N"


def admission(authority: Organisation, **changes: str) -> AdmitMerchant:
    values = {
        "code": CODE,
        "name": "厦门鹭岛建材市场有限公司",
        "authority_code": authority.code,
        "address": "鹭岛路10号",
        "phone": "0592-5500000",
    }
    return AdmitMerchant(**{**values, **changes})


def officer(session: Session, authority: Organisation, role: Role = Role.OFFICER) -> Actor:
    return people.actor(session, people.member(session, authority.id, role))


def facts_of(session: Session, merchant: Merchant) -> list[Fact]:
    return list(
        session.scalars(
            select(Fact)
            .where(Fact.subject_kind == SubjectKind.MERCHANT, Fact.subject_id == merchant.id)
            .order_by(Fact.id)
        )
    )


def test_an_officer_admits_inside_his_jurisdiction_only(session: Session) -> None:
    district = people.authority(session)
    station = people.authority(session, "江头市场监督管理所", parent=district)
    other = people.authority(session, "思明区市场监督管理局")
    council = people.authority(session, "消委会", kind=OrganisationKind.COUNCIL)
    actor = officer(session, district)
    with pytest.raises(NotAllowed):
        actions.admit_merchant(session, actor, admission(other), now=NOW)
    with pytest.raises(RuleBroken):
        actions.admit_merchant(session, actor, admission(council), now=NOW)
    auditor = officer(session, district, Role.AUDITOR)
    with pytest.raises(NotAllowed):
        actions.admit_merchant(session, auditor, admission(station), now=NOW)
    merchant = actions.admit_merchant(session, actor, admission(station), now=NOW)
    assert facts_of(session, merchant)[0].topic is Topic.MERCHANT_ADMITTED
    with pytest.raises(RuleBroken, match="不能重复入驻"):
        actions.admit_merchant(session, actor, admission(district), now=NOW)


def test_a_change_records_names_of_fields_never_values(session: Session) -> None:
    district = people.authority(session)
    actor = officer(session, district)
    merchant = actions.admit_merchant(session, actor, admission(district), now=NOW)
    same = ChangeMerchant(CODE, "厦门鹭岛建材市场有限公司", district.code, "鹭岛路10号", "0592-5500000")
    assert actions.change_merchant(session, actor, same, now=NOW) == ()
    change = ChangeMerchant(CODE, "厦门鹭岛家居有限公司", district.code, "鹭岛路11号", "0592-5500000", "服务站")
    assert actions.change_merchant(session, actor, change, now=NOW) == ("address", "name", "tier")
    last = facts_of(session, merchant)[-1]
    assert last.detail == {"fields": ["address", "name", "tier"]}
    assert merchant.normalised_name == "厦门鹭岛家居"


def test_a_suspension_is_reasoned_and_resumed_once(session: Session) -> None:
    district = people.authority(session)
    merchant, actor = people.merchant(session, district), officer(session, district, Role.CHIEF)
    code = merchant.organisation.code
    with pytest.raises(NotAllowed):
        actions.suspend_merchant(
            session, officer(session, district), SuspendMerchant(code, SuspensionReason.OVERDUE), now=NOW
        )
    with pytest.raises(RuleBroken, match="写明情况"):
        actions.suspend_merchant(session, actor, SuspendMerchant(code, SuspensionReason.OTHER), now=NOW)
    actions.suspend_merchant(session, actor, SuspendMerchant(code, SuspensionReason.OVERDUE, "三次"), now=NOW)
    assert (merchant.state, merchant.suspension_reason) == (MerchantState.SUSPENDED, "多次逾期未办：三次")
    assert facts_of(session, merchant)[-1].detail == {"reason": "overdue"}
    assert [one.suspended for one in queries.merchant_facts(session) if one.id == merchant.id] == [True]
    with pytest.raises(RuleBroken):
        actions.suspend_merchant(session, actor, SuspendMerchant(code, SuspensionReason.OVERDUE), now=NOW)
    actions.resume_merchant(session, actor, ResumeMerchant(code), now=NOW)
    with pytest.raises(RuleBroken):
        actions.resume_merchant(session, actor, ResumeMerchant(code), now=NOW)


def test_a_stranger_finds_no_merchant_and_the_merchant_changes_nothing(session: Session) -> None:
    district = people.authority(session)
    merchant = people.merchant(session, district)
    code = merchant.organisation.code
    stranger = officer(session, people.authority(session, "思明区市场监督管理局"), Role.CHIEF)
    for action, command in (
        (actions.resume_merchant, ResumeMerchant(code)),
        (actions.add_alias, AddName(code, "别名")),
        (actions.remove_outlet, RemoveName(code, "门店")),
    ):
        with pytest.raises(NotFound):
            action(session, stranger, command, now=NOW)
    principal = people.actor(session, people.member(session, merchant.id, Role.PRINCIPAL))
    with pytest.raises(NotAllowed):
        actions.add_alias(session, principal, AddName(code, "别人的名称"), now=NOW)


def test_names_are_kept_once_and_a_closed_shop_opens_again(session: Session) -> None:
    district = people.authority(session)
    merchant, actor = people.merchant(session, district, "厦门鹭湾百货有限公司"), officer(session, district)
    code = merchant.organisation.code
    with pytest.raises(RuleBroken, match="已经有名称"):
        actions.add_alias(session, actor, AddName(code, "厦门鹭湾百货"), now=NOW)
    with pytest.raises(RuleBroken, match="没有可以识别的字"):
        actions.add_alias(session, actor, AddName(code, "（）"), now=NOW)
    actions.add_outlet(session, actor, AddName(code, "江头店", "江头路1号"), now=NOW)
    session.flush()
    actions.remove_outlet(session, actor, RemoveName(code, "江头店"), now=NOW)
    assert [one.outlets for one in queries.merchant_facts(session) if one.id == merchant.id] == [()]
    assert actions.add_outlet(session, actor, AddName(code, "江头店", "江头路2号"), now=NOW).closed_at is None


def test_an_import_only_adds_names_and_keeps_what_the_file_leaves_empty(session: Session) -> None:
    district = people.authority(session)

    def run(*rows: MerchantRow) -> tuple[int, int, int, int]:
        done = import_merchants(session, OPERATOR, ImportMerchants(rows, {}), now=NOW)
        return done.created, done.changed, done.unchanged, len(done.problems)

    full = MerchantRow(2, CODE, "鹭岛建材", district.name, "鹭岛路10号", "0592-1", "重点企业", ("鹭岛",), ("江头店",))
    assert run(full) == (1, 0, 0, 0)
    session.flush()
    assert run(MerchantRow(2, CODE, "鹭岛建材", district.code)) == (0, 0, 1, 0)
    assert run(MerchantRow(2, CODE, "鹭岛建材", district.name, aliases=("鹭岛", "鹭岛城"))) == (0, 1, 0, 0)
    merchant = session.scalars(select(Merchant)).one()
    assert (merchant.address, merchant.tier) == ("鹭岛路10号", "重点企业")
    assert len(session.scalars(select(MerchantAlias)).all()) == 2
    assert run(full, MerchantRow(3, CODE, "鹭岛建材", district.name)) == (0, 0, 1, 1)
    assert run(MerchantRow(2, district.code, "部门", district.name)) == (0, 0, 0, 1)


@pytest.mark.parametrize("words", ["鹭湾", "91350", "生活馆", "SM店", "鹭湾百货有限公司"])
def test_a_merchant_is_found_by_name_code_alias_and_shop(session: Session, words: str) -> None:
    district = people.authority(session)
    merchant, actor = people.merchant(session, district, "厦门鹭湾百货有限公司", code=CODE), officer(session, district)
    people.merchant(session, district, "别家商店")
    actions.add_alias(session, actor, AddName(CODE, "生活馆"), now=NOW)
    actions.add_outlet(session, actor, AddName(CODE, "SM 店"), now=NOW)
    session.flush()
    found = queries.merchants(session, actor, queries.MerchantFilter(search=words))
    assert [line.id for line in found.rows] == [merchant.id]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_two_predicates_agree(session: Session, data: st.DataObject) -> None:
    """`may_see` and `visible_to` name the same merchants, whoever asks (decisions 31)."""
    if not session.scalars(select(Merchant.id)).first():
        city = people.authority(session, "厦门市市场监督管理局")
        districts = [people.authority(session, f"第{one}区局", parent=city) for one in range(3)]
        for district in districts:
            people.merchant(session, district)
        people.merchant(session, city)
    ids = list(session.scalars(select(Organisation.id)))
    drawn = Actor(
        kind=data.draw(st.sampled_from(ActorKind)),
        role=data.draw(st.sampled_from([None, *Role])),
        organisation_id=data.draw(st.sampled_from([None, *ids])),
        jurisdiction=data.draw(st.frozensets(st.sampled_from(ids))),
    )
    for actor in (drawn, OPERATOR, SYSTEM, VISITOR):
        seen = set(session.scalars(select(Merchant.id).where(queries.visible_to(actor))))
        assert seen == {one.id for one in session.scalars(select(Merchant)) if queries.may_see(actor, one)}
