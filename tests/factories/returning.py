"""Return requests in the states that tests begin with."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from portal.accounts.links import new_token
from portal.clocks.rules import local_day
from portal.commitments.rules import Way
from portal.core.actor import Actor
from portal.core.privacy import vault_of
from portal.core.uploads import Upload
from portal.enrolment.models import Merchant
from portal.ledgers.rules.vocabulary import Condition
from portal.returns import actions, asking, consumers, drafts
from portal.returns.access import CONSUMER, LINK_SEAL
from portal.returns.actions import AgreeReturn, ReceiveGoods, RefuseReturn, SettleReturn
from portal.returns.asking import SendRequest
from portal.returns.consumers import AnswerRefund
from portal.returns.drafts import KeepDraft
from portal.returns.models import ReturnRequest
from portal.returns.rules import Ground, Wanted
from tests.conftest import NOW

TODAY = local_day(NOW)
PHONE = "13800001234"
NAME = "陈小明"
WANTED = Wanted(
    way=Way.OFFLINE,
    purchased_on=TODAY - timedelta(days=2),
    received_on=None,
    outlet_id=None,
    category="clothing",
    goods="羊毛围巾",
    price=19_900,
    quantity=2,
    reason="颜色不合适",
    name=NAME,
    phone=PHONE,
)
RESALE = {
    "category": "clothing",
    "condition": "intact",
    "disposition": "resale",
    "label_number": "TH-0001",
}


def picture(colour: str = "white") -> bytes:
    """A small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    return out.getvalue()


def begun(session: Session, merchant: Merchant, *uploads: Upload, token: str = "") -> str:
    """A form that was begun, with these files; returns its token."""
    token = token or new_token()
    typed = {"way": "offline", "goods": WANTED.goods}
    drafts.keep_draft(session, CONSUMER, KeepDraft(token, merchant.slug, typed, uploads), now=NOW)
    return token


def asked(
    session: Session, merchant: Merchant, *, token: str = "", as_wish: bool = False, again: bool = False, **changes: Any
) -> ReturnRequest:
    """A request that was just sent; the merchant's promise says whether it is covered."""
    wanted = replace(WANTED, **changes)
    return asking.send_request(session, CONSUMER, SendRequest(merchant.slug, token, wanted, as_wish, again), now=NOW)


def token_of(session: Session, request: ReturnRequest) -> str:
    """The token of the consumer's link."""
    assert request.token_sealed is not None
    return vault_of(session).open_secret(request.token_sealed, LINK_SEAL)


def agreed(session: Session, clerk: Actor, request: ReturnRequest) -> ReturnRequest:
    """A request that the merchant agreed to."""
    command = AgreeReturn(request.reference, "请带小票到湖里总店服务台。", 39_800)
    return actions.agree_return(session, clerk, command, now=NOW)


def received(session: Session, clerk: Actor, request: ReturnRequest) -> ReturnRequest:
    """A request whose goods are with the merchant."""
    agreed(session, clerk, request)
    return actions.receive_goods(session, clerk, ReceiveGoods(request.reference, Condition.INTACT), now=NOW)


def refunded(session: Session, clerk: Actor, request: ReturnRequest) -> ReturnRequest:
    """A request that was paid."""
    received(session, clerk, request)
    cells = RESALE | {"label_number": f"BS-{request.reference}"}
    return actions.settle_return(session, clerk, SettleReturn(request.reference, 39_800, cells), now=NOW)


def denied(session: Session, clerk: Actor, request: ReturnRequest) -> ReturnRequest:
    """A refund that the consumer did not receive."""
    refunded(session, clerk, request)
    return consumers.answer_refund(session, CONSUMER, AnswerRefund(token_of(session, request), received=False), now=NOW)


def refused(session: Session, clerk: Actor, request: ReturnRequest) -> ReturnRequest:
    """A request refused by a condition although the promise covers it: a possible breach."""
    command = RefuseReturn(request.reference, Ground.CONDITION, None, "吊牌已剪", confirmed=True)
    return actions.refuse_return(session, clerk, command, now=NOW)
