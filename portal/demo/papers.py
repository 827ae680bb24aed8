"""Writing what was invented: cases with their rounds, agreements, papers, performances and facts, table by table."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.models import Case
from portal.cases.rules import CaseState, Channel
from portal.clocks.rules import local_day
from portal.core.actor import ActorKind
from portal.core.bulk import columns_of, load
from portal.core.db import Model, take_ids
from portal.core.facts import Fact, SubjectKind, Topic
from portal.core.money import yuan
from portal.core.privacy import DataKey, Vault
from portal.demo.filed import Filed
from portal.demo.firms import District
from portal.demo.lives import AUTHORITY, SYSTEM, Life, is_closed, live
from portal.documents.models import Document, DocumentKind
from portal.documents.numbers import take_numbers
from portal.documents.sealing import CODE_ALPHABET, CODE_LENGTH, SEAL, Paper, canonical
from portal.intake.models import Filing
from portal.intake.states import AdminState
from portal.settlements.models import Agreement, Offer, Payer, PaymentMethod, Performance, Term, TermKind

CHOICE = timedelta(days=31)  # a day more than the limit, which is a row
ACTORS = {
    "consumer": ActorKind.CONSUMER,
    "merchant": ActorKind.MERCHANT,
    AUTHORITY: ActorKind.AUTHORITY,
    SYSTEM: ActorKind.SYSTEM,
}


def write_lives(
    session: Session, filed: Sequence[Filed], district: District, vault: Vault, random: Random, *, now: datetime
) -> None:
    """Let every case live until now and write all of it; the cases get their ids."""
    lives = [_life(session, one, random, now=now) for one in filed]
    _with_keys(session, filed)
    _load(session, Case, [columns_of(one.case) for one in filed], [one.case.id for one in filed])
    load(session, Filing, [{**_decided(one), "case_id": one.case.id, "key_id": one.case.key_id} for one in filed])
    offers = _write_rounds(session, lives)
    _write_agreements(session, lives, filed, offers, district, vault, random)
    load(session, Fact, [row for life in lives for row in _facts(life)])


def _life(session: Session, one: Filed, random: Random, *, now: datetime) -> Life:
    case = one.case
    waits = case.state is CaseState.WAITING
    life = Life(case, random, now, case.opened_at) if waits else live(case, random, now=now)
    life.told.insert(0, (Topic.CASE_OPENED, case.opened_at, SYSTEM, {"source": "12315"}))
    if case.state is CaseState.FAILED and case.channel is Channel.GREEN and life.at + CHOICE < now:
        case.closed_at = life.at + CHOICE  # the consumer chose nothing (decisions 3)
    if is_closed(case):
        case.due_at, case.next_action_at = steps.NEVER, None
    else:
        case.warned_at = now if case.respond_by else None  # warnings that are past are not told by the next tick
        steps.set_clocks(session, case, now=now)
    return life


def _decided(one: Filed) -> dict[str, Any]:
    """What the authority did with the filing: nothing yet, or taken up after the negotiation failed."""
    filing, case = one.filing, one.case
    if filing["admin_state"] is AdminState.RECEIVED and case.concluded_at is not None:
        withdrawn = case.state is CaseState.WITHDRAWN
        state = AdminState.WITHDRAWN if withdrawn else AdminState.ACCEPTED
        return {**filing, "admin_state": state, "decided_at": case.concluded_at}
    return {**filing, "decided_at": None}


def _with_keys(session: Session, filed: Sequence[Filed]) -> None:
    keys = take_ids(session, DataKey, len(filed))
    cases = take_ids(session, Case, len(filed))
    _load(session, DataKey, [{"wrapped": one.key.wrapped, "created_at": one.key.created_at} for one in filed], keys)
    for one, key_id, case_id in zip(filed, keys, cases, strict=True):
        one.case.key_id, one.case.id = key_id, case_id


def _write_rounds(session: Session, lives: Sequence[Life]) -> dict[tuple[int, int], int]:
    """Write offers and their terms; returns the offers' ids by case and round."""
    rows = [{**row, "case_id": life.case.id} for life in lives for row in life.rounds]
    ids = take_ids(session, Offer, len(rows))
    _load(session, Offer, rows, ids)
    term = {
        "position": 0,
        "kind": TermKind.REFUND,
        "method": PaymentMethod.ORIGINAL,
        "due_days": 7,
        "freight": Payer.NONE,
    }
    load(
        session, Term, [{**term, "offer_id": key, "amount": row["outlay"]} for key, row in zip(ids, rows, strict=True)]
    )
    return {(row["case_id"], row["round"]): key for key, row in zip(ids, rows, strict=True)}


def _write_agreements(
    session: Session,
    lives: Sequence[Life],
    filed: Sequence[Filed],
    offers: dict[tuple[int, int], int],
    district: District,
    vault: Vault,
    random: Random,
) -> None:
    agreed = [(life, one, life.agreement) for life, one in zip(lives, filed, strict=True) if life.agreement]
    numbers = list(_numbers(session, district, [agreement["accepted_at"] for _, _, agreement in agreed]))
    papers = [
        _paper_row(life, one, number, district, vault, random)
        for (life, one, _), number in zip(agreed, numbers, strict=True)
    ]
    document_ids = take_ids(session, Document, len(papers))
    _load(session, Document, papers, document_ids)
    ids = take_ids(session, Agreement, len(agreed))
    rows = [
        {
            **{name: value for name, value in agreement.items() if name != "round"},
            "case_id": life.case.id,
            "offer_id": offers[life.case.id, agreement["round"]],
            "document_id": document_id,
        }
        for (life, _, agreement), document_id in zip(agreed, document_ids, strict=True)
    ]
    _load(session, Agreement, rows, ids)
    performed = [
        {**life.performance, "agreement_id": key}
        for (life, _, _), key in zip(agreed, ids, strict=True)
        if life.performance
    ]
    load(session, Performance, performed)


def _numbers(session: Session, district: District, at: Sequence[datetime]) -> Iterator[str]:
    letters = re.match(r"[A-Z]*", district.prefix)
    series = [f"{letters.group() if letters else ''}{local_day(moment):%y%m}" for moment in at]
    blocks = {
        one: iter(take_numbers(session, f"agreement:{one}", count)) for one, count in sorted(Counter(series).items())
    }
    for one in series:
        yield f"HJ-{one}-{next(blocks[one]):04d}"


def _paper_row(life: Life, one: Filed, number: str, district: District, vault: Vault, random: Random) -> dict[str, Any]:
    case, agreement = life.case, life.agreement
    assert agreement is not None
    last = agreement["perform_on"]
    paper = Paper(
        kind=DocumentKind.AGREEMENT,
        number=number,
        case_id=case.id,
        title="和解协议",
        parties=(
            ("甲方（消费者）", f"{case.consumer_mask}，手机 {case.phone_mask}"),
            ("乙方（经营者）", f"{one.firm.name}（统一社会信用代码 {one.firm.code}）"),
        ),
        matters=(
            ("纠纷编号", case.reference),
            ("商品或服务", case.goods),
            ("争议事项", case.headline),
            ("指导单位", district.name),
        ),
        terms=(f"乙方于 {last.isoformat()} 前向甲方退款 ¥{yuan(agreement['outlay'])}，原路退回。",),
        outlay=agreement["outlay"],
        perform_on=last.isoformat(),
        clauses=("乙方按约定履行完毕后，双方就本纠纷的上述事项再无争议。",),
        confirmation=(("确认方式", "消费者凭发到登记手机的专用链接确认"),),
        notice="这是双方的民事和解协议，不是行政调解书。",
    )
    content = canonical({part.name: getattr(paper, part.name) for part in fields(paper) if part.name != "case_id"})
    return {
        "number": number,
        "kind": DocumentKind.AGREEMENT,
        "check_code": "".join(random.choices(CODE_ALPHABET, k=CODE_LENGTH)),
        "digest": hashlib.sha256(content.encode()).hexdigest(),
        "case_id": case.id,
        "key_id": case.key_id,
        "content_sealed": vault.seal(one.key, content, SEAL),
        "made_at": agreement["accepted_at"],
    }


def _facts(life: Life) -> Iterator[dict[str, Any]]:
    for topic, at, side, detail in life.told:
        yield {
            "topic": topic,
            "subject_kind": SubjectKind.CASE,
            "subject_id": life.case.id,
            "actor_kind": ACTORS[side],
            "actor_name": life.rounds[0]["made_by"] if side == "merchant" and life.rounds else "",
            "at": at,
            "detail": dict(detail),
        }


def _load(session: Session, model: type[Model], rows: Sequence[dict[str, Any]], ids: Sequence[int]) -> None:
    load(session, model, [{"id": key, **row} for key, row in zip(ids, rows, strict=True)])
