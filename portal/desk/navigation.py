"""What frames every desk page: the navigation with its counts, and who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import current_app, request
from sqlalchemy import ColumnElement, CompoundSelect, bindparam, func, literal, select, union_all

from portal import web
from portal.accounts.rooms import is_for_practice
from portal.cases.access import Sight, sight_of, sight_values, visible
from portal.cases.models import Case
from portal.cases.rules import WITH_MERCHANT, CaseState
from portal.core.actor import ROLE_NAMES, Actor, ActorKind
from portal.core.installation import Installation
from portal.core.paging import COUNT_CAP, shown_count
from portal.enrolment.application_models import Application
from portal.enrolment.application_queries import waiting_condition
from portal.returns.models import ReturnRequest
from portal.returns.queries import waiting_for


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the navigation; it shows only where its endpoint exists."""

    label: str
    icon: str
    endpoint: str
    href: str
    count: str = ""  # the name of a count
    tone: str = ""
    roles: Sequence[str] = ()  # empty: every role


@dataclass(frozen=True, slots=True)
class Section:
    """Items under a title."""

    title: str
    items: tuple[Item, ...]


MERCHANT = (
    Section(
        "",
        (
            Item("今日", "today", "desk_merchant.today", "/merchant/", "overdue", "bad"),
            Item("工作台", "inbox", "desk_merchant.worklist", "/merchant/cases", "open"),
            Item("待付款", "yuan", "desk_merchant.worklist", "/merchant/cases?view=pay", "unpaid"),
            Item("回填", "doc", "desk_merchant.backfill", "/merchant/backfill"),
            Item("通知", "bell", "notifications_merchant.notices", "/merchant/notices"),
        ),
    ),
    Section(
        "台账",
        (
            Item("消费投诉记录", "doc", "ledgers_merchant.complaints", "/merchant/ledgers/complaints"),
            Item("退货申请", "return", "returns_merchant.list_requests", "/merchant/returns-asked", "returns"),
            Item("退换货", "return", "ledgers_merchant.returns", "/merchant/ledgers/returns"),
            Item("问题商品", "alert", "recalls_merchant.list_goods", "/merchant/goods"),
            Item("台账检查", "book", "supervision_merchant.list_inspections", "/merchant/inspections"),
            Item("监管措施", "shield", "supervision_merchant.list_measures", "/merchant/measures"),
            Item("暗访记录", "eye", "supervision_merchant.list_visits", "/merchant/visits"),
            Item("保存与清除", "lock", "retention_staff.show", "/staff/retention", roles=("supervisor", "principal")),
        ),
    ),
    Section(
        "承诺与企业",
        (
            Item("无理由退货承诺", "shield", "commitments_merchant.show", "/merchant/promise"),
            Item("承诺反馈", "chat", "feedback_merchant.list_passed_on", "/merchant/promise-feedback"),
            Item("企业与门店", "store", "enrolment_merchant.show", "/merchant/organisation"),
            Item("培训", "calendar", "training_merchant.list_trainings", "/merchant/trainings"),
            Item("权限与代理", "lock", "desk_merchant.levels", "/merchant/levels"),
            Item("人员", "user", "accounts_staff.people", "/staff", roles=("supervisor", "principal")),
        ),
    ),
)
AUTHORITY = (
    Section(
        "",
        (
            Item("辖区看板", "chart", "desk_regulator.show_board", "/regulator/"),
            Item("分流", "inbox", "intake_regulator.triage", "/regulator/triage", "waiting"),
            Item("纠纷", "doc", "desk_regulator.list_cases", "/regulator/cases"),
            Item("回访", "phone", "settlements_regulator.callbacks", "/regulator/callbacks"),
            Item("举报", "alert", "intake_regulator.tips", "/regulator/tips"),
            Item("问题商品", "alert", "recalls_regulator.list_goods", "/regulator/goods"),
            Item("退货申请", "return", "returns_regulator.list_requests", "/regulator/returns-asked"),
            Item("导入", "download", "intake_regulator.imports", "/regulator/imports"),
        ),
    ),
    Section(
        "企业与消息",
        (
            Item("入驻企业", "store", "enrolment_regulator.list_merchants", "/regulator/merchants"),
            Item("退货承诺", "shield", "commitments_regulator.list_promises", "/regulator/promises"),
            Item("培训", "calendar", "training_regulator.list_trainings", "/regulator/trainings"),
            Item("承诺反馈", "chat", "feedback_regulator.list_feedback", "/regulator/promise-feedback"),
            Item(
                "入驻申请",
                "inbox",
                "applications_regulator.list_applications",
                "/regulator/applications",
                "applications",
            ),
            Item("台账检查", "book", "supervision_regulator.list_inspections", "/regulator/inspections"),
            Item("处置建议", "shield", "supervision_regulator.list_proposals", "/regulator/sanctions"),
            Item("暗访", "eye", "supervision_regulator.list_visits", "/regulator/visits"),
            Item("承诺数据", "chart", "supervision_regulator.show_figures", "/regulator/promise-figures"),
            Item("台账清除", "lock", "retention_staff.show", "/staff/retention"),
            Item("企业台账", "chain", "ledgers_regulator.ledgers", "/regulator/ledgers"),
            Item("查阅公开", "eye", "ledgers_regulator.releases", "/regulator/ledgers/releases", roles=("chief",)),
            Item("通知", "bell", "notifications_regulator.notices", "/regulator/notices"),
            Item("短信与邮件", "send", "notifications_regulator.messages", "/regulator/messages"),
            Item("人员", "user", "accounts_staff.people", "/staff", roles=("chief",)),
        ),
    ),
)
ADMIN = (Section("", (Item("单位与人员", "user", "accounts_admin.home", "/admin/"),)),)

SECTIONS: dict[ActorKind, tuple[Section, ...]] = {
    ActorKind.MERCHANT: MERCHANT,
    ActorKind.AUTHORITY: AUTHORITY,
    ActorKind.ADMIN: ADMIN,
}

COUNTED: dict[ActorKind, dict[str, ColumnElement[bool]]] = {
    ActorKind.MERCHANT: {
        "overdue": Case.is_open & (Case.state != CaseState.PERFORMED) & (Case.due_at <= bindparam("now")),
        "open": Case.is_open & Case.state.in_(WITH_MERCHANT),
        "unpaid": Case.is_open & Case.state.in_([CaseState.AGREED, CaseState.BREACHED]),
    },
    ActorKind.AUTHORITY: {"waiting": Case.state.in_([CaseState.WAITING, CaseState.RETURNED])},
}


def navigation(actor: Actor, *, installation: Installation | None) -> dict[str, Any]:
    """The template variables that every page has: installation, nav and me."""
    sections = SECTIONS.get(actor.kind, ())
    here = _here(sections)
    counted = counts(actor) if sections and not web.wants_fragment() else {}
    return {
        "installation": installation,
        "practising": actor.in_practice,
        "may_practise": actor.kind is ActorKind.MERCHANT and not actor.in_practice,
        "nav": [_section(section, actor, counted, here) for section in sections],
        "me": {
            "name": actor.name,
            "organisation": actor.organisation_name,
            "role_label": ROLE_NAMES[actor.role] if actor.role else "",
        },
    }


def counts(actor: Actor) -> dict[str, int]:
    """The capped counts beside the items, in one statement; none for an administrator."""
    if not COUNTED.get(actor.kind):
        return {}
    values = {"now": web.now(), **sight_values(actor)}
    return {row[0]: int(row[1]) for row in web.database().execute(_counting(actor.kind, sight_of(actor)), values)}


@cache
def _counting(kind: ActorKind, sight: Sight) -> CompoundSelect[Any]:
    parts = []
    for name, condition in COUNTED[kind].items():
        capped = select(Case.id).where(visible(sight), condition).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal(name), func.count()).select_from(capped))
    if kind is ActorKind.MERCHANT:
        waiting = waiting_for(bindparam("own_merchant", type_=ReturnRequest.merchant_id.type))
        capped = select(ReturnRequest.id).where(waiting).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal("returns"), func.count()).select_from(capped))
    if kind is ActorKind.AUTHORITY and sight is not Sight.NOTHING:
        one = Application.authority_id == bindparam("own_authority", type_=Application.authority_id.type)
        several = Application.authority_id.in_(bindparam("own_authorities"))
        mine = one if sight is Sight.AUTHORITY else several
        capped = select(Application.id).where(mine, waiting_condition()).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal("applications"), func.count()).select_from(capped))
    return union_all(*parts)


def _here(sections: Sequence[Section]) -> str:
    """The address of the item whose page this is: the longest that fits; empty where none does."""
    asked = request.query_string.decode().split("&")
    fitting = []
    for item in (item for section in sections for item in section.items):
        path, _, query = item.href.partition("?")
        below = path.count("/") > 1 and not path.endswith("/") and request.path.startswith(f"{path}/")
        if (request.path == path or below) and (not query or query in asked):
            fitting.append(item.href)
    return max(fitting, key=len, default="")


def _section(section: Section, actor: Actor, counted: dict[str, int], here: str) -> dict[str, Any]:
    items = [
        _item(item, counted, here)
        for item in section.items
        if item.endpoint in current_app.view_functions
        and (not item.roles or actor.role in item.roles)
        and (not actor.in_practice or is_for_practice(item.endpoint))
    ]
    return {"title": section.title if items else "", "items": items}


def _item(item: Item, counted: dict[str, int], here: str) -> dict[str, Any]:
    count = counted.get(item.count, 0)
    return {
        "label": item.label,
        "icon": item.icon,
        "href": item.href,
        "count": shown_count(count) if count else None,
        "tone": item.tone if count else "",
        "current": item.href == here,
    }
