"""What an application for enrolment must hold and how it moves: 四有一健全, four documents, tiers, states.

The conditions and the documents are those of the public notices on ODR enterprises (domain.md 1.1); who admits which
tier is local practice, not law.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.core.errors import RuleBroken
from portal.enrolment.rules import MAX_NAME

MAX_PAGES = 20  # of one document, our limit
MAX_OUTLETS = 200  # our limit
MAX_ACCOUNTS = 10  # our limit; the principal adds further people after the first sign-in
MAX_STATEMENT = 300  # characters, our limit
MAX_ADDRESS = 300  # characters, our limit

_SEPARATOR = re.compile(r"[，,\t]")


class ApplicationState(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"  # 填写中
    SUBMITTED = "submitted"  # 待审核
    ASKED = "asked"  # 待补正
    ADMITTED = "admitted"  # 已通过
    REFUSED = "refused"  # 未通过
    WITHDRAWN = "withdrawn"  # 已撤回
    LAPSED = "lapsed"  # 久未填写，已作废


class ApplicationEvent(StrEnum):
    """What happens to an application."""

    SUBMIT = "submit"
    ASK = "ask"  # the authority wants more
    ADMIT = "admit"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"  # apply again with what was filled in before
    LAPSE = "lapse"  # nobody went on with it


S, E = ApplicationState, ApplicationEvent

TRANSITIONS: dict[tuple[ApplicationState, ApplicationEvent], ApplicationState] = {
    (S.DRAFT, E.SUBMIT): S.SUBMITTED,
    (S.DRAFT, E.WITHDRAW): S.WITHDRAWN,
    (S.DRAFT, E.LAPSE): S.LAPSED,
    (S.SUBMITTED, E.ASK): S.ASKED,
    (S.SUBMITTED, E.ADMIT): S.ADMITTED,
    (S.SUBMITTED, E.REFUSE): S.REFUSED,
    (S.SUBMITTED, E.WITHDRAW): S.WITHDRAWN,
    (S.ASKED, E.SUBMIT): S.SUBMITTED,
    (S.ASKED, E.REFUSE): S.REFUSED,
    (S.ASKED, E.WITHDRAW): S.WITHDRAWN,
    (S.ASKED, E.LAPSE): S.LAPSED,
    (S.REFUSED, E.REOPEN): S.DRAFT,
    (S.WITHDRAWN, E.REOPEN): S.DRAFT,
}
EDITABLE = frozenset({S.DRAFT, S.ASKED})  # the applicant's turn
UNDER_REVIEW = frozenset({S.SUBMITTED, S.ASKED})  # only one of a code at a time
OPEN = EDITABLE | UNDER_REVIEW
ABANDONED = frozenset({S.REFUSED, S.WITHDRAWN, S.LAPSED})  # their personal data is erased after a while

STATE_NAMES = {  # label, tone
    S.DRAFT: ("填写中", "theirs"),
    S.SUBMITTED: ("待审核", "ours"),
    S.ASKED: ("待补正", "near"),
    S.ADMITTED: ("已通过", "good"),
    S.REFUSED: ("未通过", "bad"),
    S.WITHDRAWN: ("已撤回", "theirs"),
    S.LAPSED: ("已作废", "theirs"),
}
_NOT_NOW = {
    E.SUBMIT: "现在不能提交",
    E.ASK: "现在不能要求补正",
    E.ADMIT: "现在不能通过",
    E.REFUSE: "现在不能驳回",
    E.WITHDRAW: "现在不能撤回",
    E.REOPEN: "现在不能重新申请",
    E.LAPSE: "现在不能作废",
}


def next_state(state: ApplicationState, event: ApplicationEvent) -> ApplicationState:
    """Return the state after an event; RuleBroken, in words, where the event has no place."""
    if (state, event) in TRANSITIONS:
        return TRANSITIONS[state, event]
    raise RuleBroken(f"申请是“{STATE_NAMES[state][0]}”状态，{_NOT_NOW[event]}。请刷新页面看最新情况。")


class Condition(StrEnum):
    """四有一健全: what an ODR enterprise must have."""

    PREMISES = "premises"
    STAFF = "staff"
    COMPUTER = "computer"
    TELEPHONE = "telephone"
    SYSTEM = "system"


CONDITIONS: dict[Condition, tuple[str, str]] = {  # what it is, what the statement says
    Condition.PREMISES: ("有相对固定的场所", "写明地址和用途，如：一楼服务台，接待顾客投诉"),
    Condition.STAFF: ("有一名以上专职或兼职人员", "写明人数和专职或兼职，不用写姓名"),
    Condition.COMPUTER: ("有一台能上网的电脑", "写明放在哪里、谁使用"),
    Condition.TELEPHONE: ("有一部专用电话", "写明号码和接听时间"),
    Condition.SYSTEM: ("有健全的消费投诉处理制度", "写明制度名称和主要内容"),
}


class DocumentKind(StrEnum):
    """The four documents of an application."""

    FORM = "form"
    PROMISE = "promise"
    LICENCE = "licence"
    WORK = "work"


DOCUMENTS: dict[DocumentKind, str] = {
    DocumentKind.FORM: "申请书",
    DocumentKind.PROMISE: "及时处理消费投诉承诺书",
    DocumentKind.LICENCE: "营业执照副本",
    DocumentKind.WORK: "其他开展消费者权益保护工作情况说明",
}
PRINTABLE = frozenset({DocumentKind.FORM, DocumentKind.PROMISE})  # from what was typed, to be signed and uploaded


class Part(StrEnum):
    """What an authority may want more of; each is a step of the application."""

    FIRM = "firm"
    CONDITIONS = "conditions"
    DOCUMENTS = "documents"
    ACCOUNTS = "accounts"


PARTS = {
    Part.FIRM: "企业资料",
    Part.CONDITIONS: "四有一健全",
    Part.DOCUMENTS: "申请材料",
    Part.ACCOUNTS: "开通账号",
}


class Desk(StrEnum):
    """The desks that review applications."""

    DISTRICT = "district"  # 区县局及以上
    STATION = "station"  # 市场监管所


STATION_LEVEL = "所"
TIER_BASIS = "地方做法，非法律规定"
TIER_DESKS: dict[str, frozenset[Desk]] = {  # who admits which tier; untyped ones are anybody's
    "重点企业": frozenset({Desk.DISTRICT}),
    "重点行业": frozenset({Desk.STATION, Desk.DISTRICT}),
    "维权网点": frozenset({Desk.STATION, Desk.DISTRICT}),
    "服务站": frozenset({Desk.STATION, Desk.DISTRICT}),
}


def objection_to_tier(tier: str, level: str | None) -> str | None:
    """Say why an authority of this level may not admit a merchant of this tier, or None (local practice)."""
    desk = Desk.STATION if level == STATION_LEVEL else Desk.DISTRICT
    if desk in TIER_DESKS.get(tier, frozenset(Desk)):
        return None
    return f"“{tier}”由区县市场监督管理局审核（{TIER_BASIS}）。请由区局办理，或改选其他类别。"


def objection_to_licence(until: date | None, open_ended: bool, today: date) -> str | None:
    """Say why a licence is not good enough, or None; `until` is the last day on which it holds."""
    if open_ended:
        return None
    if until is None:
        return "请填写营业执照的有效期；执照上写“长期”的，选“长期”。"
    if until < today:
        return (
            f"营业执照的有效期到 {until.isoformat()}，已经过期。请先到登记机关办理延期换照，再用新执照申请；"
            "已经填写的内容会保留。"
        )
    return None


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is to sign in."""

    role: str
    name: str
    sign_in_name: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What of an application is filled in, as far as its completeness is concerned."""

    name: str
    address: str
    phone: str
    licence_until_on: date | None
    licence_open_ended: bool
    conditions: frozenset[str]
    documents: frozenset[str]
    principals: int


def missing_parts(filled: Filled, today: date) -> tuple[tuple[Part, str], ...]:
    """Say what is still missing before an application can be submitted, step by step; empty when it is complete."""
    return (*_missing_of_firm(filled, today), *_missing_of_rest(filled))


def _missing_of_firm(filled: Filled, today: date) -> list[tuple[Part, str]]:
    found: list[tuple[Part, str]] = []
    if not filled.address or not filled.phone:
        found.append((Part.FIRM, "请填写经营地址和对外公开的联系电话。"))
    if objection := objection_to_licence(filled.licence_until_on, filled.licence_open_ended, today):
        found.append((Part.FIRM, objection))
    return found


def _missing_of_rest(filled: Filled) -> list[tuple[Part, str]]:
    found: list[tuple[Part, str]] = []
    if unmet := [words[0] for one, words in CONDITIONS.items() if one.value not in filled.conditions]:
        found.append((Part.CONDITIONS, f"还没有勾选并说明：{'、'.join(unmet)}。五项都具备才能入驻。"))
    if lacking := [name for one, name in DOCUMENTS.items() if one.value not in filled.documents]:
        found.append((Part.DOCUMENTS, f"还没有上传：{'、'.join(lacking)}。"))
    if filled.principals != 1:
        found.append((Part.ACCOUNTS, "请填写一名企业负责人的姓名和登录名。"))
    return found


def objection_to_accounts(accounts: Sequence[Account]) -> str | None:
    """Say why the wanted accounts cannot be, or None: one principal, no sign-in name twice, not too many."""
    names = [one.sign_in_name.lower() for one in accounts]
    for place, name in enumerate(names):
        if name in names[:place]:
            return f"登录名“{name}”写了两次。每个人的登录名不能相同。"
    if len(accounts) > MAX_ACCOUNTS:
        return f"最多先开通 {MAX_ACCOUNTS} 个账号，其余的由企业负责人登录后添加。"
    return None


def split_outlets(text: str) -> tuple[tuple[str, str], ...]:
    """Read lines of name and address, parted by the first comma; blank lines are none."""
    found = []
    for line in text.splitlines():
        name, *rest = _SEPARATOR.split(line.strip(), maxsplit=1)
        if name.strip():
            found.append((name.strip()[:MAX_NAME], rest[0].strip()[:MAX_ADDRESS] if rest else ""))
    return tuple(dict.fromkeys(found))
