"""Promises of merchants in any state, and plain terms for rules."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.clocks.rules import local_day
from portal.commitments.models import PromiseVersion
from portal.commitments.rules import BasisKind, PromiseState, Way
from portal.commitments.rules.body import ExclusionRow, OutletRow, PromiseBody, ScopeRow, ShopRow
from portal.commitments.rules.coverage import Scope, Terms
from portal.commitments.storing import new_version, promisor_for
from portal.enrolment.models import Merchant
from tests.conftest import NOW

TODAY = local_day(NOW)
FIRST = date(2026, 1, 1)
HELD = (PromiseState.REPLACED, PromiseState.EXPIRED, PromiseState.ENDED, PromiseState.REMOVED)

BODY = PromiseBody(
    way=Way.OFFLINE,
    days=7,
    conditions="商品完好，不影响二次销售",
    gifts="赠品一并退回，缺失的按标价付款",
    procedure="凭小票到购买门店服务台办理",
    receipt_lost="可凭付款记录办理",
    first_on=TODAY,
    scopes=(ScopeRow(Way.OFFLINE),),
    exclusions=(
        ExclusionRow(
            Way.OFFLINE, "declared", "贴身内衣", BasisKind.DECLARED, "店堂公告", category="clothing", goods="内衣、泳衣"
        ),
    ),
    outlets=(OutletRow("湖里总店", district="湖里区", address="嘉禾路11号"),),
)
ONLINE_BODY = replace(
    BODY,
    way=Way.ONLINE,
    scopes=(ScopeRow(Way.ONLINE),),
    exclusions=(),
    outlets=(),
    shops=(ShopRow("天猫", "鹭湾旗舰店", "https://luwan.example/"),),
)


def promise(
    session: Session,
    merchant: Merchant,
    *,
    state: PromiseState = PromiseState.CURRENT,
    first_on: date = FIRST,
    last_on: date | None = None,
    body: PromiseBody = BODY,
    since_on: date | None = None,
    expires_on: date | None = None,
    **words: Any,
) -> PromiseVersion:
    """A version in this state; `words` are fields of its body (days, scopes, outlets …)."""
    promisor = promisor_for(session, merchant, now=NOW)
    version = new_version(session, promisor, replace(body, first_on=first_on, **words), now=NOW)
    version.state = state
    if state is not PromiseState.DRAFT:
        version.submitted_at = NOW
    if state in HELD or state is PromiseState.CURRENT:
        version.since_on = since_on or first_on
        version.published_on = first_on
        version.expires_on = expires_on
        version.last_on = last_on or (max(first_on, TODAY - timedelta(days=1)) if state in HELD else None)
    if state is PromiseState.REMOVED:
        version.removed_on, version.removal_reason = version.last_on, "暗访发现拒不兑现承诺"
    session.flush()
    return version


def terms(
    number: int = 1, *, days: int = 7, first_on: date = FIRST, last_on: date | None = None, **words: Any
) -> Terms:
    """A version's words for rules, in force for everything bought in a shop."""
    plain: dict[str, Any] = {
        "version_id": number,
        "reference": f"{number:024x}",
        "state": PromiseState.CURRENT if last_on is None else PromiseState.REPLACED,
        "way": Way.OFFLINE,
        "pickup_start": BODY.pickup_start,
        "delivery_start": BODY.delivery_start,
        "scopes": (Scope(Way.OFFLINE, "", (), None),),
    }
    return Terms(number=number, days=days, first_on=first_on, last_on=last_on, **(plain | words))
