"""How an application and its history are said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.clocks.queries import Due, almanac, due_for_list
from portal.clocks.rules import SHANGHAI
from portal.core.actor import ROLE_NAMES, ActorKind, Role
from portal.core.facts import Fact, Topic
from portal.core.media import spoken_size
from portal.enrolment.application_documents import PageLine
from portal.enrolment.application_models import Application
from portal.enrolment.application_queries import ApplicationLine
from portal.enrolment.application_rules import CONDITIONS, DOCUMENTS, Account
from portal.enrolment.wording import day as day

VIEWS = {"waiting": "待审核", "asked": "待补正", "admitted": "已通过", "refused": "未通过", "all": "全部"}
SORTS = {"newest": "最近提交的在前", "oldest": "最早提交的在前", "name": "按名称"}
TITLES = {
    Topic.APPLICATION_STARTED: ("开始填写", "edit"),
    Topic.APPLICATION_SUBMITTED: ("提交申请", "send"),
    Topic.APPLICATION_MORE_ASKED: ("要求补正", "undo"),
    Topic.APPLICATION_ADMITTED: ("通过审核，入驻", "store"),
    Topic.APPLICATION_REDATED: ("放假安排公布，审核期限重新推算", "clock"),
    Topic.APPLICATION_REFUSED: ("不予入驻", "x"),
    Topic.APPLICATION_WITHDRAWN: ("申请人撤回", "undo"),
    Topic.APPLICATION_REOPENED: ("申请人重新申请", "edit"),
    Topic.APPLICATION_LAPSED: ("久未填写，作废", "lock"),
    Topic.APPLICATION_ERASED: ("个人信息和材料到期清除", "lock"),
    Topic.INVITATION_USED: ("企业负责人设置了密码", "user"),
}


def history(happened: Sequence[Fact]) -> list[dict[str, Any]]:
    """What happened to an application, as `ui.timeline` shows it."""
    return [_line(fact) for fact in happened if fact.topic in TITLES]


def conditions(row: Application) -> list[tuple[str, str]]:
    """四有一健全 as pairs."""
    return [(words[0], row.conditions.get(one.value, "")) for one, words in CONDITIONS.items()]


def documents(pages: Sequence[PageLine]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The four documents, each with reference, name and size of its pages."""
    return [
        (title, [(one.reference, one.name, spoken_size(one.size)) for one in pages if one.kind is kind])
        for kind, title in DOCUMENTS.items()
    ]


def accounts(wanted: Sequence[Account]) -> list[tuple[str, str, str]]:
    """Who is to sign in: role, name, sign-in name."""
    return [(ROLE_NAMES[Role(one.role)], one.name, one.sign_in_name) for one in wanted]


def due_of_line(session: Session, line: ApplicationLine, now: datetime) -> Due | None:
    """The limit of a line as the list draws it."""
    if line.review_by is None:
        return None
    return due_for_list(now, line.submitted_at, line.review_by, almanac(session).calendar)


def _line(fact: Fact) -> dict[str, Any]:
    title, icon = TITLES[fact.topic]
    who = fact.actor_name if fact.actor_kind is not ActorKind.VISITOR else "申请人"
    return {
        "title": title,
        "icon": icon,
        "when": f"{fact.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "iso": fact.at.isoformat(),
        "who": who,
    }
