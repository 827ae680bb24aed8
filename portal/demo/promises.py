"""The demo's promises: who promises what since when, what was changed, what waits for a review, and what came of them.

Everything goes through the same actions as in earnest, at moments before the present.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.accounts.queries import jurisdiction
from portal.clocks.rules import local_day
from portal.commitments import actions
from portal.commitments.actions import DraftVersion, Review, SubmitVersion
from portal.commitments.jobs import look_after_promises
from portal.commitments.rules import BasisKind, Freight, Way
from portal.commitments.rules.body import ExclusionRow, OutletRow, PromiseBody, ScopeRow
from portal.core.actor import Actor, ActorKind, Role
from portal.demo.people import MERCHANT_CODE
from portal.demo.stage import Stage
from portal.enrolment.actions import AddName, add_outlet
from portal.enrolment.models import Merchant, Outlet

CITY_CODE = "350200"
FIRST_DAYS = 80  # before the present: when the oldest promise was made
CHANGED_DAYS = 20  # when our merchant shortened its promise
PASSES_AFTER = timedelta(hours=20)

COMMON = PromiseBody(
    conditions="商品完好、配件和吊牌齐全，不影响二次销售；为检查而打开包装不算影响",
    freight=Freight.IN_SHOP,
    gifts="赠品一并退回；赠品不全的，按标价付款后仍可退货",
    procedure="带商品和购物凭证到服务台，核对后按原付款方式退款",
    receipt_lost="可以凭付款记录办理",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one merchant of the demo promises: its code's serial, the days, classes with goods, and what it leaves out."""

    serial: str
    days: int
    scopes: Sequence[tuple[str, str]]
    exclusions: Sequence[tuple[str, str, str]]  # text, class, goods
    waits: str = ""  # "first" or "second": for which review; "" in force


OURS = Said(
    "0070002W",
    30,
    (("clothing", ""), ("daily", ""), ("appliances", "小家电、电热毯、电饭煲")),
    (("贴身衣物", "clothing", "内衣、袜子、泳衣"), ("散装、鲜活食品", "food", "")),
)
OTHERS = (
    Said("0070000N", 15, (("building", ""),), (("按尺寸定制的门窗、橱柜", "building", "定制"),)),
    Said("0070001R", 7, (("daily", ""), ("food", "定型包装食品")), (("散装、鲜活食品", "food", "散装、鲜活"),)),
    Said("00700030", 7, (("appliances", ""),), (("已激活的手机、电脑", "appliances", "手机、电脑"),)),
    Said("00700056", 30, (("building", "家具、灯具"), ("daily", "")), (("定制家具", "building", "定制家具"),)),
    Said("0070009J", 10, (("daily", ""), ("drinks", "")), (("散装、鲜活食品", "food", "散装、鲜活"),)),
    Said("0070010P", 15, (("clothing", ""), ("jewellery", "")), (("贴身衣物", "clothing", "内衣、袜子"),)),
    Said("0070011T", 7, (("appliances", "耳机、手机配件、小家电"),), (("已激活的手机", "appliances", "手机"),)),
    Said("0070018G", 20, (("clothing", ""), ("daily", "")), (("打折尾货", "clothing", "尾货"),)),
    Said("0070017D", 7, (("daily", ""),), (("散装、鲜活食品", "food", ""),), waits="first"),
    Said("00700131", 15, (("building", "家具"),), (("定制家具", "building", "定制"),), waits="second"),
)


def play_promises(stage: Stage) -> None:
    """Let the merchants of the demo promise, one after the other, and let two levels pass what they promise."""
    first = stage.present - timedelta(days=FIRST_DAYS)
    stage.at(first)
    for name, address in (("五缘湾店", "厦门市湖里区枋湖路12号"), ("金尚店", "厦门市湖里区金尚路66号")):
        stage.by("officer", add_outlet, AddName(MERCHANT_CODE, name, address))
    _promise(stage, OURS)
    for position, said in enumerate(OTHERS):
        age = 9 if said.waits else FIRST_DAYS - 5 * position - 3
        stage.at(stage.present - timedelta(days=age))
        _promise(stage, said)
    stage.at(stage.present - timedelta(days=CHANGED_DAYS))
    _promise(stage, replace(OURS, days=15))
    stage.at(stage.clock.moment + timedelta(days=2))
    look_after_promises(stage.house)  # a version that replaces another begins the day after it was passed


def _promise(stage: Stage, said: Said) -> None:
    """Draft, submit and review one version; it holds from the day on which it passes."""
    merchant_id, body = _body(stage, said)
    merchant = Actor(ActorKind.MERCHANT, name="负责人", role=Role.PRINCIPAL, organisation_id=merchant_id)
    version = stage.house.perform(merchant, actions.draft_version, DraftVersion(body))
    stage.house.perform(merchant, actions.submit_version, SubmitVersion(version.reference))
    if said.waits == "first":
        return
    stage.at(stage.clock.moment + PASSES_AFTER)
    stage.by("officer", actions.review_first, Review(version.reference, passed=True, opinion="材料齐全，门店已公示。"))
    if said.waits != "second":
        city = _city_officer(stage)
        stage.house.perform(city, actions.review_second, Review(version.reference, passed=True))


def _body(stage: Stage, said: Said) -> tuple[int, PromiseBody]:
    with stage.house.reading() as session:
        merchant = session.scalars(
            select(Merchant)
            .join(Organisation, Organisation.id == Merchant.id)
            .where(Organisation.code == f"91350206MA{said.serial}")
        ).one()
        outlets = session.scalars(
            select(Outlet).where(Outlet.merchant_id == merchant.id, Outlet.closed_at.is_(None)).order_by(Outlet.id)
        ).all()
        name = session.get_one(Organisation, merchant.id).name.removeprefix("厦门").removesuffix("有限公司")
    rows = [OutletRow(one.name, outlet_id=one.id, address=one.address) for one in outlets]
    shops = rows or [OutletRow(name, address=merchant.address)]
    body = replace(
        COMMON,
        days=said.days,
        first_on=local_day(stage.clock.moment),
        scopes=tuple(ScopeRow(Way.OFFLINE, category, goods) for category, goods in said.scopes),
        exclusions=tuple(
            ExclusionRow(Way.OFFLINE, "declared", text, BasisKind.DECLARED, "店堂公告和小票背面", category, goods)
            for text, category, goods in said.exclusions
        ),
        outlets=tuple(replace(one, region="350206", city="厦门市", district="湖里区") for one in shops),
        easy_exchange=said.days > 7,
        advances=said.days > 15,
    )
    return merchant.id, body


def _city_officer(stage: Stage) -> Actor:
    """Somebody at the city's authority, who never signs in to the demo."""
    with stage.house.reading() as session:
        city = session.scalars(select(Organisation).where(Organisation.code == CITY_CODE)).one()
        return Actor(
            ActorKind.AUTHORITY,
            name="复审人员",
            role=Role.OFFICER,
            organisation_id=city.id,
            organisation_name=city.name,
            jurisdiction=jurisdiction(session, city),
        )
