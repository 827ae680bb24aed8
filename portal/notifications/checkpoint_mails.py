"""Checkpoints leave the house by mail: to the merchant each one, to the superior authority a list once a day.

From then on whoever holds a mail can show that the operator himself altered nothing before it (decisions 27).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import SYSTEM, Actor, Role
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.models import Merchant
from portal.ledgers.models import Checkpoint, Ledger
from portal.notifications.drafting import draft_mails
from portal.notifications.models import RecipientKind
from portal.notifications.recipients import organisation_mails
from portal.notifications.templates import TemplateCode
from portal.runtime import Runtime

IN_ONE_MAIL = 500  # notes; about 120 KB of text

Supervising = aliased(Organisation, name="supervising")
superior_id = func.coalesce(Supervising.parent_id, Supervising.id)  # above whoever runs the ledgers, where there is one


def mail_to_merchant(session: Session, fact: Fact, *, now: datetime) -> None:
    """Mail a merchant's heads the checkpoint that was just signed."""
    row = session.execute(
        select(Checkpoint, Organisation)
        .join(Ledger, Ledger.id == Checkpoint.ledger_id)
        .join(Organisation, Organisation.id == Ledger.merchant_id)
        .where(Checkpoint.ledger_id == fact.subject_id, Checkpoint.size == fact.detail["size"])
        .order_by(Checkpoint.id.desc())
        .limit(1)
    ).one()
    checkpoint, merchant = row
    if merchant.is_practice:
        return
    draft_mails(
        session,
        fact,
        TemplateCode.STAFF_CHECKPOINTS,
        RecipientKind.MERCHANT,
        merchant.id,
        organisation_mails(session, merchant.id, (Role.SUPERVISOR, Role.PRINCIPAL)),
        now=now,
        parameters=_parameters(merchant.name, [checkpoint.note], f"/verify/ledgers/{merchant.code}", now),
    )


@dataclass(frozen=True, slots=True)
class TellAuthority:
    """An authority whose merchants' new checkpoints are due to be mailed."""

    authority_id: int


def tell_authority(session: Session, actor: Actor, command: TellAuthority, *, now: datetime) -> int:
    """Mail a superior authority the checkpoints that it has not had; returns how many, at most IN_ONE_MAIL."""
    authority = session.scalars(
        select(Organisation).where(Organisation.id == command.authority_id).with_for_update()
    ).one()
    found = session.scalars(
        _signed_for(authority.id, after=_told_until(session, authority.id)).order_by(Checkpoint.id).limit(IN_ONE_MAIL)
    ).all()
    if not found:
        return 0
    fact = facts.record(
        session,
        actor,
        Topic.CHECKPOINTS_TOLD,
        SubjectKind.ORGANISATION,
        authority.id,
        at=now,
        until=found[-1].id,
        count=len(found),
    )
    session.flush()
    draft_mails(
        session,
        fact,
        TemplateCode.STAFF_CHECKPOINTS,
        RecipientKind.OFFICER,
        authority.id,
        organisation_mails(session, authority.id, (Role.OFFICER, Role.CHIEF)),
        now=now,
        parameters=_parameters(f"辖区 {len(found)} 本", [row.note for row in found], "/regulator/ledgers", now),
    )
    return len(found)


def tell_authorities(runtime: Runtime) -> int:
    """Mail every superior authority what its merchants' ledgers had signed; returns the number of checkpoints."""
    with runtime.reading() as session:
        superiors = session.scalars(
            select(superior_id)
            .select_from(Ledger)
            .join(Merchant, Merchant.id == Ledger.merchant_id)
            .join(Supervising, Supervising.id == Merchant.authority_id)
            .where(Ledger.signed_size.is_not(None))
            .distinct()
        ).all()
    total = 0
    for authority_id in sorted(superiors):
        while told := runtime.perform(SYSTEM, tell_authority, TellAuthority(authority_id)):
            total += told
    return total


def _signed_for(authority_id: int, *, after: int) -> Select[Checkpoint]:
    return (
        select(Checkpoint)
        .join(Ledger, Ledger.id == Checkpoint.ledger_id)
        .join(Merchant, Merchant.id == Ledger.merchant_id)
        .join(Supervising, Supervising.id == Merchant.authority_id)
        .where(Checkpoint.id > after, superior_id == authority_id)
    )


def _told_until(session: Session, authority_id: int) -> int:
    last = session.scalars(
        select(Fact.detail)
        .where(
            Fact.subject_kind == SubjectKind.ORGANISATION,
            Fact.subject_id == authority_id,
            Fact.topic == Topic.CHECKPOINTS_TOLD,
        )
        .order_by(Fact.id.desc())
        .limit(1)
    ).first()
    return int(last["until"]) if last else 0


def _parameters(what: str, notes: Sequence[str], path: str, now: datetime) -> dict[str, str]:
    return {"what": what, "day": local_day(now).isoformat(), "notes": "\n".join(notes), "path": path}
