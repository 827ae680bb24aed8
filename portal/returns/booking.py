"""What has become of a request lands in the merchant's return ledger, in the same transaction."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.money import plain_yuan
from portal.core.privacy import Erased, vault_of
from portal.enrolment.models import Outlet
from portal.ledgers.batches import TypedRow
from portal.ledgers.entering import EnterReturns, enter_returns
from portal.ledgers.rules.vocabulary import Condition, Decision, Disposition
from portal.returns.asking import NAME_SEAL, PHONE_SEAL, Objections
from portal.returns.models import ReturnRequest
from portal.returns.rules import category_of, cause_of

CLERKS = (  # what only the clerk knows, by the ledger's names
    "category",
    "condition",
    "disposition",
    "label_number",
    "supplier",
    "shelf_life_on",
    "destroy_basis",
    "witnesses",
    "photo",
    "barcode",
)


def enter_refusal(session: Session, actor: Actor, request: ReturnRequest, refusal: str, *, now: datetime) -> int:
    """Enter a refusal; returns its place in the log. Refuses with Objections what the ledger's rules refuse."""
    cells = {
        "category": category_of(request.category, request.goods).value,
        "condition": request.condition or Condition.NOT_RETURNED.value,
        "decision": Decision.REFUSED.value,
        "refusal": refusal,
        "disposition": Disposition.NONE.value,
    }
    return _enter(session, actor, request, cells, now=now)


def enter_outcome(
    session: Session,
    actor: Actor,
    request: ReturnRequest,
    refund: int | None,
    cells: Mapping[str, str],
    *,
    now: datetime,
) -> int:
    """Enter goods that were returned for a refund in 分, or exchanged (None); `cells` as the clerk typed them."""
    typed = {name: cells[name] for name in CLERKS if cells.get(name)}
    decided = {
        "decision": (Decision.EXCHANGED if refund is None else Decision.RETURNED).value,
        "refund": "" if refund is None else plain_yuan(refund),
    }
    return _enter(session, actor, request, {**typed, **decided}, now=now)


def _enter(session: Session, actor: Actor, request: ReturnRequest, cells: Mapping[str, str], *, now: datetime) -> int:
    row = TypedRow(f"return:{request.reference}", {**_known(session, request, now=now), **cells})
    (result,) = enter_returns(session, actor, EnterReturns((row,)), now=now)
    if result.entry is None:
        raise Objections([(one.field, one.sentence) for one in result.problems])
    return result.entry.seq


def _known(session: Session, request: ReturnRequest, *, now: datetime) -> dict[str, str]:
    vault = vault_of(session)
    outlet = session.get(Outlet, request.outlet_id) if request.outlet_id else None
    known = {
        "occurred_on": local_day(now).isoformat(),
        "goods": request.goods,
        "price": plain_yuan(request.price),
        "quantity": str(request.quantity),
        "cause": cause_of(request.way, request.verdict).value,
        "outlet": outlet.name if outlet else "",
    }
    try:
        if request.name_sealed is not None and request.phone_sealed is not None:
            known["consumer_name"] = vault.open(request.key, request.name_sealed, NAME_SEAL)
            known["consumer_phone"] = vault.open(request.key, request.phone_sealed, PHONE_SEAL)
    except Erased:
        pass
    return known
