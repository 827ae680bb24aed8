"""What a merchant keeps current of itself: its outlets at once, its other data as proposals, all of it once a year."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.rules import normalised_company
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.actions import locked
from portal.enrolment.application_models import MerchantProposal, ProposalState
from portal.enrolment.models import Merchant, Outlet
from portal.enrolment.queries import NO_MERCHANT
from portal.enrolment.rules import MAX_NAME

FIELDS = {  # what may be proposed
    "name": "企业名称",
    "address": "经营地址",
    "phone": "联系电话",
    "licence_until_on": "营业执照有效期至",
}
NO_OUTLET = "没有这家门店。"


@dataclass(frozen=True, slots=True)
class OpenOutlet:
    """A shop of the actor's own merchant; one that was closed under the same name opens again."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ChangeOutlet:
    """A shop's new name and address."""

    name: str
    new_name: str
    new_address: str = ""


@dataclass(frozen=True, slots=True)
class CloseOutlet:
    """A shop to be closed, by its name."""

    name: str


def open_outlet(session: Session, actor: Actor, command: OpenOutlet, *, now: datetime) -> Outlet:
    """Add a shop at once; complaints that name it find the merchant from now on."""
    merchant = _own(session, actor)
    outlet = _outlet(session, merchant, command.name)
    if outlet is not None and outlet.closed_at is None:
        raise RuleBroken(f"已经有门店“{command.name}”，不用再添加。", field="name")
    if outlet is None:
        outlet = Outlet(merchant_id=merchant.id, normalised=_normalised(command.name))
        session.add(outlet)
    outlet.name, outlet.address, outlet.closed_at = command.name.strip(), command.address.strip(), None
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["outlet_added"])
    return outlet


def open_outlets(session: Session, actor: Actor, command: tuple[OpenOutlet, ...], *, now: datetime) -> int:
    """Add the shops of a list that are not there yet, and give those that are the address of the list; returns how many changed."""
    merchant = _own(session, actor)
    known = {row.normalised: row for row in session.scalars(select(Outlet).where(Outlet.merchant_id == merchant.id))}
    changed = 0
    for one in command:
        normalised = _normalised(one.name)
        row = known.get(normalised)
        if row is None:
            row = known[normalised] = Outlet(merchant_id=merchant.id, normalised=normalised, address="")
            session.add(row)
        elif row.closed_at is None and row.address == (one.address.strip() or row.address):
            continue
        row.name, row.address, row.closed_at = one.name.strip(), one.address.strip() or row.address, None
        changed += 1
    if changed:
        _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["outlet_added"])
    return changed


def change_outlet(session: Session, actor: Actor, command: ChangeOutlet, *, now: datetime) -> Outlet:
    """Give a shop another name or address; refuses the name of another shop."""
    merchant = _own(session, actor)
    outlet = _open_outlet(session, merchant, command.name)
    other = _outlet(session, merchant, command.new_name)
    if other is not None and other.id != outlet.id:
        raise RuleBroken(f"已经有门店“{command.new_name}”（也可能已关闭）。请换一个名称。", field="new_name")
    outlet.normalised = _normalised(command.new_name)
    outlet.name, outlet.address = command.new_name.strip(), command.new_address.strip()
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["outlet_changed"])
    return outlet


def close_outlet(session: Session, actor: Actor, command: CloseOutlet, *, now: datetime) -> Outlet:
    """Close a shop: complaints no longer find the merchant by it, earlier cases still name it."""
    merchant = _own(session, actor)
    outlet = _open_outlet(session, merchant, command.name)
    outlet.closed_at = now
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["outlet_removed"])
    return outlet


@dataclass(frozen=True, slots=True)
class ProposeChange:
    """The merchant's data as they should be; what is the same as now proposes nothing."""

    name: str
    address: str
    phone: str
    licence_until_on: date | None
    note: str = ""


def propose_change(session: Session, actor: Actor, command: ProposeChange, *, now: datetime) -> MerchantProposal | None:
    """Propose other data to the authority; None where nothing differs. One proposal waits at a time."""
    merchant = _own(session, actor)
    if command.licence_until_on is not None and command.licence_until_on < local_day(now):
        raise RuleBroken(
            f"营业执照有效期到 {command.licence_until_on.isoformat()}，已经过期。请先换照，再填新的有效期。",
            field="licence_until_on",
        )
    changes = _changes(merchant, command)
    if not changes:
        return None
    waiting = select(MerchantProposal.id).where(
        MerchantProposal.merchant_id == merchant.id, MerchantProposal.state == ProposalState.WAITING
    )
    if session.scalars(waiting).first() is not None:
        raise RuleBroken("已有一份变更申请在等核准。请等它的结果，或先撤回。")
    proposal = MerchantProposal(
        merchant_id=merchant.id,
        reference=secrets.token_hex(6),
        changes=changes,
        note=command.note.strip(),
        proposer=actor.name,
        at=now,
    )
    session.add(proposal)
    _note(session, actor, Topic.MERCHANT_PROPOSED, merchant, now=now, fields=sorted(changes), on=_today(now))
    return proposal


@dataclass(frozen=True, slots=True)
class WithdrawProposal:
    """The actor's own merchant's waiting proposal."""

    reference: str


def withdraw_proposal(session: Session, actor: Actor, command: WithdrawProposal, *, now: datetime) -> MerchantProposal:
    """Take a waiting proposal back."""
    merchant = _own(session, actor)
    proposal = _waiting(session, merchant, command.reference)
    proposal.state, proposal.decided_at = ProposalState.WITHDRAWN, now
    return proposal


@dataclass(frozen=True, slots=True)
class DecideProposal:
    """An officer's answer; a rejection says why."""

    code: str
    reference: str
    approved: bool
    reason: str = ""


def decide_proposal(session: Session, actor: Actor, command: DecideProposal, *, now: datetime) -> MerchantProposal:
    """Approve a proposal, which changes the merchant's data at once, or reject it with a reason."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_ADMIT, merchant)
    proposal = _waiting(session, merchant, command.reference)
    if not command.approved and not command.reason.strip():
        raise RuleBroken("请写明不核准的理由，企业会看到。", field="reason")
    proposal.state = ProposalState.APPROVED if command.approved else ProposalState.REJECTED
    proposal.decided_at, proposal.decider, proposal.reason = now, actor.name, command.reason.strip()
    if command.approved:
        _take_over(merchant, proposal.changes)
        _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=sorted(proposal.changes))
    _note(session, actor, Topic.MERCHANT_PROPOSAL_DECIDED, merchant, now=now, approved=command.approved, on=_today(now))
    return proposal


@dataclass(frozen=True, slots=True)
class ConfirmData:
    """The yearly word of the merchant that its data are right; it must be said, not assumed."""

    checked: bool


def confirm_data(session: Session, actor: Actor, command: ConfirmData, *, now: datetime) -> Merchant:
    """Confirm the merchant's data; the year until the next confirmation begins (our own rule)."""
    merchant = _own(session, actor)
    if not command.checked:
        raise RuleBroken("请核对后勾选“资料和门店都没有变化，或已提出变更”。", field="checked")
    until = merchant.licence_until_on
    if until is not None and until < local_day(now):
        raise RuleBroken(f"登记的营业执照有效期到 {until.isoformat()}，已经过期。请先提出变更，更新有效期。")
    merchant.data_confirmed_at = now
    _note(session, actor, Topic.MERCHANT_CONFIRMED, merchant, now=now)
    return merchant


def _own(session: Session, actor: Actor) -> Merchant:
    merchant = session.scalars(
        select(Merchant)
        .join(Merchant.organisation)
        .where(Merchant.id == actor.organisation_id)
        .options(contains_eager(Merchant.organisation))
        .with_for_update(of=Merchant)
    ).first()
    if merchant is None:
        raise NotFound(NO_MERCHANT)
    require(actor, Permission.MERCHANT_KEEP, merchant)
    return merchant


def _normalised(name: str) -> str:
    normalised = normalised_company(name)
    if not normalised or len(name) > MAX_NAME:
        raise RuleBroken(f"门店名称“{name[:40]}”里没有可以识别的字，或者太长。请写招牌上的店名。", field="name")
    return normalised


def _outlet(session: Session, merchant: Merchant, name: str) -> Outlet | None:
    query = select(Outlet).where(Outlet.merchant_id == merchant.id, Outlet.normalised == _normalised(name))
    return session.scalars(query).first()


def _open_outlet(session: Session, merchant: Merchant, name: str) -> Outlet:
    found = _outlet(session, merchant, name)
    if found is None or found.closed_at is not None:
        raise NotFound(NO_OUTLET)
    return found


def _waiting(session: Session, merchant: Merchant, reference: str) -> MerchantProposal:
    found = session.scalars(
        select(MerchantProposal)
        .where(MerchantProposal.merchant_id == merchant.id, MerchantProposal.reference == reference)
        .with_for_update()
    ).first()
    if found is None:
        raise NotFound("没有这份变更申请。")
    if found.state is not ProposalState.WAITING:
        raise RuleBroken("这份变更申请已经办理或撤回。请刷新页面。")
    return found


def _changes(merchant: Merchant, command: ProposeChange) -> dict[str, str]:
    until = merchant.licence_until_on.isoformat() if merchant.licence_until_on else ""
    pairs = {
        "name": (merchant.organisation.name, command.name.strip()),
        "address": (merchant.address, command.address.strip()),
        "phone": (merchant.phone, command.phone.strip()),
        "licence_until_on": (until, command.licence_until_on.isoformat() if command.licence_until_on else ""),
    }
    return {field: wished for field, (present, wished) in pairs.items() if wished != present}


def _take_over(merchant: Merchant, changes: dict[str, Any]) -> None:
    if "name" in changes:
        merchant.organisation.name = changes["name"]
        merchant.normalised_name = normalised_company(changes["name"])
    for field in ("address", "phone"):
        if field in changes:
            setattr(merchant, field, changes[field])
    if "licence_until_on" in changes:
        written = changes["licence_until_on"]
        merchant.licence_until_on = date.fromisoformat(written) if written else None


def _today(now: datetime) -> str:
    return local_day(now).isoformat()


def _note(session: Session, actor: Actor, topic: Topic, merchant: Merchant, *, now: datetime, **detail: Any) -> None:
    facts.record(session, actor, topic, SubjectKind.MERCHANT, merchant.id, at=now, **detail)
