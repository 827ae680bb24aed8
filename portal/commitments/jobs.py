"""What happens to promises by itself: their days come, and their merchants change or leave."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.commitments.actions import LookAgain, end_with_merchant, look_again
from portal.commitments.listings import relist
from portal.commitments.models import PromiseVersion, Promisor
from portal.commitments.rules import PromiseState
from portal.commitments.storing import promisor_for
from portal.core.actor import SYSTEM
from portal.core.errors import Refused
from portal.core.facts import Fact, SubjectKind
from portal.enrolment.models import Merchant, MerchantState
from portal.runtime import Runtime

AT_ONCE = 500  # versions found by one look


def look_after_promises(runtime: Runtime) -> int:
    """Begin, warn of, expire and end every version whose day has come, each in a commit of its own."""
    due = (
        select(PromiseVersion.id)
        .where(
            PromiseVersion.state.in_((PromiseState.PASSED, PromiseState.CURRENT)),
            PromiseVersion.next_on <= local_day(runtime.now()),
        )
        .order_by(PromiseVersion.next_on, PromiseVersion.id)
        .limit(AT_ONCE)
    )
    with runtime.reading() as session:
        found = session.scalars(due).all()
    done = 0
    for version_id in found:
        try:
            done += runtime.perform(SYSTEM, look_again, LookAgain(version_id))
        except Refused:  # somebody else was faster; the next look finds what is left
            continue
    return done


def end_of_exited(session: Session, fact: Fact, *, now: datetime) -> None:
    """End the promise of a merchant that left, if it is still gone; earlier purchases stay covered. A handler."""
    merchant = session.get_one(Merchant, fact.subject_id)
    if merchant.state is MerchantState.EXITED:
        end_with_merchant(session, SYSTEM, merchant.id, now=now)


def follow_merchant(session: Session, fact: Fact, *, now: datetime) -> None:
    """Keep a promisor's name, phone and authority those of its merchant; also one that a list had brought. A handler."""
    merchant = session.get_one(Merchant, fact.subject_id)
    code = session.get_one(Organisation, merchant.id).code
    if session.scalars(select(Promisor.id).where(Promisor.code == code)).first() is not None:
        promisor_for(session, merchant, now=now)


def keep_listing(session: Session, fact: Fact, *, now: datetime) -> None:
    """Follow a fact about a promise or its merchant: what stands in the public list is what is in force. A handler."""
    ids: Sequence[int] = [fact.subject_id]
    if fact.subject_kind is SubjectKind.MERCHANT:
        ids = session.scalars(select(Promisor.id).where(Promisor.merchant_id == fact.subject_id)).all()
    relist(session, ids, today=local_day(now))
