"""The account of an agreement as the database holds it."""

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.privacy import DataKey, mask_name, vault_of
from portal.settlements.models import Payee
from portal.settlements.rules import PAYEE_KIND_NAMES, PayeeAccount, PayeeKind

SEAL_ACCOUNT = "payee.account"


def live_payee(session: Session, agreement_id: int) -> Payee | None:
    """The account given last, unless it was erased; the database allows one."""
    return session.scalars(select(Payee).where(Payee.agreement_id == agreement_id, Payee.erased_at.is_(None))).first()


def account_of(session: Session, key: DataKey, row: Payee) -> PayeeAccount:
    """Open the account; the row must be a live one."""
    assert row.account_sealed is not None
    values = json.loads(vault_of(session).open(key, row.account_sealed, SEAL_ACCOUNT))
    return PayeeAccount(PayeeKind(values["kind"]), values["holder"], values["number"], values["bank"])


def masked(account: PayeeAccount) -> str:
    """Write an account for pages: 银行卡 尾号 1234，户名 李**."""
    return f"{PAYEE_KIND_NAMES[account.kind]} {account.tail}，户名 {mask_name(account.holder)}"
