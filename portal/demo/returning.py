"""The demo's return requests: one in each state that a clerk meets, from asked to refunded, refused and doubtful."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal.clocks.rules import local_day
from portal.commitments.rules import Way
from portal.core.privacy import vault_of
from portal.demo.stage import AGENT, Stage
from portal.enrolment.models import Merchant
from portal.ledgers.rules.vocabulary import Condition
from portal.returns import actions
from portal.returns.access import CONSUMER, LINK_SEAL
from portal.returns.actions import AgreeReturn, ReceiveGoods, RefuseReturn, SettleReturn
from portal.returns.asking import SendRequest, send_request
from portal.returns.consumers import AnswerRefund, answer_refund
from portal.returns.models import ReturnRequest
from portal.returns.rules import Ground, Wanted

WHERE_TO = "请带商品和小票到五缘湾店服务台，9:00–21:00 都可以办理，当场退款。"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: how many days ago it was bought and asked for, the goods, and how far it has come."""

    name: str
    phone: str
    goods: str
    category: str
    price: int  # 分
    bought: int  # days before the present
    asked: float
    end: str = ""  # agreed back refunded confirmed refused risky


REQUESTS: Sequence[Asked] = (
    Asked("苏明月", "13606920001", "羊毛围巾", "clothing", 19_900, 62, 58, "confirmed"),
    Asked("郭建华", "13606920002", "保温杯", "daily", 8_900, 45, 40, "confirmed"),
    Asked("许雅文", "13606920003", "连衣裙", "clothing", 32_900, 40, 30, "refunded"),
    Asked("蒋少波", "13606920004", "儿童书包", "daily", 15_800, 33, 28, "confirmed"),
    Asked("何秀兰", "13606920005", "纯棉内衣", "clothing", 9_900, 16, 13, "refused"),
    Asked("邓志远", "13606920006", "运动鞋", "clothing", 45_900, 14, 6, "risky"),
    Asked("潘雪梅", "13606920007", "床上四件套", "daily", 29_900, 9, 4, "back"),
    Asked("曾宇航", "13606920008", "衬衫", "clothing", 16_900, 8, 3, "agreed"),
    Asked("罗晓琴", "13606920009", "电饭煲", "appliances", 27_900, 5, 1.5, ""),
    Asked("沈文斌", "13606920010", "牛仔裤", "clothing", 21_900, 3, 0.3, ""),
)


def play_returns(stage: Stage) -> None:
    """Let consumers ask our merchant to take goods back, and its clerk answer, each in its own time."""
    for serial, one in enumerate(REQUESTS, 1):
        _play(stage, one, serial)


def _play(stage: Stage, one: Asked, serial: int) -> None:
    stage.at(stage.present - timedelta(days=one.asked))
    request = _ask(stage, one)
    if not one.end:
        return
    stage.at(stage.clock.moment + timedelta(hours=7))
    if one.end in ("refused", "risky"):
        _refuse(stage, request, risky=one.end == "risky")
        return
    stage.by(AGENT, actions.agree_return, AgreeReturn(request.reference, WHERE_TO, one.price))
    if one.end == "agreed":
        return
    stage.at(stage.clock.moment + timedelta(days=1))
    stage.by(AGENT, actions.receive_goods, ReceiveGoods(request.reference, Condition.INTACT))
    if one.end == "back":
        return
    label = f"YS-{serial:04d}"
    cells = {"category": _book_class(one), "condition": "intact", "disposition": "resale", "label_number": label}
    stage.by(AGENT, actions.settle_return, SettleReturn(request.reference, one.price, cells))
    if one.end == "confirmed":
        stage.at(stage.clock.moment + timedelta(hours=5))
        stage.house.perform(CONSUMER, answer_refund, AnswerRefund(_token(stage, request), received=True))


def _ask(stage: Stage, one: Asked) -> ReturnRequest:
    with stage.house.reading() as session:
        slug = session.get_one(Merchant, stage.ours).slug
    wanted = Wanted(
        way=Way.OFFLINE,
        purchased_on=local_day(stage.present - timedelta(days=one.bought)),
        received_on=None,
        outlet_id=None,
        category=one.category,
        goods=one.goods,
        price=one.price,
        quantity=1,
        reason="",
        name=one.name,
        phone=one.phone,
    )
    return stage.house.perform(CONSUMER, send_request, SendRequest(slug, secrets.token_hex(16), wanted, as_wish=True))


def _refuse(stage: Stage, request: ReturnRequest, *, risky: bool) -> None:
    with stage.house.reading() as session:
        found = actions.possible_exclusions(session, session.get_one(ReturnRequest, request.id))
    if found and not risky:
        command = RefuseReturn(
            request.reference, Ground.EXCLUSION, found[0].id, "贴身衣物拆封后不能再售，购买前已经说明。"
        )
    else:
        command = RefuseReturn(request.reference, Ground.CONDITION, None, "鞋底有穿着痕迹。", confirmed=True)
    stage.by(AGENT, actions.refuse_return, command)


def _book_class(one: Asked) -> str:
    """The class of the return ledger that the goods belong to."""
    return {"clothing": "clothing", "daily": "daily_goods", "appliances": "appliance"}[one.category]


def _token(stage: Stage, request: ReturnRequest) -> str:
    """The token of a request's link, as its consumer has it in an SMS."""
    with stage.house.reading() as session:
        row = session.scalars(select(ReturnRequest).where(ReturnRequest.id == request.id)).one()
        assert row.token_sealed is not None
        return vault_of(session).open_secret(row.token_sealed, LINK_SEAL)
