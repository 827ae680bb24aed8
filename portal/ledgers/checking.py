"""验证台账: asked for on a page, done at once or by a worker, its result kept and shown."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core import facts
from portal.core.actor import SYSTEM, Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant
from portal.ledgers.models import Ledger
from portal.ledgers.opening import firm_of, opened_firm, own_firm
from portal.ledgers.page_models import CheckState, LedgerCheck
from portal.ledgers.verification import Verdict, verify_ledger
from portal.runtime import Runtime

AT_ONCE = 5_000  # entries that are verified while the reader waits; more is a worker's
NO_LEDGER = "还没有登记过台账，没有可以验证的内容。"
INTERRUPTED = "验证中断了，没有得出结论。请重新验证。"


@dataclass(frozen=True, slots=True)
class AskCheck:
    """Verify a ledger: the actor's own, or that of a merchant whose ledger an authority has open."""

    code: str = ""


def ask_check(session: Session, actor: Actor, command: AskCheck, *, now: datetime) -> LedgerCheck:
    """Ask for a verification; the one under way, where the same unit asked already.

    Refuses with RuleBroken a ledger without entries, with LedgerClosed one that an authority has not opened.
    """
    firm = opened_firm(session, actor, command.code, now=now)[0] if command.code else own_firm(session, actor)
    require(actor, Permission.LEDGER_READ, firm)
    ledger = session.scalars(select(Ledger).where(Ledger.merchant_id == firm.id)).first()
    if ledger is None or not ledger.size:
        raise RuleBroken(NO_LEDGER)
    under_way = session.scalars(
        select(LedgerCheck)
        .where(
            LedgerCheck.merchant_id == firm.id,
            LedgerCheck.organisation_id == actor.organisation_id,
            LedgerCheck.state.in_([CheckState.QUEUED, CheckState.RUNNING]),
        )
        .order_by(LedgerCheck.id.desc())
    ).first()
    if under_way is not None:
        return under_way
    check = LedgerCheck(
        reference=secrets.token_hex(8),
        merchant_id=firm.id,
        organisation_id=actor.organisation_id,
        asked_by=actor.name,
        asked_at=now,
        total=ledger.size,
    )
    session.add(check)
    session.flush()
    return check


@dataclass(frozen=True, slots=True)
class EndCheck:
    """What a verification found; None where it broke off."""

    check_id: int
    verdict: Verdict | None


def end_check(session: Session, actor: Actor, command: EndCheck, *, now: datetime) -> LedgerCheck:
    """Keep what a verification found."""
    check = session.get_one(LedgerCheck, command.check_id, with_for_update=True)
    check.ended_at, found = now, command.verdict
    if found is None:
        check.state, check.problem = CheckState.FAILED, INTERRUPTED
        return check
    check.state, check.ok, check.entries, check.checkpoints = (
        CheckState.DONE,
        found.ok,
        found.entries,
        found.checkpoints,
    )
    check.first_bad, check.bad_after = found.first_bad, found.bad_after
    check.root = bytes.fromhex(found.root) if found.root else None
    check.problem = found.problem
    facts.record(
        session, actor, Topic.LEDGER_CHECKED, SubjectKind.ORGANISATION, check.organisation_id or check.merchant_id,
        at=now, merchant=check.merchant_id, ok=found.ok, entries=found.entries,
    )  # fmt: skip
    return check


@dataclass(frozen=True, slots=True)
class BeginCheck:
    """Take a verification up."""

    check_id: int


def begin_check(session: Session, actor: Actor, command: BeginCheck, *, now: datetime) -> int | None:
    """Take a verification up; the merchant's key, or None where it has ended."""
    check = session.get(LedgerCheck, command.check_id, with_for_update=True)
    if check is None or check.state not in (CheckState.QUEUED, CheckState.RUNNING):
        return None
    check.state, check.started_at = CheckState.RUNNING, now
    return check.merchant_id


def run_check(runtime: Runtime, *, check_id: int) -> None:
    """Verify and keep the result. Safe to do twice; what breaks it is kept as not finished, and raised."""
    merchant_id = runtime.perform(SYSTEM, begin_check, BeginCheck(check_id))
    if merchant_id is None:
        return
    verdict: Verdict | None = None
    try:
        with runtime.reading() as session:
            verdict = verify_ledger(session, merchant_id)
    finally:
        runtime.perform(SYSTEM, end_check, EndCheck(check_id, verdict))


def check_of(session: Session, actor: Actor, code: str, reference: str) -> tuple[LedgerCheck, Merchant]:
    """A verification that the actor's own unit asked for; raises NotFound for others."""
    firm = firm_of(session, actor, code) if code else own_firm(session, actor)
    row = session.execute(
        select(LedgerCheck, Merchant)
        .join(LedgerCheck.merchant)
        .where(
            LedgerCheck.reference == reference,
            LedgerCheck.merchant_id == firm.id,
            LedgerCheck.organisation_id == actor.organisation_id,
        )
    ).first()
    if row is None:
        raise NotFound("没有这次验证。")
    return row[0], row[1]
