"""The account to which the consumer is paid: given after acceptance, sealed, forgotten when it is done with.

Decisions 14: only where money does not go back the way it came, and erased some days after the case closed.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from portal.cases import access
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.core import facts
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.permissions import Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.settlements import rules
from portal.settlements.actions.confirming import GIVING_ACCOUNT, confirmed_by_code
from portal.settlements.actions.performing import NO_AGREEMENT, current_agreement
from portal.settlements.models import Agreement, Offer, Payee, PaymentMethod, Term
from portal.settlements.payees import SEAL_ACCOUNT, account_of, live_payee
from portal.settlements.rules import PayeeAccount

ERASED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class GivePayee:
    """Where the consumer wants the money."""

    case_id: int
    account: PayeeAccount


def give_payee(session: Session, actor: Actor, command: GivePayee, *, now: datetime) -> Payee:
    """Keep the account under the case's key in place of the one before; the same one again changes nothing.

    Refuses with RuleBroken (fields "holder", "number", "bank"; "code" without the code that decisions 13 asks for,
    bound to the round that was agreed). Fact PAYEE_GIVEN carries nothing of it.
    """
    case = access.locked_by_id(session, actor, command.case_id)
    require(actor, Permission.CONSUMER_ANSWER, case)
    agreement = current_agreement(session, case.id)
    if agreement is None:
        raise RuleBroken(NO_AGREEMENT)
    if objection := rules.objection_to_payee(case.state, by_transfer=_is_by_transfer(session, agreement)):
        raise RuleBroken(objection)
    account = rules.tidied(command.account)
    for field, text in rules.objections_to_account(account):
        raise RuleBroken(text, field=field)
    key = session.get_one(DataKey, case.key_id)
    before = live_payee(session, agreement.id)
    if before is not None and account_of(session, key, before) == account:
        return before
    digest = session.scalars(select(Offer.digest).where(Offer.id == agreement.offer_id)).one()
    confirmed_by_code(session, actor, case, digest, agreement.outlay, act=GIVING_ACCOUNT, now=now)
    if before is not None:
        before.account_sealed, before.erased_at = None, now
        session.flush()
    sealed = vault_of(session).seal(key, json.dumps(asdict(account), ensure_ascii=False), SEAL_ACCOUNT)
    row = Payee(agreement_id=agreement.id, account_sealed=sealed, given_at=now)
    session.add(row)
    session.flush()
    facts.record(session, actor, Topic.PAYEE_GIVEN, SubjectKind.CASE, case.id, at=now)
    return row


def _is_by_transfer(session: Session, agreement: Agreement) -> bool:
    transfers = select(Term.id).where(Term.offer_id == agreement.offer_id, Term.method == PaymentMethod.TRANSFER)
    return session.scalars(transfers.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class ErasePayees:
    """How many accounts to erase in one transaction."""

    limit: int = ERASED_AT_ONCE


def erase_payees(session: Session, actor: Actor, command: ErasePayees, *, now: datetime) -> int:
    """Forget the accounts of withdrawn cases and of those closed for the days of limit "payee_account".

    A case closes when the consumer confirms; one that closed on silence is treated alike, for a reopened case can
    ask again. Safe to run at any time and twice; run again while it returns `limit`.
    """
    days = almanac(session).amount("payee_account", local_day(now))
    due = (
        select(Payee.id)
        .join(Agreement, Agreement.id == Payee.agreement_id)
        .join(Case, Case.id == Agreement.case_id)
        .where(
            Payee.erased_at.is_(None),
            or_(Case.state == CaseState.WITHDRAWN, Case.closed_at <= now - timedelta(days=days)),
        )
        .limit(command.limit)
    )
    erased = session.execute(update(Payee).where(Payee.id.in_(due)).values(account_sealed=None, erased_at=now))
    assert isinstance(erased, CursorResult)
    return erased.rowcount
