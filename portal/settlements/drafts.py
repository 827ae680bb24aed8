"""Offers that wait inside the merchant's house for someone who may send them: kept, opened, found, put aside."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.levels import lower_case
from portal.cases.models import Case
from portal.cases.rules import Level
from portal.core.actor import Actor
from portal.core.facts import Topic
from portal.core.privacy import DataKey, vault_of
from portal.settlements import rules
from portal.settlements.models import DraftKind, DraftState, OfferDraft, Payer, PaymentMethod, TermKind
from portal.settlements.rules import TermDraft

SEAL_DRAFT, SEAL_BACK = "offer.draft", "offer.draft_reason"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: terms and words of an offer, or of the counter that is to be accepted."""

    terms: tuple[TermDraft, ...]
    message: str = ""
    consumer_asked: bool = False


def seal_draft(session: Session, key: DataKey, written: Written) -> bytes:
    """Seal what was written under the case's key."""
    return vault_of(session).seal(key, rules.canonical_json(_content(written)), SEAL_DRAFT)


def open_draft(session: Session, key: DataKey, row: OfferDraft) -> Written:
    """Open what was written."""
    kept = json.loads(vault_of(session).open(key, row.content_sealed, SEAL_DRAFT))
    return Written(tuple(map(_term, kept["terms"])), kept["message"], kept["consumer_asked"])


def draft_digest(case: Case, written: Written, counter_digest: str | None, *, now: datetime) -> str:
    """The SHA-256 over what is to be sent and when it was handed up: an approval carries it and fits no other draft."""
    content = {"case": case.reference, "counter": counter_digest, "at": now.isoformat(), **_content(written)}
    return hashlib.sha256(rules.canonical_json(content).encode()).hexdigest()


def waiting_draft(session: Session, case: Case) -> OfferDraft | None:
    """The draft of a case that waits; the database allows one."""
    return session.scalars(
        select(OfferDraft).where(OfferDraft.case_id == case.id, OfferDraft.state == DraftState.WAITING)
    ).first()


def decide(draft: OfferDraft, state: DraftState, actor: Actor, *, now: datetime) -> None:
    """Let a draft wait no longer."""
    draft.state, draft.decided_at, draft.decided_by = state, now, actor.name


def drop_waiting(session: Session, actor: Actor, case: Case, *, now: datetime) -> None:
    """Put a waiting draft of a locked case aside because something else is sent or agreed instead."""
    draft = waiting_draft(session, case)
    if draft is None:
        return
    decide(draft, DraftState.DROPPED, actor, now=now)
    if case.raised_to is not None:
        lower_case(session, actor, case, Level.AGENT, Topic.CASE_LOWERED, now=now)
    session.flush()


def what_became_of(draft: OfferDraft | None) -> str:
    """Say why a draft that was seen cannot be decided any more."""
    if draft is None:
        return "这个方案草稿已经不在了。请刷新页面。"
    by = f"，{draft.decided_by}" if draft.decided_by else ""
    return {
        DraftState.WAITING: "方案草稿已经换了一份。请看过新的内容再决定。",
        DraftState.SENT: f"这个方案已经发送{by}。请刷新页面。",
        DraftState.GIVEN_BACK: f"这个方案已经退回修改{by}。请刷新页面。",
        DraftState.TAKEN_BACK: f"这个方案已被提交人收回{by}。请刷新页面。",
        DraftState.DROPPED: "这个方案草稿已作废，因为先发出了别的方案或纠纷有了结果。请刷新页面。",
    }[draft.state]


def is_of_now(case: Case, draft: OfferDraft) -> bool:
    """Say whether a draft belongs to the merchant that has the case, since it has it."""
    since = case.dispatched_at
    return draft.merchant_id == case.merchant_id and (since is None or draft.made_at >= since)


def kind_name(kind: DraftKind) -> str:
    """What a draft is called."""
    return "方案" if kind is DraftKind.OFFER else "接受还价"


def _content(written: Written) -> dict[str, object]:
    return {
        "terms": [rules.term_content(term) for term in rules.in_order(written.terms)],
        "message": written.message,
        "consumer_asked": written.consumer_asked,
    }


def _term(kept: dict[str, Any]) -> TermDraft:
    return TermDraft(
        kind=TermKind(kept["kind"]),
        amount=kept["amount"],
        method=PaymentMethod(kept["method"]) if kept["method"] else None,
        due_days=kept["due_days"],
        freight=Payer(kept["freight"]),
        detail=kept["detail"],
    )
