"""Whom an officer calls back: a share of the silent, and everyone who was not satisfied (decisions 6)."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.models import Case
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core.privacy import vault_of
from portal.settlements import rules
from portal.settlements.models import Agreement, Callback, CallbackOccasion


def draw(session: Session, case: Case, *, now: datetime) -> bool:
    """Draw the given share of silent cases; say whether this one was drawn.

    The lot is a keyed digest of the reference: nobody outside can foresee it, and anybody inside can draw it again.
    """
    authorities = steps.authorities_upwards(session, case.authority_id)
    share = almanac(session).amount("callback_share", local_day(now), authorities)
    lot = vault_of(session).blind(case.reference, "callback")
    if not rules.is_drawn(lot, share):
        return False
    add_callback(session, case, CallbackOccasion.SILENCE, now=now)
    return True


def add_callback(session: Session, case: Case, occasion: CallbackOccasion, *, now: datetime) -> None:
    """Put a case on its officers' list, once for each occasion of an agreement."""
    agreement_id = session.scalars(
        select(Agreement.id).where(Agreement.case_id == case.id).order_by(Agreement.id.desc()).limit(1)
    ).one()
    known = select(Callback.id).where(Callback.agreement_id == agreement_id, Callback.occasion == occasion)
    if session.scalars(known).first() is not None:
        return
    session.add(
        Callback(
            reference=secrets.token_hex(8),
            case_id=case.id,
            agreement_id=agreement_id,
            occasion=occasion,
            added_at=now,
            tried_by="",
        )
    )
    session.flush()
