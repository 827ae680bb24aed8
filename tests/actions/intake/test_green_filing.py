"""Complaints of the green channel: written in parts, proved, filed; what becomes of case, filing, link and draft."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.codes import CodeResult
from portal.accounts.models import Organisation
from portal.cases import evidence
from portal.cases.models import Case, Evidence, EvidenceSide, PhoneSource
from portal.cases.rules import CaseState, Channel, ReturnReason
from portal.clocks.queries import almanac
from portal.clocks.rules import due_day
from portal.core import facts
from portal.core.actor import Role
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.privacy import DataKey, vault_of
from portal.enrolment.models import Merchant, MerchantState
from portal.intake import green_access, green_drafts, green_files, green_proofs
from portal.intake.commands import import_upload
from portal.intake.green_access import Place
from portal.intake.green_models import ConsentKind, FilingConsent, GreenDraft, GreenFile
from portal.intake.hints import hints_of_case
from portal.intake.keeping import SendBack, send_back
from portal.intake.models import Filing
from portal.intake.rules import Source
from portal.intake.states import AdminState
from portal.intake.triage import found_by
from portal.intake.uploads import read_upload
from portal.runtime import Runtime
from portal.worker import tick
from tests.conftest import NOW, FixedClock
from tests.factories import disputes, greens, people
from tests.factories.greens import CONSUMER, PHONE
from tests.factories.intake import complaint, sample_world, workbook


@pytest.fixture
def merchant(session: Session) -> Merchant:
    return people.merchant(session, people.authority(session))


def case_of(session: Session, filed: greens.Filed) -> Case:
    session.flush()
    return session.scalars(select(Case).where(Case.id == filed.case_id)).one()


def filing_of(session: Session, filed: greens.Filed) -> Filing:
    return session.scalars(select(Filing).where(Filing.number == filed.number)).one()


def test_a_complaint_goes_to_the_merchant_at_once(session: Session, merchant: Merchant) -> None:
    filed = greens.filed(session, merchant)
    case, filing = case_of(session, filed), filing_of(session, filed)
    assert (case.state, case.channel, case.source) == (CaseState.DISPATCHED, Channel.GREEN, "green")
    assert case.merchant_id == merchant.id
    assert case.respond_by is not None
    assert due_day(case.respond_by).isoformat() == "2026-08-26"  # ten working days behind Wednesday 08-12
    assert (filing.admin_state, filing.decide_by) == (AdminState.NONE, None)
    assert filing.number == "LS2608000001"
    assert case.phone_source is PhoneSource.FILING
    assert (case.amount, case.demands) == (49_900, "return,refund")
    assert case.headline == "服装鞋帽类 质量，要求退货、退款"
    assert case.platform_due_on is None
    topics = session.scalars(facts.about(SubjectKind.CASE, case.id).with_only_columns(Fact.topic)).all()
    assert topics[:2] == [Topic.CASE_OPENED, Topic.CASE_DISPATCHED]
    assert Topic.GREEN_FILED in topics


def test_what_was_said_is_sealed_and_found_by_its_words(session: Session, merchant: Merchant) -> None:
    filing = filing_of(session, greens.filed(session, merchant))
    key = session.get_one(DataKey, filing.key_id)
    text = vault_of(session).open(key, filing.text_sealed, "filing.text")
    assert "跑绒" in text
    assert "诉求：要求退货、退款" in text
    assert filing.address_sealed is not None
    assert filing.publication_consent is False
    officer = people.actor(session, people.member(session, merchant.authority_id, Role.OFFICER))
    assert session.scalars(select(Case.id).where(found_by(session, officer, "跑绒"))).all() == [filing.case_id]


def test_each_consent_is_kept_in_its_very_words(session: Session, merchant: Merchant) -> None:
    filing = filing_of(session, greens.filed(session, merchant, publish=True))
    rows = {row.kind: row for row in session.scalars(select(FilingConsent).where(FilingConsent.filing_id == filing.id))}
    assert set(rows) == set(ConsentKind)
    assert all(row.given for row in rows.values())
    assert merchant.organisation.name in rows[ConsentKind.SHARE].words
    assert "7 个工作日" in rows[ConsentKind.SETTLE].words
    assert filing.publication_consent is True


@pytest.mark.parametrize("missing", ["settle", "share"])
def test_without_consent_nothing_is_filed(session: Session, merchant: Merchant, missing: str) -> None:
    place = greens.proved(session, merchant, **{missing: False})
    with pytest.raises(RuleBroken, match="同意事项"):
        greens.file_it(session, place)


def test_a_number_that_was_not_proved_files_nothing(session: Session, merchant: Merchant) -> None:
    with pytest.raises(RuleBroken, match="没有验证"):
        greens.file_it(session, greens.written(session, merchant))


def test_a_proof_holds_for_its_number_only(session: Session, merchant: Merchant) -> None:
    place = greens.proved(session, merchant)
    green_drafts.save_part(session, CONSUMER, green_drafts.SavePart(place, {"phone": "13800000000"}), now=NOW)
    with pytest.raises(RuleBroken, match="没有验证"):
        greens.file_it(session, place)


def test_a_code_sent_to_another_number_proves_nothing(session: Session, merchant: Merchant) -> None:
    place = greens.written(session, merchant)
    green_proofs.ask_proof(session, CONSUMER, green_proofs.AskProof(place), now=NOW)
    digits = greens.code_of(session)
    green_drafts.save_part(session, CONSUMER, green_drafts.SavePart(place, {"phone": "13800000000"}), now=NOW)
    assert green_proofs.prove(session, CONSUMER, green_proofs.Prove(place, digits), now=NOW) is CodeResult.NONE


def test_a_number_is_not_flooded_with_codes_by_many_drafts(session: Session, merchant: Merchant) -> None:
    first, second = greens.written(session, merchant), greens.written(session, merchant)
    green_proofs.ask_proof(session, CONSUMER, green_proofs.AskProof(first), now=NOW)
    with pytest.raises(RuleBroken, match="刚刚发过"):
        green_proofs.ask_proof(session, CONSUMER, green_proofs.AskProof(second), now=NOW)


def test_five_wrong_codes_end_a_proof(session: Session, merchant: Merchant) -> None:
    place = greens.written(session, merchant)
    green_proofs.ask_proof(session, CONSUMER, green_proofs.AskProof(place), now=NOW)
    wrong = f"{(int(greens.code_of(session)) + 1) % 10**6:06d}"
    results = [green_proofs.prove(session, CONSUMER, green_proofs.Prove(place, wrong), now=NOW) for _ in range(5)]
    assert results == [CodeResult.WRONG] * 4 + [CodeResult.TOO_MANY]


def test_what_changed_since_it_was_looked_through_is_not_filed(session: Session, merchant: Merchant) -> None:
    place = greens.proved(session, merchant)
    seen = greens.said(session, place).digest
    green_drafts.save_part(session, CONSUMER, green_drafts.SavePart(place, {"detail": "退 4990 元。"}), now=NOW)
    with pytest.raises(RuleBroken, match="再核对一遍"):
        greens.green_filing.file_complaint(session, CONSUMER, greens.green_filing.FileComplaint(place, seen), now=NOW)


def test_words_of_a_tip_wait_for_an_officer(session: Session, merchant: Merchant) -> None:
    filed = greens.filed(session, merchant, text="他们卖假货，我要举报并要求查处，另外请退货。")
    case = case_of(session, filed)
    assert not filed.dispatched
    assert (case.state, case.wait_reason, case.merchant_id) == (CaseState.WAITING, "suspected_tip", None)
    assert case.candidates["only"] == merchant.id


def test_photos_become_evidence_of_the_consumer(session: Session, merchant: Merchant) -> None:
    place = greens.proved(session, merchant)
    greens.with_photo(session, place)
    greens.with_photo(session, place)
    filed = greens.file_it(session, place)
    rows = session.scalars(select(Evidence).where(Evidence.case_id == filed.case_id)).all()
    assert [row.side for row in rows] == [EvidenceSide.CONSUMER] * 2
    agent = people.actor(session, people.member(session, merchant.id))
    opened = evidence.open_evidence(session, agent, rows[0].reference, evidence.Variant.SHOWN, now=NOW)
    assert opened.content.startswith(b"\xff\xd8\xff")
    assert not session.scalars(select(GreenFile)).all()


def test_the_same_photo_is_kept_once_and_can_be_taken_out(session: Session, merchant: Merchant) -> None:
    place, upload = greens.written(session, merchant), greens.photo()
    assert green_files.add_file(session, CONSUMER, green_files.AddFile(place, upload), now=NOW)
    assert not green_files.add_file(session, CONSUMER, green_files.AddFile(place, upload), now=NOW)
    row = session.scalars(select(GreenFile)).one()
    green_files.remove_file(session, CONSUMER, green_files.RemoveFile(place, row.reference), now=NOW)
    assert not session.scalars(select(GreenFile)).all()


def test_an_open_complaint_of_another_channel_takes_it_in(session: Session, merchant: Merchant) -> None:
    authority = session.get_one(Organisation, merchant.authority_id)
    case = disputes.case(session, authority, merchant, state=CaseState.DISPATCHED, amount=49_900)
    place = greens.proved(session, merchant, phone=disputes.PHONE)
    greens.with_photo(session, place)
    filed = greens.file_it(session, place)
    assert filed.joined
    assert filed.case_id == case.id
    row = session.scalars(select(Evidence).where(Evidence.case_id == case.id)).one()
    agent = people.actor(session, people.member(session, merchant.id))
    assert evidence.open_evidence(session, agent, row.reference, evidence.Variant.SHOWN, now=NOW).content
    assert len(session.scalars(select(Filing).where(Filing.case_id == case.id)).all()) == 2


def test_a_second_green_complaint_is_one_of_its_own(session: Session, merchant: Merchant) -> None:
    first = greens.filed(session, merchant)
    later = NOW + timedelta(minutes=2)
    place = greens.proved(session, merchant, now=later, goods="毛衣")
    draft = green_access.found_draft(session, place, now=later)
    assert draft is not None
    known = green_proofs.open_complaint(session, draft)
    assert known is not None
    assert known.id == first.case_id
    second = greens.file_it(session, place, now=later)
    assert second.case_id != first.case_id


def test_a_third_open_complaint_about_one_merchant_is_too_many(session: Session, merchant: Merchant) -> None:
    for minutes in (0, 2):
        greens.filed(session, merchant, now=NOW + timedelta(minutes=minutes))
    later = NOW + timedelta(minutes=4)
    with pytest.raises(RuleBroken, match="已有 2 件投诉正在办理"):
        greens.filed(session, merchant, now=later)


def test_a_fourth_complaint_within_a_day_is_too_many(session: Session, merchant: Merchant) -> None:
    authority = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    for minutes in (0, 2, 4):
        greens.filed(session, people.merchant(session, authority), now=NOW + timedelta(minutes=minutes))
    with pytest.raises(RuleBroken, match="24 小时内已经提交 3 件"):
        greens.filed(session, merchant, now=NOW + timedelta(minutes=6))
    greens.filed(session, merchant, now=NOW + timedelta(days=1, minutes=3))


def test_the_link_of_the_open_complaint_is_asked_once_in_ten_minutes(session: Session, merchant: Merchant) -> None:
    greens.filed(session, merchant)
    later = NOW + timedelta(minutes=2)
    place = greens.proved(session, merchant, now=later)
    assert green_proofs.send_link(session, CONSUMER, green_proofs.SendLink(place), now=later)
    session.flush()
    assert not green_proofs.send_link(session, CONSUMER, green_proofs.SendLink(place), now=later)


@pytest.mark.parametrize("state", [MerchantState.SUSPENDED, MerchantState.EXITED])
def test_a_merchant_that_takes_no_complaints_gets_none(
    session: Session, merchant: Merchant, state: MerchantState
) -> None:
    place = greens.proved(session, merchant)
    merchant.state = state
    merchant.suspended_at = NOW if state is MerchantState.SUSPENDED else None
    session.flush()
    with pytest.raises(RuleBroken, match="绿色通道"):
        greens.file_it(session, place)


def test_a_filed_draft_is_filed_once(session: Session, merchant: Merchant) -> None:
    place = greens.proved(session, merchant)
    greens.file_it(session, place)
    with pytest.raises(RuleBroken, match="已经提交"):
        greens.file_it(session, place)


def test_a_draft_is_forgotten_with_its_key_and_the_filed_one_leaves_its_case(
    runtime: Runtime, session: Session, clock: FixedClock, merchant: Merchant
) -> None:
    kept = greens.filed(session, merchant)
    begun = greens.written(session, merchant, phone="13800000001")
    greens.with_photo(session, begun)
    session.commit()
    clock.advance(days=3, minutes=1)
    tick(runtime)
    session.expire_all()
    assert not session.scalars(select(GreenDraft)).all()
    assert not session.scalars(select(GreenFile)).all()
    case = session.get_one(Case, kept.case_id)
    assert session.get_one(DataKey, case.key_id).wrapped is not None
    assert len(session.scalars(select(DataKey).where(DataKey.destroyed_at.is_not(None))).all()) == 1


def test_a_strange_cookie_opens_nothing(session: Session, merchant: Merchant) -> None:
    greens.written(session, merchant)
    assert green_access.found_draft(session, Place(merchant.slug, "x" * 32), now=NOW) is None
    with pytest.raises(NotFound):
        green_files.add_file(session, CONSUMER, green_files.AddFile(Place(merchant.slug, ""), greens.photo()), now=NOW)


def test_the_phone_is_the_verified_one(session: Session, merchant: Merchant) -> None:
    case = case_of(session, greens.filed(session, merchant))
    assert case.phone_index == vault_of(session).blind(PHONE, "phone")
    assert case.phone_set_at is None


def test_several_people_behind_one_phone_are_told_to_officers(session: Session, merchant: Merchant) -> None:
    first = greens.filed(session, merchant)
    greens.filed(session, merchant, now=NOW + timedelta(minutes=2), name="林大同")
    case = case_of(session, first)
    officer = people.actor(session, people.member(session, merchant.authority_id, Role.OFFICER))
    filings = session.scalars(select(Filing).where(Filing.case_id == case.id)).all()
    told = hints_of_case(session, officer, case, filings, [""], now=NOW, book=almanac(session))
    assert told.sentences[0].startswith("同一电话 2 个姓名")


def test_a_complaint_from_the_consumers_own_hand_has_no_sender_to_go_back_to(
    session: Session, merchant: Merchant
) -> None:
    filed = greens.filed(session, merchant, text="我要举报他们卖假货，请查处，另外退货。")
    officer = people.actor(session, people.member(session, merchant.authority_id, Role.OFFICER))
    command = SendBack(case_of(session, filed).reference, ReturnReason.WRONG_TYPE)
    with pytest.raises(RuleBroken, match="没有来源单位"):
        send_back(session, officer, command, now=NOW)


def test_a_practice_merchant_has_no_door(session: Session, merchant: Merchant) -> None:
    practice = people.merchant(session, session.get_one(Organisation, merchant.authority_id))
    practice.practice_of_id = merchant.id
    session.flush()
    with pytest.raises(NotFound):
        greens.written(session, practice)


def test_the_platforms_word_of_the_same_matter_joins_the_green_case(runtime: Runtime, session: Session) -> None:
    sample_world(session)
    merchant = session.scalars(
        select(Merchant).join(Merchant.organisation).where(Organisation.code == "91350206MA0070000N")
    ).one()
    filed = greens.filed(session, merchant, phone="13800000007", amount="1287", purchased_on="2026-08-02")
    due = case_of(session, filed).due_at
    session.commit()
    upload = read_upload("本周.xlsx", workbook([complaint(7)]), source=Source.NATIONAL)
    assert import_upload(runtime, upload, None)["merged"] == 1
    session.expire_all()
    case = case_of(session, filed)
    sources = session.scalars(select(Filing.source).where(Filing.case_id == case.id).order_by(Filing.id)).all()
    assert sources == ["green", "12315"]
    assert (case.merchant_id, case.due_at) == (merchant.id, due)  # the merchant's due date does not move
