"""Signing tree heads: on demand, and once a day for every ledger that grew (decisions 27)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.core import facts
from portal.core.actor import SYSTEM, Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant
from portal.ledgers import proofs
from portal.ledgers.log import ledger_of
from portal.ledgers.models import Checkpoint, Ledger
from portal.ledgers.rules import merkle, notes
from portal.runtime import Runtime

EVERY = timedelta(hours=24)  # decisions 27: daily
AT_ONCE = 200  # ledgers read for one round of the duty
LOOKED_AT = 50  # checkpoints whose keys are looked at
BROKEN = "台账与上一个检查点对不上，不能再签发检查点。请运行 portal ledger verify 查明从哪一条起不符。"


@dataclass(frozen=True, slots=True)
class SignCheckpoint:
    """Sign the head of one merchant's ledger."""

    merchant_id: int


def sign_checkpoint(session: Session, actor: Actor, command: SignCheckpoint, *, now: datetime) -> Checkpoint:
    """Sign the ledger as it stands; the newest checkpoint again where nothing was added since.

    A head that does not go on from the one signed before is never signed (C2SP tlog-checkpoint): RuleBroken.
    """
    merchant = session.get(Merchant, command.merchant_id)
    if merchant is None:
        raise NotFound("没有这家企业。")
    require(actor, Permission.LEDGER_READ, merchant)
    ledger = ledger_of(session, merchant.id, now=now)
    seed = signing_keys(session)[0]
    key_id = notes.verifier(ledger.origin, seed).key_id.hex()
    if signed_before := _signed_before(session, ledger, key_id):
        return signed_before
    last = newest_checkpoint(session, ledger.id)
    root = merkle.folded(merkle.split_edge(ledger.frontier))
    if not _goes_on(session, ledger, last, root):
        raise RuleBroken(BROKEN)
    text = notes.checkpoint_text(ledger.origin, ledger.size, root)
    row = Checkpoint(
        ledger_id=ledger.id,
        size=ledger.size,
        key_id=key_id,
        root=root,
        note=notes.signed(text, ledger.origin, seed),
        signed_at=now,
    )
    session.add(row)
    ledger.signed_size, ledger.signed_at = ledger.size, now
    signed = {"size": ledger.size, "root": root.hex(), "key": key_id}
    facts.record(
        session, actor, Topic.CHECKPOINT_SIGNED, SubjectKind.LEDGER, ledger.id, at=now, not_before=None, **signed
    )
    session.flush()
    return row


def sign_due_checkpoints(runtime: Runtime) -> int:
    """Sign every ledger that grew and was not signed for a day; how many were signed.

    A ledger that may not be signed is left to `portal ledger verify`; the others are signed all the same.
    """
    signed = 0
    after = 0
    while True:
        with runtime.reading() as session:
            due = session.execute(
                select(Ledger.id, Ledger.merchant_id)
                .join(Merchant, Merchant.id == Ledger.merchant_id)
                .where(
                    Ledger.id > after,
                    Merchant.practice_of_id.is_(None),
                    or_(Ledger.signed_size.is_(None), Ledger.signed_size < Ledger.size),
                    or_(Ledger.signed_at.is_(None), Ledger.signed_at <= runtime.now() - EVERY),
                )
                .order_by(Ledger.id)
                .limit(AT_ONCE)
            ).all()
        for ledger_id, merchant_id in due:
            after = ledger_id
            try:
                runtime.perform(SYSTEM, sign_checkpoint, SignCheckpoint(merchant_id))
            except RuleBroken:
                continue
            signed += 1
        if len(due) < AT_ONCE:
            return signed


def newest_checkpoint(session: Session, ledger_id: int) -> Checkpoint | None:
    """Return a ledger's newest checkpoint."""
    return session.scalars(
        select(Checkpoint).where(Checkpoint.ledger_id == ledger_id).order_by(Checkpoint.id.desc()).limit(1)
    ).first()


def signing_keys(session: Session) -> tuple[bytes, ...]:
    """Return the installation's secrets that sign ledgers, the present one first."""
    keys: tuple[bytes, ...] = session.info["ledger_keys"]
    return keys


def published_keys(session: Session, origin: str) -> list[str]:
    """Return the published keys of a ledger, the present one first; former ones keep verifying."""
    return [notes.verifier(origin, seed).vkey for seed in signing_keys(session)]


def _signed_before(session: Session, ledger: Ledger, key_id: str) -> Checkpoint | None:
    return session.scalars(
        select(Checkpoint).where(
            Checkpoint.ledger_id == ledger.id, Checkpoint.size == ledger.size, Checkpoint.key_id == key_id
        )
    ).first()


def _goes_on(session: Session, ledger: Ledger, last: Checkpoint | None, root: bytes) -> bool:
    if last is None or last.size == 0:  # everything goes on from nothing
        return True
    try:
        hashes = proofs.consistency_proof(session, ledger.id, last.size, ledger.size)
    except (KeyError, ValueError):
        return False
    return merkle.continues(last.size, last.root, ledger.size, root, hashes)


@dataclass(frozen=True, slots=True)
class SigningState:
    """How the signing of ledgers stands, for `portal doctor`."""

    ledgers: int
    overdue: int  # grown, and not signed for two days
    strange: int  # of the newest checkpoints: signed by a key that is no longer configured


def signing_state(session: Session, *, now: datetime) -> SigningState:
    """Look whether ledgers are signed as they grow, and whether our keys still verify the newest checkpoints."""
    late = or_(Ledger.signed_at.is_(None), Ledger.signed_at < now - 2 * EVERY)
    grown = or_(Ledger.signed_size.is_(None), Ledger.signed_size < Ledger.size)
    newest = session.execute(
        select(Checkpoint.key_id, Ledger.origin)
        .join(Ledger, Ledger.id == Checkpoint.ledger_id)
        .order_by(Checkpoint.id.desc())
        .limit(LOOKED_AT)
    )
    keys = signing_keys(session)
    strange = [
        row for row in newest if row.key_id not in {notes.verifier(row.origin, seed).key_id.hex() for seed in keys}
    ]
    counts = session.execute(
        select(
            select(func.count()).select_from(Ledger).scalar_subquery(),
            select(func.count())
            .select_from(Ledger)
            .join(Merchant, Merchant.id == Ledger.merchant_id)
            .where(grown, late, Ledger.made_at < now - 2 * EVERY, Merchant.practice_of_id.is_(None))
            .scalar_subquery(),
        )
    ).one()
    return SigningState(counts[0], counts[1], len(strange))
