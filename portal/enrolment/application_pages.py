"""An application as its applicant looks at it: steps, documents, summary, papers to print, where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.clocks.queries import Due
from portal.clocks.rules import local_day
from portal.core.actor import ROLE_NAMES, Role
from portal.core.errors import NotFound, RuleBroken
from portal.enrolment import application_rules as rules
from portal.enrolment.application_contents import Contact, accounts_of, contact_of, filled, outlets_of
from portal.enrolment.application_documents import MISSING, PageLine, pages_of
from portal.enrolment.application_links import application_by_token
from portal.enrolment.application_models import Application, ApplicationRequest
from portal.enrolment.application_queries import due_of, requests_of
from portal.enrolment.application_rules import Account, DocumentKind, Part

STEPS = (  # name of the step in its address, its number and title
    ("firm", "① 企业资料", Part.FIRM),
    ("conditions", "② 四有一健全", Part.CONDITIONS),
    ("documents", "③ 申请材料", Part.DOCUMENTS),
    ("accounts", "④ 开通账号", Part.ACCOUNTS),
    ("check", "⑤ 核对并提交", None),
)
NOT_YOURS = "申请已经提交，现在不能修改。待审核时可以先撤回，修改后再提交。"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the application, with what it shows."""

    token: str
    row: Application
    contact: Contact
    accounts: Sequence[Account]
    current: str
    steps: Sequence[dict[str, str]]
    asked: ApplicationRequest | None  # what the authority wants, while it is the applicant's turn

    @property
    def number(self) -> int:
        """Which step it is, from one."""
        return [name for name, _title, _part in STEPS].index(self.current) + 1


@dataclass(frozen=True, slots=True)
class Overview:
    """Where an application stands."""

    row: Application
    label: str
    tone: str
    may_edit: bool
    steps: Sequence[dict[str, str]]
    requests: Sequence[ApplicationRequest]
    due: Due | None
    withdrawable: bool
    reopenable: bool


@dataclass(frozen=True, slots=True)
class DocumentList:
    """One of the four documents with its pages."""

    kind: DocumentKind
    title: str
    printable: bool
    pages: Sequence[PageLine]
    has_errors: bool


def step(session: Session, token: str, current: str) -> Step:
    """One step for the holder of the link; RuleBroken where it is not the applicant's turn."""
    row = application_by_token(session, token)
    if row.state not in rules.EDITABLE:
        raise RuleBroken(NOT_YOURS)
    asked = next((one for one in requests_of(session, row) if one.answered_at is None), None)
    return Step(
        token=token,
        row=row,
        contact=contact_of(session, row, row.key),
        accounts=accounts_of(session, row, row.key),
        current=current,
        steps=[
            {"label": title, "href": f"/apply/{token}/{name}", "state": "current" if name == current else "next"}
            for name, title, _part in STEPS
        ],
        asked=asked,
    )


def overview(session: Session, token: str, *, now: datetime) -> Overview:
    """Where the application of a link stands."""
    row = application_by_token(session, token)
    label, tone = rules.STATE_NAMES[row.state]
    may_edit = row.state in rules.EDITABLE
    return Overview(
        row=row,
        label=label,
        tone=tone,
        may_edit=may_edit,
        steps=_progress(session, row, token, local_day(now)) if may_edit else (),
        requests=requests_of(session, row),
        due=due_of(session, row, now=now),
        withdrawable=(row.state, rules.ApplicationEvent.WITHDRAW) in rules.TRANSITIONS,
        reopenable=(row.state, rules.ApplicationEvent.REOPEN) in rules.TRANSITIONS,
    )


def document_lists(session: Session, row: Application, failed: DocumentKind | None) -> list[DocumentList]:
    """The four documents with their pages."""
    held = pages_of(session, row, row.key)
    return [
        DocumentList(kind, title, kind in rules.PRINTABLE, [one for one in held if one.kind is kind], kind is failed)
        for kind, title in rules.DOCUMENTS.items()
    ]


def summary(session: Session, found: Step, *, now: datetime) -> dict[str, Any]:
    """Everything once more before it is submitted, with what is missing and where to mend it."""
    row = found.row
    held = pages_of(session, row, row.key)
    addresses = {part: f"/apply/{found.token}/{name}" for name, _title, part in STEPS if part}
    return {
        "missing": [
            (words, addresses[part]) for part, words in rules.missing_parts(filled(session, row), local_day(now))
        ],
        "firm": firm_facts(row),
        "outlets": outlets_of(row),
        "contact": [
            ("联系人", found.contact.name),
            ("手机", row.phone_mask),
            ("邮箱", found.contact.mail or "没有填写"),
        ],
        "conditions": [(words[0], row.conditions.get(one.value, "")) for one, words in rules.CONDITIONS.items()],
        "documents": [(title, sum(one.kind is kind for one in held)) for kind, title in rules.DOCUMENTS.items()],
        "accounts": [(ROLE_NAMES[Role(one.role)], one.name, one.sign_in_name) for one in found.accounts],
    }


def firm_facts(row: Application) -> list[tuple[str, str]]:
    """The merchant's particulars as pairs."""
    return [
        ("企业名称", row.name),
        ("统一社会信用代码", row.code),
        ("经营地址", row.address or "没有填写"),
        ("公开联系电话", row.phone or "没有填写"),
        ("营业执照有效期", licence_words(row.licence_until_on, row.licence_open_ended)),
        ("申请类别", row.tier or "由审核人员确定"),
        ("受理部门", row.authority.name),
    ]


def licence_words(until: date | None, open_ended: bool) -> str:
    """How long a licence holds, in words."""
    if open_ended:
        return "长期"
    return f"至 {until.isoformat()}" if until else "没有填写"


def paper(session: Session, token: str, kind: DocumentKind, *, now: datetime) -> dict[str, Any]:
    """The words of 申请书 or 承诺书 from what was typed, for the holder of the link."""
    if kind not in rules.PRINTABLE:
        raise NotFound(MISSING)
    row = application_by_token(session, token)
    contact = contact_of(session, row, row.key)
    return {
        "title": rules.DOCUMENTS[kind],
        "is_promise": kind is DocumentKind.PROMISE,
        "row": row,
        "firm": firm_facts(row),
        "conditions": [(words[0], row.conditions.get(one.value, "")) for one, words in rules.CONDITIONS.items()],
        "contact": contact.name,
        "day": local_day(now),
    }


def kind_of(text: str) -> DocumentKind:
    """The document that an address names; NotFound for any other word."""
    if text not in set(DocumentKind):
        raise NotFound(MISSING)
    return DocumentKind(text)


def _progress(session: Session, row: Application, token: str, today: date) -> list[dict[str, str]]:
    missing = rules.missing_parts(filled(session, row), today)
    lines = []
    for name, title, part in STEPS:
        why = "".join(words for one, words in missing if one is part)
        done = part is not None and not why
        lines.append({"label": title, "href": f"/apply/{token}/{name}", "why": why, "done": "yes" if done else ""})
    return lines
