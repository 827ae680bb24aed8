"""A joined filing leaves its case and becomes one of its own; evidence and notes stay where they are (decisions 9)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.cases import steps
from portal.cases.actions import officers_limit
from portal.cases.bookkeeping import rebook_parted
from portal.cases.models import Case, PhoneSource
from portal.cases.rules import TURNS, WAITING_STATES, CaseState, PartingReason
from portal.clocks import rules as clocks
from portal.clocks.queries import almanac
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import DataKey, Vault, mask_phone, usable_phone, vault_of
from portal.enrolment.models import Merchant
from portal.intake import rules
from portal.intake.dispatching import objection_to_merchant
from portal.intake.models import Filing
from portal.intake.restating import restate, said_by
from portal.intake.rules import WaitingReason
from portal.intake.states import DECIDED as DECIDED_STATES
from portal.intake.storing import reindex, take_references

SEALED = ("name", "phone", "address", "text", "original", "extras")  # of a filing, each under its own purpose
OWN_CLOCK = WAITING_STATES | {CaseState.KEPT}  # the officer's clock, which follows from the filings


@dataclass(frozen=True, slots=True)
class Parting:
    """One filing on its way out of a case; `dispatched`: to the same merchant at once, else it waits for triage."""

    case: Case  # locked
    filing: Filing
    reason: PartingReason
    dispatched: bool


def part(session: Session, actor: Actor, parting: Parting, *, now: datetime) -> Case:
    """Make a case of its own of a filing, sealed under a key of its own, and let the old one say what remains.

    The merchant's limit of the old case does not move; the new one's starts now, or it waits. Refuses with RuleBroken
    a merchant to whom nothing may go. The caller has asked whether the filing may leave.
    """
    old, filing, vault = parting.case, parting.filing, vault_of(session)
    if objection := _objection_to(session, parting):
        raise RuleBroken(objection, field="then")
    merchant_id = old.merchant_id
    before = session.get_one(DataKey, old.key_id)
    key = vault.new_key(session, now=now)
    _seal_again(filing, before, key, vault)
    new = _new_case(session, parting, key, vault, now=now)
    session.add(new)
    session.flush()
    filing.case_id, filing.key_id, filing.parted_from_id = new.id, key.id, old.id
    session.flush()
    remaining = session.scalars(select(Filing).where(Filing.case_id == old.id)).all()
    restate(old, remaining, filing, before, vault)
    if old.state in OWN_CLOCK:
        old.due_at = officers_limit(session, old, now=now)
    old.last_event_at = now
    for case in (old, new):
        session.refresh(case, ["key"])
        reindex(session, case)
    _record(session, actor, parting, new, now=now)
    if parting.dispatched and merchant_id is not None:
        steps.dispatch(session, actor, new, merchant_id, now=now, parted=True)
    return new


def filing_to_part(session: Session, case: Case, source: str, number: str) -> Filing:
    """Return one filing of a case, locked; refuses with RuleBroken what is not of the case or was decided."""
    filing = session.scalars(
        select(Filing)
        .where(Filing.case_id == case.id, Filing.source == source, Filing.number == number)
        .with_for_update()
    ).first()
    if filing is None:
        raise RuleBroken("这个登记件已不在这件纠纷里，别人可能刚刚拆出。请刷新页面。", field="filing")
    if filing.admin_state in DECIDED_STATES:
        raise RuleBroken(rules.FILING_DECIDED, field="filing")
    return filing


def _objection_to(session: Session, parting: Parting) -> str | None:
    if not parting.dispatched:
        return None
    merchant_id = parting.case.merchant_id
    if objection := rules.objection_to_dispatching_parted(parting.reason, has_merchant=merchant_id is not None):
        return objection
    merchant = session.scalars(
        select(Merchant).where(Merchant.id == merchant_id).options(joinedload(Merchant.organisation))
    ).one()
    objection = objection_to_merchant(merchant.state)
    return f"{merchant.organisation.name}{objection}" if objection else None


def _seal_again(filing: Filing, before: DataKey, key: DataKey, vault: Vault) -> None:
    """Seal a filing under its new case's key, so that either case can be erased without the other."""
    for part_name in SEALED:
        purpose, sealed = f"filing.{part_name}", getattr(filing, f"{part_name}_sealed")
        if sealed is not None:
            opened = vault.open(before, sealed, purpose)
            setattr(filing, f"{part_name}_sealed", vault.seal(key, opened, purpose))


def _new_case(session: Session, parting: Parting, key: DataKey, vault: Vault, *, now: datetime) -> Case:
    old, filing = parting.case, parting.filing
    suggested = old.merchant_id or old.candidates.get("only")
    known = suggested is not None and parting.reason is not PartingReason.MERCHANT
    day, inferred = _platform_day(session, parting)
    case = Case(
        reference=_reference(session, old, now=now),
        authority_id=filing.authority_id,
        channel=filing.channel,
        source=filing.source,
        key=key,
        state=CaseState.WAITING,
        turn=TURNS[CaseState.WAITING],
        is_open=True,
        wait_reason=WaitingReason.PARTED.value,
        candidates={"merchants": [suggested] if known else [], "only": suggested if known else None},
        opened_at=now,
        last_event_at=now,
        due_at=now,
        platform_due_on=day,
        platform_due_inferred=inferred,
        **said_by([filing], key, vault),
        **_phone(parting, key, vault),
    )
    case.due_at = officers_limit(session, case, now=now)
    return case


def _reference(session: Session, old: Case, *, now: datetime) -> str:
    prefix = re.match(r"[A-Z]*", old.reference)
    return take_references(session, [prefix.group() if prefix else ""], at=now)[0]


def _platform_day(session: Session, parting: Parting) -> tuple[date | None, bool]:
    """The platform's own day of the filing: its own column, what the case took from it, else inferred (decisions 7)."""
    old, filing = parting.case, parting.filing
    if filing.platform_due_on is not None:
        return filing.platform_due_on, False
    if old.source == filing.source:
        return old.platform_due_on, old.platform_due_inferred
    try:
        authorities = steps.authorities_upwards(session, filing.authority_id)
        return clocks.due_day(almanac(session).derive("odr", filing.registered_at, authorities).due_at), True
    except RuleBroken:  # registered before any such limit
        return None, True


def _phone(parting: Parting, key: DataKey, vault: Vault) -> dict[str, object]:
    """The number under which the new case's consumer is reached; an officer's correction goes with the consumer."""
    old, filing = parting.case, parting.filing
    phone, source, set_at = None, PhoneSource.FILING, None
    if filing.phone_sealed is not None:
        phone = usable_phone(vault.open(key, filing.phone_sealed, "filing.phone"))
    corrected = old.phone_source is PhoneSource.OFFICER and parting.reason is not PartingReason.CONSUMER
    if corrected and old.phone_sealed is not None:
        phone = vault.open(old.key, old.phone_sealed, "case.phone")
        source, set_at = old.phone_source, old.phone_set_at
    return {
        "phone_mask": mask_phone(phone),
        "phone_source": source if phone else PhoneSource.NONE,
        "phone_index": vault.blind(phone, "phone") if phone else None,
        "phone_sealed": vault.seal(key, phone, "case.phone") if phone else None,
        "phone_set_at": set_at,
    }


def _record(session: Session, actor: Actor, parting: Parting, new: Case, *, now: datetime) -> None:
    """Tell both cases and the filing; the one place where the merchant's ledger learns of a parting (decisions 9, 26)."""
    old, filing = parting.case, parting.filing
    rebook_parted(session, actor, old, now=now)
    said: dict[str, Any] = {"source": filing.source, "number": filing.number, "reason": parting.reason.value}
    facts.record(session, actor, Topic.CASE_PARTED, SubjectKind.CASE, old.id, at=now, **said, parted_to=new.reference)
    facts.record(session, actor, Topic.CASE_OPENED, SubjectKind.CASE, new.id, at=now, **said, parted_from=old.reference)
    facts.record(session, actor, Topic.FILING_PARTED, SubjectKind.FILING, filing.id, at=now, reason=said["reason"])
