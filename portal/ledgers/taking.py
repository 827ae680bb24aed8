"""Taking lists and bundles out of a ledger from a page: recorded with the reason under which it is open."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind
from portal.core.permissions import REFUSAL, Permission, require
from portal.core.privacy import mask_text
from portal.ledgers.books import MOST_ROWS, write_book
from portal.ledgers.bundles import ExportLedger, export_ledger
from portal.ledgers.checkpoints import SignCheckpoint, newest_checkpoint, sign_checkpoint
from portal.ledgers.filters import EntryFilter
from portal.ledgers.models import Ledger, LedgerEntry
from portal.ledgers.opening import Firm, opened_firm, own_firm
from portal.ledgers.queries import FIRST_KIND, conditions_of
from portal.ledgers.rules.disclosure import HELD_BACK


@dataclass(frozen=True, slots=True)
class TakeBundle:
    """A bundle of the actor's own ledger, or of one that an authority has open."""

    code: str = ""
    opened: bool = False  # with the personal values
    why: str = ""  # asked for with the personal values


def take_bundle(session: Session, actor: Actor, command: TakeBundle, *, now: datetime) -> Firm:
    """Record that a bundle is taken, and sign what it will hold; `write_bundle` then writes it.

    Personal values need a reason of their own (RuleBroken, field "why"). While the ledger is open for a reason that
    is held back nothing is signed: a checkpoint at an odd hour would tell the merchant of the read.
    """
    if not command.code:
        firm = own_firm(session, actor)
        _refuse_empty(firm)
        export_ledger(session, actor, ExportLedger(firm.id), now=now)
        return firm
    firm, held = opened_firm(session, actor, command.code, now=now)
    _refuse_empty(firm)
    require(actor, Permission.LEDGER_EXPORT_OPEN if command.opened else Permission.LEDGER_READ, firm)
    why = command.why.strip()
    if command.opened and not why:
        raise RuleBroken("包含消费者个人信息的导出包要写明取证理由。", field="why")
    assert firm.ledger_id is not None
    if held.reason not in HELD_BACK or newest_checkpoint(session, firm.ledger_id) is None:
        sign_checkpoint(session, actor, SignCheckpoint(firm.id), now=now)
    detail = {"what": "bundle", "opened": command.opened, "why": mask_text(why)}
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.LEDGER, firm.ledger_id,
        at=now, reason=held.reason.value, **detail,
    )  # fmt: skip
    return firm


@dataclass(frozen=True, slots=True)
class TakeList:
    """The entries of a list under its filters, as a file; `personal` is for the merchant's own staff only."""

    wanted: EntryFilter
    code: str = ""
    personal: bool = False


def take_list(session: Session, actor: Actor, command: TakeList, *, now: datetime) -> IO[bytes]:
    """Write the entries of a list as XLSX, as they stand after their amendments, and record that they were taken.

    Refuses with RuleBroken an empty ledger and more than 200,000 entries, with NotAllowed an authority that asks for
    personal values: those it takes as a bundle, with a reason of its own.
    """
    if command.code:
        firm, held = opened_firm(session, actor, command.code, now=now)
        reason = held.reason.value
    else:
        firm, reason = own_firm(session, actor), None
    require(actor, Permission.LEDGER_READ, firm)
    if command.code and command.personal:
        raise NotAllowed(REFUSAL)
    _refuse_empty(firm)
    ledger = session.scalars(select(Ledger).where(Ledger.merchant_id == firm.id)).one()
    kind = FIRST_KIND[command.wanted.book]
    conditions = [*conditions_of(session, firm, ledger, command.wanted), LedgerEntry.kind == kind]
    some = select(LedgerEntry.id).where(*conditions).limit(MOST_ROWS + 1)
    count = session.scalars(select(func.count()).select_from(some.subquery())).one()
    if count > MOST_ROWS:
        raise RuleBroken(f"一次最多导出 {MOST_ROWS:,} 笔。请缩小日期范围。")
    detail = {"what": kind.value, "rows": count, "personal": command.personal}
    note_access(session, actor, AccessKind.EXPORT, SubjectKind.LEDGER, ledger.id, at=now, reason=reason, **detail)
    session.flush()  # the writer lets go of what it has read
    out = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  the sender closes it
    write_book(session, out, kind, conditions, personal=command.personal)
    out.seek(0)
    return out


def _refuse_empty(firm: Firm) -> None:
    if firm.ledger_id is None:
        raise RuleBroken("还没有登记过台账，没有可以导出的内容。")
