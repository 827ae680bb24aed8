"""Volume for the public list: invented firms of an imported list, their promises in force and their shops.

For demos and benchmarks only: rows are inserted without the ORM and without facts; the list itself is made by its own
`relist`, as it would be after an import.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.rules import normalised_company
from portal.classification.rules import GoodsClass
from portal.clocks.rules import local_day
from portal.commitments.listing_models import PromiseListing
from portal.commitments.listings import relist
from portal.commitments.models import PromiseExclusion, PromiseOutlet, PromiseScope, PromiseVersion, Promisor
from portal.commitments.rules import BasisKind, DeliveryStart, Freight, Origin, PickupStart, PromiseState, Way
from portal.core.actor import OPERATOR, Actor
from portal.core.bulk import load
from portal.core.db import take_ids
from portal.demo.firms import find_district
from portal.enrolment.rules import check_character, slug_of
from portal.runtime import Runtime

FIRMS_AT_ONCE = 400  # a transaction: some 1,400 shops
CODES = "92350200MAP"  # before six digits and the check character

DISTRICTS = (  # region of GB/T 2260, city, district
    ("350203", "厦门市", "思明区"),
    ("350205", "厦门市", "海沧区"),
    ("350206", "厦门市", "湖里区"),
    ("350211", "厦门市", "集美区"),
    ("350212", "厦门市", "同安区"),
    ("350213", "厦门市", "翔安区"),
    ("350102", "福州市", "鼓楼区"),
    ("350103", "福州市", "台江区"),
    ("350104", "福州市", "仓山区"),
    ("350111", "福州市", "晋安区"),
    ("350302", "莆田市", "城厢区"),
    ("350502", "泉州市", "鲤城区"),
    ("350503", "泉州市", "丰泽区"),
    ("350602", "漳州市", "芗城区"),
    ("350702", "南平市", "延平区"),
    ("350802", "龙岩市", "新罗区"),
    ("350902", "宁德市", "蕉城区"),
)
TRADES: tuple[tuple[str, GoodsClass, str, str], ...] = (  # sign, class, goods, what is excluded
    ("服饰", GoodsClass.CLOTHING, "服装、围巾、帽子", "贴身衣物"),
    ("鞋业", GoodsClass.CLOTHING, "全部鞋类", "穿着外出有磨损的"),
    ("百货", GoodsClass.DAILY, "日用百货、玩具", "打折尾货"),
    ("家纺", GoodsClass.DAILY, "床上用品、毛巾", "已拆封的床上用品"),
    ("电器", GoodsClass.APPLIANCES, "小家电、厨房电器", "已安装的大家电"),
    ("数码", GoodsClass.APPLIANCES, "手机配件、耳机", "已激活的手机"),
    ("家居", GoodsClass.BUILDING, "家具、灯具，未安装", "定制家具"),
    ("建材", GoodsClass.BUILDING, "瓷砖、五金，未使用", "按尺寸裁切的材料"),
    ("珠宝", GoodsClass.JEWELLERY, "饰品、文具", "黄金、铂金"),
    ("超市", GoodsClass.FOOD, "定型包装食品、日用百货", "散装、鲜活食品"),
    ("茶业", GoodsClass.DRINKS, "未拆封茶叶", "已拆封茶叶"),
    ("车品", GoodsClass.VEHICLES, "车载用品", "已安装的配件"),
)
FIRST, SECOND = "鹭云海悦嘉东华盛祥和金福瑞恒新", "湾帆浦湖禾岚港洲源泰兴隆达丰康"
STREETS = ("金湖路", "嘉禾路", "枋湖北二路", "安岭路", "长乐路", "东渡路", "湖滨南路", "仙岳路", "杏林路", "同集路")
PLACES = ("一店", "二店", "万达店", "中山路店", "火车站店", "SM 店", "五缘湾店", "会展店")


@dataclass(frozen=True, slots=True)
class PourFirms:
    """How many firms are invented, from which serial on."""

    first: int
    count: int
    authority_id: int


def pour_listings(house: Runtime, shops: int, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Invent firms until the public list has at least so many shops; returns how many it has. Rehearsals only."""
    with house.reading() as session:
        authority_id = find_district(session).id
    while (held := _held(house)) < shops:
        progress(held)
        firms = min(FIRMS_AT_ONCE, max(1, (shops - held) // 4))
        house.perform(OPERATOR, pour_firms, PourFirms(_next_serial(house), firms, authority_id))
    return held


def pour_firms(session: Session, actor: Actor, command: PourFirms, *, now: datetime) -> int:
    """Insert firms with a promise in force each, one to six shops, and list them; returns the lines that came."""
    random = Random(command.first)  # noqa: S311 -- invented data
    today = local_day(now)
    firms = take_ids(session, Promisor, command.count)
    versions = take_ids(session, PromiseVersion, command.count)
    rows: dict[type[Any], list[dict[str, Any]]] = {
        Promisor: [],
        PromiseVersion: [],
        PromiseScope: [],
        PromiseExclusion: [],
        PromiseOutlet: [],
    }
    for serial, firm_id, version_id in zip(
        range(command.first, command.first + command.count), firms, versions, strict=True
    ):
        sign, category, goods, excluded = random.choice(TRADES)
        brand = f"{random.choice(FIRST)}{random.choice(SECOND)}{random.choice(FIRST)}{sign}"
        rows[Promisor].append(_firm(serial, firm_id, brand, command.authority_id, now))
        rows[PromiseVersion].append(_version(serial, firm_id, version_id, random, today, now))
        scope = {"version_id": version_id, "position": 0, "way": Way.OFFLINE, "days": None}
        rows[PromiseScope].append({**scope, "category": category.value, "goods": goods})
        exclusion = {"way": Way.OFFLINE, "code": "declared", "basis_kind": BasisKind.DECLARED, "basis": "店堂公告"}
        words = {"version_id": version_id, "position": 0, "text": excluded, "category": "", "goods": ""}
        rows[PromiseExclusion].append(exclusion | words)
        rows[PromiseOutlet] += _outlets(version_id, brand, random)
    for model, some in rows.items():
        load(session, model, some)
    return relist(session, firms, today=today)


def _firm(serial: int, key: int, brand: str, authority_id: int, now: datetime) -> dict[str, Any]:
    body = f"{CODES}{serial:06d}"
    code = body + check_character(body)
    name = f"厦门市{brand}商贸{serial}号店"
    return {
        "id": key,
        "code": code,
        "slug": slug_of(code),
        "name": name,
        "normalised_name": normalised_company(name),
        "authority_id": authority_id,
        "phone": f"0592-6{serial % 1_000_000:06d}",
        "created_at": now,
    }


def _version(serial: int, firm: int, key: int, random: Random, today: date, now: datetime) -> dict[str, Any]:
    since = today - timedelta(days=random.randrange(30, 1200))
    return {
        "id": key,
        "reference": hashlib.sha256(f"invented {serial}".encode()).hexdigest()[:24],
        "promisor_id": firm,
        "number": 1,
        "state": PromiseState.CURRENT,
        "origin": Origin.DISTRICT,
        "way": Way.OFFLINE,
        "days": random.choices((7, 10, 15, 30, 60), (60, 10, 15, 12, 3))[0],
        "pickup_start": PickupStart.RECEIPT_DAY,
        "delivery_start": DeliveryStart.DAY_AFTER_SIGNING,
        "conditions": "商品完好，不影响二次销售",
        "freight": random.choice(tuple(Freight)),
        "freight_note": "",
        "gifts": "",
        "procedure": "凭小票到购买门店办理",
        "receipt_lost": "",
        "days_to_answer": 3,
        "days_to_refund": 7,
        "any_outlet": False,
        "any_outlet_note": "",
        "easy_exchange": False,
        "easy_exchange_note": "",
        "advances": False,
        "advances_note": "",
        "other": "",
        "first_on": since,
        "since_on": since,
        "published_on": since,
        "programme": {},
        "created_at": now,
    }


def _outlets(version_id: int, brand: str, random: Random) -> list[dict[str, Any]]:
    found = []
    for position, place in enumerate(random.sample(PLACES, random.choice((1, 2, 3, 4, 5, 6)))):
        region, city, district = random.choice(DISTRICTS)
        found.append(
            {
                "version_id": version_id,
                "position": position,
                "name": f"{brand} {place}",
                "region": region,
                "city": city,
                "district": district,
                "address": f"{random.choice(STREETS)} {random.randrange(1, 999)} 号",
            }
        )
    return found


def _held(house: Runtime) -> int:
    with house.reading() as session:
        return session.scalar(select(func.count()).select_from(PromiseListing)) or 0


def _next_serial(house: Runtime) -> int:
    with house.reading() as session:
        poured = session.scalar(select(func.count()).select_from(Promisor).where(Promisor.code.like(f"{CODES}%")))
    return (poured or 0) + 1
