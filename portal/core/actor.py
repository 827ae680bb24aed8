"""Who acts: one plain value made at the edge, asked by every rule of access."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The kinds of people and programs that act."""

    MERCHANT = "merchant"  # 企业人员
    AUTHORITY = "authority"  # 监管人员
    CONSUMER = "consumer"  # 消费者，凭链接
    ADMIN = "admin"  # 系统管理员
    OPERATOR = "operator"  # 命令行
    SYSTEM = "system"  # 时钟与后台任务
    VISITOR = "visitor"  # 未登录


class Role(StrEnum):
    """What a person may do inside an organisation (contract: `portal users add`)."""

    AGENT = "agent"  # 客服
    SUPERVISOR = "supervisor"  # 部门负责人
    PRINCIPAL = "principal"  # 企业负责人
    OFFICER = "officer"  # 经办人员
    AUDITOR = "auditor"  # 审计人员
    CHIEF = "chief"  # 负责人
    ADMIN = "admin"  # 系统管理员


MERCHANT_ROLES = frozenset({Role.AGENT, Role.SUPERVISOR, Role.PRINCIPAL})
AUTHORITY_ROLES = frozenset({Role.OFFICER, Role.AUDITOR, Role.CHIEF})

ROLE_NAMES = {
    Role.AGENT: "客服",
    Role.SUPERVISOR: "部门负责人",
    Role.PRINCIPAL: "企业负责人",
    Role.OFFICER: "经办人员",
    Role.AUDITOR: "审计人员",
    Role.CHIEF: "负责人",
    Role.ADMIN: "系统管理员",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts.

    `organisation_id` is the merchant's or the authority's; `jurisdiction` holds the ids of the authority and of
    every authority below it; `case_id` and `link_id` belong to a consumer's link.
    """

    kind: ActorKind
    person_id: int | None = None
    name: str = ""
    role: Role | None = None
    organisation_id: int | None = None
    organisation_name: str = ""
    jurisdiction: frozenset[int] = frozenset()
    in_practice: bool = False  # works invented cases; nothing of it counts or leaves the house
    is_council: bool = False  # 消委会: sees only what it received or was delegated (decisions 34)
    case_id: int | None = None
    link_id: int | None = None


SYSTEM = Actor(ActorKind.SYSTEM, name="系统")
OPERATOR = Actor(ActorKind.OPERATOR, name="运维")
VISITOR = Actor(ActorKind.VISITOR)
