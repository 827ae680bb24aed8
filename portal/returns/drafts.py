"""Forms that were begun: every answer of the server keeps what came, so that a lost connection loses nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.links import hash_of
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import NotFound
from portal.core.privacy import DataKey, vault_of
from portal.core.uploads import Upload
from portal.enrolment.models import Merchant
from portal.returns import proofs
from portal.returns.models import ReturnDraft
from portal.returns.proofs import Kept

SEAL = "return.draft"
NO_MERCHANT = "这家店没有在本平台接收退货申请。请核对二维码或链接，或者直接联系店铺。"
FORGOTTEN_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class KeepDraft:
    """What stands in the form of a merchant's page and which files came with it; `token` is the browser's own."""

    token: str
    slug: str
    typed: Mapping[str, str]
    uploads: tuple[Upload, ...] = ()


def keep_draft(session: Session, actor: Actor, command: KeepDraft, *, now: datetime) -> Kept:
    """Keep the form as it stands and its files; safe to send again, files that are there are passed over."""
    merchant = merchant_by_slug(session, command.slug)
    draft = draft_of(session, command.token, merchant.id, lock=True)
    vault = vault_of(session)
    if draft is None:
        key = vault.new_key(session, now=now)
        draft = ReturnDraft(token_hash=hash_of(command.token), merchant_id=merchant.id, key=key, kept_at=now)
        session.add(draft)
        session.flush()
    draft.typed_sealed = vault.seal(draft.key, json.dumps(dict(command.typed), ensure_ascii=False), SEAL)
    draft.kept_at = now
    return proofs.keep_files(session, draft, command.uploads, now=now)


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """A file of a form that was begun."""

    token: str
    slug: str
    reference: str


def remove_file(session: Session, actor: Actor, command: RemoveFile, *, now: datetime) -> bool:
    """Take a file out of the form again; False where it is gone already."""
    draft = draft_of(session, command.token, merchant_by_slug(session, command.slug).id, lock=True)
    if draft is None:
        return False
    draft.kept_at = now
    return proofs.drop_file(session, draft, command.reference)


@dataclass(frozen=True, slots=True)
class ForgetDrafts:
    """At most so many at a time."""

    most: int = FORGOTTEN_AT_ONCE


def forget_drafts(session: Session, actor: Actor, command: ForgetDrafts, *, now: datetime) -> int:
    """Drop forms that nobody touched for the days of limit "return_draft", with files and key; returns how many."""
    days = almanac(session).amount("return_draft", local_day(now))
    old = (
        select(ReturnDraft)
        .where(ReturnDraft.kept_at < now - timedelta(days=days))
        .order_by(ReturnDraft.id)
        .limit(command.most)
        .options(joinedload(ReturnDraft.key, innerjoin=True))
        .with_for_update(of=ReturnDraft, skip_locked=True)
    )
    drafts = session.scalars(old).all()
    for draft in drafts:
        proofs.drop_files(session, draft)
        drop_draft(session, draft)
        session.delete(draft.key)  # nothing else was sealed with it
    return len(drafts)


def draft_of(session: Session, token: str, merchant_id: int, *, lock: bool = False) -> ReturnDraft | None:
    """The form that a browser began on a merchant's page, with its key; None where it began none."""
    query = (
        select(ReturnDraft)
        .where(ReturnDraft.token_hash == hash_of(token), ReturnDraft.merchant_id == merchant_id)
        .options(joinedload(ReturnDraft.key, innerjoin=True))
    )
    return session.scalars(query.with_for_update(of=ReturnDraft) if lock else query).first()


def typed_in(session: Session, draft: ReturnDraft | None) -> dict[str, str]:
    """What was typed; nothing where no form was begun."""
    if draft is None or draft.typed_sealed is None:
        return {}
    typed: dict[str, str] = json.loads(vault_of(session).open(draft.key, draft.typed_sealed, SEAL))
    return typed


def drop_draft(session: Session, draft: ReturnDraft) -> DataKey:
    """Forget a form; its key is given back, for it may have become a request's."""
    key = draft.key
    session.delete(draft)
    session.flush()
    return key


def merchant_by_slug(session: Session, slug: str) -> Merchant:
    """The enrolled merchant of a public page, none that is for practice; raises NotFound."""
    merchant = session.scalars(
        select(Merchant)
        .where(Merchant.slug == slug, Merchant.practice_of_id.is_(None))
        .options(joinedload(Merchant.organisation))
    ).first()
    if merchant is None:
        raise NotFound(NO_MERCHANT)
    return merchant
