"""Applications: beginning, duplicates, documents, review, admission, links, lapse and erasure, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.invitations import free_sign_in_name
from portal.accounts.models import Membership, Organisation, Person
from portal.core import files
from portal.core.actor import SYSTEM, VISITOR, Actor, Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import Erased
from portal.enrolment import applying, inviting, reviewing, starting, upkeep
from portal.enrolment.application_contents import contact_of
from portal.enrolment.application_documents import SEAL, AddPage, add_page
from portal.enrolment.application_links import AskForLink, application_by_token, ask_for_link
from portal.enrolment.application_models import Application, ApplicationPage
from portal.enrolment.application_rules import ApplicationState, DocumentKind, Part
from portal.enrolment.models import Merchant
from portal.enrolment.starting import StartApplication
from portal.enrolment.upkeep import Sweep
from tests.conftest import NOW
from tests.factories import applications, people

TOKEN = "a" * 20


@pytest.fixture
def district(session: Session) -> Organisation:
    return people.authority(session)


@pytest.fixture
def officer(session: Session, district: Organisation) -> Actor:
    return people.actor(session, people.member(session, district.id, Role.OFFICER))


def topics(session: Session, row: Application) -> Sequence[Topic]:
    return session.scalars(
        select(Fact.topic)
        .where(Fact.subject_kind == SubjectKind.APPLICATION, Fact.subject_id == row.id)
        .order_by(Fact.id)
    ).all()


def start(district: Organisation, **changes: object) -> StartApplication:
    values = {
        "code": applications.new_code(),
        "name": "厦门鹭岛家居有限公司",
        "authority_code": district.code,
        "contact": applications.contact(),
    }
    return StartApplication(**{**values, **changes})


def test_an_admitted_merchant_is_told_that_it_need_not_apply(session: Session, district: Organisation) -> None:
    code = applications.new_code()
    people.merchant(session, district, code=code)
    with pytest.raises(RuleBroken, match="已经入驻，不用再申请"):
        starting.start_application(session, VISITOR, start(district, code=code), now=NOW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "91350206MA0000001X9"}, "应为 18 位"),
        ({"authority_code": "nowhere"}, "请选择企业所在地"),
        ({"contact": replace(applications.CONTACT, phone="0592-5500000")}, "11 位手机号码"),
    ],
)
def test_a_bad_beginning_is_refused(
    session: Session, district: Organisation, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(RuleBroken, match=words):
        starting.start_application(session, VISITOR, start(district, **changes), now=NOW)


def test_a_phone_begins_three_applications_a_day(session: Session, district: Organisation) -> None:
    for _ in range(3):
        starting.start_application(session, VISITOR, start(district, contact=applications.CONTACT), now=NOW)
    with pytest.raises(RuleBroken, match="一天内已经开始了 3 份"):
        starting.start_application(session, VISITOR, start(district, contact=applications.CONTACT), now=NOW)
    later = NOW + timedelta(days=1, minutes=1)
    assert starting.start_application(session, VISITOR, start(district, contact=applications.CONTACT), now=later).token


def test_a_second_application_of_a_code_sends_the_link_of_the_first(session: Session, district: Organisation) -> None:
    first = applications.submitted(session, district)
    later = NOW + timedelta(hours=1)
    again = start(district, code=first.code, anew=True)
    started = starting.start_application(session, VISITOR, again, now=later)
    assert started.token is None
    assert started.known is ApplicationState.SUBMITTED
    assert topics(session, first)[-1] is Topic.APPLICATION_LINK_ASKED
    starting.start_application(session, VISITOR, again, now=later + timedelta(minutes=5))
    assert topics(session, first).count(Topic.APPLICATION_LINK_ASKED) == 1


def test_of_two_drafts_only_one_is_submitted(session: Session, district: Organisation) -> None:
    code = applications.new_code()
    squatter = applications.completed(session, district, code=code)
    applications.completed(session, district, code=code, anew=True)
    real = session.scalars(select(Application).order_by(Application.id.desc())).first()
    assert real is not None
    submit = applying.SubmitApplication(applications.token_of(session, real), declared=True)
    applying.submit_application(session, VISITOR, submit, now=NOW)
    with pytest.raises(RuleBroken, match="已有一份申请正在审核"):
        applying.submit_application(session, VISITOR, applying.SubmitApplication(squatter, declared=True), now=NOW)


def test_a_lost_link_is_sent_at_most_every_ten_minutes(session: Session, district: Organisation) -> None:
    row = applications.row_of(session, applications.begun(session, district))
    for minutes in (1, 11, 12, 30):
        ask_for_link(session, VISITOR, AskForLink(row.code.lower()), now=NOW + timedelta(minutes=minutes))
    assert topics(session, row).count(Topic.APPLICATION_LINK_ASKED) == 2
    ask_for_link(session, VISITOR, AskForLink("nobody"), now=NOW)


def test_the_contact_person_stands_sealed(session: Session, district: Organisation) -> None:
    row = applications.submitted(session, district, contact=applications.CONTACT)
    assert row.contact_sealed is not None
    assert applications.PHONE.encode() not in row.contact_sealed
    assert contact_of(session, row, row.key) == applications.CONTACT
    assert row.phone_mask == "138****5678"
    details = session.scalars(select(Fact.detail).where(Fact.subject_id == row.id))
    assert applications.PHONE not in str(list(details))


def test_an_incomplete_or_undeclared_application_is_not_taken(session: Session, district: Organisation) -> None:
    token = applications.begun(session, district)
    with pytest.raises(RuleBroken, match="还没有上传"):
        applying.submit_application(session, VISITOR, applying.SubmitApplication(token, declared=True), now=NOW)
    whole = applications.completed(session, district)
    with pytest.raises(RuleBroken, match="逐项确认"):
        applying.submit_application(session, VISITOR, applying.SubmitApplication(whole, declared=False), now=NOW)


def test_nothing_changes_while_the_authority_looks(session: Session, district: Organisation) -> None:
    row = applications.submitted(session, district)
    token = applications.token_of(session, row)
    page = AddPage(token, DocumentKind.WORK, "新.png", applications.picture("red"))
    with pytest.raises(RuleBroken, match="现在不能修改"):
        add_page(session, VISITOR, page, now=NOW)
    applying.withdraw_application(session, VISITOR, applying.Turn(token), now=NOW)
    applying.reopen_application(session, VISITOR, applying.Turn(token), now=NOW)
    assert add_page(session, VISITOR, page, now=NOW)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "不是照片"), (b"GIF89a", "不是照片"), (b"%PDF-1.7 cut", "PDF 不完整"), (b"\xff\xd8\xff junk", "打不开")],
)
def test_a_bad_file_is_named(session: Session, district: Organisation, content: bytes, words: str) -> None:
    token = applications.begun(session, district)
    with pytest.raises(RuleBroken, match=f"“执照.jpg”.*{words}"):
        add_page(session, VISITOR, AddPage(token, DocumentKind.LICENCE, "执照.jpg", content), now=NOW)


def test_a_document_has_twenty_pages_at_most(session: Session, district: Organisation) -> None:
    token = applications.begun(session, district)
    row = applications.row_of(session, token)
    for place in range(20):
        session.add(
            ApplicationPage(
                application_id=row.id, reference=f"page{place}", kind=DocumentKind.WORK, place=place + 1,
                media_type="application/pdf", size=1, digest=str(place), name_sealed=b"", original="", at=NOW,
            )
        )  # fmt: skip
    session.flush()
    with pytest.raises(RuleBroken, match="最多 20 页"):
        add_page(session, VISITOR, AddPage(token, DocumentKind.WORK, "多.png", applications.picture()), now=NOW)


def test_the_limit_of_review_rests_while_more_is_asked_for(
    session: Session, district: Organisation, officer: Actor
) -> None:
    row = applications.submitted(session, district)
    assert row.review_by is not None
    wanted = reviewing.AskForMore(row.reference, (Part.DOCUMENTS,), "请重拍执照。", date(2026, 8, 20))
    reviewing.ask_for_more(session, officer, wanted, now=NOW)
    assert row.review_by is None
    with pytest.raises(RuleBroken, match="待补正"):
        reviewing.admit(session, officer, reviewing.Admit(row.reference, "", district.code), now=NOW)
    answer = applying.SubmitApplication(applications.token_of(session, row), declared=True, answer="已重拍。")
    applying.submit_application(session, VISITOR, answer, now=NOW + timedelta(days=3))
    assert row.round == 2
    assert row.review_by is not None
    with pytest.raises(RuleBroken, match="不能早于今天"):
        reviewing.ask_for_more(session, officer, replace(wanted, reply_on=date(2026, 8, 11)), now=NOW)


def test_a_station_leaves_the_largest_merchants_to_the_district(session: Session, district: Organisation) -> None:
    station = people.authority(session, "江头市场监督管理所", parent=district)
    row = applications.submitted(session, station)
    clerk = people.actor(session, people.member(session, station.id, Role.OFFICER))
    with pytest.raises(RuleBroken, match="由区县市场监督管理局审核"):
        reviewing.admit(session, clerk, reviewing.Admit(row.reference, "重点企业", station.code), now=NOW)
    merchant = reviewing.admit(session, clerk, reviewing.Admit(row.reference, "重点行业", station.code), now=NOW)
    assert merchant.authority_id == station.id
    assert merchant.licence_until_on == date(2030, 12, 31)


def test_auditors_look_and_strangers_do_not_even_find(session: Session, district: Organisation) -> None:
    row = applications.submitted(session, district)
    auditor = people.actor(session, people.member(session, district.id, Role.AUDITOR))
    other = people.authority(session, "思明区市场监督管理局", prefix="SM")
    stranger = people.actor(session, people.member(session, other.id, Role.CHIEF))
    refusal = reviewing.RefuseApplication(row.reference, "没有固定场所。")
    with pytest.raises(NotAllowed):
        reviewing.refuse_application(session, auditor, refusal, now=NOW)
    with pytest.raises(NotFound):
        reviewing.refuse_application(session, stranger, refusal, now=NOW)
    draft = applications.row_of(session, applications.completed(session, district))
    with pytest.raises(NotFound):
        reviewing.found(session, auditor, draft.reference)


def test_a_licence_that_ended_during_review_is_asked_for_anew(
    session: Session, district: Organisation, officer: Actor
) -> None:
    row = applications.submitted(session, district)
    row.licence_until_on = date(2026, 8, 11)
    with pytest.raises(RuleBroken, match="可以用“要求补正”"):
        reviewing.admit(session, officer, reviewing.Admit(row.reference, "", district.code), now=NOW)


def test_a_taken_sign_in_name_gets_a_number_and_a_link_works_once(
    session: Session, district: Organisation, officer: Actor
) -> None:
    people.member(session, people.merchant(session, district).id).person.sign_in_name = "chenli"
    row = applications.submitted(session, district)
    merchant = reviewing.admit(session, officer, reviewing.Admit(row.reference, "", district.code), now=NOW)
    named = session.scalars(
        select(Person.sign_in_name).join(Membership).where(Membership.organisation_id == merchant.id)
    ).all()
    assert sorted(named) == ["chenli2", "wangxm"]
    assert free_sign_in_name(session, " ChenLi ") == "chenli3"
    token = applications.invitation_of(session, row)
    with pytest.raises(RuleBroken, match="密码至少"):
        inviting.use_invitation(session, VISITOR, inviting.FirstPassword(token, "short"), now=NOW)
    inviting.use_invitation(session, VISITOR, inviting.FirstPassword(token, "correct horse 7"), now=NOW)
    with pytest.raises(NotFound):
        inviting.use_invitation(session, VISITOR, inviting.FirstPassword(token, "correct horse 8"), now=NOW)
    again = inviting.AskForInvitation(applications.token_of(session, row))
    with pytest.raises(RuleBroken, match="请直接登录"):
        inviting.ask_for_invitation(session, VISITOR, again, now=NOW + timedelta(hours=1))


def test_an_invitation_ends_and_a_fresh_one_replaces_it(
    session: Session, district: Organisation, officer: Actor
) -> None:
    row = applications.submitted(session, district)
    link = inviting.AskForInvitation(applications.token_of(session, row))
    with pytest.raises(RuleBroken, match="还没有通过"):
        inviting.ask_for_invitation(session, VISITOR, link, now=NOW)
    reviewing.admit(session, officer, reviewing.Admit(row.reference, "", district.code), now=NOW)
    former = applications.invitation_of(session, row)
    late = NOW + timedelta(days=20)
    with pytest.raises(NotFound):
        inviting.welcome(session, former, now=late)
    inviting.ask_for_invitation(session, VISITOR, link, now=late)
    assert inviting.welcome(session, applications.invitation_of(session, row), now=late).sign_in_name == "chenli"
    with pytest.raises(NotFound):
        inviting.welcome(session, former, now=late)


def test_an_untouched_draft_lapses_and_is_erased_with_its_files(session: Session, district: Organisation) -> None:
    token = applications.completed(session, district)
    row = applications.row_of(session, token)
    session.flush()
    page = session.scalars(select(ApplicationPage).where(ApplicationPage.application_id == row.id)).first()
    assert page is not None
    assert files.get(session, row.key, page.original, SEAL)
    assert upkeep.lapse_drafts(session, SYSTEM, Sweep(), now=NOW + timedelta(days=59)) == 0
    lapsed = NOW + timedelta(days=61)
    assert upkeep.lapse_drafts(session, SYSTEM, Sweep(), now=lapsed) == 1
    assert upkeep.erase_abandoned(session, SYSTEM, Sweep(), now=lapsed + timedelta(days=179)) == 0
    assert upkeep.erase_abandoned(session, SYSTEM, Sweep(), now=lapsed + timedelta(days=181)) == 1
    assert upkeep.erase_abandoned(session, SYSTEM, Sweep(), now=lapsed + timedelta(days=182)) == 0
    key, original = row.key, page.original
    session.commit()
    with pytest.raises((files.Damaged, Erased)):
        files.get(session, key, original, SEAL)
    with pytest.raises((Erased, AttributeError)):
        session.info["vault"].open(row.key, b"x" * 40, "application.contact")
    with pytest.raises(NotFound):
        application_by_token(session, token)
    assert contact_of(session, row, row.key).phone == ""
    assert (row.phone_mask, row.phone_index, row.conditions) == ("", b"", {})
    assert topics(session, row)[-2:] == [Topic.APPLICATION_LAPSED, Topic.APPLICATION_ERASED]


def test_an_admitted_application_is_kept(session: Session, district: Organisation, officer: Actor) -> None:
    row = applications.submitted(session, district)
    reviewing.admit(session, officer, reviewing.Admit(row.reference, "", district.code), now=NOW)
    assert upkeep.erase_abandoned(session, SYSTEM, Sweep(), now=NOW + timedelta(days=4000)) == 0
    assert session.get_one(Merchant, row.merchant_id).admitted_at == NOW
