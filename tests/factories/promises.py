"""Promises of merchants in any state, and plain terms for rules."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.commitments import actions
from portal.commitments.actions import DraftVersion, Review, SubmitVersion
from portal.commitments.models import PromiseVersion
from portal.commitments.rules import BasisKind, PromiseState, Way
from portal.commitments.rules.body import ExclusionRow, OutletRow, PromiseBody, ScopeRow, ShopRow
from portal.commitments.rules.coverage import Scope, Terms
from portal.commitments.storing import new_version, promisor_for
from portal.core.actor import Actor, Role
from portal.enrolment.models import Merchant
from tests.conftest import NOW
from tests.factories import people

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


@dataclass(frozen=True, slots=True)
class Cast:
    """A city above a district with one merchant, and who acts for each."""

    city: Organisation
    district: Organisation
    merchant: Merchant
    principal: Actor
    clerk: Actor
    officer: Actor
    city_officer: Actor


def cast(session: Session) -> Cast:
    """The people through whose hands a promise goes."""
    city = people.authority(session, "厦门市市场监督管理局", prefix="XM")
    district = people.authority(session, "厦门市湖里区市场监督管理局", parent=city)
    merchant = people.merchant(session, district)

    def acting(organisation_id: int, role: Role) -> Actor:
        return people.actor(session, people.member(session, organisation_id, role))

    return Cast(
        city,
        district,
        merchant,
        principal=acting(merchant.id, Role.PRINCIPAL),
        clerk=acting(merchant.id, Role.AGENT),
        officer=acting(district.id, Role.OFFICER),
        city_officer=acting(city.id, Role.OFFICER),
    )


def submitted(session: Session, cast: Cast, body: PromiseBody = BODY, *, now: datetime = NOW) -> PromiseVersion:
    """A version that its merchant has just handed in."""
    version = actions.draft_version(session, cast.principal, DraftVersion(body), now=now)
    return actions.submit_version(session, cast.principal, SubmitVersion(version.reference), now=now)


def passed(session: Session, cast: Cast, body: PromiseBody = BODY, *, now: datetime = NOW) -> PromiseVersion:
    """A version that both levels have passed; in force already where its first day has come."""
    version = submitted(session, cast, body, now=now)
    actions.review_first(session, cast.officer, Review(version.reference, passed=True), now=now)
    return actions.review_second(session, cast.city_officer, Review(version.reference, passed=True), now=now)
