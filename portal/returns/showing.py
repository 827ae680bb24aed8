"""One request as its pages show it: plain pairs, what was said, and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Organisation
from portal.classification.rules import CLASS_NAMES
from portal.clocks.queries import Due
from portal.clocks.rules import SHANGHAI, consumer_day, due_day
from portal.commitments.rules import FREIGHT_NAMES, WAY_NAMES
from portal.core import facts
from portal.core.access import granted_until
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.money import yuan
from portal.core.privacy import Erased, mask_text, vault_of
from portal.ledgers.rules.vocabulary import CONDITION_NAMES, Condition
from portal.returns import proofs
from portal.returns.access import MISSING, visible_to
from portal.returns.actions import ANSWER_SEAL
from portal.returns.asking import NAME_SEAL, PHONE_SEAL, REASON_SEAL
from portal.returns.listing import due_of
from portal.returns.models import ReturnRequest
from portal.returns.proofs import Proof
from portal.returns.rules import BREACH_NAMES, FINDING_NAMES, GROUND_NAMES, STATE_NAMES, Breach, Finding, total_of

Pairs = list[tuple[str, str]]
TOLD: Mapping[str, tuple[str, str, str]] = {  # icon, tone, words
    Topic.RETURN_ASKED: ("inbox", "", "消费者申请退货"),
    Topic.RETURN_FILES_ADDED: ("upload", "", "消费者补充凭证"),
    Topic.RETURN_AGREED: ("check", "good", "商家同意退货"),
    Topic.RETURN_REFUSED: ("x", "bad", "商家拒绝"),
    Topic.RETURN_GOODS_BACK: ("return", "", "商家收到退回的商品"),
    Topic.RETURN_REFUNDED: ("yuan", "good", "商家登记已退款"),
    Topic.RETURN_EXCHANGED: ("return", "good", "商家登记已换货"),
    Topic.RETURN_CONFIRMED: ("done", "good", "消费者确认收到退款"),
    Topic.RETURN_DENIED: ("alert", "bad", "消费者反映没有收到退款"),
    Topic.RETURN_WITHDRAWN: ("undo", "", "消费者撤回"),
    Topic.RETURN_LAPSED: ("done", "", "没有继续办理，申请结束"),
    Topic.RETURN_WARNED: ("clock", "near", "到期提醒"),
    Topic.RETURN_OVERDUE: ("alert", "bad", "逾期"),
    Topic.RETURN_BREACH_FOUND: ("eye", "", "监管部门写下结论"),
    Topic.RETURN_ERASED: ("lock", "", "个人信息已清除"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A request with everything its page says."""

    request: ReturnRequest
    merchant: str
    merchant_slug: str
    state: tuple[str, str]
    due: Due | None
    name: str
    phone: str
    reason: str
    answer: str
    proofs: Sequence[Proof]
    history: Sequence[Fact]
    is_open: bool  # name and phone are shown in full

    @property
    def purchase(self) -> Pairs:
        """What was bought."""
        request = self.request
        pairs = [
            ("商品", request.goods),
            ("商品类别", CLASS_NAMES.get(request.category, "")),
            ("怎么买的", WAY_NAMES[request.way]),
            ("购买日期", request.purchased_on.isoformat()),
            ("签收日期", request.received_on.isoformat() if request.received_on else ""),
            ("门店", request.outlet.name if request.outlet else ""),
            ("单价和数量", f"¥{yuan(request.price)} × {request.quantity}，合计 ¥{yuan(self.total)}"),
            ("原因", self.reason),
        ]
        return [pair for pair in pairs if pair[1]]

    @property
    def total(self) -> int:
        """Price × quantity in 分."""
        return total_of(self.request.price, self.request.quantity)

    @property
    def outcome(self) -> Pairs:
        """What the merchant answered and did."""
        request = self.request
        pairs = [
            ("答复", self.answer),
            ("依据", GROUND_NAMES[request.ground] if request.ground else ""),
            ("不适用条款", request.exclusion.text if request.exclusion else ""),
            ("同意退款", f"¥{yuan(request.agreed_refund)}" if request.agreed_refund else ""),
            ("收货状况", CONDITION_NAMES[Condition(request.condition)] if request.condition else ""),
            ("收到商品", _moment(request.goods_back_at)),
            ("应退款日", consumer_day(due_day(request.pay_by)) if request.pay_by else ""),
            ("已退款", f"¥{yuan(request.refund)}，{_moment(request.settled_at)}" if request.refund else ""),
            ("消费者确认", _moment(request.confirmed_at)),
        ]
        return [pair for pair in pairs if pair[1]]

    @property
    def promise(self) -> Pairs:
        """What the version says about returning goods."""
        version = self.request.version
        if version is None:
            return []
        freight = FREIGHT_NAMES[version.freight] + (f"；{version.freight_note}" if version.freight_note else "")
        pairs = [
            ("承诺版本", f"第 {version.number} 版"),
            ("退货条件", version.conditions),
            ("运费", freight),
            ("赠品", version.gifts),
            ("退货流程", version.procedure),
            ("小票遗失", version.receipt_lost),
            ("收到商品后退款", f"{version.days_to_refund} 天内"),
        ]
        return [pair for pair in pairs if pair[1]]

    @property
    def breach(self) -> Pairs:
        """The possible breach and what was found."""
        request = self.request
        if request.breach is None:
            return []
        pairs = [("可能违反承诺", BREACH_NAMES[request.breach]), ("发现时间", _moment(request.breach_at))]
        if request.finding is not None:
            pairs += [("结论", FINDING_NAMES[request.finding]), ("核查情况", request.found_words or "")]
        return pairs


def shown_to_staff(session: Session, actor: Actor, reference: str, *, now: datetime) -> Shown:
    """A request for a desk: masked, unless a merchant's clerk was granted reading; NotFound for strangers."""
    query = _query().where(ReturnRequest.reference == reference, visible_to(actor))
    row = session.execute(query).first()
    if row is None:
        raise NotFound(MISSING)
    request = row[0]
    is_open = bool(granted_until(session, actor, SubjectKind.RETURN, request.id, now=now))
    shown = _shown(session, row, is_open=is_open, with_history=True, now=now)
    if actor.kind is ActorKind.AUTHORITY:  # free text may name numbers
        return replace(shown, reason=mask_text(shown.reason), answer=mask_text(shown.answer))
    return shown


def shown_to_consumer(session: Session, request: ReturnRequest, *, now: datetime) -> Shown:
    """A request for the holder of its link."""
    row = session.execute(_query().where(ReturnRequest.id == request.id)).one()
    return _shown(session, row, is_open=False, with_history=False, now=now)


def history(shown: Shown) -> list[dict[str, str]]:
    """What happened, newest first, as `ui.timeline` draws it."""
    return [_told(fact) for fact in reversed(shown.history)]


def _query() -> Select[Any]:
    query: Any = (
        select(ReturnRequest, Organisation.name)
        .join(Organisation, Organisation.id == ReturnRequest.merchant_id)
        .options(
            joinedload(ReturnRequest.key, innerjoin=True),
            joinedload(ReturnRequest.outlet),
            joinedload(ReturnRequest.version),
            joinedload(ReturnRequest.exclusion),
            joinedload(ReturnRequest.merchant, innerjoin=True),
        )
        .execution_options(populate_existing=True)
    )
    return cast("Select[Any]", query)


def _shown(session: Session, row: Any, *, is_open: bool, with_history: bool, now: datetime) -> Shown:
    request: ReturnRequest = row[0]
    known = {
        name: _opened(session, request, sealed, purpose)
        for name, sealed, purpose in (
            ("name", request.name_sealed if is_open else None, NAME_SEAL),
            ("phone", request.phone_sealed if is_open else None, PHONE_SEAL),
            ("reason", request.reason_sealed, REASON_SEAL),
            ("answer", request.answer_sealed, ANSWER_SEAL),
        )
    }
    return Shown(
        request=request,
        merchant=row[1],
        merchant_slug=request.merchant.slug,
        state=STATE_NAMES[request.state],
        due=due_of(request, session=session, now=now),
        name=known["name"] or request.name_mask,
        phone=known["phone"] or request.phone_mask,
        reason=known["reason"],
        answer=known["answer"],
        proofs=proofs.proofs_of(session, request),
        history=session.scalars(facts.about(SubjectKind.RETURN, request.id)).all() if with_history else (),
        is_open=is_open,
    )


def _opened(session: Session, request: ReturnRequest, sealed: bytes | None, purpose: str) -> str:
    if sealed is None:
        return ""
    try:
        return vault_of(session).open(request.key, sealed, purpose)
    except Erased:
        return ""


def _told(fact: Fact) -> dict[str, str]:
    icon, tone, words = TOLD[fact.topic]
    local = fact.at.astimezone(SHANGHAI)
    if breach := fact.detail.get("breach"):
        words += f"：{BREACH_NAMES[Breach(breach)]}" if breach in set(Breach) else "：可能违反承诺"
    if finding := fact.detail.get("finding"):
        words += f"：{FINDING_NAMES[Finding(finding)]}"
    when, who = f"{local:%m-%d %H:%M}", fact.actor_name
    return {"title": words, "icon": icon, "tone": tone, "when": when, "who": who, "iso": local.isoformat()}


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}" if moment else ""
