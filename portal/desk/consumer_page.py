"""The consumer's page put together: what the state says, what can be done beside it, and the small sentences."""

import dataclasses
from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from portal.cases.evidence import evidence_of
from portal.cases.models import EvidenceSide
from portal.cases.rules import BEFORE_AGREEMENT, CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.desk import consumer_states
from portal.desk import consumer_words as words
from portal.desk.consumer_standing import Standing, standing
from portal.desk.consumer_view import ConsumerView, Pairs, PayeePart, Slip
from portal.settlements.papers import document_of, paper_view
from portal.settlements.rules import Answer

CHANGED = "方案已经变了，下面是现在的内容。刚才的答复没有提交，请看过再答复。"
NOTHING = "现在没有等待你答复的方案。下面是最新进展。"
UNCLEAR = "没有看清你选的是哪一个。请点“收到”或“没收到”。"
TOO_BIG = "文件加起来太大，没有上传。请分几次上传，或把视频剪短。"
NO_FILES = "还没有选文件。请先选照片、视频或 PDF。"
NO_PAPER = "还没有和解协议可以下载。双方达成后，可在本页下载。"
NO_CHOICE = "这件投诉现在不需要作这个选择。下面是最新进展。"

DONE = {
    "refused": "已告诉商家你不接受。商家可以再提方案。",
    "countered": "已把你的要求发给商家。",
    "received": "谢谢，已记下你收到了。",
    "not-received": "已记下没有收到，商家和市场监督管理部门都会收到提醒。",
    "rated": "谢谢你的评价。",
    "asked": "已请市场监督管理部门处理。",
    "withdrawn": "已撤回。",
    "laid-aside": "已按你的选择办结。",
    "account": "收款账户已保存，商家付款时能看到。",
}
ANSWERS = {Answer.ACCEPTED: "accepted", Answer.REFUSED: "refused", Answer.COUNTERED: "countered"}


def consumer_view(session: Session, actor: Actor, *, now: datetime) -> ConsumerView:
    """The page of the case behind the actor's link; raises NotFound where there is none. Seven statements at most."""
    found = standing(session, actor, now=now)
    parts = consumer_states.parts_of(found)
    view = ConsumerView(
        reference=found.talk.reference,
        authority_name=found.authority,
        rights=_rights(found),
        links=_links(found),
        steps=words.steps(found),
        phone_mask=found.talk.phone_mask,
        happened=_happened(found),
        answered=_answered(found),
        ends_negotiation=found.state in BEFORE_AGREEMENT,
        objection_to_asking=found.official.objection_to_asking,
        objection_to_withdrawal=found.official.objection_to_withdrawal,
        objection_to_rest=None if found.official.is_choice_open and not found.case.closed_at else NO_CHOICE,
        payee=_payee(found),
        objection_to_payee=found.talk.payee_objection,
        **parts,
    )
    return _with_request(found, dataclasses.replace(view, slip=_slip(session, actor, found)))


def _slip(session: Session, actor: Actor, found: Standing) -> Slip | None:
    if found.agreement is None or found.state not in consumer_states.SETTLED:
        return None
    paper = paper_view(session, document_of(session, actor, found.agreement.number))
    return Slip(
        number=paper.number,
        check_code=paper.check_code,
        agreed_at=words.minute(found.agreement.accepted_at),
        qr_path=paper.qr_path,
        qr_size=paper.qr_size,
    )


def _payee(found: Standing) -> PayeePart | None:
    given = found.talk.payee
    if given is None:
        return None
    code: dict[str, Any] = {
        "digest": found.talk.accepted.digest if found.talk.accepted else "",
        "needs_code": found.talk.payee_code_needed,
    }
    if not given.masked:
        text = "约定转账付款。商家要先知道你的收款账户，才能付款。"
        return PayeePart(text, "填写收款账户", is_missing=True, **code)
    text = f"{given.masked}。商家付款以前可以更换。"
    return PayeePart(text, "更换收款账户", is_missing=False, warning=given.warning, **code)


def _with_request(found: Standing, view: ConsumerView) -> ConsumerView:
    """Say beside a negotiation or an agreement that the authority was asked all the same."""
    asked = found.official.asked_at
    if asked is None or found.state is CaseState.FAILED:
        return view
    return dataclasses.replace(
        view,
        remedy_title=view.remedy_title or "市场监督管理部门",
        remedy=f"你已在 {words.day(asked)}请{found.authority}处理。{view.remedy}",
    )


def _rights(found: Standing) -> str:
    if found.state in (CaseState.WITHDRAWN, CaseState.CLOSED_SETTLED, CaseState.SENT_BACK):
        return "对处理有疑问，可以拨打 12315。办结不影响你向法院起诉的权利。"
    refuse = "你可以不接受任何方案，不答复不等于同意。" if found.agreement is None or found.offer else ""
    if found.official.objection_to_asking is None and found.official.asked_at is None:
        return f"{refuse}你可以随时请{found.authority}处理，不用重新提交材料。有疑问可以拨打 12315。"
    if found.state is CaseState.CLOSED_UNCONFIRMED:
        again = f"没有收到的，点“没收到”，投诉会重新打开，还可以请{found.authority}处理。"
        return f"不答复不等于收到。{again if found.talk.can_deny else ''}有疑问可以拨打 12315。"
    return f"{refuse}有疑问可以拨打 12315。"


def _links(found: Standing) -> Pairs:
    rows = []
    if found.official.objection_to_asking is None and found.official.asked_at is None:
        rows.append((f"请{found.authority}处理", "show_escalation"))
    if found.state not in (CaseState.WITHDRAWN, CaseState.CLOSED_SETTLED, CaseState.SENT_BACK):
        rows.append(("补充照片或文件", "show_evidence"))
    if found.official.objection_to_withdrawal is None:
        rows.append(("撤回投诉", "show_withdrawal"))
    return tuple(rows)


def _happened(found: Standing) -> frozenset[str]:
    agreement, last = found.agreement, found.last
    told = {
        "refused": last is not None and last.is_ours and last.answer is Answer.REFUSED,
        "countered": found.talk.counter is not None,
        "received": found.state is CaseState.CLOSED_SETTLED,
        "not-received": found.state is CaseState.BREACHED,
        "rated": agreement is not None and agreement.verdict is not None,
        "asked": found.official.asked_at is not None,
        "withdrawn": found.state is CaseState.WITHDRAWN,
        "laid-aside": found.official.is_choice_open and found.case.closed_at is not None,
        "account": found.talk.payee is not None and bool(found.talk.payee.masked),
    }
    return frozenset(name for name, is_so in told.items() if is_so)


def _answered(found: Standing) -> frozenset[tuple[str, str]]:
    return frozenset(
        (ANSWERS[one.answer], one.digest) for one in found.talk.past if one.is_ours and one.answer in ANSWERS
    )


def is_repetition(view: ConsumerView, form: FlaskForm, said: str) -> bool:
    """Say whether a refused answer only repeats one that was taken: the same button twice is harmless."""
    if "digest" in form:
        return (said, form.digest.data) in view.answered
    return said in view.happened


def what_was_done(view: ConsumerView, done: str | None) -> str | None:
    """A sentence about what was just done; None unless it is so, for anyone may write an address."""
    return DONE.get(done or "") if done in view.happened else None


def at_counter_field(objection: RuleBroken) -> RuleBroken:
    """Move an objection to a term to the field of the counter form that made it; the main one comes first."""
    place, _, field = (objection.field or "").removeprefix("terms-").partition("-")
    named = field if place == "0" else ""
    return RuleBroken(objection.text, field=named or objection.field)


def payee_kept_days(session: Session, *, now: datetime) -> int:
    """For how many days after the case closed an account is kept."""
    return almanac(session).amount("payee_account", local_day(now))


def files_added(count: str) -> str | None:
    """What became of an upload."""
    if not count.isdigit():
        return None
    return f"已收到 {int(count)} 个文件。" if int(count) else "这些文件之前已经上传过，不用再传。"


def files_held(session: Session, case_id: int) -> str:
    """How many files the consumer has added."""
    held = sum(one.side is EvidenceSide.CONSUMER for one in evidence_of(session, case_id))
    return f"你已经补充了 {held} 个文件。" if held else "你还没有补充过文件。"
