"""What a merchant writes into a version of its promise, as one plain value; forms, actions and imports share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.commitments.rules.words import BasisKind, DeliveryStart, Freight, PickupStart, Way


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A row of 适用商品 (see PromiseScope); `goods` are 、-separated names."""

    way: Way
    category: str = ""
    goods: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """A row of 不适用商品 (see PromiseExclusion); `code` is one of the programme's, or "declared"."""

    way: Way
    code: str
    text: str
    basis_kind: BasisKind
    basis: str
    category: str = ""
    goods: str = ""


@dataclass(frozen=True, slots=True)
class OutletRow:
    """Where it holds: an outlet of the merchant by its key, or a shop by name."""

    name: str
    outlet_id: int | None = None
    region: str = ""
    city: str = ""
    district: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class ShopRow:
    """An online shop."""

    platform: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class PromiseBody:
    """Everything a version says; days are natural days, `first_on` is the wished first day of purchase."""

    way: Way = Way.OFFLINE
    days: int = 7
    pickup_start: PickupStart = PickupStart.RECEIPT_DAY
    delivery_start: DeliveryStart = DeliveryStart.DAY_AFTER_SIGNING
    conditions: str = ""
    freight: Freight = Freight.CONSUMER
    freight_note: str = ""
    gifts: str = ""
    procedure: str = ""
    receipt_lost: str = ""
    days_to_answer: int = 3
    days_to_refund: int = 7
    any_outlet: bool = False
    any_outlet_note: str = ""
    easy_exchange: bool = False
    easy_exchange_note: str = ""
    advances: bool = False
    advances_note: str = ""
    other: str = ""
    first_on: date | None = None
    scopes: Sequence[ScopeRow] = ()
    exclusions: Sequence[ExclusionRow] = ()
    outlets: Sequence[OutletRow] = ()
    shops: Sequence[ShopRow] = ()


COLUMNS = (  # of PromiseVersion, each named as in the body
    "way",
    "days",
    "pickup_start",
    "delivery_start",
    "conditions",
    "freight",
    "freight_note",
    "gifts",
    "procedure",
    "receipt_lost",
    "days_to_answer",
    "days_to_refund",
    "any_outlet",
    "any_outlet_note",
    "easy_exchange",
    "easy_exchange_note",
    "advances",
    "advances_note",
    "other",
    "first_on",
)
