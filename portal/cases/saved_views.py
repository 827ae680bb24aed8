"""Filters of a list under a name: one's own, or shared with the whole organisation."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.models import SavedView
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, NotFound, RuleBroken

MAX_VIEWS = 20  # a person, our limit
MAX_NAME = 20  # characters


@dataclass(frozen=True, slots=True)
class SaveView:
    """Keep these filters under this name; a name already used takes the new filters."""

    name: str
    query: str  # canonical, as `Filters.query` writes it
    shared: bool


def save_view(session: Session, actor: Actor, command: SaveView, *, now: datetime) -> SavedView:
    """Save a view of one's own; refuses with RuleBroken (field "name") an empty name and the 21st view."""
    person_id, organisation_id = _somebody(actor)
    name = " ".join(command.name.split())
    if not name or len(name) > MAX_NAME:
        raise RuleBroken(f"请给视图起一个名字，最多 {MAX_NAME} 个字。", field="name")
    own = select(SavedView).where(SavedView.person_id == person_id, SavedView.organisation_id == organisation_id)
    view = session.scalars(own.where(SavedView.name == name).with_for_update()).first()
    if view is None:
        held = session.scalars(select(func.count()).select_from(own.subquery())).one()
        if held >= MAX_VIEWS:
            raise RuleBroken(f"每人最多保存 {MAX_VIEWS} 个视图。请先删除不用的。", field="name")
        view = SavedView(
            reference=secrets.token_hex(8), person_id=person_id, organisation_id=organisation_id, name=name, at=now
        )
        session.add(view)
    view.query, view.shared = command.query, command.shared
    session.flush()
    return view


@dataclass(frozen=True, slots=True)
class ShareView:
    """Show a view of one's own to the colleagues, or no longer."""

    reference: str
    shared: bool


def share_view(session: Session, actor: Actor, command: ShareView, *, now: datetime) -> SavedView:
    """Share a view or take it back; only its owner may."""
    view = _own(session, actor, command.reference)
    view.shared = command.shared
    return view


@dataclass(frozen=True, slots=True)
class DeleteView:
    """Forget a view of one's own."""

    reference: str


def delete_view(session: Session, actor: Actor, command: DeleteView, *, now: datetime) -> None:
    """Delete a view; only its owner may. The cases it showed stay as they are."""
    session.delete(_own(session, actor, command.reference))


def _own(session: Session, actor: Actor, reference: str) -> SavedView:
    person_id, _ = _somebody(actor)
    view = session.scalars(
        select(SavedView).where(SavedView.reference == reference, SavedView.person_id == person_id).with_for_update()
    ).first()
    if view is None:
        raise NotFound("没有这个视图，或者它是同事保存的，只有保存的人可以改。")
    return view


def _somebody(actor: Actor) -> tuple[int, int]:
    if actor.person_id is None or actor.organisation_id is None:
        raise NotAllowed("请先登录再保存视图。")
    return actor.person_id, actor.organisation_id
