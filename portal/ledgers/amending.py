"""Corrections: a new entry that names the old one, with a reason. The rules are asked of what results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.cells import folded
from portal.core.errors import NotFound, RuleBroken
from portal.core.privacy import mask_phone
from portal.ledgers import beside, log, records
from portal.ledgers.batches import NO_SUCH_COMPLAINT, amount_of, columns_of, masked_name, stored_rows
from portal.ledgers.beside import Booked, MonthChange, month_of
from portal.ledgers.entering import own_ledger
from portal.ledgers.log import EntryDraft
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.ledgers.places import Claims, Complaints, Outlets
from portal.ledgers.records import Record
from portal.ledgers.rules.amendments import Amended, amended_complaint, amended_return
from portal.ledgers.rules.cells import tidy
from portal.ledgers.rules.entries import COMPLAINT_FIELDS, PERSONAL, CellProblem, Leaf
from portal.ledgers.rules.returns import RETURN_FIELDS

MAX_REASON = 200  # characters, our limit
FIELDS = {
    EntryKind.COMPLAINT: frozenset(one.name for one in COMPLAINT_FIELDS),
    EntryKind.RETURN: frozenset(one.name for one in RETURN_FIELDS),
}


@dataclass(frozen=True, slots=True)
class AmendEntry:
    """What changes in the entry at `seq` (its own or an amendment's place): typed texts by field, '' takes away."""

    seq: int
    changes: Mapping[str, str]
    reason: str
    token: str = ""


class RowRefused(RuleBroken):
    """A correction that the rules refuse: everything that is wrong with what would result."""

    def __init__(self, problems: tuple[CellProblem, ...]) -> None:
        """Keep every problem; the first is the refusal's own text."""
        super().__init__(problems[0].sentence, field=problems[0].field)
        self.problems = problems


def amend_entry(session: Session, actor: Actor, command: AmendEntry, *, now: datetime) -> LedgerEntry:
    """Correct an entry of the actor's own merchant by a new one; the same token again gives the same amendment.

    Raises NotFound for a place outside the ledger, RowRefused (a RuleBroken) with every problem of the result,
    RuleBroken (field "reason") without a reason, and where nothing changes.
    """
    ledger = own_ledger(session, actor, now=now)
    if command.token and (stored := stored_rows(session, ledger, [command.token])):
        return stored[command.token]
    root = _root(session, ledger, command.seq)
    before = records.records(session, [root], personal=True)[0]
    _refuse_command(before, command)
    amended = _amended(before, command.changes, today=local_day(now))
    complaint = _complaint_of(session, ledger, root, command.changes)
    if complaint is not None:
        amended = amended.inside(complaint.seq)
    if amended.changes_nothing:
        raise RuleBroken("没有改动，不用更正。请修改要更正的内容。", field="changes")
    place = _place(session, ledger, amended.leaf)
    claim = _claim(session, ledger, before, amended.leaf, place)
    draft = EntryDraft(
        kind=EntryKind.AMENDMENT,
        occurred_on=amended.occurred_on,
        plain=amended.changed,
        personal={**amended.personal, "reason": command.reason.strip()},
        consumer_mask=masked_name(amended.personal.get("consumer_name", "")),
        phone_mask=mask_phone(amended.personal.get("consumer_phone")),
        reference=complaint.reference if complaint is not None else before.reference,
        amends=root,
        columns=columns_of(root.kind, amended.leaf, place),
    )
    extra = Extra(command.token, claim, complaint.id if complaint is not None else None)
    return append_amendment(session, actor, ledger, Amendment(before, draft, amended.leaf, extra), now=now)


@dataclass(frozen=True, slots=True)
class Extra:
    """What is written beside a correction by hand."""

    token: str = ""
    claim: tuple[int, str] | None = None
    complaint_id: int | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """An amendment whose rules were asked: the entry as it stood, the draft, and its open fields afterwards."""

    before: Record
    draft: EntryDraft
    leaf: Leaf
    extra: Extra = Extra()


def append_amendment(
    session: Session, actor: Actor, ledger: Ledger, amendment: Amendment, *, now: datetime
) -> LedgerEntry:
    """Append an amendment to a locked ledger, with month totals, search and what else stands beside it."""
    before, extra = amendment.before, amendment.extra
    entry = log.append(session, actor, ledger, [amendment.draft], now=now)[0]
    months = (
        MonthChange(
            before.entry.kind, month_of(before.occurred_on), -1, -amount_of(before.entry.kind, before.standing)
        ),
        MonthChange(before.entry.kind, month_of(entry.occurred_on), 1, entry.amount or 0),
    )
    if extra.complaint_id is not None:
        beside.unlink(session, before.entry.id)
    booked = Booked(entry, amendment.leaf, extra.token, months, extra.claim, extra.complaint_id)
    beside.write_beside(session, ledger, [booked])
    return entry


def _root(session: Session, ledger: Ledger, seq: int) -> LedgerEntry:
    """The entry at this place, or the one that the amendment there corrects."""
    entry = session.scalars(
        select(LedgerEntry).where(LedgerEntry.ledger_id == ledger.id, LedgerEntry.seq == seq)
    ).first()
    if entry is not None and entry.amends_id is not None:
        entry = session.get_one(LedgerEntry, entry.amends_id)
    if entry is None or entry.kind not in FIELDS:
        raise NotFound("台账里没有这一笔，或者它不能更正。请刷新页面。")
    return entry


def _refuse_command(before: Record, command: AmendEntry) -> None:
    reason = command.reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise RuleBroken(f"请写明更正的原因，最多 {MAX_REASON} 字。", field="reason")
    if unknown := sorted(set(command.changes) - FIELDS[before.entry.kind]):
        raise RuleBroken("这一笔没有这个栏目，不能更正。请刷新页面。", field=unknown[0])
    if before.masks.erased and (named := sorted(set(command.changes) & set(PERSONAL))):
        raise RuleBroken("这一笔的个人信息已按规定删除，不能再补。请去掉姓名、电话等内容。", field=named[0])


def _amended(before: Record, changes: Mapping[str, str], *, today: date) -> Amended:
    apply = amended_return if before.entry.kind is EntryKind.RETURN else amended_complaint
    found = apply(before.standing, before.personal, changes, today=today)
    if isinstance(found, Amended):
        return found
    raise RowRefused(found)


def _complaint_of(
    session: Session, ledger: Ledger, root: LedgerEntry, changes: Mapping[str, str]
) -> LedgerEntry | None:
    """The complaint into which the correction puts a return."""
    written = tidy(changes.get("reference", ""))
    if root.kind is not EntryKind.RETURN or "reference" not in changes:
        return None
    if not written:
        raise RuleBroken("已关联的投诉不能取消，只能改为另一件投诉的编号。", field="reference")
    found = Complaints.of(session, ledger.id, [written]).named(folded(written).upper())
    if found is None:
        raise RuleBroken(NO_SUCH_COMPLAINT.format(written=written), field="reference")
    return found.entry


def _place(session: Session, ledger: Ledger, leaf: Leaf) -> int | None:
    written = str(leaf.get("outlet", ""))
    outlets = Outlets.of(session, ledger.merchant_id, [written])
    place = outlets.find(written) if written else None
    if written and place is None:
        raise RuleBroken(outlets.missing(written), field="outlet")
    return place


def _claim(session: Session, ledger: Ledger, before: Record, leaf: Leaf, place: int | None) -> tuple[int, str] | None:
    """Give the former label back and take the new one; None where the label stays."""
    label, former = (str(one.get("label_number", "")) for one in (leaf, before.standing))
    stays = label == former and leaf.get("outlet") == before.standing.get("outlet")
    if stays or before.entry.kind is not EntryKind.RETURN:
        return None
    if former:
        beside.release_label(session, before.entry.id)
    if not label:
        return None
    if objection := Claims.of(session, ledger.id, [label]).objection(place or 0, label):
        raise RowRefused((CellProblem("label_number", objection),))
    return place or 0, label
