"""The menus of the desks: every line that a merchant, an authority or an administrator may find there."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.core.actor import ActorKind


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the navigation."""

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
            Item("退货申请", "return", "returns_merchant.list_requests", "/merchant/returns-asked", "returns"),
            Item("回填", "doc", "desk_merchant.backfill", "/merchant/backfill"),
            Item("通知", "bell", "notifications_merchant.notices", "/merchant/notices"),
        ),
    ),
    Section(
        "台账",
        (
            Item("消费投诉记录", "doc", "ledgers_merchant.complaints", "/merchant/ledgers/complaints"),
            Item("退换货", "book", "ledgers_merchant.returns", "/merchant/ledgers/returns"),
            Item("问题商品", "alert", "recalls_merchant.list_goods", "/merchant/goods"),
            Item("保存与清除", "lock", "retention_staff.show", "/staff/retention", roles=("supervisor", "principal")),
        ),
    ),
    Section(
        "承诺",
        (
            Item("无理由退货承诺", "shield", "commitments_merchant.show", "/merchant/promise"),
            Item("承诺反馈", "chat", "feedback_merchant.list_passed_on", "/merchant/promise-feedback"),
        ),
    ),
    Section(
        "监管",
        (
            Item("监管措施", "alert", "supervision_merchant.list_measures", "/merchant/measures"),
            Item("台账检查", "book", "supervision_merchant.list_inspections", "/merchant/inspections"),
            Item("暗访记录", "eye", "supervision_merchant.list_visits", "/merchant/visits"),
            Item("培训", "calendar", "training_merchant.list_trainings", "/merchant/trainings"),
        ),
    ),
    Section(
        "企业",
        (
            Item("企业与门店", "store", "enrolment_merchant.show", "/merchant/organisation"),
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
            Item("导入", "download", "intake_regulator.imports", "/regulator/imports"),
            Item("通知", "bell", "notifications_regulator.notices", "/regulator/notices"),
        ),
    ),
    Section(
        "退货承诺",
        (
            Item("承诺与审核", "shield", "commitments_regulator.list_promises", "/regulator/promises"),
            Item("退货申请", "return", "returns_regulator.list_requests", "/regulator/returns-asked", "breaches"),
            Item("承诺反馈", "chat", "feedback_regulator.list_feedback", "/regulator/promise-feedback", "feedback"),
            Item("承诺数据", "chart", "supervision_regulator.show_figures", "/regulator/promise-figures"),
        ),
    ),
    Section(
        "企业",
        (
            Item("入驻企业", "store", "enrolment_regulator.list_merchants", "/regulator/merchants"),
            Item(
                "入驻申请",
                "inbox",
                "applications_regulator.list_applications",
                "/regulator/applications",
                "applications",
            ),
            Item("企业台账", "chain", "ledgers_regulator.ledgers", "/regulator/ledgers"),
            Item("培训", "calendar", "training_regulator.list_trainings", "/regulator/trainings"),
        ),
    ),
    Section(
        "监督",
        (
            Item("台账检查", "book", "supervision_regulator.list_inspections", "/regulator/inspections"),
            Item("暗访", "eye", "supervision_regulator.list_visits", "/regulator/visits"),
            Item("处置建议", "shield", "supervision_regulator.list_proposals", "/regulator/sanctions"),
            Item("问题商品", "alert", "recalls_regulator.list_goods", "/regulator/goods"),
        ),
    ),
    Section(
        "本单位",
        (
            Item("期限", "clock", "desk_regulator.show_limits", "/regulator/limits"),
            Item("台账清除", "lock", "retention_staff.show", "/staff/retention"),
            Item("查阅公开", "eye", "ledgers_regulator.releases", "/regulator/ledgers/releases", roles=("chief",)),
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
