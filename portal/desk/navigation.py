"""What frames every desk page: the navigation with its counts, and who is signed in."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, CompoundSelect, bindparam, func, literal, select, union_all

from portal import web
from portal.accounts.rooms import is_for_practice
from portal.cases.access import Sight, sight_of, sight_values, visible
from portal.cases.models import Case
from portal.cases.rules import WITH_MERCHANT, CaseState
from portal.commitments.feedback_models import FeedbackState, PromiseFeedback
from portal.core.actor import ROLE_NAMES, Actor, ActorKind, Role
from portal.core.installation import Installation
from portal.core.paging import COUNT_CAP, shown_count
from portal.desk.menus import SECTIONS, Item, Section
from portal.enrolment.application_models import Application
from portal.enrolment.application_queries import waiting_condition
from portal.returns.models import ReturnRequest
from portal.returns.queries import to_judge, waiting_for

COUNTED: dict[ActorKind, dict[str, ColumnElement[bool]]] = {  # by state where it says that the case is open
    ActorKind.MERCHANT: {
        "overdue": Case.is_open & (Case.state != CaseState.PERFORMED) & (Case.due_at <= bindparam("now")),
        "open": Case.state.in_(WITH_MERCHANT),
        "unpaid": Case.state.in_([CaseState.AGREED, CaseState.BREACHED]),
    },
    ActorKind.AUTHORITY: {"waiting": Case.state.in_([CaseState.WAITING, CaseState.RETURNED])},
}


def navigation(actor: Actor, *, installation: Installation | None) -> dict[str, Any]:
    """The template variables that every page has: installation, nav and me."""
    sections = SECTIONS.get(actor.kind, ())
    here = _here(sections, request.path, request.query_string.decode().split("&")) if sections else ""
    counted = counts(actor) if sections and not web.wants_fragment() else {}
    return {
        "installation": installation,
        "practising": actor.in_practice,
        "may_practise": actor.kind is ActorKind.MERCHANT and not actor.in_practice,
        "nav": [
            {"title": title, "items": [_item(item, counted, here) for item in items]}
            for title, items in _listed(actor.kind, actor.role, in_practice=actor.in_practice)
        ],
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
        ours = ReturnRequest.authority_id == bindparam("own_authority", type_=ReturnRequest.authority_id.type)
        theirs = ReturnRequest.authority_id.in_(bindparam("own_authorities"))
        doubtful = to_judge() & (ours if sight is Sight.AUTHORITY else theirs)
        capped = select(ReturnRequest.id).where(doubtful).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal("breaches"), func.count()).select_from(capped))
        ours = PromiseFeedback.authority_id == bindparam("own_authority", type_=PromiseFeedback.authority_id.type)
        theirs = PromiseFeedback.authority_id.in_(bindparam("own_authorities"))
        unhandled = PromiseFeedback.state == FeedbackState.WAITING, ours if sight is Sight.AUTHORITY else theirs
        capped = select(PromiseFeedback.id).where(*unhandled).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal("feedback"), func.count()).select_from(capped))
    return union_all(*parts)


def _here(sections: Sequence[Section], asked: str, query_parts: Sequence[str]) -> str:
    """The address of the item whose page this is: the longest that fits; empty where none does."""
    fitting = []
    for item in (item for section in sections for item in section.items):
        path, _, query = item.href.partition("?")
        below = asked.startswith(f"{path}/") and path.count("/") > 1 and not path.endswith("/")
        if (asked == path or below) and (not query or query in query_parts):
            fitting.append(item.href)
    return max(fitting, key=len, default="")


@cache
def _listed(kind: ActorKind, role: Role | None, *, in_practice: bool) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """The titles and items that somebody of this role has."""
    listed = []
    for section in SECTIONS.get(kind, ()):
        items = tuple(
            item
            for item in section.items
            if (not item.roles or role in item.roles) and (not in_practice or is_for_practice(item.endpoint))
        )
        listed.append((section.title if items else "", items))
    return tuple(listed)


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
