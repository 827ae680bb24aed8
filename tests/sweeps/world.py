"""Two districts with everything a URL can name: the stage on which every door is tried.

Subjects belong to merchant A of district A. They are made when a door first asks for them, by the actions themselves.
"""

import io
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.accounts import links
from portal.cases import evidence
from portal.cases.models import Case, Channel, SavedView
from portal.cases.rules import CaseState, FailureCause
from portal.core.actor import OPERATOR
from portal.core.privacy import vault_of
from portal.core.uploads import Upload
from portal.documents.models import Document
from portal.enrolment.models import MerchantAlias, Outlet
from portal.intake.models import Filing, ImportRun, ImportState, Tip
from portal.intake.states import AdminState
from portal.ledgers import opening
from portal.ledgers.checking import AskCheck, ask_check
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.importing import StartSheet, start_sheet
from portal.ledgers.log import append, ledger_of
from portal.ledgers.models import EntryKind
from portal.ledgers.rules.disclosure import OpeningReason
from portal.ledgers.sheets import read_sheet
from portal.notifications.models import MessageState
from portal.recalls.models import RecallAnswer
from portal.retention import actions as retention
from portal.settlements import actions as settlements
from portal.settlements.models import Agreement, Callback, Verdict
from portal.settlements.rules import TermDraft
from tests.conftest import NOW
from tests.factories import books, disputes, goods, inspections, ledgers, messages, people, settling
from tests.sweeps.stage import EARLIER, Maker, Values, World, set_stage
from tests.sweeps.subjects import applications, directory, greens, promises, requests, sanctions, trainings


def _dispute(world: World, state: CaseState = CaseState.NEGOTIATING, **changes: Any) -> settling.Dispute:
    """A case of merchant A below the threshold of the code, with its agent and its consumer's link."""
    agent = world.members["agent"]
    case = disputes.case(world.session, world.authority, world.merchant, state=state, amount=80_000, **changes)
    link, _token = links.issue_link(world.session, case.id, disputes.PHONE, now=EARLIER)
    return settling.Dispute(
        case=case,
        agent=people.actor(world.session, agent),
        consumer=links.consumer_of(link),
        link=link,
        authority=world.authority,
        merchant=world.merchant,
        membership=agent,
    )


def _offered(world: World) -> settling.Dispute:
    dispute = _dispute(world)
    settling.offered(world.session, dispute, now=EARLIER)
    return dispute


def _agreed(world: World, *terms: TermDraft) -> tuple[settling.Dispute, Agreement]:
    dispute = _dispute(world)
    return dispute, settling.agreed(world.session, dispute, *terms, now=EARLIER)


def _performed(world: World) -> settling.Dispute:
    dispute, _ = _agreed(world)
    command = settlements.RecordPerformance(dispute.case.reference, NOW.date(), remark="已原路退回，流水号尾号 1234。")
    settlements.record_performance(world.session, dispute.agent, command, now=NOW)
    return dispute


def _countered(world: World) -> settling.Dispute:
    dispute = _dispute(world)
    offer = settling.offered(world.session, dispute, now=EARLIER)
    command = settlements.CounterOffer(dispute.case.id, offer.digest, (settling.refund(60_000),))
    settlements.counter_offer(world.session, dispute.consumer, command, now=NOW)
    return dispute


def _received(world: World) -> settling.Dispute:
    dispute = _performed(world)
    settlements.answer_receipt(
        world.session, dispute.consumer, settlements.AnswerReceipt(dispute.case.id, received=True), now=NOW
    )
    return dispute


def _failed(world: World) -> settling.Dispute:
    """A failed case of channel A, on which the consumer has the choice."""
    changes = {"channel": Channel.GREEN, "cause": FailureCause.NO_AGREEMENT, "concluded_at": EARLIER}
    dispute = _dispute(world, CaseState.FAILED, **changes)
    for filing in world.session.scalars(select(Filing).where(Filing.case_id == dispute.case.id)):
        filing.admin_state, filing.channel = AdminState.NONE, Channel.GREEN
    return dispute


def _to_call(world: World) -> Values:
    dispute = _received(world)
    rating = settlements.RateSettlement(dispute.case.id, Verdict.UNSATISFIED, "too_slow")
    settlements.rate_settlement(world.session, dispute.consumer, rating, now=NOW)
    reference = world.session.scalars(select(Callback.reference).where(Callback.case_id == dispute.case.id)).one()
    return {"reference": reference}


def _to_be_undone(world: World) -> Values:
    dispute = _dispute(world)
    offer = settling.offered(world.session, dispute, now=NOW)
    return {"reference": dispute.case.reference, "round_number": str(offer.round)}


def _saved_view(world: World) -> Values:
    owner = world.members["agent"]
    row = SavedView(
        reference="view-of-the-sweep",
        person_id=owner.person_id,
        organisation_id=owner.organisation_id,
        name="我的",
        query="state=negotiating",
        at=EARLIER,
    )
    world.session.add(row)
    world.session.flush()
    return {"view": row.reference}


def _reference(case: Case) -> Values:
    return {"reference": case.reference}


def _token(world: World, dispute: settling.Dispute) -> Values:
    sealed = dispute.link.token_sealed
    assert sealed is not None
    return {"token": vault_of(world.session).open_secret(sealed, links.SEAL)}


def _evidence(world: World) -> Values:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(picture, "PNG")
    dispute = _dispute(world)
    upload = Upload("凭证.png", picture.getvalue())
    command = evidence.AddEvidence((upload,), reference=dispute.case.reference)
    added = evidence.add_evidence(world.session, dispute.agent, command, now=NOW)
    return {"reference": added.stored[0].reference, "variant": evidence.Variant.SHOWN.value}


def _document(world: World) -> Values:
    _, agreement = _agreed(world)
    return {"number": world.session.get_one(Document, agreement.document_id).number}


def _message(world: World) -> Values:
    return {"reference": messages.message(world.session, _dispute(world).case, state=MessageState.FAILED).reference}


def _import_run(world: World) -> Values:
    row = ImportRun(
        reference="import-of-the-sweep",
        authority_id=world.authority.id,
        key=vault_of(world.session).new_key(world.session, now=EARLIER),
        digest="0" * 64,
        file_name="投诉.xlsx",
        source="12315",
        mapping={},
        state=ImportState.DONE,
        totals={},
        total_rows=0,
        created_at=EARLIER,
        started_at=EARLIER,
        ended_at=EARLIER,
    )
    world.session.add(row)
    world.session.flush()
    return {"reference": row.reference}


def _tip(world: World) -> Values:
    vault = vault_of(world.session)
    key = vault.new_key(world.session, now=EARLIER)
    row = Tip(
        source="12315",
        number="3502060000000000000999999",
        authority_id=world.authority.id,
        key=key,
        registered_at=EARLIER,
        reception="APP",
        office=world.authority.name,
        company_name="某食品店",
        object_path="商品（产品）->食品",
        problem_path="食品安全",
        headline="销售过期食品",
        informant_mask="王**",
        row_digest=b"0" * 16,
        text_sealed=vault.seal(key, "举报销售过期食品。", "tip.text"),
        created_at=EARLIER,
    )
    world.session.add(row)
    world.session.flush()
    return {"source": row.source, "number": row.number}


def _alias(world: World) -> Values:
    name = "鹭湾百货"
    world.session.add(MerchantAlias(merchant_id=world.merchant.id, name=name, normalised=name))
    return {"name": name}


def _outlet(world: World) -> Values:
    name = "鹭湾百货湖里店"
    world.session.add(Outlet(merchant_id=world.merchant.id, name=name, normalised=name, address="湖里区"))
    return {"name": name}


def _goods(world: World) -> Values:
    """Bad goods that merchant A took off its shelves, reported to district A."""
    row = goods.removed(world.session, people.actor(world.session, world.members["agent"]))
    return {"reference": row.reference, "step": "remove"}


def _recall(world: World) -> Values:
    """A notice of district A to merchant A alone, about goods that the district found."""
    officer = people.actor(world.session, world.members["officer"])
    row = goods.registered(world.session, officer)
    notice = goods.notified(world.session, officer, row)
    others = (RecallAnswer.notice_id == notice.id, RecallAnswer.merchant_id != world.merchant.id)
    world.session.execute(delete(RecallAnswer).where(*others))
    notice.asked = 1
    return {"reference": row.reference}


def _disposal(world: World) -> Values:
    """A disposal list of merchant A that waits for both sides."""
    old = NOW - timedelta(days=1100)
    ledger = ledger_of(world.session, world.merchant.id, now=old)
    append(world.session, ledgers.CLERK, ledger, [ledgers.complaint()], now=old)
    principal = people.actor(world.session, world.members["principal"])
    row = retention.draw_list(world.session, principal, retention.DrawList(world.merchant.id), now=NOW)
    return {"reference": row.reference}


def _hold(world: World) -> Values:
    """A hold on one entry, so that others of the ledger still fall due."""
    officer = people.actor(world.session, world.members["officer"])
    [entry] = ledgers.entered(world.session, world.merchant.id, [ledgers.complaint()])
    command = retention.PlaceHold(world.merchant.id, "检查需要", entry.seq)
    return {"reference": retention.place_hold(world.session, officer, command, now=NOW).reference}


def _signed_ledger(world: World) -> Values:
    """A ledger whose checkpoint anybody may fetch."""
    ledgers.entered(world.session, world.merchant.id, [ledgers.complaint()])
    signed = sign_checkpoint(world.session, OPERATOR, SignCheckpoint(world.merchant.id), now=NOW)
    return {"code": world.merchant.organisation.code, "size": str(signed.size)}


def _entry(world: World) -> Values:
    clerk = books.clerk_of(world.session, world.merchant, world.members["agent"])
    return {"seq": str(books.entered(world.session, clerk).seq)}


def _of_merchant(world: World, values: Values) -> Values:
    return {"code": world.merchant.organisation.code, **values}


def _check(world: World, caller: str) -> Values:
    _entry(world)
    actor, code = people.actor(world.session, world.members[caller]), world.merchant.organisation.code
    if caller != "agent":
        opening.open_ledger(
            world.session, actor, opening.OpenLedger(code, OpeningReason.INSPECTION), now=EARLIER + timedelta(hours=1)
        )
    asked = AskCheck("" if caller == "agent" else code)
    return {"reference": ask_check(world.session, actor, asked, now=EARLIER + timedelta(hours=1)).reference}


def _ledger_import(world: World) -> Values:
    content = "日期,退换商品名称,商品类别,退换原因,是否给予退换\n2026-08-11,电热毯,家电,善意,换货\n".encode()
    sheet = read_sheet(EntryKind.RETURN, "退换货.csv", content)
    actor = people.actor(world.session, world.members["agent"])
    return {"reference": start_sheet(world.session, actor, StartSheet(sheet), now=EARLIER).reference}


def _inspection(world: World) -> Values:
    """An inspection of merchant A that waits for its word."""
    officer = people.actor(world.session, world.members["officer"])
    return {"reference": inspections.recorded(world.session, officer, world.merchant).reference}


SUBJECTS: dict[str, Maker] = {
    "alias": _alias,
    "callback": _to_call,
    "case": lambda world: _reference(_dispute(world).case),
    "case just dispatched": lambda world: _reference(_dispute(world, CaseState.DISPATCHED).case),
    "case without a phone": lambda world: _reference(_dispute(world, phone_source="none").case),
    "case with an offer": lambda world: _reference(_offered(world).case),
    "case with an agreement": lambda world: _reference(_agreed(world)[0].case),
    "case with a counter": lambda world: _reference(_countered(world).case),
    "colleague": lambda world: {"person": world.members["agent"].person.sign_in_name},
    "disposal list": _disposal,
    "document": _document,
    "evidence": _evidence,
    "substitution": lambda world: {
        "substitution": people.stand_in(world.session, world.members["supervisor"], world.members["agent"]).reference
    },
    "goods": _goods,
    "goods being notified": _recall,
    "hold": _hold,
    "import": _import_run,
    "inspection": _inspection,
    "entry of a merchant": lambda world: _of_merchant(world, _entry(world)),
    "ledger check of the authority": lambda world: _of_merchant(world, _check(world, "officer")),
    "ledger entry": _entry,
    "ledger import": _ledger_import,
    "merchant with a ledger": lambda world: _of_merchant(world, {}) if _entry(world) else {},
    "own ledger check": lambda world: _check(world, "agent"),
    "link": lambda world: _token(world, _offered(world)),
    "link after agreement": lambda world: _token(world, _agreed(world)[0]),
    "link awaiting a transfer": lambda world: _token(world, _agreed(world, settling.by_transfer())[0]),
    "link after failure": lambda world: _token(world, _failed(world)),
    "link after performance": lambda world: _token(world, _performed(world)),
    "link after receipt": lambda world: _token(world, _received(world)),
    "merchant": lambda world: {"code": world.merchant.organisation.code},
    "message": _message,
    "offer to be undone": _to_be_undone,
    "outlet": _outlet,
    "saved view": _saved_view,
    "signed ledger": _signed_ledger,
    "tip": _tip,
    **applications.SUBJECTS,
    **directory.SUBJECTS,
    **greens.SUBJECTS,
    **promises.SUBJECTS,
    **requests.SUBJECTS,
    **sanctions.SUBJECTS,
    **trainings.SUBJECTS,
}


def make_world(session: Session) -> World:
    """Both districts, ready to make every subject."""
    return set_stage(session, SUBJECTS)


GUESSES = (  # a piece of a URL → the subject it most likely names
    ("/c/<token>", "link"),
    ("/evidence/<", "evidence"),
    ("/imports/<", "import"),
    ("/tips/<", "tip"),
    ("/callbacks/<", "callback"),
    ("/messages/<", "message"),
    ("/merchants/<", "merchant"),
    ("/verify/<", "document"),
    ("/cases/<", "case"),
    ("/holds/<", "hold"),
    ("/inspections/<", "inspection"),
    ("/lists/<", "disposal list"),
    ("/goods/<", "goods"),
    ("/recalls/<", "goods being notified"),
)
