"""What an officer decides about waiting cases: to which merchant they go, and what of a suspected tip it may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Organisation
from portal.cases import steps
from portal.cases.access import locked, visible_to
from portal.cases.models import Case
from portal.cases.rules import WAITING_STATES, CaseEvent, allows
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import vault_of
from portal.enrolment.models import Merchant, MerchantState
from portal.intake import rules
from portal.intake.models import Filing
from portal.intake.rules import WaitingReason
from portal.intake.storing import reindex

MOST_AT_ONCE = 100  # our limit: one transaction, one look of the officer
CERTAIN = frozenset(
    {WaitingReason.LOCAL_DIVERSION, WaitingReason.NO_DIVERSION}
)  # one merchant fits, nothing contradicts
MOVED_ON = "这件纠纷已不在待分流里，别人可能刚刚处理过。请刷新列表。"


@dataclass(frozen=True, slots=True)
class RouteCase:
    """Give a waiting case to the merchant of this 统一社会信用代码.

    `redacted` is the text the merchant will read; needed where a tip is suspected. `cleared` says that the officer
    has looked at words that sound like a tip and leaves them.
    """

    reference: str
    merchant_code: str
    redacted: str | None = None
    cleared: bool = False


def route_case(session: Session, actor: Actor, command: RouteCase, *, now: datetime) -> Case:
    """Dispatch a waiting or returned case to a merchant an officer chose; its limit starts now (decisions 2, 8)."""
    case = locked(session, actor, command.reference)
    require(actor, Permission.FILING_ROUTE, case)
    if not allows(case.state, CaseEvent.DISPATCH):
        raise RuleBroken(MOVED_ON)
    merchant = _merchant_of(session, command.merchant_code)
    if case.wait_reason == WaitingReason.SUSPECTED_TIP:
        _redact(session, actor, case, command, now=now)
    steps.dispatch(session, actor, case, merchant.id, now=now, routed_by="officer")
    return case


def _merchant_of(session: Session, code: str) -> Merchant:
    wanted = "".join(code.split()).upper()
    found = session.scalars(
        select(Merchant)
        .join(Merchant.organisation)
        .where(Organisation.code == wanted, Merchant.practice_of_id.is_(None))
        .options(joinedload(Merchant.organisation))
    ).first()
    if found is None:
        raise RuleBroken("请从候选企业中选择一家，或按名称、代码查找入驻企业后选择。", field="merchant")
    if objection := objection_to_merchant(found.state):
        raise RuleBroken(f"{found.organisation.name}{objection}", field="merchant")
    return found


def objection_to_merchant(state: MerchantState) -> str | None:
    """Say why nothing may be dispatched to a merchant in this state, or None."""
    if state is MerchantState.SUSPENDED:
        return "已暂停分流。请选择别的企业，或在恢复分流后派发。"
    if state is MerchantState.EXITED:
        return "已退出，不再接收分流。请选择别的企业或自行处理。"
    return None


def _redact(session: Session, actor: Actor, case: Case, command: RouteCase, *, now: datetime) -> None:
    """Put the officer's text in place of the channel's, which only officers may still read (令121 art 37)."""
    text = (command.redacted or "").strip()
    if not text:
        raise RuleBroken("请填写给企业看的投诉内容，遮去举报内容。", field="redacted")
    if rules.sounds_like_a_tip(text) and not command.cleared:
        raise RuleBroken("内容里还有“举报”“查处”或“处罚”。请遮去，或勾选确认这些字样不是举报。", field="redacted")
    vault = vault_of(session)
    session.refresh(case, ["key"])
    filings = session.scalars(select(Filing).where(Filing.case_id == case.id).order_by(Filing.id)).all()
    originals = {filing: vault.open(case.key, filing.text_sealed, "filing.text") for filing in filings}
    accusing = [filing for filing in filings if rules.sounds_like_a_tip(originals[filing])]
    for filing in accusing or filings[:1]:  # the suspicion may also have come from the title
        if originals[filing] == text:
            continue
        filing.original_sealed = filing.original_sealed or vault.seal(case.key, originals[filing], "filing.original")
        filing.text_sealed = vault.seal(case.key, text, "filing.text")
        facts.record(session, actor, Topic.FILING_REDACTED, SubjectKind.FILING, filing.id, at=now)
    session.flush()
    reindex(session, case)


@dataclass(frozen=True, slots=True)
class ConfirmRoutes:
    """Cases whose only suggestion the officer confirms."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many were dispatched, and the references that were left with the reason."""

    count: int
    left: tuple[tuple[str, str], ...]


def confirm_routes(session: Session, actor: Actor, command: ConfirmRoutes, *, now: datetime) -> Confirmed:
    """Dispatch each case to its only suggestion; what has none or changed meanwhile is left with the reason.

    Refuses with RuleBroken an empty selection and more than a hundred.
    """
    wanted = sorted(set(command.references))
    if not wanted:
        raise RuleBroken("请先勾选要派发的纠纷。")
    if len(wanted) > MOST_AT_ONCE:
        raise RuleBroken(f"一次最多派发 {MOST_AT_ONCE} 件，请分批勾选。")
    cases = session.scalars(
        select(Case).where(Case.reference.in_(wanted), visible_to(actor)).order_by(Case.id).with_for_update()
    ).all()
    merchants = _suggested(session, cases)
    count, left = 0, []
    for case in cases:
        require(actor, Permission.FILING_ROUTE, case)
        merchant = merchants.get(case.candidates.get("only") or 0)
        if objection := objection_to_confirming(case, merchant):
            left.append((case.reference, objection))
            continue
        assert merchant is not None
        steps.dispatch(session, actor, case, merchant.id, now=now, routed_by="officer")
        count += 1
    return Confirmed(count, tuple(left))


def objection_to_confirming(case: Case, merchant: Merchant | None) -> str | None:
    """Say why a case cannot be confirmed together with others, or None."""
    if case.state not in WAITING_STATES:
        return "已不在待分流里"
    if not is_certain(case.wait_reason):
        return "需要逐件核对"
    if merchant is None:
        return "没有唯一的候选企业"
    if merchant.state is not MerchantState.ADMITTED:
        return "企业已暂停或退出"
    return None


def is_certain(wait_reason: str | None) -> bool:
    """Say whether only the officer's word is missing: one merchant fits and nothing contradicts."""
    return wait_reason in CERTAIN


def _suggested(session: Session, cases: Sequence[Case]) -> dict[int, Merchant]:
    ids = {only for case in cases if (only := case.candidates.get("only"))}
    if not ids:
        return {}
    return {one.id: one for one in session.scalars(select(Merchant).where(Merchant.id.in_(ids)))}
