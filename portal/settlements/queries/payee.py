"""The consumer's account as each side may see it: masked for both, whole for the one who pays, with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.clocks.rules import SHANGHAI
from portal.core.access import granted_until
from portal.core.actor import Actor
from portal.core.facts import SubjectKind
from portal.core.permissions import Permission, can
from portal.core.privacy import DataKey
from portal.settlements import rules
from portal.settlements.payees import account_of, live_payee, masked
from portal.settlements.queries.parts import AgreementView, RoundView, accepted_round

DOUBT_FOR_CONSUMER = "这个卡号没有通过校验，可能有数字填错。请对照银行卡核对，没有填错的不用改。"
DOUBT_FOR_MERCHANT = "卡号没有通过校验，可能有数字填错。付款前请与消费者核对。"


@dataclass(frozen=True, slots=True)
class GivenPayee:
    """What the consumer sees of the account given before; `masked` is empty where none was."""

    masked: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class PayeeSeen:
    """What the merchant sees; `pairs` is empty where the consumer has given no account."""

    pairs: tuple[tuple[str, str], ...] = ()
    until: str = ""  # 15:30, while a grant lasts
    warning: str = ""


def objection_to_payee(case: Case, accepted: RoundView | None) -> str | None:
    """Why no account is taken now, given the round that was accepted; None where one is."""
    by_transfer = accepted is not None and rules.is_by_transfer(accepted.terms)
    return rules.objection_to_payee(case.state, by_transfer=by_transfer)


def given_payee(
    session: Session, case: Case, accepted: RoundView | None, agreement: AgreementView | None
) -> GivenPayee | None:
    """The account masked, for the consumer's own page, in one statement; None where none may be given."""
    if agreement is None or objection_to_payee(case, accepted):
        return None
    row = live_payee(session, agreement.agreement_id)
    if row is None:
        return GivenPayee()
    account = account_of(session, session.get_one(DataKey, case.key_id), row)
    return GivenPayee(masked(account), DOUBT_FOR_CONSUMER if account.is_doubtful else "")


def payee_seen(
    session: Session,
    actor: Actor,
    case: Case,
    views: Sequence[RoundView],
    agreement: AgreementView | None,
    *,
    now: datetime,
) -> PayeeSeen | None:
    """The account for the merchant's own people while they have to pay; None for anyone else and at any other time.

    Whole while the reader's grant on the case lasts (decisions 19), masked otherwise. Two statements, none where
    nothing is transferred.
    """
    if agreement is None or not can(actor, Permission.PERFORMANCE_RECORD, case):
        return None
    if objection_to_payee(case, accepted_round(views, agreement)):
        return None
    row = live_payee(session, agreement.agreement_id)
    if row is None:
        return PayeeSeen()
    account = account_of(session, session.get_one(DataKey, case.key_id), row)
    until = granted_until(session, actor, SubjectKind.CASE, case.id, now=now)
    return PayeeSeen(
        pairs=account.pairs if until else (("收款账户", masked(account)),),
        until=f"{until.astimezone(SHANGHAI):%H:%M}" if until else "",
        warning=DOUBT_FOR_MERCHANT if account.is_doubtful else "",
    )
