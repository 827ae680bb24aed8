"""The draft behind a browser's cookie, and what stands in it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.errors import NotFound, RuleBroken
from portal.core.privacy import vault_of
from portal.enrolment.models import Merchant
from portal.intake.green_models import GreenDraft
from portal.intake.rules.greens import Said

SEAL = "green.said"
GONE = "这份投诉已经过期或在别处提交了。请重新开始填写。"
FILED_ALREADY = "这份投诉已经提交，不能再改。需要补充的，请打开短信里的链接。"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose page, and what the browser's cookie holds."""

    slug: str
    token: str


def kept_days(session: Session, *, now: datetime) -> int:
    """For how many days a complaint that was begun is kept."""
    return almanac(session).amount("green_draft", local_day(now))


def found_draft(session: Session, place: Place, *, now: datetime) -> GreenDraft | None:
    """The living draft behind a cookie, with its key; None where there is none (any more)."""
    return session.scalars(drafts(session, place, now=now)).first()


def locked_draft(session: Session, place: Place, *, now: datetime) -> GreenDraft:
    """The same for a change; refuses with NotFound what is gone and with RuleBroken what was filed."""
    draft = session.scalars(drafts(session, place, now=now).with_for_update(of=GreenDraft)).first()
    if draft is None:
        raise NotFound(GONE)
    if draft.filed_at is not None:
        raise RuleBroken(FILED_ALREADY)
    return draft


def drafts(session: Session, place: Place, *, now: datetime) -> Any:
    """Select the living draft behind a cookie."""
    return (
        select(GreenDraft)
        .join(Merchant, Merchant.id == GreenDraft.merchant_id)
        .where(
            GreenDraft.token_hash == hash_of(place.token),
            Merchant.slug == place.slug,
            GreenDraft.touched_at > now - timedelta(days=kept_days(session, now=now)),
        )
        .options(joinedload(GreenDraft.key))
    )


def said_in(session: Session, draft: GreenDraft) -> Said:
    """What was typed so far."""
    if draft.said_sealed is None:
        return Said()
    return Said.of_json(vault_of(session).open(draft.key, draft.said_sealed, SEAL))


def is_proved(session: Session, draft: GreenDraft, said: Said) -> bool:
    """Say whether the number that stands there now was proved by a code."""
    phone = said.plain_phone
    return bool(phone) and draft.proved_at is not None and draft.phone_index == vault_of(session).blind(phone, "phone")


def bound_to(draft: GreenDraft) -> str:
    """What a code for this draft is bound to."""
    return f"green:{draft.id}"


def hash_of(token: str) -> bytes:
    """The SHA-256 under which a draft is found."""
    return hashlib.sha256(token.encode()).digest()
