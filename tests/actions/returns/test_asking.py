"""A consumer asks: forms that lose nothing, the promise of the day of purchase, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.links import hash_of
from portal.core.facts import Fact, Topic
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import Upload
from portal.enrolment.models import Merchant
from portal.notifications import queries as messages
from portal.notifications.models import Message, MessageState
from portal.returns import asking, drafts, proofs
from portal.returns.access import CONSUMER, by_token
from portal.returns.asking import NAME_SEAL, Objections, SendRequest
from portal.returns.drafts import ForgetDrafts, KeepDraft, RemoveFile
from portal.returns.models import ReturnDraft, ReturnFile, ReturnRequest
from portal.returns.proofs import MOST_FILES
from portal.returns.rules import ReturnState
from portal.runtime import Runtime
from portal.worker import dispatch
from tests.conftest import NOW
from tests.factories import people, promises, returning
from tests.factories.returning import NAME, PHONE, TODAY, WANTED


@pytest.fixture
def merchant(session: Session) -> Merchant:
    made = people.merchant(session, people.authority(session), "厦门鹭湾百货有限公司")
    promises.promise(session, made)
    return made


def refusals(problem: pytest.ExceptionInfo[Objections]) -> dict[str, str]:
    return dict(problem.value.found)


def test_a_sent_request_knows_its_version_and_promised_day(session: Session, merchant: Merchant) -> None:
    made = returning.asked(session, merchant)
    assert made.state is ReturnState.ASKED
    assert (made.verdict, made.is_wish) == ("covered", False)
    assert made.version_id is not None
    assert made.answer_by is not None
    assert made.next_at == made.answer_by - timedelta(days=1)
    assert made.reference.startswith("THHL2608-")
    assert any("第 1 版" in one for one in made.sentences)


def test_nothing_personal_stands_open(session: Session, merchant: Merchant) -> None:
    made = returning.asked(session, merchant, goods="围巾13912345678")
    session.refresh(made)
    row = session.execute(select(*ReturnRequest.__table__.columns).where(ReturnRequest.id == made.id)).one()
    assert NAME not in str(row)
    assert PHONE not in str(row)
    assert "13912345678" not in str(row)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.RETURN_ASKED)).one()
    assert NAME not in str(fact.detail)
    assert made.name_sealed is not None
    assert vault_of(session).open(session.get_one(DataKey, made.key_id), made.name_sealed, NAME_SEAL) == NAME


def test_the_link_comes_by_message_and_opens_the_request(
    runtime: Runtime, session: Session, merchant: Merchant
) -> None:
    made = returning.asked(session, merchant)
    token = returning.token_of(session, made)
    assert made.token_hash == hash_of(token)
    assert by_token(session, token, now=NOW).id == made.id
    session.commit()
    dispatch(runtime)
    (printed,) = messages.printed_messages(session, limit=5, base_url="https://odr.example", openly=True, now=NOW)
    assert printed.link == f"https://odr.example/returns/{token}"
    assert made.reference[-4:] in printed.text
    desk = session.scalars(select(Message).where(Message.organisation_id == merchant.id)).one()
    assert desk.parameters["path"] == f"/merchant/returns-asked/{made.reference}"
    assert desk.state is MessageState.SENT


def test_an_uncovered_request_is_sent_only_as_a_wish(session: Session, merchant: Merchant) -> None:
    bought = TODAY - timedelta(days=30)
    with pytest.raises(Objections) as refused:
        returning.asked(session, merchant, purchased_on=bought)
    assert set(refusals(refused)) == {"as_wish"}
    made = returning.asked(session, merchant, purchased_on=bought, as_wish=True)
    assert (made.is_wish, made.verdict, made.answer_by) == (True, "too_late", None)
    assert made.next_at == NOW + timedelta(days=30)


def test_every_objection_comes_at_once(session: Session, merchant: Merchant) -> None:
    with pytest.raises(Objections) as refused:
        returning.asked(session, merchant, price=0, name="", phone="0592-5500000", outlet_id=999)
    assert set(refusals(refused)) == {"price", "name", "phone", "outlet"}


def test_the_same_goods_twice_are_shown_before_sending(session: Session, merchant: Merchant) -> None:
    first = returning.asked(session, merchant)
    with pytest.raises(Objections, match=first.reference) as refused:
        returning.asked(session, merchant, phone="138 0000 1234")
    assert set(refusals(refused)) == {"again"}
    assert returning.asked(session, merchant, again=True).id != first.id
    assert returning.asked(session, merchant, phone="13900009999").id != first.id


def test_one_phone_has_no_more_than_five_open(session: Session, merchant: Merchant) -> None:
    for number in range(asking.MOST_OPEN):
        returning.asked(session, merchant, goods=f"围巾{number}号")
    with pytest.raises(Objections) as refused:
        returning.asked(session, merchant, goods="帽子")
    assert set(refusals(refused)) == {"phone"}


def test_ten_pages_sent_again_after_a_lost_connection_are_stored_once(session: Session, merchant: Merchant) -> None:
    pages = [Upload(f"第{number}页.png", returning.picture(f"rgb({number * 20}, 0, 0)")) for number in range(10)]
    token = returning.begun(session, merchant, *pages[:4])
    command = KeepDraft(token, merchant.slug, {"goods": "围巾"}, tuple(pages))
    kept = drafts.keep_draft(session, CONSUMER, command, now=NOW)
    assert (kept.stored, kept.repeated, kept.problems) == (6, 4, ())
    made = returning.asked(session, merchant, token=token)
    assert [one.name for one in proofs.proofs_of(session, made)] == [f"第{number}页" for number in range(10)]
    assert session.scalars(select(func.count()).select_from(ReturnDraft)).one() == 0


def test_a_bad_file_does_not_lose_the_good_ones(session: Session, merchant: Merchant) -> None:
    token = returning.begun(session, merchant)
    uploads = (
        Upload("脚本.png", b"<script>alert(1)</script>"),
        Upload("小票.png", returning.picture()),
        Upload("半张.jpg", b"\xff\xd8\xff\xe0broken"),
    )
    kept = drafts.keep_draft(session, CONSUMER, KeepDraft(token, merchant.slug, {}, uploads), now=NOW)
    assert kept.stored == 1
    assert len(kept.problems) == 2
    assert "脚本.png" in kept.problems[0]


def test_more_files_than_allowed_are_told(session: Session, merchant: Merchant) -> None:
    uploads = tuple(
        Upload(f"{number}.png", returning.picture(f"rgb(0, {number * 10}, 0)")) for number in range(MOST_FILES + 1)
    )
    token = returning.begun(session, merchant)
    kept = drafts.keep_draft(session, CONSUMER, KeepDraft(token, merchant.slug, {}, uploads), now=NOW)
    assert kept.stored == MOST_FILES
    assert len(kept.problems) == 1


def test_a_file_can_be_taken_out_again_by_its_own_form_only(session: Session, merchant: Merchant) -> None:
    token = returning.begun(session, merchant, Upload("小票.png", returning.picture()))
    other = returning.begun(session, merchant)
    reference = session.scalars(select(ReturnFile.reference)).one()
    assert not drafts.remove_file(session, CONSUMER, RemoveFile(other, merchant.slug, reference), now=NOW)
    assert drafts.remove_file(session, CONSUMER, RemoveFile(token, merchant.slug, reference), now=NOW)
    assert not drafts.remove_file(session, CONSUMER, RemoveFile(token, merchant.slug, reference), now=NOW)


def test_what_was_typed_comes_back_and_is_forgotten_in_time(session: Session, merchant: Merchant) -> None:
    token = returning.begun(session, merchant, Upload("小票.png", returning.picture()))
    draft = drafts.draft_of(session, token, merchant.id)
    assert drafts.typed_in(session, draft)["goods"] == WANTED.goods
    keys = session.scalars(select(func.count()).select_from(DataKey)).one()
    assert drafts.forget_drafts(session, CONSUMER, ForgetDrafts(), now=NOW + timedelta(days=2)) == 0
    assert drafts.forget_drafts(session, CONSUMER, ForgetDrafts(), now=NOW + timedelta(days=4)) == 1
    assert drafts.draft_of(session, token, merchant.id) is None
    assert session.scalars(select(func.count()).select_from(ReturnFile)).one() == 0
    assert session.scalars(select(func.count()).select_from(DataKey)).one() == keys - 1


def test_a_form_belongs_to_one_merchant(session: Session, merchant: Merchant) -> None:
    other = people.merchant(session, people.authority(session, prefix="SM"))
    promises.promise(session, other)
    token = returning.begun(session, merchant, Upload("小票.png", returning.picture()))
    wanted = replace(WANTED, goods="帽子")
    made = asking.send_request(session, CONSUMER, SendRequest(other.slug, token, wanted), now=NOW)
    assert proofs.proofs_of(session, made) == []
