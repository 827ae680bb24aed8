"""Looking at merchants once a day: where a trigger is reached, supervision proposes a measure; a person decides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.db import among
from portal.core.facts import SubjectKind, Topic
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Merchant, MerchantState
from portal.indicators.rules import Period
from portal.supervision.counting import behind, counted
from portal.supervision.rules.sanctions import Level, ProposalState, step_after, suggested_level
from portal.supervision.rules.triggers import COUNTED, Figures, Rule, Trigger, is_reached, rule_in_force, window
from portal.supervision.sanction_models import Measure, SanctionProposal, SanctionRun, SanctionTrigger


@dataclass(frozen=True, slots=True)
class Watched:
    """A merchant that is looked at; `ladder` runs from its authority upwards."""

    id: int
    authority_id: int
    state: MerchantState
    ladder: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """These merchants, on the day that it is."""

    merchants: tuple[int, ...]


def watch_merchants(session: Session, actor: Actor, command: Watch, *, now: datetime) -> int:
    """Propose a measure wherever a trigger is reached and none is proposed yet; returns how many were proposed.

    Safe to do twice: one open proposal for each merchant and trigger, and what a decided one counted counts no more.
    """
    today, rules = local_day(now), trigger_rows(session)
    watched = _watched(session, command.merchants)
    ids = [one.id for one in watched]
    taken = _counted_through(session, ids)
    open_ones = _open(session, ids)
    made = 0
    for code in COUNTED:
        groups: defaultdict[tuple[Rule, Period], list[Watched]] = defaultdict(list)
        for one in watched:
            rule = rule_in_force(rules, code, one.ladder, today)
            if rule is None or not rule.active or (one.id, code) in open_ones:
                continue
            if span := window(rule, taken.get((one.id, code)), today):
                groups[rule, Period(*span)].append(one)
        for (rule, period), members in groups.items():
            found = counted(session, code, [one.id for one in members], period, now=now)
            for one in members:
                figures = found.get(one.id)
                if figures is not None and is_reached(rule, figures):
                    propose(session, actor, one, rule, period, figures, now=now)
                    made += 1
    return made


def propose(
    session: Session,
    actor: Actor,
    merchant: Watched,
    rule: Rule,
    period: Period,
    figures: Figures,
    *,
    now: datetime,
    remark: str = "",
) -> SanctionProposal:
    """Put a proposal before the merchant's authority, with its figures as they are now; nothing changes them again."""
    row = SanctionProposal(
        reference=_reference(session, now),
        merchant_id=merchant.id,
        authority_id=merchant.authority_id,
        trigger_id=rule.id,
        code=rule.code,
        level=level_for(session, merchant, rule.level, now=now),
        numerator=figures.numerator,
        denominator=figures.denominator,
        first_on=period.first,
        last_on=period.last,
        behind={} if remark else behind(session, rule.code, merchant.id, period, now=now),
        remark=remark,
        proposed_at=now,
        proposed_by=actor.name,
    )
    session.add(row)
    session.flush()
    known = {"trigger": rule.code.value, "level": row.level.value, "numerator": figures.numerator}
    facts.record(
        session, actor, Topic.SANCTION_PROPOSED, SubjectKind.SANCTION, row.id, at=now, not_before=None, **known
    )
    return row


def level_for(session: Session, merchant: Watched, of_trigger: Level, *, now: datetime) -> Level:
    """What to propose after what was done before (limit `measure_memory`, not law); never what already holds."""
    days = almanac(session).amount("measure_memory", local_day(now), merchant.ladder)
    since = now - timedelta(days=days)
    earlier = session.scalars(
        select(Measure.level).where(Measure.merchant_id == merchant.id, Measure.taken_at >= since).distinct()
    ).all()
    level = suggested_level(of_trigger, earlier)
    suspended = merchant.state is MerchantState.SUSPENDED and level is Level.SUSPEND
    return step_after(level) if suspended else level


def trigger_rows(session: Session, on: Sequence[int] | None = None) -> list[Rule]:
    """Every row of the triggers, or those of these authorities and of everyone; there are few."""
    query = select(SanctionTrigger).order_by(SanctionTrigger.id)
    if on is not None:
        query = query.where(SanctionTrigger.organisation_id.is_(None) | SanctionTrigger.organisation_id.in_(sorted(on)))
    return [rule_of(row) for row in session.scalars(query)]


def rule_of(row: SanctionTrigger) -> Rule:
    """A row as the rules take it."""
    return Rule(
        id=row.id,
        code=row.code,
        authority_id=row.organisation_id,
        threshold=row.threshold,
        least=row.least,
        days=row.days,
        level=row.level,
        active=row.active,
        first_on=row.first_on,
        basis=row.basis,
        is_own_rule=row.is_own_rule,
    )


def watched_one(session: Session, merchant: Merchant) -> Watched:
    """One merchant, as supervision looks at it."""
    path = session.scalars(select(Organisation.path).where(Organisation.id == merchant.authority_id)).one()
    return Watched(merchant.id, merchant.authority_id, merchant.state, ladder_of(path))


def ladder_of(path: str) -> tuple[int, ...]:
    """The ids of an authority and those above it, the nearest first."""
    return tuple(reversed([int(part) for part in path.split("/") if part]))


@dataclass(frozen=True, slots=True)
class EndRun:
    """Every merchant was looked at for the days through this one."""

    through_on: date


def end_run(session: Session, _actor: Actor, command: EndRun, *, now: datetime) -> None:
    """Remember how far counting has come, so that tomorrow looks only at those about whom something happened."""
    row = session.scalars(select(SanctionRun).with_for_update()).first()
    if row is None:
        row = SanctionRun(id=1)
        session.add(row)
    row.through_on, row.at = command.through_on, now


def counted_through(session: Session) -> date | None:
    """The last day through which every merchant was looked at."""
    return session.scalars(select(SanctionRun.through_on)).first()


def _watched(session: Session, merchants: Sequence[int]) -> list[Watched]:
    rows = session.execute(
        select(Merchant.id, Merchant.authority_id, Merchant.state, Organisation.path)
        .join(Organisation, Organisation.id == Merchant.authority_id)
        .where(
            among(Merchant.id, list(merchants)),
            Merchant.state != MerchantState.EXITED,
            Merchant.practice_of_id.is_(None),  # nothing of a practice counts
        )
        .order_by(Merchant.id)
    )
    return [Watched(row.id, row.authority_id, row.state, ladder_of(row.path)) for row in rows]


def _counted_through(session: Session, merchants: list[int]) -> dict[tuple[int, Trigger], date]:
    rows = session.execute(
        select(SanctionProposal.merchant_id, SanctionProposal.code, func.max(SanctionProposal.last_on))
        .where(among(SanctionProposal.merchant_id, merchants), SanctionProposal.state != ProposalState.OPEN)
        .group_by(SanctionProposal.merchant_id, SanctionProposal.code)
    )
    return {(merchant, code): last for merchant, code, last in rows}


def _open(session: Session, merchants: list[int]) -> set[tuple[int, Trigger]]:
    rows = session.execute(
        select(SanctionProposal.merchant_id, SanctionProposal.code).where(
            among(SanctionProposal.merchant_id, merchants), SanctionProposal.state == ProposalState.OPEN
        )
    )
    return {(merchant, code) for merchant, code in rows}


def _reference(session: Session, now: datetime) -> str:
    series = f"CZ{local_day(now):%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"
