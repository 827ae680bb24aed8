"""One version of a promise as the consumer meets it: plain values, read from the rows by `commitments.queries`."""

from dataclasses import dataclass
from datetime import date

from portal.commitments.rules.words import BasisKind, DeliveryStart, Freight, PickupStart, PromiseState, Way


@dataclass(frozen=True, slots=True)
class Scope:
    """A row of 适用商品; an empty category is every class, no goods is all of the class, no days are the version's."""

    way: Way
    category: str
    goods: tuple[str, ...]
    days: int | None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A row of 不适用商品; without goods it holds by its text, which only a person can apply."""

    id: int
    way: Way
    code: str
    text: str
    basis_kind: BasisKind
    basis: str
    category: str
    goods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A shop in which the version holds; `outlet_id` only where it is an outlet of an enrolled merchant."""

    outlet_id: int | None
    name: str
    address: str
    district: str


@dataclass(frozen=True, slots=True)
class Shop:
    """An online shop in which the version holds."""

    platform: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Terms:
    """A version's words; `first_on` and `last_on` are days of purchase, days are natural days."""

    version_id: int
    reference: str
    number: int
    state: PromiseState
    way: Way
    days: int
    pickup_start: PickupStart
    delivery_start: DeliveryStart
    first_on: date
    last_on: date | None
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
    since_on: date | None = None
    scopes: tuple[Scope, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    places: tuple[Place, ...] = ()
    shops: tuple[Shop, ...] = ()
    expires_on: date | None = None

    @property
    def holds_until(self) -> date | None:
        """The last day of purchase that is known already: the end, or the coming expiry; None while open."""
        ends = [day for day in (self.last_on, self.expires_on) if day is not None]
        return min(ends) if ends else None

    def holds_on(self, day: date) -> bool:
        """Whether a purchase of this day falls under the version."""
        end = self.holds_until
        return self.first_on <= day and (end is None or day <= end)
