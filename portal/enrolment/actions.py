"""Admitting merchants, changing what is known of them, suspending and resuming; names by which complaints call them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.accounts.models import Organisation, OrganisationKind
from portal.accounts.rules import normalised_company
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant, MerchantAlias, MerchantState, Outlet
from portal.enrolment.queries import NO_MERCHANT, may_see
from portal.enrolment.rules import SuspensionReason, code_of, objection_to_code, slug_of, suspension_text

Named = TypeVar("Named", MerchantAlias, Outlet)


@dataclass(frozen=True, slots=True)
class AdmitMerchant:
    """A merchant to be admitted under an authority; names of outlets come without addresses."""

    code: str
    name: str
    authority_code: str
    address: str
    phone: str
    tier: str = ""
    aliases: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeMerchant:
    """New particulars of an admitted merchant; its code never changes."""

    code: str
    name: str
    authority_code: str
    address: str
    phone: str
    tier: str = ""


@dataclass(frozen=True, slots=True)
class SuspendMerchant:
    """Send no more complaints to a merchant; 其他 needs the detail."""

    code: str
    reason: SuspensionReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ResumeMerchant:
    """Send complaints again."""

    code: str


@dataclass(frozen=True, slots=True)
class AddName:
    """A further alias, or an outlet with its address."""

    code: str
    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class RemoveName:
    """An alias or outlet to be taken away, by its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Under:
    """What the access table asks about a merchant that is not there yet, or moves."""

    authority_id: int | None


def admit_merchant(session: Session, actor: Actor, command: AdmitMerchant, *, now: datetime) -> Merchant:
    """Admit a merchant. Refuses a wrong code (naming the character), one admitted before, a foreign authority."""
    authority = _authority(session, actor, command.authority_code)
    code = code_of(command.code)
    if objection := objection_to_code(code):
        raise RuleBroken(objection, field="code")
    existing = session.scalars(select(Organisation).where(Organisation.code == code)).first()
    if existing is not None:
        raise RuleBroken(f"代码 {code} 已经属于“{existing.name}”，不能重复入驻。", field="code")
    organisation = Organisation(kind=OrganisationKind.MERCHANT, code=code, name=command.name.strip())
    session.add(organisation)
    session.flush()
    merchant = Merchant(
        id=organisation.id,
        organisation=organisation,
        slug=slug_of(code),
        authority_id=authority.id,
        address=command.address.strip(),
        phone=command.phone.strip(),
        tier=command.tier.strip() or None,
        normalised_name=normalised_company(command.name),
        admitted_at=now,
    )
    session.add(merchant)
    session.flush()
    add_missing_names(session, merchant, command.aliases, command.outlets)
    _note(session, actor, Topic.MERCHANT_ADMITTED, merchant, now=now, authority_id=authority.id)
    return merchant


def change_merchant(session: Session, actor: Actor, command: ChangeMerchant, *, now: datetime) -> tuple[str, ...]:
    """Change a merchant's particulars; returns the names of what changed and records them, never the values."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_ADMIT, merchant)
    authority = _authority(session, actor, command.authority_code)
    wanted = {
        "authority_id": authority.id,
        "address": command.address.strip(),
        "phone": command.phone.strip(),
        "tier": command.tier.strip() or None,
        "normalised_name": normalised_company(command.name),
    }
    changed = [field for field, value in wanted.items() if getattr(merchant, field) != value]
    for field in changed:
        setattr(merchant, field, wanted[field])
    if merchant.organisation.name != command.name.strip():
        merchant.organisation.name = command.name.strip()
        changed.append("name")
    found = tuple(sorted({"name" if one == "normalised_name" else one for one in changed}))
    if found:
        _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=list(found))
    return found


def suspend_merchant(session: Session, actor: Actor, command: SuspendMerchant, *, now: datetime) -> Merchant:
    """Stop sending complaints to a merchant, with a reason it reads; open cases stay where they are."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_SUSPEND, merchant)
    if merchant.state is not MerchantState.ADMITTED:
        raise RuleBroken("这家企业现在不是已入驻状态，不能暂停分流。")
    detail = command.detail.strip()
    if command.reason is SuspensionReason.OTHER and not detail:
        raise RuleBroken("选“其他”时请写明情况，企业会看到。", field="detail")
    merchant.state = MerchantState.SUSPENDED
    merchant.suspended_at = now
    merchant.suspension_reason = suspension_text(command.reason, detail)
    _note(session, actor, Topic.MERCHANT_SUSPENDED, merchant, now=now, reason=command.reason.value)
    return merchant


def resume_merchant(session: Session, actor: Actor, command: ResumeMerchant, *, now: datetime) -> Merchant:
    """Send complaints to a suspended merchant again."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_SUSPEND, merchant)
    if merchant.state is not MerchantState.SUSPENDED:
        raise RuleBroken("这家企业没有暂停分流，不用恢复。")
    merchant.state = MerchantState.ADMITTED
    merchant.suspended_at = merchant.suspension_reason = None
    _note(session, actor, Topic.MERCHANT_RESUMED, merchant, now=now)
    return merchant


def add_alias(session: Session, actor: Actor, command: AddName, *, now: datetime) -> MerchantAlias:
    """Let complaints that use this name find the merchant. The authority's act: a name decides who is answerable."""
    merchant, name = _nameable(session, actor, command)
    alias = MerchantAlias(merchant_id=merchant.id, name=name, normalised=normalised_company(name))
    if alias.normalised == merchant.normalised_name or _named(session, MerchantAlias, merchant, alias.normalised):
        raise RuleBroken(f"这家企业已经有名称“{name}”，不用再添加。", field="name")
    session.add(alias)
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["alias_added"])
    return alias


def remove_alias(session: Session, actor: Actor, command: RemoveName, *, now: datetime) -> Merchant:
    """Take an alias away; cases that it brought stay."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_ADMIT, merchant)
    alias = _named(session, MerchantAlias, merchant, normalised_company(command.name))
    if alias is None:
        raise NotFound(f"这家企业没有别名“{command.name}”。")
    session.delete(alias)
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["alias_removed"])
    return merchant


def add_outlet(session: Session, actor: Actor, command: AddName, *, now: datetime) -> Outlet:
    """Add a shop; one that was closed under the same name opens again."""
    merchant, name = _nameable(session, actor, command)
    outlet = _named(session, Outlet, merchant, normalised_company(name))
    if outlet is not None and outlet.closed_at is None:
        raise RuleBroken(f"这家企业已经有门店“{name}”，不用再添加。", field="name")
    if outlet is None:
        outlet = Outlet(merchant_id=merchant.id, normalised=normalised_company(name), name=name)
        session.add(outlet)
    outlet.name, outlet.address, outlet.closed_at = name, command.address.strip(), None
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["outlet_added"])
    return outlet


def remove_outlet(session: Session, actor: Actor, command: RemoveName, *, now: datetime) -> Outlet:
    """Close a shop: complaints no longer find the merchant by it, earlier cases still name it."""
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_ADMIT, merchant)
    outlet = _named(session, Outlet, merchant, normalised_company(command.name))
    if outlet is None or outlet.closed_at is not None:
        raise NotFound(f"这家企业没有营业的门店“{command.name}”。")
    outlet.closed_at = now
    _note(session, actor, Topic.MERCHANT_CHANGED, merchant, now=now, fields=["outlet_removed"])
    return outlet


def locked(session: Session, actor: Actor, code: str) -> Merchant:
    """The merchant of this code, locked for a change; NotFound where there is none or the actor may not see it."""
    merchant = session.scalars(
        select(Merchant)
        .join(Merchant.organisation)
        .where(Organisation.code == code_of(code))
        .options(contains_eager(Merchant.organisation))
        .with_for_update(of=Merchant)
    ).first()
    if merchant is None or not may_see(actor, merchant):
        raise NotFound(NO_MERCHANT)
    return merchant


def add_missing_names(session: Session, merchant: Merchant, aliases: Iterable[str], outlets: Iterable[str]) -> int:
    """Add the aliases and outlets that are not there yet; a closed outlet stays closed. Returns how many were added."""
    added = 0
    for model, names in ((MerchantAlias, aliases), (Outlet, outlets)):
        known = set(session.scalars(select(model.normalised).where(model.merchant_id == merchant.id)))
        for name in names:
            normalised = normalised_company(name)
            is_own = model is MerchantAlias and normalised == merchant.normalised_name
            if not normalised or normalised in known or is_own:
                continue
            known.add(normalised)
            row = model(merchant_id=merchant.id, name=name.strip(), normalised=normalised)
            if isinstance(row, Outlet):
                row.address = ""
            session.add(row)
            added += 1
    return added


def _authority(session: Session, actor: Actor, code: str) -> Organisation:
    authority = session.scalars(select(Organisation).where(Organisation.code == code.strip().upper())).first()
    if authority is None or authority.kind is not OrganisationKind.AUTHORITY:
        raise RuleBroken("请选择一个市场监督管理部门。", field="authority_code")
    require(actor, Permission.MERCHANT_ADMIT, Under(authority.id))
    return authority


def _nameable(session: Session, actor: Actor, command: AddName) -> tuple[Merchant, str]:
    merchant = locked(session, actor, command.code)
    require(actor, Permission.MERCHANT_ADMIT, merchant)
    name = command.name.strip()
    if not normalised_company(name):
        raise RuleBroken("名称里没有可以识别的字。请写招牌或平台上的店名。", field="name")
    return merchant, name


def _named(session: Session, model: type[Named], merchant: Merchant, normalised: str) -> Named | None:
    return session.scalars(
        select(model).where(model.merchant_id == merchant.id, model.normalised == normalised)
    ).first()


def _note(session: Session, actor: Actor, topic: Topic, merchant: Merchant, *, now: datetime, **detail: Any) -> None:
    facts.record(session, actor, topic, SubjectKind.MERCHANT, merchant.id, at=now, **detail)
