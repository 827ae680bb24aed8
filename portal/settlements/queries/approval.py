"""What waits inside the merchant's house for someone who may send it, as each of its people sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.cases.rules import LEVEL_NAMES, is_above
from portal.cases.substitutes import Authority, authority_of, own_level
from portal.cases.wording import staff_time
from portal.core.actor import Actor
from portal.core.privacy import DataKey, vault_of
from portal.enrolment.models import Merchant
from portal.settlements import rules
from portal.settlements.drafts import SEAL_BACK, is_of_now, kind_name, open_draft
from portal.settlements.limits import as_limits, latest_limits, measured
from portal.settlements.models import DraftKind, DraftState, OfferDraft, SendingLimits
from portal.settlements.queries.parts import RoundView
from portal.settlements.rules import Limits, TermDraft

LEFT = (DraftState.GIVEN_BACK, DraftState.TAKEN_BACK)  # states from which one goes on writing


@dataclass(frozen=True, slots=True)
class Approval:
    """A draft, with what this reader may do about it decided here."""

    kind: str  # 方案, 接受还价
    is_offer: bool
    terms: tuple[TermDraft, ...]
    pairs: tuple[tuple[str, str], ...]
    message: str
    consumer_asked: bool
    outlay: int  # 分
    digest: str
    made_by: str
    made_at: datetime
    made_when: str
    is_waiting: bool
    waits_for: str  # 部门负责人
    may_send: bool
    may_give_back: bool
    may_take_back: bool
    acting_for: str  # for whom the reader would decide; empty for his own level
    objection: str  # why the reader may not send it, by which rule; empty where he may or where it is not his to decide
    ended: str  # 陈立退回：理由, or 已收回; empty while it waits


@dataclass(frozen=True, slots=True)
class House:
    """The limits in force and the case's last draft."""

    limits: Limits
    approval: Approval | None


@dataclass(frozen=True, slots=True)
class Inside:
    """What a reader sees of his own house: a draft, and who must accept a counter for him."""

    approval: Approval | None = None
    accept_needs: str = ""  # 部门负责人, where the counter is above what the reader may promise
    accept_rule: str = ""  # the rule that says so

    @property
    def title(self) -> str:
        """What the negotiation is called while a draft waits; empty otherwise."""
        draft = self.approval
        return f"{draft.kind}已写好，等{draft.waits_for}审批" if draft and draft.is_waiting else ""

    @property
    def is_ours(self) -> bool:
        """Say whether the reader is the one to decide."""
        return self.approval is not None and self.approval.may_give_back


NOTHING, NOTHING_INSIDE = House(Limits(), None), Inside()


def inside_of(
    session: Session,
    actor: Actor,
    case: Case,
    key: DataKey,
    views: Sequence[RoundView],
    counter: RoundView | None,
    *,
    now: datetime,
) -> Inside:
    """The draft, unless it came back and something else was sent or asked for since; who accepts the counter."""
    house = house_of(session, actor, case, key, now=now)
    needs, rule = accept_needs(session, actor, house.limits, counter.outlay, now=now) if counter else ("", "")
    draft = house.approval
    if draft is not None and not draft.is_waiting:
        is_past = any(one.is_ours and one.made_at >= draft.made_at for one in views)
        draft = None if is_past or counter is not None else draft
    return Inside(draft, needs, rule)


def house_of(session: Session, actor: Actor, case: Case, key: DataKey, *, now: datetime) -> House:
    """The limits and the last draft of a case that its own merchant looks at; one statement, two for who stands below."""
    draft_id = (
        select(OfferDraft.id)
        .where(OfferDraft.case_id == case.id, OfferDraft.merchant_id == (case.merchant_id or 0))
        .order_by(OfferDraft.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    limits_id = latest_limits(case.merchant_id).with_only_columns(SendingLimits.id).scalar_subquery()
    row = session.execute(
        select(SendingLimits, OfferDraft)
        .select_from(Merchant)
        .outerjoin(SendingLimits, SendingLimits.id == limits_id)
        .outerjoin(OfferDraft, OfferDraft.id == draft_id)
        .where(Merchant.id == case.merchant_id)
    ).first()
    if row is None:
        return NOTHING
    limits, draft = as_limits(row[0]), row[1]
    if draft is None or not is_of_now(case, draft):
        return House(limits, None)
    return House(limits, _approval(session, actor, case, key, draft, limits, now=now))


def _approval(
    session: Session, actor: Actor, case: Case, key: DataKey, draft: OfferDraft, limits: Limits, *, now: datetime
) -> Approval | None:
    waits = draft.state is DraftState.WAITING and case.raised_to is not None
    if not waits and draft.state not in (*LEFT, DraftState.WAITING):
        return None
    written = open_draft(session, key, draft)
    level = case.raised_to or draft.needs
    authority = Authority(own_level(actor))
    if waits and is_above(level, authority.level):
        authority = authority_of(session, actor, now=now)
    decides = waits and not is_above(level, authority.level)
    objection = measured(session, actor, limits, draft.outlay, now=now).objection if decides else None
    return Approval(
        kind=kind_name(draft.kind),
        is_offer=draft.kind is DraftKind.OFFER,
        terms=written.terms,
        pairs=tuple((line.name, line.text) for line in map(rules.term_line, written.terms)),
        message=written.message,
        consumer_asked=written.consumer_asked,
        outlay=draft.outlay,
        digest=draft.digest,
        made_by=draft.made_by,
        made_at=draft.made_at,
        made_when=staff_time(draft.made_at, now),
        is_waiting=waits,
        waits_for=LEVEL_NAMES[level],
        may_send=decides and objection is None,
        may_give_back=decides,
        may_take_back=waits and draft.made_by_id == actor.person_id,
        acting_for=authority.acting_for if decides else "",
        objection=objection or "",
        ended="" if waits else _ended(session, key, draft),
    )


def _ended(session: Session, key: DataKey, draft: OfferDraft) -> str:
    if draft.state is not DraftState.GIVEN_BACK:
        return "已收回，还没有发送"
    reason = vault_of(session).open(key, draft.reason_sealed, SEAL_BACK) if draft.reason_sealed else ""
    return f"{draft.decided_by}退回：{reason}"


def accept_needs(session: Session, actor: Actor, limits: Limits, outlay: int, *, now: datetime) -> tuple[str, str]:
    """Who must accept a counter of this outlay (分) for the actor, and by which rule; empty where he may himself."""
    found = measured(session, actor, limits, outlay, now=now)
    if found.objection is None:
        return "", ""
    return LEVEL_NAMES[rules.needed_level(outlay, limits)], found.objection
