"""Drawing a list, the two approvals, carrying it out; placing and releasing a hold."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant
from portal.ledgers.log import EntryDraft, append, erase_openings, ledger_of
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.retention import rules
from portal.retention.due import due_entries, held, term_of
from portal.retention.models import DisposalItem, DisposalList, LegalHold
from portal.retention.rules import ListState, Side, Word

AT_ONCE = 500  # entries erased in one transaction
MISSING = "没有这份清单，或者它不归你的单位办理。"


@dataclass(frozen=True, slots=True)
class DrawList:
    """The merchant whose due entries are to be listed."""

    merchant_id: int


def draw_list(session: Session, actor: Actor, command: DrawList, *, now: datetime) -> DisposalList:
    """List what is due of a ledger now; refuses where nothing is, or where a list still waits."""
    merchant = session.get(Merchant, command.merchant_id)
    if merchant is None:
        raise NotFound(MISSING)
    require(actor, Permission.DISPOSAL_DRAW, merchant)
    ledger = ledger_of(session, merchant.id, now=now)
    if _waiting(session, ledger):
        raise RuleBroken("已有一份清单在审批或等待执行。请先办完，再拟定新的清单。")
    upwards = session.get_one(Organisation, merchant.authority_id).ancestry()[::-1]
    term = term_of(session, upwards, now=now)
    due = due_entries(ledger.id, term.cutoff)
    places = session.scalars(
        select(LedgerEntry.seq).where(LedgerEntry.id.in_(due.order_by(None))).order_by(LedgerEntry.seq)
    ).all()
    if not places:
        raise RuleBroken(f"没有到期的记录。{term.cutoff.isoformat()} 以前的记录才到保存期限（{term.days} 天）。")
    row = DisposalList(
        reference=f"QC{local_day(now):%y%m%d}-{secrets.token_hex(3).upper()}",
        ledger_id=ledger.id,
        cutoff=term.cutoff,
        entries=len(places),
        digest=digest_of(list(places)),
        drawn_by=actor.name,
        drawn_at=now,
    )
    session.add(row)
    session.flush()
    items = select(literal(row.id), LedgerEntry.id).where(LedgerEntry.id.in_(due.order_by(None)))
    session.execute(insert(DisposalItem).from_select(["list_id", "entry_id"], items))
    _record(session, actor, Topic.DISPOSAL_DRAWN, row, now=now, entries=row.entries)
    return row


@dataclass(frozen=True, slots=True)
class DecideList:
    """One side's word on a list; a refusal has a reason."""

    reference: str
    agreed: bool
    reason: str = ""


def decide_list(session: Session, actor: Actor, command: DecideList, *, now: datetime) -> DisposalList:
    """Approve or reject a list for one's own side; with the second approval it may be carried out."""
    row = locked_list(session, actor, command.reference)
    if row.state is not ListState.DRAWN:
        raise RuleBroken("这份清单已经有了结果。请刷新页面。")
    if not command.agreed:
        if not command.reason.strip():
            raise RuleBroken("请写明不同意的理由。", field="reason")
        row.state, row.rejected_by, row.reject_reason = ListState.REJECTED, actor.name, command.reason.strip()
        _record(session, actor, Topic.DISPOSAL_REJECTED, row, now=now)
        return row
    side = Side.MERCHANT if actor.kind is ActorKind.MERCHANT else Side.AUTHORITY
    assert actor.person_id is not None
    word = Word(side, actor.person_id)
    if problem := rules.approval_problem(row.words, word):
        raise RuleBroken(problem)
    if side is Side.MERCHANT:
        row.merchant_person_id, row.merchant_name, row.merchant_at = actor.person_id, actor.name, now
    else:
        row.authority_person_id, row.authority_name, row.authority_at = actor.person_id, actor.name, now
    if rules.is_approved(row.words):
        row.state = ListState.APPROVED
    _record(session, actor, Topic.DISPOSAL_APPROVED, row, now=now, side=side.value)
    return row


@dataclass(frozen=True, slots=True)
class EraseNext:
    """The next entries of an approved list."""

    list_id: int


def erase_next(session: Session, actor: Actor, command: EraseNext, *, now: datetime) -> int:
    """Erase the next entries of an approved list and return how many are left; the last time it is entered in the log.

    What was put on hold since is passed over. Safe to run again after a crash: each batch is one transaction.
    """
    require(actor, Permission.DISPOSAL_CARRY_OUT, None)
    row = session.scalars(select(DisposalList).where(DisposalList.id == command.list_id).with_for_update()).one()
    if row.state is not ListState.APPROVED:
        return 0
    unhandled = select(DisposalItem.entry_id).where(DisposalItem.list_id == row.id, DisposalItem.handled_at.is_(None))
    batch = session.scalars(unhandled.order_by(DisposalItem.id).limit(AT_ONCE)).all()
    kept = set(session.scalars(select(LedgerEntry.id).where(LedgerEntry.id.in_(batch), held(row.ledger_id))))
    row.erased += erase_openings(session, [entry_id for entry_id in batch if entry_id not in kept], now=now)
    row.held_back += len(kept)
    session.execute(
        update(DisposalItem)
        .where(DisposalItem.list_id == row.id, DisposalItem.entry_id.in_(batch))
        .values(handled_at=now)
    )
    left = session.scalars(select(func.count()).select_from(unhandled.subquery())).one()
    if left == 0:
        _finish(session, actor, row, now=now)
    return left


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """What may not be erased, and why; without `seq` the whole ledger."""

    merchant_id: int
    reason: str
    seq: int | None = None


def place_hold(session: Session, actor: Actor, command: PlaceHold, *, now: datetime) -> LegalHold:
    """Keep personal fields from erasure while a lawsuit, an inspection or a complaint needs them."""
    merchant = session.get(Merchant, command.merchant_id)
    if merchant is None:
        raise NotFound("没有这家企业，或者它不在你的辖区。")
    require(actor, Permission.HOLD_PLACE, merchant)
    ledger = ledger_of(session, merchant.id, now=now)
    entry = None
    if command.seq is not None:
        entry = session.scalars(
            select(LedgerEntry).where(LedgerEntry.ledger_id == ledger.id, LedgerEntry.seq == command.seq)
        ).first()
        if entry is None:
            raise RuleBroken(f"台账里没有第 {command.seq} 笔。请核对序号，或留空冻结整本台账。", field="seq")
    row = LegalHold(
        reference=f"DJ{local_day(now):%y%m%d}-{secrets.token_hex(3).upper()}",
        ledger_id=ledger.id,
        entry_id=(entry.amends_id or entry.id) if entry else None,
        reason=command.reason,
        placed_by=actor.name,
        placed_at=now,
    )
    session.add(row)
    session.flush()
    facts.record(session, actor, Topic.HOLD_PLACED, SubjectKind.LEDGER, ledger.id, at=now, hold=row.reference)
    return row


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """A hold that is not needed any more."""

    reference: str


def release_hold(session: Session, actor: Actor, command: ReleaseHold, *, now: datetime) -> LegalHold:
    """Let personal fields fall due again."""
    found = session.execute(
        select(LegalHold, Merchant)
        .join(Ledger, Ledger.id == LegalHold.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .where(LegalHold.reference == command.reference)
        .with_for_update(of=LegalHold)
    ).first()
    if found is None or (actor.kind is ActorKind.AUTHORITY and found[1].authority_id not in actor.jurisdiction):
        raise NotFound("没有这项冻结，或者它不在你的辖区。")
    row, merchant = found
    require(actor, Permission.HOLD_PLACE, merchant)
    if row.released_at is not None:
        raise RuleBroken("这项冻结已经解除。")
    row.released_at, row.released_by = now, actor.name
    facts.record(session, actor, Topic.HOLD_RELEASED, SubjectKind.LEDGER, row.ledger_id, at=now, hold=row.reference)
    return row


def digest_of(places: list[int]) -> str:
    """SHA-256 of the places in the log, in order, joined by newlines: what a disposal entry commits to."""
    return hashlib.sha256("\n".join(str(place) for place in places).encode()).hexdigest()


def locked_list(session: Session, actor: Actor, reference: str) -> DisposalList:
    """A list that the actor may decide on, locked; raises NotFound for strangers."""
    found = session.execute(
        select(DisposalList, Merchant)
        .join(Ledger, Ledger.id == DisposalList.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .where(DisposalList.reference == reference)
        .with_for_update(of=DisposalList)
    ).first()
    if found is None:
        raise NotFound(MISSING)
    row, merchant = found
    mine = merchant.id == actor.organisation_id or merchant.authority_id in actor.jurisdiction
    if not mine:
        raise NotFound(MISSING)
    require(actor, Permission.DISPOSAL_APPROVE, merchant)
    return row


def _waiting(session: Session, ledger: Ledger) -> bool:
    live = select(DisposalList.id).where(
        DisposalList.ledger_id == ledger.id, DisposalList.state.in_([ListState.DRAWN, ListState.APPROVED])
    )
    return session.scalars(live.limit(1)).first() is not None


def _finish(session: Session, actor: Actor, row: DisposalList, *, now: datetime) -> None:
    """Enter the erasure in the log, so that whoever verifies sees what was erased, when, and by whose word."""
    merchant_id = session.scalars(select(Ledger.merchant_id).where(Ledger.id == row.ledger_id)).one()
    [entry] = append(
        session,
        actor,
        ledger_of(session, merchant_id, now=now),
        [
            EntryDraft(
                EntryKind.DISPOSAL,
                local_day(now),
                plain={
                    "list": row.reference,
                    "cutoff": row.cutoff.isoformat(),
                    "entries": row.entries,
                    "erased": row.erased,
                    "held_back": row.held_back,
                    "digest": f"sha256:{row.digest}",
                    "approved_by_merchant": row.merchant_name or "",
                    "approved_by_authority": row.authority_name or "",
                },
            )
        ],
        now=now,
    )
    row.state, row.done_at, row.disposal_seq = ListState.DONE, now, entry.seq
    _record(session, actor, Topic.DISPOSAL_DONE, row, now=now, erased=row.erased, held_back=row.held_back)


def _record(session: Session, actor: Actor, topic: Topic, row: DisposalList, *, now: datetime, **detail: Any) -> None:
    facts.record(session, actor, topic, SubjectKind.LEDGER, row.ledger_id, at=now, list=row.reference, **detail)
