"""A consumer asks: what the promise says is written down as he read it, and the answer's day is promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.accounts.links import hash_of, new_token
from portal.accounts.models import Organisation
from portal.clocks.queries import almanac
from portal.clocks.rules import local_day
from portal.commitments.queries import history_of, promisor_of
from portal.commitments.rules.coverage import Answer, Coverage, Purchase, coverage
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import Topic
from portal.core.privacy import DataKey, mask_name, mask_phone, mask_text, takes_sms, usable_phone, vault_of
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Merchant, Outlet
from portal.returns import proofs
from portal.returns.access import LINK_SEAL, record
from portal.returns.drafts import draft_of, drop_draft, merchant_by_slug
from portal.returns.models import ReturnRequest
from portal.returns.rules import OPEN_STATES, ReturnState, Standing, Wanted, due_at, next_look, objections_to

NAME_SEAL, PHONE_SEAL, REASON_SEAL = "return.name", "return.phone", "return.reason"
MOST_OPEN = 5  # open requests of one phone with one merchant, our limit
NOT_COVERED = "承诺不适用于这次购买。仍要请商家考虑的，请勾选“仍作为意愿发送”。"
ASKED_ALREADY = "你已经为同一件商品申请过退货（{reference}），还没有结束。确实是另一件的，请勾选“仍要发送”。"
TOO_MANY = f"这个号码在本店已有 {MOST_OPEN} 件没有结束的退货申请。请先等待答复，或直接联系商家。"
NO_PHONE = "请填写 11 位手机号，答复会用短信发到这个号码。"
NO_OUTLET = "没有这家门店。请从名单里选择。"


class Objections(RuleBroken):
    """Several things stand against a form at once: (field, sentence)."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        """Keep them all; the first is the refusal's own text."""
        super().__init__(found[0][1], field=found[0][0])
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What is asked of the merchant of a page; `token` names the form that was begun."""

    slug: str
    token: str
    wanted: Wanted
    as_wish: bool = False  # sent although the promise does not cover it
    again: bool = False  # sent although the like of it is open


def send_request(session: Session, actor: Actor, command: SendRequest, *, now: datetime) -> ReturnRequest:
    """Send a request with the files that were kept; refuses with Objections what is wrong, all at once."""
    merchant, wanted, today = merchant_by_slug(session, command.slug), command.wanted, local_day(now)
    found = list(objections_to(wanted, today=today))
    phone = usable_phone(wanted.phone) or ""
    if not takes_sms(phone):
        found.append(("phone", NO_PHONE))
    if wanted.outlet_id is not None and wanted.outlet_id not in {one.id for one in outlets_of(session, merchant.id)}:
        found.append(("outlet", NO_OUTLET))
    if found:
        raise Objections(found)
    said = coverage_of(session, merchant.id, wanted, today=today)
    if said.answer is not Answer.COVERED and not command.as_wish:
        raise Objections([("as_wish", NOT_COVERED)])
    _refuse_repeated(session, merchant.id, wanted, phone, again=command.again)
    request = _stored(session, merchant, wanted, phone, said, command.token, now=now)
    record(session, actor, Topic.RETURN_ASKED, request, now=now, verdict=said.answer.value)
    return request


def coverage_of(session: Session, merchant_id: int, wanted: Wanted, *, today: date) -> Coverage:
    """What the merchant's promise says of a purchase: the version of its day."""
    promisor = promisor_of(session, merchant_id)
    history = history_of(session, promisor.id) if promisor else ()
    return coverage(history, purchase_of(wanted), today=today)


def purchase_of(wanted: Wanted) -> Purchase:
    """The purchase as the promise's rules ask for it."""
    return Purchase(
        wanted.way, wanted.purchased_on, wanted.received_on, wanted.category, wanted.goods.strip(), wanted.outlet_id
    )


def open_like(session: Session, merchant_id: int, wanted: Wanted, phone: str) -> ReturnRequest | None:
    """An open request of the same phone for the same goods of the same day."""
    return session.scalars(
        select(ReturnRequest)
        .where(
            *_of_phone(session, merchant_id, phone),
            ReturnRequest.purchased_on == wanted.purchased_on,
            ReturnRequest.goods == mask_text(wanted.goods.strip()),
        )
        .order_by(ReturnRequest.id.desc())
        .limit(1)
    ).first()


def outlets_of(session: Session, merchant_id: int) -> Sequence[Outlet]:
    """The merchant's outlets that are open, by name."""
    query = select(Outlet).where(Outlet.merchant_id == merchant_id, Outlet.closed_at.is_(None))
    return session.scalars(query.order_by(Outlet.name, Outlet.id)).all()


def _refuse_repeated(session: Session, merchant_id: int, wanted: Wanted, phone: str, *, again: bool) -> None:
    twin = open_like(session, merchant_id, wanted, phone)
    if twin is not None and not again:
        raise Objections([("again", ASKED_ALREADY.format(reference=twin.reference))])
    held = session.scalars(select(ReturnRequest.id).where(*_of_phone(session, merchant_id, phone)).limit(MOST_OPEN))
    if len(held.all()) >= MOST_OPEN:
        raise Objections([("phone", TOO_MANY)])


def _of_phone(session: Session, merchant_id: int, phone: str) -> tuple[ColumnElement[bool], ...]:
    return (
        ReturnRequest.merchant_id == merchant_id,
        ReturnRequest.phone_index == vault_of(session).blind(phone, "phone"),
        ReturnRequest.state.in_(OPEN_STATES),
    )


def _stored(
    session: Session, merchant: Merchant, wanted: Wanted, phone: str, said: Coverage, token: str, *, now: datetime
) -> ReturnRequest:
    limits, today = almanac(session), local_day(now)
    draft = draft_of(session, token, merchant.id, lock=True) if token else None
    key: DataKey = draft.key if draft else vault_of(session).new_key(session, now=now)
    session.flush()
    is_covered = said.answer is Answer.COVERED and said.terms is not None
    request = ReturnRequest(
        reference=_reference(session, merchant.authority_id, today),
        state=ReturnState.ASKED,
        merchant_id=merchant.id,
        authority_id=merchant.authority_id,
        version_id=said.terms.version_id if said.terms else None,
        verdict=said.answer.value,
        sentences=list(said.sentences),
        last_on=said.last_on,
        asked_at=now,
        answer_by=due_at(now, said.terms.days_to_answer) if is_covered and said.terms else None,
        lapses_at=None if is_covered else now + timedelta(days=limits.amount("return_lapse", today)),
        **_asked_for(wanted),
        **_sealed(session, key, wanted, phone),
    )
    request.next_at = next_look(standing_of(request), limits.amount("return_warning", today))
    session.add(request)
    session.flush()
    if draft is not None:
        proofs.hand_over(session, draft, request)
        drop_draft(session, draft)
    return request


def _asked_for(wanted: Wanted) -> dict[str, Any]:
    """The columns of a purchase, as far as nothing of them is personal."""
    return {
        "way": wanted.way,
        "purchased_on": wanted.purchased_on,
        "received_on": wanted.received_on,
        "outlet_id": wanted.outlet_id,
        "category": wanted.category,
        "goods": mask_text(wanted.goods.strip()),
        "price": wanted.price,
        "quantity": wanted.quantity,
    }


def _sealed(session: Session, key: DataKey, wanted: Wanted, phone: str) -> dict[str, Any]:
    """The columns of the consumer, with his link: sealed, masked, or a keyed index."""
    vault, link = vault_of(session), new_token()
    return {
        "key": key,
        "token_hash": hash_of(link),
        "token_sealed": vault.seal_secret(link, LINK_SEAL),
        "name_mask": mask_name(wanted.name),
        "phone_mask": mask_phone(phone),
        "name_sealed": vault.seal(key, wanted.name.strip(), NAME_SEAL),
        "phone_sealed": vault.seal(key, phone, PHONE_SEAL),
        "phone_index": vault.blind(phone, "phone"),
        "reason_sealed": vault.seal(key, wanted.reason.strip(), REASON_SEAL) if wanted.reason.strip() else None,
    }


def standing_of(request: ReturnRequest) -> Standing:
    """What the clock looks at."""
    return Standing(
        state=request.state,
        due_at=request.due_at,
        warned=request.warned_at is not None,
        overdue=_is_marked(request),
        lapses_at=request.lapses_at,
    )


def _is_marked(request: ReturnRequest) -> bool:
    """Whether the clock has found the present limit overdue already; a breach of an earlier one is another matter."""
    due = request.due_at
    return due is not None and request.breach_at is not None and request.breach_at >= due


def _reference(session: Session, authority_id: int, today: date) -> str:
    """THHL2611-0007: running within the district's prefix and the month."""
    upwards = session.get_one(Organisation, authority_id).ancestry()
    known = session.scalars(
        select(Organisation.prefix)
        .where(Organisation.id.in_(upwards), Organisation.prefix.is_not(None))
        .order_by(Organisation.path.desc())
    ).first()
    series = f"TH{known or ''}{today:%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"
