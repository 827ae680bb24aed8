"""The one-page letter with a QR code for a consumer whom no short message reaches (decisions 10, 12)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.links import issue_link
from portal.accounts.models import Organisation
from portal.cases import access
from portal.cases.models import Case
from portal.cases.wording import full_time
from portal.clocks.rules import SHANGHAI, local_day
from portal.core import facts
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey
from portal.documents.models import Document
from portal.documents.numbers import take_numbers
from portal.documents.sealing import Letter, seal_document
from portal.intake.models import Filing
from portal.mediation.phones import has_verified_mobile
from portal.mediation.queries import TAIL
from portal.settlements import rounds, rules
from portal.settlements.models import Side
from portal.settlements.rounds import Kept
from portal.settlements.rules import TermDraft

NOT_NEEDED = "消费者有可以接收短信的已核实手机号，链接由短信发出，不用寄信。"
NOTHING_TO_ANSWER = "这件纠纷还没有分派给企业，或者已经办结，没有要消费者答复的事。"

MAX_TERMS_LENGTH = 200  # characters that still leave room for the rest of the page

STEPS = (
    "用手机扫描下方二维码，或者在浏览器中输入二维码旁的网址，打开你的投诉页面。",
    "在页面上可以查看企业的方案，选择接受、不接受或者提出你的要求，也可以请求市场监管部门处理。",
    "页面要求短信验证码的，请先拨打 12315，告诉我们编号尾号和你本人的手机号。",
    "不方便上网的，拨打 12315，说明编号尾号，由工作人员为你办理。",
)
NOTICE = "网址只供你本人使用，请勿转给他人。我们不会要求你付款或提供银行卡密码。如有疑问，请拨打 12315 核实。"


@dataclass(frozen=True, slots=True)
class MakeLetter:
    """A letter to the consumer of this case."""

    reference: str


@dataclass(frozen=True, slots=True)
class MadeLetter:
    """The numbered letter, and the address that is printed on it and shown nowhere else."""

    document: Document
    address: str


def make_letter(session: Session, actor: Actor, command: MakeLetter, *, now: datetime) -> MadeLetter:
    """Number and seal a letter and give out the paper's link, on record; the link itself is not in what is sealed.

    Refuses with RuleBroken where a short message reaches the consumer or nothing is to be answered.
    """
    case = access.locked(session, actor, command.reference)
    require(actor, Permission.CONSUMER_REACH, case)
    if objection := objection_to_letter(session, case):
        raise RuleBroken(objection)
    _link, token = issue_link(session, case.id, None, now=now)
    key = session.get_one(DataKey, case.key_id)
    document = seal_document(session, key, _letter(session, case, key, now=now), now=now)
    facts.record(session, actor, Topic.LETTER_MADE, SubjectKind.CASE, case.id, at=now, number=document.number)
    note_access(
        session, actor, AccessKind.EXPORT, SubjectKind.CASE, case.id, at=now, what="letter", number=document.number
    )
    return MadeLetter(document, f"{session.info['base_url']}/c/{token}")


def objection_to_letter(session: Session, case: Case) -> str | None:
    """Say why no letter is made, or None."""
    if case.merchant_id is None or case.closed_at is not None:
        return NOTHING_TO_ANSWER
    return NOT_NEEDED if has_verified_mobile(session, case) else None


def _letter(session: Session, case: Case, key: DataKey, *, now: datetime) -> Letter:
    """What the letter says; the consumer appears masked, for the envelope names him."""
    merchant = session.get_one(Organisation, case.merchant_id).name
    authority = session.get_one(Organisation, case.authority_id).name
    number = session.scalars(
        select(Filing.number).where(Filing.case_id == case.id).order_by(Filing.id).limit(1)
    ).first()
    tail = (number or case.reference)[-TAIL:]
    offer = _shown_offer(session, case, key, now=now)
    return Letter(
        number=_next_number(session, case, now),
        case_id=case.id,
        title="致消费者函",
        authority=authority,
        made_on=local_day(now).isoformat(),
        greeting=f"{case.consumer_mask}消费者：",
        lead=f"你对{merchant}的投诉（编号尾号 {tail}）正在由该企业与你协商解决。"
        "我们没有你可以接收短信的手机号，现以本函告知办法。",
        matters=(("企业", merchant), ("投诉编号尾号", tail), ("商品或服务", case.goods or "未注明")),
        terms=_terms(offer.terms) if offer else (),
        answer_by=full_time(offer.offer.expires_at) if offer else "",
        steps=STEPS,
        notice=NOTICE,
    )


def _terms(terms: Sequence[TermDraft]) -> tuple[str, ...]:
    """The terms in full where they leave the letter on one page, else what they are called."""
    full = tuple(_words(term) for term in terms)
    if sum(map(len, full)) <= MAX_TERMS_LENGTH:
        return full
    return (f"{rules.headline(terms)}，具体内容见网页",)


def _words(term: TermDraft) -> str:
    line = rules.term_line(term)
    return f"{line.name}：{line.text}" if line.text else line.name


def _shown_offer(session: Session, case: Case, key: DataKey, *, now: datetime) -> Kept | None:
    pending = rounds.pending_of(rounds.rounds_of(session, case.id, key))
    if pending is None or pending.offer.side is not Side.MERCHANT:
        return None
    return pending if pending.offer.visible_at <= now < pending.offer.expires_at else None


def _next_number(session: Session, case: Case, now: datetime) -> str:
    """HX-HL2609-0001: consecutive for each district and month."""
    prefix = re.match(r"[A-Z]*", case.reference)
    series = f"{prefix.group() if prefix else ''}{now.astimezone(SHANGHAI):%y%m}"
    return f"HX-{series}-{take_numbers(session, f'letter:{series}')[0]:04d}"
