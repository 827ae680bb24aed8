"""The chief sets when measures are proposed: a new dated row each time, with its basis."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import REFUSAL, Permission, require
from portal.supervision.rules.sanctions import Level
from portal.supervision.rules.triggers import Setting, problem_of_setting
from portal.supervision.sanction_models import SanctionTrigger


@dataclass(frozen=True, slots=True)
class Own:
    """What the access table asks about a row that is not there yet."""

    authority_id: int


@dataclass(frozen=True, slots=True)
class SetTrigger:
    """A row for one's own authority and those below it."""

    setting: Setting
    level: Level
    active: bool


def set_trigger(session: Session, actor: Actor, command: SetTrigger, *, now: datetime) -> SanctionTrigger:
    """Set when a measure is proposed from a day on; days that are over keep the rule that held on them."""
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    require(actor, Permission.TRIGGER_SET, Own(actor.organisation_id))
    setting = command.setting
    if problem := problem_of_setting(setting, local_day(now)):
        raise RuleBroken(problem[1], field=problem[0])
    row = SanctionTrigger(
        code=setting.code,
        organisation_id=actor.organisation_id,
        threshold=setting.threshold,
        least=setting.least,
        days=setting.days,
        level=command.level,
        active=command.active,
        first_on=setting.first_on,
        basis=setting.basis.strip(),
        is_own_rule=False,
        author_name=actor.name,
        at=now,
    )
    session.add(row)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.TRIGGER_SET,
        SubjectKind.ORGANISATION,
        actor.organisation_id,
        at=now,
        trigger=setting.code.value,
        threshold=setting.threshold,
        days=setting.days,
        level=command.level.value,
    )
    return row
