"""Setting limits: a new dated row each time, for everyone by the operator or for one authority by its chief."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clocks import queries, rules
from portal.clocks.models import LegalLimit
from portal.clocks.rules import Limit, Setting, Unit
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require

INSTALLATION = 1


@dataclass(frozen=True, slots=True)
class Own:
    """What the access table asks about a row that is not there yet."""

    organisation_id: int | None


@dataclass(frozen=True, slots=True)
class SetLimit:
    """A limit from a day on, for one authority and those below it, or for everyone (`authority_id` None)."""

    setting: Setting
    authority_id: int | None
    is_law: bool = False


def set_limit(session: Session, actor: Actor, command: SetLimit, *, now: datetime) -> LegalLimit | None:
    """Set a limit from a day on; None where an authority follows the general row again.

    What held before ends the day before, what was planned for later falls; days that are over keep their rows, so that
    each due date can be derived again as it was. Refuses with RuleBroken (fields code, amount, first_on, basis).
    """
    require(actor, Permission.LIMIT_SET, Own(command.authority_id))
    setting, general = command.setting, _general(session, command.setting.code)
    own = command.authority_id is not None
    if problem := rules.problem_of_setting(setting, general, rules.local_day(now), own=own):
        raise RuleBroken(problem[1], field=problem[0])
    assert general is not None
    _end_former(session, command)
    row = None
    if setting.amount is not None:
        row = LegalLimit(
            code=setting.code,
            organisation_id=command.authority_id,
            amount=setting.amount,
            unit=general.unit,
            rolls=command.is_law and general.unit is Unit.NATURAL_DAY,
            article=setting.article,
            basis=setting.basis,
            is_law=command.is_law,
            valid_from=setting.first_on,
            valid_to=None,
        )
        session.add(row)
    facts.record(
        session,
        actor,
        Topic.LIMIT_SET,
        SubjectKind.INSTALLATION if command.authority_id is None else SubjectKind.ORGANISATION,
        command.authority_id or INSTALLATION,
        at=now,
        limit=setting.code,
        amount=setting.amount,
        first_on=setting.first_on.isoformat(),
    )
    session.flush()
    queries.forget_almanac()
    return row


def _general(session: Session, code: str) -> Limit | None:
    """The newest row of a code that holds for everyone: it says the unit and whether it is law."""
    newest = (
        select(LegalLimit)
        .where(LegalLimit.code == code, LegalLimit.organisation_id.is_(None))
        .order_by(LegalLimit.valid_from.desc(), LegalLimit.id.desc())
        .limit(1)
    )
    row = session.scalars(newest).first()
    return queries.limit_of(row) if row else None


def _end_former(session: Session, command: SetLimit) -> None:
    """Let the rows that the new one replaces end the day before it; what was planned for its day or later falls."""
    first_on, mine = command.setting.first_on, command.authority_id
    whose = LegalLimit.organisation_id.is_(None) if mine is None else LegalLimit.organisation_id == mine
    former = select(LegalLimit).where(LegalLimit.code == command.setting.code, whose).with_for_update()
    for row in session.scalars(former).all():
        if row.valid_from >= first_on:
            session.delete(row)
        elif row.valid_to is None or row.valid_to >= first_on:
            row.valid_to = first_on - timedelta(days=1)
    session.flush()
