"""A merchant's books as pages show them: the head, one page of entries with their families, every row for a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from portal.clocks.models import LegalLimit
from portal.clocks.rules import local_day
from portal.core.actor import Actor, ActorKind
from portal.core.paging import COUNT_CAP, Page, SortKey, keyset_page
from portal.enrolment.models import Outlet
from portal.ledgers.beside import month_of
from portal.ledgers.entry_models import MonthTotal
from portal.ledgers.filters import EntryFilter
from portal.ledgers.log import opened
from portal.ledgers.models import Checkpoint, EntryKind, Ledger, LedgerEntry, LedgerOpening
from portal.ledgers.opening import Firm
from portal.ledgers.page_models import Book, CheckState, LedgerCheck, LedgerDraft
from portal.ledgers.records import entry_matches
from portal.ledgers.rows import Family, Kin, Row, families, line_of, row_of

EXPORT_BATCH = 1000
LEFT_LYING = timedelta(minutes=10)  # a verification of a million entries takes less than one
LISTED = (EntryKind.COMPLAINT, EntryKind.RETURN, EntryKind.AMENDMENT)  # disposal lists are papers of their own
FIRST_KIND = {Book.COMPLAINTS: EntryKind.COMPLAINT, Book.RETURNS: EntryKind.RETURN}

Later = aliased(LedgerEntry, name="later")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above a book: the month, the newest entry, what was signed and what was verified."""

    firm: Firm
    ledger: Ledger | None
    root: bytes | None  # of the newest checkpoint
    newest_at: datetime | None
    month_on: date
    entries: int  # of this month
    amount: int  # 分, refunded or settled this month
    check: LedgerCheck | None
    draft: LedgerDraft | None
    days: int | None = None  # until a read is shown: limit "ledger_reads", for everybody

    @property
    def size(self) -> int:
        """How many entries the log holds."""
        return self.ledger.size if self.ledger else 0


def head(session: Session, actor: Actor, firm: Firm, book: Book, *, now: datetime) -> Head:
    """Read everything above a book in one statement; the actor's own unfinished rows with it."""
    today = local_day(now)
    found = session.execute(_head(actor, firm, book, today)).first()
    if found is None:
        return Head(firm, None, None, None, month_of(today), 0, 0, *_beside(session, actor, firm, book))
    ledger, root, newest_at, month, check, draft, days = found
    entries, amount = (month.entries, month.amount) if month else (0, 0)
    return Head(firm, ledger, root, newest_at, month_of(today), entries, amount, check, draft, days)


def _head(actor: Actor, firm: Firm, book: Book, today: date) -> Any:
    root = (
        select(Checkpoint.root)
        .where(Checkpoint.ledger_id == Ledger.id, Checkpoint.size == Ledger.signed_size)
        .order_by(Checkpoint.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    newest_at = (
        select(LedgerEntry.at)
        .where(LedgerEntry.ledger_id == Ledger.id, LedgerEntry.seq == Ledger.size)
        .scalar_subquery()
    )
    month = and_(
        MonthTotal.ledger_id == Ledger.id, MonthTotal.kind == FIRST_KIND[book], MonthTotal.month_on == month_of(today)
    )
    days = (  # read here and not with the calendar: a list has eight statements
        select(LegalLimit.amount)
        .where(
            LegalLimit.code == "ledger_reads",
            LegalLimit.organisation_id.is_(None),
            LegalLimit.valid_from <= today,
            or_(LegalLimit.valid_to.is_(None), LegalLimit.valid_to >= today),
        )
        .order_by(LegalLimit.valid_from.desc(), LegalLimit.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(Ledger, root, newest_at, MonthTotal, LedgerCheck, LedgerDraft, days)
        .outerjoin(MonthTotal, month)
        .outerjoin(LedgerCheck, LedgerCheck.id == _newest_check(actor, firm))
        .outerjoin(LedgerDraft, _own_draft(actor, firm, book))
        .where(Ledger.merchant_id == firm.id)
        .options(joinedload(LedgerDraft.key))
    )


def _beside(session: Session, actor: Actor, firm: Firm, book: Book) -> tuple[None, LedgerDraft | None]:
    draft = select(LedgerDraft).where(_own_draft(actor, firm, book)).options(joinedload(LedgerDraft.key))
    return None, session.scalars(draft).first()


def _own_draft(actor: Actor, firm: Firm, book: Book) -> ColumnElement[bool]:
    return and_(
        LedgerDraft.person_id == (actor.person_id or 0), LedgerDraft.merchant_id == firm.id, LedgerDraft.book == book
    )


def _newest_check(actor: Actor, firm: Firm) -> Any:
    """The newest verification that the actor may know of: an authority's would tell the merchant of an audit."""
    mine = [LedgerCheck.merchant_id == firm.id]
    if actor.kind is ActorKind.MERCHANT:
        mine.append(or_(LedgerCheck.organisation_id.is_(None), LedgerCheck.organisation_id == firm.id))
    return select(func.max(LedgerCheck.id)).where(*mine).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Entries:
    """One page of a book."""

    page: Page[Row]
    count: int  # capped
    outlets: tuple[str, ...]


def entries(
    session: Session, firm: Firm, ledger: Ledger | None, wanted: EntryFilter, cursor: str | None,
    *, now: datetime, reasons: bool,
) -> Entries:  # fmt: skip
    """One page of entries with the families that explain them; `reasons` opens those of amendments."""
    if ledger is None:
        return Entries(Page([], None, None), 0, ())
    conditions = conditions_of(session, firm, ledger, wanted)
    page = keyset_page(session, select(LedgerEntry).where(*conditions), keys_of(wanted), cursor)
    count, outlets = _around(session, firm, conditions)
    rows = rows_of(session, wanted.book, page.rows, today=local_day(now), reasons=reasons)
    return Entries(Page(rows, page.next_cursor, page.previous_cursor), count, outlets)


def every_entry(session: Session, firm: Firm, ledger: Ledger, wanted: EntryFilter) -> Iterator[Sequence[LedgerEntry]]:
    """Every entry under the conditions, in their order, in batches."""
    conditions, cursor = conditions_of(session, firm, ledger, wanted), None
    while True:
        page = keyset_page(session, select(LedgerEntry).where(*conditions), keys_of(wanted), cursor, size=EXPORT_BATCH)
        if page.rows:
            yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def conditions_of(session: Session, firm: Firm, ledger: Ledger, wanted: EntryFilter) -> list[ColumnElement[bool]]:
    """What an entry must fulfil to stand in a list of this ledger."""
    in_returns = LedgerEntry.disposition.is_not(None)
    conditions: list[ColumnElement[bool]] = [
        LedgerEntry.ledger_id == ledger.id,
        in_returns if wanted.book is Book.RETURNS else LedgerEntry.disposition.is_(None),
        # said as what it is not: asked for three kinds, SQLite walks them by number instead of the book by place
        LedgerEntry.kind.not_in([kind for kind in EntryKind if kind not in LISTED]),
    ]
    if wanted.since:
        conditions.append(LedgerEntry.occurred_on >= wanted.since)
    if wanted.until:
        conditions.append(LedgerEntry.occurred_on <= wanted.until)
    chosen = [(name, getattr(wanted, name)) for name in ("outcome", "disposition", "category")]
    conditions += [getattr(LedgerEntry, name) == value for name, value in chosen if value]
    if wanted.outlet:
        outlet = select(Outlet.id).where(Outlet.merchant_id == firm.id, Outlet.name == wanted.outlet)
        conditions.append(LedgerEntry.outlet_id.in_(outlet))
    if wanted.kind:
        amendment = LedgerEntry.kind == EntryKind.AMENDMENT
        conditions.append(amendment if wanted.kind == "amendment" else ~amendment)
    if wanted.amended:
        amended = exists().where(Later.amends_id == LedgerEntry.id)
        conditions.append(amended if wanted.amended == "yes" else ~amended)
    if wanted.q:
        conditions.append(_found(session, firm, ledger, wanted.q))
    return conditions


def keys_of(wanted: EntryFilter) -> list[SortKey]:
    """The order of a list."""
    place = SortKey(LedgerEntry.seq, lambda entry: entry.seq, descending=wanted.order != "old")
    if wanted.order != "day":
        return [place]
    return [SortKey(LedgerEntry.occurred_on, lambda entry: entry.occurred_on, descending=True), place]


def _found(session: Session, firm: Firm, ledger: Ledger, words: str) -> ColumnElement[bool]:
    """A place in the log, a label or a case exactly; or the words as bigrams inside this merchant's ledger."""
    plain = words.strip().upper()
    exactly = [
        select(LedgerEntry.id).where(LedgerEntry.ledger_id == ledger.id, LedgerEntry.label_number == plain),
        select(LedgerEntry.id).where(LedgerEntry.ledger_id == ledger.id, LedgerEntry.reference == plain),
    ]
    number = plain.replace(",", "")
    if number.isdecimal() and len(number) < 10:
        exactly.append(select(LedgerEntry.id).where(LedgerEntry.ledger_id == ledger.id, LedgerEntry.seq == int(number)))
    said = LedgerEntry.id.in_(union_all(*exactly))
    matched = entry_matches(session, firm.id, words)
    return said if matched is None else or_(said, matched)


def _around(session: Session, firm: Firm, conditions: Sequence[ColumnElement[bool]]) -> tuple[int, tuple[str, ...]]:
    capped = select(LedgerEntry.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    parts = union_all(
        select(literal("", String).label("name"), func.count().label("count")).select_from(capped),
        select(Outlet.name, literal(0)).where(Outlet.merchant_id == firm.id),
    )
    rows = session.execute(parts).all()
    return max(row[1] for row in rows), tuple(sorted(row[0] for row in rows if row[0]))


def rows_of(session: Session, book: Book, found: Sequence[LedgerEntry], *, today: date, reasons: bool) -> list[Row]:
    """Write entries as rows, amendments beside what they amend."""
    known = kin_of(session, {entry.amends_id or entry.id for entry in found})
    amendments = [entry for entry in found if entry.kind is EntryKind.AMENDMENT]
    said = opened(session, amendments) if reasons and amendments else {}
    texts = {entry_id: values.get("reason", "") for entry_id, values in said.items()}
    return [row_of(book, entry, known[entry.amends_id or entry.id], today=today, reasons=texts) for entry in found]


def kin_of(session: Session, heads: set[int]) -> dict[int, Family]:
    """The families of these entries, in one statement."""
    if not heads:
        return {}
    return _gathered(session, or_(LedgerEntry.id.in_(heads), LedgerEntry.amends_id.in_(heads)))


def family_at(session: Session, ledger_id: int, seq: int) -> Family | None:
    """The family of the entry at a place of a log, itself or what it amends; one statement, None for no such place."""
    place = aliased(LedgerEntry, name="place")
    head = (
        select(func.coalesce(place.amends_id, place.id))
        .where(place.ledger_id == ledger_id, place.seq == seq)
        .scalar_subquery()
    )
    return next(iter(_gathered(session, or_(LedgerEntry.id == head, LedgerEntry.amends_id == head)).values()), None)


def _gathered(session: Session, wanted: ColumnElement[bool]) -> dict[int, Family]:
    rows = session.execute(
        select(LedgerEntry, LedgerOpening.consumer_mask, LedgerOpening.phone_mask)
        .outerjoin(LedgerOpening, LedgerOpening.entry_id == LedgerEntry.id)
        .where(wanted)
        .order_by(LedgerEntry.seq)
    ).all()
    return families([Kin(entry, name or "", phone or "") for entry, name, phone in rows])


def last_of_same_goods(session: Session, firm: Firm, ledger: Ledger, goods: str) -> dict[str, str]:
    """Class and supplier as they were entered with the same goods last, so that they need not be chosen again."""
    found = entry_matches(session, firm.id, goods)
    if found is None:
        return {}
    entry = session.scalars(
        select(LedgerEntry)
        .where(
            found, LedgerEntry.ledger_id == ledger.id, LedgerEntry.goods == goods, LedgerEntry.disposition.is_not(None)
        )
        .order_by(LedgerEntry.seq.desc())
        .limit(1)
    ).first()
    line = line_of(entry) if entry is not None else {}
    return {name: str(line[name]) for name in ("category", "supplier") if name in line}


def unfinished_checks(session: Session, *, asked_before: datetime) -> list[int]:
    """Verifications that nobody has ended though they were asked for, or taken up, long ago; oldest first."""
    waiting = (CheckState.QUEUED, CheckState.RUNNING)
    begun = func.coalesce(LedgerCheck.started_at, LedgerCheck.asked_at)
    return list(
        session.scalars(
            select(LedgerCheck.id)
            .where(LedgerCheck.state.in_(waiting), begun < asked_before)
            .order_by(LedgerCheck.id)
            .limit(100)
        )
    )
