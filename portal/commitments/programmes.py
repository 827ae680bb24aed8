"""What promises may say on a day and in a place: the programme's rows, and an authority's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation, OrganisationKind
from portal.clocks.rules import local_day
from portal.commitments.models import Programme
from portal.commitments.rules import Way
from portal.commitments.rules.programme import (
    AllowedExclusion,
    Requirements,
    allowed_of,
    exclusions_json,
    nearest,
    objections_to_edit,
)
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import REFUSAL, Permission, require


def programmes_in_force(session: Session, authority_id: int, on: date) -> dict[Way, Requirements]:
    """The row of each way that holds for an authority's merchants on a day; RuleBroken where a way has none.

    The nearest authority upwards beats everywhere.
    """
    upwards = session.get_one(Organisation, authority_id).ancestry()[::-1]
    rows = [
        _requirements(row)
        for row in session.scalars(
            select(Programme)
            .where(or_(Programme.organisation_id.is_(None), Programme.organisation_id.in_(upwards)))
            .where(Programme.valid_from <= on, or_(Programme.valid_to.is_(None), Programme.valid_to >= on))
            .order_by(Programme.valid_from, Programme.id)
        )
    ]
    found: dict[Way, Requirements] = {}
    for way in Way:
        row = nearest(rows, way, on, upwards)
        if row is None:
            raise RuleBroken(f"{on.isoformat()} 没有生效的退货承诺项目规则。请监管部门先登记。")
        found[way] = row
    return found


def own_rows(session: Session, authority_id: int) -> list[Programme]:
    """An authority's own rows, newest first."""
    query = select(Programme).where(Programme.organisation_id == authority_id)
    return list(session.scalars(query.order_by(Programme.valid_from.desc(), Programme.id.desc())))


@dataclass(frozen=True, slots=True)
class EditProgramme:
    """An authority's own row from a day on; days are natural days, None months: valid until ended."""

    way: Way
    valid_from: date
    least_days: int
    most_days_to_answer: int
    most_days_to_refund: int
    valid_months: int | None
    second_review: bool
    free: bool
    allowed: tuple[AllowedExclusion, ...]
    basis: str
    article: str = ""
    council_code: str = ""  # 消委会 that reviews second; empty: the authority above


def edit_programme(session: Session, actor: Actor, command: EditProgramme, *, now: datetime) -> Programme:
    """Let the actor's authority ask for something else from a day on; its former row ends the day before.

    Refuses with RuleBroken, at its field, what lowers the law or begins before today.
    """
    if actor.organisation_id is None:
        raise NotAllowed(REFUSAL)
    authority = session.get_one(Organisation, actor.organisation_id)
    require(actor, Permission.PROGRAMME_EDIT, _Owned(authority.id))
    if command.valid_from < local_day(now):
        raise RuleBroken("生效日期不能早于今天：已提交的承诺按提交当天的规则审核。", field="valid_from")
    wished = _wished(session, command, authority.id)
    law = _law(session, command.way, command.valid_from)
    for field, sentence in objections_to_edit(wished, law):
        raise RuleBroken(sentence, field=field)
    _end_former(session, authority.id, command)
    row = _row(wished)
    session.add(row)
    session.flush()
    facts.record(
        session,
        actor,
        Topic.PROGRAMME_EDITED,
        SubjectKind.ORGANISATION,
        authority.id,
        at=now,
        way=command.way.value,
        valid_from=command.valid_from.isoformat(),
        least_days=command.least_days,
    )
    return row


@dataclass(frozen=True, slots=True)
class _Owned:
    organisation_id: int


def _wished(session: Session, command: EditProgramme, authority_id: int) -> Requirements:
    council_id = None
    if command.council_code.strip():
        query = select(Organisation).where(Organisation.code == command.council_code.strip().upper())
        council = session.scalars(query).first()
        if council is None or council.kind is not OrganisationKind.COUNCIL:
            raise RuleBroken("没有这个代码的消委会。请核对代码，或留空由上级市场监管部门复审。", field="council_code")
        council_id = council.id
    return Requirements(
        way=command.way,
        organisation_id=authority_id,
        least_days=command.least_days,
        free=command.free,
        allowed=command.allowed,
        most_days_to_answer=command.most_days_to_answer,
        most_days_to_refund=command.most_days_to_refund,
        valid_months=command.valid_months,
        second_review=command.second_review,
        council_id=council_id,
        article=command.article.strip(),
        basis=command.basis.strip(),
        is_law=False,
        valid_from=command.valid_from,
    )


def _law(session: Session, way: Way, on: date) -> Requirements | None:
    query = select(Programme).where(
        Programme.way == way,
        Programme.is_law,
        Programme.valid_from <= on,
        or_(Programme.valid_to.is_(None), Programme.valid_to >= on),
    )
    row = session.scalars(query.order_by(Programme.valid_from.desc(), Programme.id.desc())).first()
    return None if row is None else _requirements(row)


def _end_former(session: Session, authority_id: int, command: EditProgramme) -> None:
    query = select(Programme).where(Programme.organisation_id == authority_id, Programme.way == command.way)
    for row in session.scalars(query.with_for_update()):
        if row.valid_from >= command.valid_from:  # planned for later, or edited twice for one day: the last word holds
            session.delete(row)
        elif row.valid_to is None or row.valid_to >= command.valid_from:
            row.valid_to = command.valid_from - timedelta(days=1)


def _row(wished: Requirements) -> Programme:
    return Programme(
        way=wished.way,
        organisation_id=wished.organisation_id,
        least_days=wished.least_days,
        exclusions=exclusions_json(free=wished.free, allowed=wished.allowed),
        most_days_to_answer=wished.most_days_to_answer,
        most_days_to_refund=wished.most_days_to_refund,
        valid_months=wished.valid_months,
        second_review=wished.second_review,
        council_id=wished.council_id,
        article=wished.article,
        basis=wished.basis,
        is_law=wished.is_law,
        valid_from=wished.valid_from,
        valid_to=None,
    )


def _requirements(row: Programme) -> Requirements:
    return Requirements(
        way=row.way,
        organisation_id=row.organisation_id,
        least_days=row.least_days,
        free=bool(row.exclusions.get("free")),
        allowed=allowed_of(row.exclusions),
        most_days_to_answer=row.most_days_to_answer,
        most_days_to_refund=row.most_days_to_refund,
        valid_months=row.valid_months,
        second_review=row.second_review,
        council_id=row.council_id,
        article=row.article,
        basis=row.basis,
        is_law=row.is_law,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def council_of(programmes: Mapping[Way, Requirements], ways: tuple[Way, ...]) -> int | None:
    """The council that reviews second, where a row of these ways names one."""
    return next((row.council_id for way, row in programmes.items() if way in ways and row.council_id), None)
