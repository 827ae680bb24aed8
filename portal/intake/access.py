"""Which runs, filings and tips an actor may see: pairs of predicates that agree, and the ways to fetch one."""

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotFound
from portal.intake.models import ImportRun, Tip

NO_RUN = "没有这次导入，或者它不归你的单位办理。"
NO_TIP = "没有这件举报，或者它不归你的单位办理。"


def may_see(actor: Actor, row: ImportRun | Tip) -> bool:
    """Say whether the actor may see a run or a tip; the twin of `runs_visible_to` and `tips_visible_to`.

    Tips are for officers only: never for a merchant, not even as a number (令121 art 37).
    """
    if actor.kind is ActorKind.AUTHORITY:
        return row.authority_id in actor.jurisdiction
    return actor.kind in (ActorKind.OPERATOR, ActorKind.SYSTEM)


def runs_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a run is the actor's to see."""
    return _within(actor, ImportRun.authority_id)


def tips_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a tip is the actor's to see."""
    return _within(actor, Tip.authority_id)


def _within(actor: Actor, authority: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    if actor.kind in (ActorKind.OPERATOR, ActorKind.SYSTEM):
        return true()
    if actor.kind is not ActorKind.AUTHORITY or not actor.jurisdiction:
        return false()
    ids = sorted(actor.jurisdiction)
    return authority == ids[0] if len(ids) == 1 else authority.in_(ids)


def locked_run(session: Session, run_id: int) -> ImportRun:
    """The run of this key, locked for an action."""
    return session.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()


def fetched_run(session: Session, actor: Actor, reference: str) -> ImportRun:
    """The run of this reference with its key, to look at; raises NotFound for strangers."""
    row = session.scalars(
        select(ImportRun)
        .where(ImportRun.reference == reference, runs_visible_to(actor))
        .options(joinedload(ImportRun.key))
    ).first()
    if row is None:
        raise NotFound(NO_RUN)
    return row


def fetched_tip(session: Session, actor: Actor, source: str, number: str) -> Tip:
    """The tip of this channel and number with its key, to look at; raises NotFound for strangers."""
    row = session.scalars(
        select(Tip)
        .where(Tip.source == source, Tip.number == number, tips_visible_to(actor))
        .options(joinedload(Tip.key))
    ).first()
    if row is None:
        raise NotFound(NO_TIP)
    return row
