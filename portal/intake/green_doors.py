"""The door of the green channel: which merchant an address names, and whether complaints may go straight to it."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation
from portal.commitments.models import Promisor
from portal.core.errors import NotFound, RuleBroken
from portal.enrolment.models import Merchant, MerchantState
from portal.intake.rules.greens import Recipient


class DoorState(StrEnum):
    """Whether a complaint may be filed here."""

    OPEN = "open"
    SUSPENDED = "suspended"
    EXITED = "exited"
    NOT_ENROLLED = "not_enrolled"  # a shop of the list of promises that is no ODR merchant


WHY_CLOSED = {
    DoorState.SUSPENDED: "这家企业已暂停接收投诉，现在不能走绿色通道。",
    DoorState.EXITED: "这家企业已退出在线消费纠纷解决，不再接收绿色通道投诉。",
    DoorState.NOT_ENROLLED: "这家店没有入驻在线消费纠纷解决，不能走绿色通道。",
}
NO_FIRM = "没有这家企业的投诉页面。请核对地址，或重新扫描商家的二维码。"


@dataclass(frozen=True, slots=True)
class Door:
    """A merchant as the consumer meets it; ids are 0 where it is not enrolled."""

    slug: str
    state: DoorState
    name: str
    phone: str = ""
    code: str = ""
    merchant_id: int = 0
    authority_id: int = 0
    authority: str = ""

    @property
    def why_closed(self) -> str:
        """Why nothing can be filed here; empty where it can."""
        return WHY_CLOSED.get(self.state, "")

    @property
    def recipient(self) -> Recipient:
        """Who gets the consumer's data."""
        return Recipient(self.name, self.phone)


def door_of(session: Session, slug: str) -> Door:
    """The merchant or shop of an address; raises NotFound where there is none, or one for practice only."""
    own, above = aliased(Organisation), aliased(Organisation)
    row = session.execute(
        select(Merchant, own.name, own.code, above.name)
        .join(own, own.id == Merchant.id)
        .join(above, above.id == Merchant.authority_id)
        .where(Merchant.slug == slug, Merchant.practice_of_id.is_(None))
    ).first()
    if row is not None:
        merchant, name, code, authority = row
        ids = (merchant.id, merchant.authority_id)
        return Door(slug, _state(merchant), name, merchant.phone, code, *ids, authority)
    shop = session.scalars(select(Promisor.name).where(Promisor.slug == slug)).first()
    if shop is None:
        raise NotFound(NO_FIRM)
    return Door(slug, DoorState.NOT_ENROLLED, shop)


def open_door(session: Session, slug: str) -> Door:
    """The merchant of an address to which a complaint may go; refuses with RuleBroken where it may not."""
    door = door_of(session, slug)
    if door.state is not DoorState.OPEN:
        raise RuleBroken(door.why_closed)
    return door


def _state(merchant: Merchant) -> DoorState:
    return {MerchantState.SUSPENDED: DoorState.SUSPENDED, MerchantState.EXITED: DoorState.EXITED}.get(
        merchant.state, DoorState.OPEN
    )
