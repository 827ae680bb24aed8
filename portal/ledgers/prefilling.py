"""A return begun from its complaint: what the ledger knows already need not be typed again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, NotFound
from portal.core.money import plain_yuan
from portal.core.permissions import REFUSAL, Permission, require
from portal.ledgers import records
from portal.ledgers.entering import Subject
from portal.ledgers.pushing import newest_of
from portal.ledgers.records import Masks, Record
from portal.ledgers.rules.vocabulary import (
    CAUSE_NAMES,
    CONDITION_NAMES,
    DECISION_NAMES,
    GONE,
    OUTCOME_NAMES,
    Cause,
    Condition,
    Decision,
    Outcome,
)

MISSING = "你的消费投诉记录里没有这件纠纷。还没受理的，请先受理；台账启用以前受理的，请手工填写退换，投诉编号留空。"


@dataclass(frozen=True, slots=True)
class Prefilled:
    """Cells of a row of 退换货 by field, as they would be typed; the consumer is filled in when the row is stored."""

    cells: dict[str, str]
    consumer: Masks
    agreed: str  # what stands about the outcome, for the reader
    returns: int  # returns of this complaint that are entered already


def prefilled_return(session: Session, actor: Actor, reference: str, *, now: datetime) -> Prefilled:
    """Begin a return from the complaint of a case of the actor's own merchant; reads only.

    Goods, price, refund and decision come from the complaint and from what was agreed. Raises NotFound where the
    merchant has no such complaint.
    """
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    require(actor, Permission.LEDGER_WRITE, Subject(actor.organisation_id))
    entry = newest_of(session, actor.organisation_id, reference)
    if entry is None:
        raise NotFound(MISSING)
    line = records.book_lines(session, [entry])[0]
    if line.complaint.standing.get("outcome") in GONE:
        raise NotFound(MISSING)
    return Prefilled(
        cells={"occurred_on": local_day(now).isoformat(), "reference": reference, **_known(line.complaint)},
        consumer=line.complaint.masks,
        agreed=OUTCOME_NAMES[Outcome(str(line.complaint.standing.get("outcome", Outcome.OPEN)))],
        returns=len(line.returns),
    )


def _known(complaint: Record) -> dict[str, str]:
    standing = complaint.standing
    settled, claimed = int(standing.get("settled", 0)), int(standing.get("claimed", 0))
    price = max(claimed, settled)
    cells = {"goods": str(standing.get("goods", "")), "quantity": "1", "outlet": str(standing.get("outlet", ""))}
    if price:
        cells["price"] = plain_yuan(price)
    if terms := str(standing.get("terms", "")):
        cells["cause"] = CAUSE_NAMES[Cause.AGREED]
        cells |= _decided(set(terms.split(",")), settled)
    return {name: text for name, text in cells.items() if text}


def _decided(terms: set[str], settled: int) -> dict[str, str]:
    """What the kinds of an agreement's terms say about the goods; nothing where they say nothing."""
    if "exchange" in terms:
        return {"decision": DECISION_NAMES[Decision.EXCHANGED]}
    if not terms & {"refund", "return_refund", "advance"}:
        return {}
    returned = {"decision": DECISION_NAMES[Decision.RETURNED], "refund": plain_yuan(settled) if settled else ""}
    if "return_refund" not in terms:
        returned["condition"] = CONDITION_NAMES[Condition.NOT_RETURNED]
    return returned
