"""Cases as intake would leave them."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases.models import Case, PhoneSource
from portal.cases.rules import OPEN_STATES, TURNS, CaseState, Channel
from portal.core.privacy import mask_name, mask_phone, usable_name, vault_of
from portal.enrolment.models import Merchant
from portal.intake.models import Filing
from portal.intake.states import AdminState
from tests.conftest import NOW

_serial = itertools.count(1)
PHONE = "13860001234"
CONSUMER = "李小明"


def case(
    session: Session,
    authority: Organisation,
    merchant: Merchant | None = None,
    *,
    state: CaseState = CaseState.DISPATCHED,
    phone: str | None = PHONE,
    name: str = CONSUMER,
    amount: int | None = 128_000,
    text: str = "羊毛双面呢大衣首次穿着起球，要求退款。",
    now: datetime = NOW,
    **changes: Any,
) -> Case:
    """A case with one filing; dispatched to `merchant` unless the state says otherwise."""
    serial = next(_serial)
    vault = vault_of(session)
    key = vault.new_key(session, now=now)
    full = usable_name(name)
    values: dict[str, Any] = {
        "reference": f"HL2608-{serial:04d}",
        "authority_id": authority.id,
        "merchant_id": merchant.id if merchant else None,
        "key": key,
        "channel": Channel.REGULATOR,
        "source": "12315",
        "state": state,
        "turn": TURNS[state],
        "is_open": state in OPEN_STATES,
        "candidates": {},
        "headline": "羊毛大衣 起球，要求退款",
        "goods": "羊毛大衣",
        "problem": "质量",
        "demands": "refund",
        "amount": amount,
        "consumer_mask": mask_name(name),
        "name_index": vault.blind(full, "name") if full else None,
        "phone_mask": mask_phone(phone),
        "phone_source": PhoneSource.FILING if phone else PhoneSource.NONE,
        "phone_index": vault.blind(phone, "phone") if phone else None,
        "phone_sealed": vault.seal(key, phone, "case.phone") if phone else None,
        "registered_at": now - timedelta(days=1),
        "opened_at": now,
        "dispatched_at": now if merchant else None,
        "respond_by": now + timedelta(days=14) if merchant else None,
        "due_at": now + timedelta(days=14),
        "last_event_at": now,
    }
    row = Case(**{**values, **changes})
    session.add(row)
    session.flush()
    session.add(
        Filing(
            source="12315",
            number=f"35020600000{serial:014d}",
            case_id=row.id,
            authority_id=authority.id,
            key_id=key.id,
            channel=row.channel,
            admin_state=AdminState.NONE if row.channel is Channel.GREEN else AdminState.RECEIVED,
            registered_at=row.registered_at,
            reception="APP",
            dispatch_label="700 监督ODR企业开展和解",
            office=authority.name,
            company_name="厦门鹭湾百货有限公司",
            company_code=None,
            object_path="商品（产品）->服装、鞋帽->服装",
            problem_path="质量->起球",
            publication_consent=None,
            phone_index=row.phone_index,
            row_digest=b"0" * 16,
            name_sealed=vault.seal(key, name, "filing.name"),
            phone_sealed=vault.seal(key, phone, "filing.phone") if phone else None,
            address_sealed=vault.seal(key, "厦门市湖里区嘉禾里1号", "filing.address"),
            text_sealed=vault.seal(key, text, "filing.text"),
            extras_sealed=None,
            created_at=now,
        )
    )
    session.flush()
    return row
