"""Rows that were typed and not yet stored: kept per person, sealed, so that a lost session loses nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.privacy import DataKey, vault_of
from portal.ledgers.page_models import Book, LedgerDraft

MOST_ROWS = 200  # our limit: a grid longer than this is a file for the import
MOST_BYTES = 256 * 1024  # of the rows as JSON
SEAL = "ledger.draft"

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeepDraft:
    """What stands in the grid now; without rows the draft is dropped."""

    book: Book
    rows: Sequence[Typed]


def keep_draft(session: Session, actor: Actor, command: KeepDraft, *, now: datetime) -> LedgerDraft | None:
    """Keep the rows of the actor's grid in place of those kept before; refuses with RuleBroken what is too much."""
    person_id, merchant_id = _clerk(actor)
    rows = [dict(row) for row in command.rows if any(row.values())]
    if not rows:
        drop_draft(session, actor, command.book)
        return None
    text = json.dumps(rows, ensure_ascii=False)
    if len(rows) > MOST_ROWS or len(text.encode()) > MOST_BYTES:
        raise RuleBroken(f"表格里最多保留 {MOST_ROWS} 行草稿。请先存入，或改用“导入 Excel”。")
    vault = vault_of(session)
    draft = _found(session, person_id, merchant_id, command.book)
    if draft is None:
        key = vault.new_key(session, now=now)
        draft = LedgerDraft(person_id=person_id, merchant_id=merchant_id, book=command.book, key=key)
        session.add(draft)
    draft.rows_sealed, draft.kept_at = vault.seal(draft.key, text, SEAL), now
    return draft


def rows_in(session: Session, draft: LedgerDraft | None) -> list[dict[str, str]]:
    """The rows that a person typed and did not store; the caller found the draft as the actor's own."""
    if draft is None:
        return []
    rows: list[dict[str, str]] = json.loads(vault_of(session).open(draft.key, draft.rows_sealed, SEAL))
    return rows


def kept_rows(session: Session, actor: Actor, book: Book) -> list[dict[str, str]]:
    """The rows that the actor typed for this merchant and did not store."""
    person_id, merchant_id = _clerk(actor)
    return rows_in(session, _found(session, person_id, merchant_id, book))


def drop_draft(session: Session, actor: Actor, book: Book) -> None:
    """Forget the actor's rows and the key that opens them: called by the action that stores them."""
    person_id, merchant_id = _clerk(actor)
    draft = _found(session, person_id, merchant_id, book)
    if draft is not None:
        _drop(session, [draft])


@dataclass(frozen=True, slots=True)
class ForgetDrafts:
    """At most so many drafts at a time."""

    most: int = 500


def forget_old_drafts(session: Session, actor: Actor, command: ForgetDrafts, *, now: datetime) -> int:
    """Drop drafts that nobody touched for the days of limit "ledger_draft"; returns how many (PIPL 19)."""
    days = almanac(session).amount("ledger_draft", local_day(now))
    old = select(LedgerDraft).where(LedgerDraft.kept_at < now - timedelta(days=days))
    found = session.scalars(old.order_by(LedgerDraft.id).limit(command.most).with_for_update()).all()
    _drop(session, found)
    return len(found)


def _drop(session: Session, drafts: Sequence[LedgerDraft]) -> None:
    keys = [draft.key_id for draft in drafts]
    session.execute(delete(LedgerDraft).where(LedgerDraft.id.in_([draft.id for draft in drafts])))
    session.execute(delete(DataKey).where(DataKey.id.in_(keys)))  # nothing else was sealed with it


def _found(session: Session, person_id: int, merchant_id: int, book: Book) -> LedgerDraft | None:
    return session.scalars(
        select(LedgerDraft)
        .where(LedgerDraft.person_id == person_id, LedgerDraft.merchant_id == merchant_id, LedgerDraft.book == book)
        .options(joinedload(LedgerDraft.key))
    ).first()


def _clerk(actor: Actor) -> tuple[int, int]:
    if actor.kind is not ActorKind.MERCHANT or actor.person_id is None or actor.organisation_id is None:
        raise NotAllowed("只有企业人员登记台账。")
    return actor.person_id, actor.organisation_id
