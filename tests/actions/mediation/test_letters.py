"""The letter: numbered, PDF/A on one page, its link nowhere but on it."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.links import PAPER, open_link
from portal.accounts.models import ConsumerLink
from portal.cases.models import PhoneSource
from portal.cases.rules import CaseState
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import Actor, Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import Fact, Topic
from portal.documents import queries
from portal.documents.models import DocumentKind
from portal.documents.rendering import letter_inputs, render_letter_pdf
from portal.documents.sealing import open_document
from portal.mediation.letters import MakeLetter, make_letter
from tests.conftest import NOW
from tests.factories import people, settling
from tests.factories.settling import UNDO, Dispute


def unreached(session: Session) -> Dispute:
    """A dispute whose consumer left no number; its only link will be the paper's."""
    return settling.dispute(session, phone=None)


def officer(session: Session, dispute: Dispute, role: Role = Role.OFFICER) -> Actor:
    return people.actor(session, people.member(session, dispute.authority.id, role, name="王芳"))


def test_the_printed_address_opens_the_case_and_is_kept_nowhere_else(session: Session) -> None:
    dispute = unreached(session)
    made = make_letter(session, officer(session, dispute), MakeLetter(dispute.case.reference), now=NOW)
    content = open_document(session, made.document)
    base_url = session.info["base_url"]
    inputs = letter_inputs(made.document, content, base_url=base_url, address=made.address)
    way = json.loads(inputs["way"])
    token = way["address"].removeprefix(f"{base_url}/c/")
    assert "<svg" in way["qr"]
    link = open_link(session, token, now=NOW)
    assert link is not None
    assert (link.case_id, link.recipient, link.expires_at) == (dispute.case.id, PAPER, None)
    assert token not in json.dumps(content)
    fact = session.scalars(select(Fact).where(Fact.topic == Topic.LETTER_MADE)).one()
    assert fact.detail == {"number": made.document.number}
    kept = session.scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.EXPORT)).one()
    assert (kept.subject_id, kept.detail) == (dispute.case.id, {"what": "letter", "number": made.document.number})


def test_a_letter_is_pdf_a_on_one_page_and_can_be_verified(session: Session) -> None:
    dispute = unreached(session)
    settling.offered(session, dispute, settling.exchange(), settling.refund(), settling.voucher())
    made = make_letter(session, officer(session, dispute), MakeLetter(dispute.case.reference), now=NOW + UNDO)
    pdf = render_letter_pdf(session, made.document, made.address)
    assert pdf == render_letter_pdf(session, made.document, made.address)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"/Type/Pages/Count 1/" in pdf
    assert made.document.number.startswith("HX-HL2608-")
    found = queries.verification(session, made.document.number, made.document.check_code)
    assert (found.kind, found.proof is not None) == ("致消费者函", True)
    assert made.document.kind is DocumentKind.CONSUMER_LETTER


def test_the_letter_tells_a_visible_offer_only(session: Session) -> None:
    dispute = unreached(session)
    actor = officer(session, dispute)
    settling.offered(session, dispute)
    early = make_letter(session, actor, MakeLetter(dispute.case.reference), now=NOW)
    late = make_letter(session, actor, MakeLetter(dispute.case.reference), now=NOW + UNDO)
    assert open_document(session, early.document)["terms"] == []
    content = open_document(session, late.document)
    assert any("¥500.00" in term for term in content["terms"])
    assert content["answer_by"]
    assert "李小明" not in json.dumps(content, ensure_ascii=False)
    assert early.document.number != late.document.number
    links = session.scalars(select(ConsumerLink).where(ConsumerLink.recipient == PAPER)).all()
    assert len(links) == 1  # the second letter repeats the first one's link
    assert early.address == late.address


def test_long_terms_stay_on_one_page(session: Session) -> None:
    dispute = unreached(session)
    settling.offered(session, dispute, settling.exchange(detail="换" * 200), settling.refund(detail="退" * 90))
    made = make_letter(session, officer(session, dispute), MakeLetter(dispute.case.reference), now=NOW + UNDO)
    (term,) = open_document(session, made.document)["terms"]
    assert term.endswith("，具体内容见网页")
    assert b"/Type/Pages/Count 1/" in render_letter_pdf(session, made.document, made.address)
    shorter = unreached(session)
    settling.offered(session, shorter, settling.exchange(detail="换" * 100), settling.refund(detail="退" * 40))
    made = make_letter(session, officer(session, shorter), MakeLetter(shorter.case.reference), now=NOW + UNDO)
    assert len(open_document(session, made.document)["terms"]) == 2
    assert b"/Type/Pages/Count 1/" in render_letter_pdf(session, made.document, made.address)


@pytest.mark.parametrize("source", [PhoneSource.FILING, PhoneSource.OFFICER])
def test_whom_a_message_reaches_gets_no_letter(session: Session, source: PhoneSource) -> None:
    dispute = settling.dispute(session, phone_source=source)
    with pytest.raises(RuleBroken, match="不用寄信"):
        make_letter(session, officer(session, dispute), MakeLetter(dispute.case.reference), now=NOW)


@pytest.mark.parametrize("changes", [{"phone_source": PhoneSource.MERCHANT}, {"phone": "05925501234"}])
def test_a_merchants_number_and_a_landline_do_not_count(session: Session, changes: dict[str, str]) -> None:
    dispute = settling.dispute(session, **changes)
    assert make_letter(session, officer(session, dispute), MakeLetter(dispute.case.reference), now=NOW)


def test_an_ended_case_has_nothing_to_answer(session: Session) -> None:
    dispute = settling.dispute(session, phone=None, state=CaseState.WITHDRAWN, closed_at=NOW)
    with pytest.raises(RuleBroken, match="没有要消费者答复的事"):
        make_letter(session, officer(session, dispute), MakeLetter(dispute.case.reference), now=NOW)


def test_neither_auditors_nor_merchants_make_letters(session: Session) -> None:
    dispute = unreached(session)
    for actor in (officer(session, dispute, Role.AUDITOR), dispute.agent):
        with pytest.raises(NotAllowed):
            make_letter(session, actor, MakeLetter(dispute.case.reference), now=NOW)
