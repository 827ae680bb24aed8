"""The merchant's part: register, send for testing, record the result, take off the shelves; and the authority's finds."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.clocks.rules import local_day
from portal.core import facts, files
from portal.core.actor import Actor, ActorKind
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.media import LIMITS, PICTURES, Media, Unreadable, check_document, clean_picture, sniff, spoken_size
from portal.core.permissions import REFUSAL, Permission, require
from portal.core.privacy import DataKey, vault_of
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Merchant
from portal.ledgers.amending import AmendEntry, amend_entry
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.ledgers.rules.vocabulary import LAB_RESULT_NAMES, LabResult
from portal.recalls.access import locked, move
from portal.recalls.models import ProblemGoods
from portal.recalls.rules import Disposal, GoodsEvent, GoodsState, Source, day_problem, pieces_problem

REPORT_SEAL = "goods.report"


@dataclass(frozen=True, slots=True)
class RegisterGoods:
    """An article that is suspected; an authority registers what it has already found to be bad."""

    goods: str
    brand: str
    model: str
    batch: str
    barcode: str
    supplier: str
    problem: str
    on_hand: int  # pieces
    source: Source
    entry_seq: int | None = None  # the return in one's own ledger


def register_goods(session: Session, actor: Actor, command: RegisterGoods, *, now: datetime) -> ProblemGoods:
    """Register an article (seed 4 item 16); what an authority registers is bad already and can be notified at once."""
    row = _new(session, actor, command, now=now)
    require(actor, Permission.GOODS_REGISTER, row)
    _check_entry(session, row)
    if problem := pieces_problem(command.on_hand):
        raise RuleBroken(problem, field="on_hand")
    session.add(row)
    session.flush()
    facts.record(session, actor, Topic.GOODS_REGISTERED, SubjectKind.GOODS, row.id, at=now, source=command.source.value)
    return row


@dataclass(frozen=True, slots=True)
class SendForTesting:
    """Who tests the article, and since when."""

    reference: str
    laboratory: str
    sent_on: date


def send_for_testing(session: Session, actor: Actor, command: SendForTesting, *, now: datetime) -> ProblemGoods:
    """Record that the producer, the supplier or a laboratory has the article."""
    row = _own(session, actor, command.reference)
    move(row, GoodsEvent.SEND)
    _check_day("sent_on", command.sent_on, now=now)
    row.laboratory, row.sent_on = command.laboratory, command.sent_on
    facts.record(session, actor, Topic.GOODS_SENT, SubjectKind.GOODS, row.id, at=now, on=command.sent_on.isoformat())
    return row


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What the test found; the report as a picture or PDF."""

    reference: str
    passed: bool
    tested_on: date
    report_number: str
    finding: str
    report: bytes | None = None


def record_result(session: Session, actor: Actor, command: RecordResult, *, now: datetime) -> ProblemGoods:
    """Record the result. What fails must be taken off the shelves at once, and the regulator sees it from now on."""
    row = _own(session, actor, command.reference)
    move(row, GoodsEvent.CLEAR if command.passed else GoodsEvent.FAIL)
    _check_day("tested_on", command.tested_on, now=now, earliest=row.sent_on, before="送检日期")
    if not command.passed and not command.finding.strip():
        raise RuleBroken("请写明不合格项目，辖区其他企业要按它核对商品。", field="finding")
    row.tested_on, row.report_number, row.finding = command.tested_on, command.report_number, command.finding
    if command.report:
        _keep_report(session, row, command.report)
    if not command.passed:
        row.reported_at = now
    _tell_ledger(session, actor, row, passed=command.passed, now=now)
    facts.record(session, actor, Topic.GOODS_TESTED, SubjectKind.GOODS, row.id, at=now, passed=command.passed)
    return row


@dataclass(frozen=True, slots=True)
class RemoveGoods:
    """What was taken off the shelves; pieces."""

    reference: str
    quantity: int
    removed_on: date
    disposal: Disposal


def remove_goods(session: Session, actor: Actor, command: RemoveGoods, *, now: datetime) -> ProblemGoods:
    """Confirm that one's own goods are off the shelves, with the number of pieces."""
    row = _own(session, actor, command.reference)
    if row.removed_on is not None:
        raise RuleBroken("已经登记过下架。数量有误请联系监管部门。")
    move(row, GoodsEvent.REMOVE)
    check_removal(command.quantity, command.removed_on, earliest=row.tested_on, now=now)
    row.removed_quantity, row.removed_on, row.disposal = command.quantity, command.removed_on, command.disposal
    facts.record(session, actor, Topic.GOODS_REMOVED, SubjectKind.GOODS, row.id, at=now, pieces=command.quantity)
    return row


@dataclass(frozen=True, slots=True)
class CancelGoods:
    """An article registered by mistake."""

    reference: str


def cancel_goods(session: Session, actor: Actor, command: CancelGoods, *, now: datetime) -> ProblemGoods:
    """Take a registration back, only before the article is sent away."""
    row = _own(session, actor, command.reference)
    move(row, GoodsEvent.CANCEL)
    facts.record(session, actor, Topic.GOODS_CANCELLED, SubjectKind.GOODS, row.id, at=now)
    return row


def check_removal(quantity: int, removed_on: date, *, earliest: date | None, now: datetime) -> None:
    """Refuse with RuleBroken, at its field, a number of pieces or a day that can't be."""
    if problem := pieces_problem(quantity):
        raise RuleBroken(problem, field="quantity")
    _check_day("removed_on", removed_on, now=now, earliest=earliest, before="检测日期")


def open_report(session: Session, row: ProblemGoods) -> tuple[bytes, str]:
    """The test report's content and media type, for whoever was found to see the article."""
    if row.report_address is None or row.report_type is None:
        raise RuleBroken("没有上传检测报告。")
    key = session.get_one(DataKey, row.key_id)
    return files.get(session, key, row.report_address, REPORT_SEAL), row.report_type


def _new(session: Session, actor: Actor, command: RegisterGoods, *, now: datetime) -> ProblemGoods:
    merchant = session.get(Merchant, actor.organisation_id) if actor.kind is ActorKind.MERCHANT else None
    if actor.organisation_id is None or (actor.kind is not ActorKind.AUTHORITY and merchant is None):
        raise NotAllowed(REFUSAL)
    authority_id = merchant.authority_id if merchant else actor.organisation_id
    found = merchant is None
    return ProblemGoods(
        reference=_reference(session, authority_id, now=now),
        authority_id=authority_id,
        merchant_id=merchant.id if merchant else None,
        key=vault_of(session).new_key(session, now=now),
        source=Source.INSPECTION if found else command.source,
        state=GoodsState.DEFECTIVE if found else GoodsState.REGISTERED,
        entry_seq=command.entry_seq,
        goods=command.goods,
        brand=command.brand,
        model=command.model,
        batch=command.batch,
        barcode=command.barcode,
        supplier=command.supplier,
        problem=command.problem,
        finding=command.problem if found else None,
        on_hand=command.on_hand,
        reported_at=now if found else None,
        registered_at=now,
    )


def _reference(session: Session, authority_id: int, *, now: datetime) -> str:
    """WTHL2611-0007: running within the district's prefix and the month."""
    upwards = session.get_one(Organisation, authority_id).ancestry()
    known = session.scalars(
        select(Organisation.prefix)
        .where(Organisation.id.in_(upwards), Organisation.prefix.is_not(None))
        .order_by(Organisation.path.desc())
    ).first()
    series = f"WT{known or ''}{local_day(now):%y%m}"
    return f"{series}-{take_numbers(session, series)[0]:04d}"


def _check_entry(session: Session, row: ProblemGoods) -> None:
    """The return that raised the suspicion is one of the merchant's own ledger."""
    if row.entry_seq is None:
        return
    known = (
        select(LedgerEntry.id)
        .join(Ledger, Ledger.id == LedgerEntry.ledger_id)
        .where(
            Ledger.merchant_id == row.merchant_id,
            LedgerEntry.seq == row.entry_seq,
            LedgerEntry.kind == EntryKind.RETURN,
        )
    )
    if session.scalars(known).first() is None:
        raise RuleBroken(f"退换货台账里没有第 {row.entry_seq} 笔退换货。请核对序号，或留空。", field="entry")


def _tell_ledger(session: Session, actor: Actor, row: ProblemGoods, *, passed: bool, now: datetime) -> None:
    """Enter the result into the return that raised the suspicion (decisions 26), where that still waits for one."""
    if row.entry_seq is None:
        return
    result = LAB_RESULT_NAMES[LabResult.PASSED if passed else LabResult.FAILED]
    correction = AmendEntry(
        row.entry_seq, {"lab_result": result}, f"检测结果，问题商品 {row.reference}", token=f"goods-{row.reference}"
    )
    with suppress(RuleBroken):  # a clerk has entered it already, or the return was corrected to something else
        amend_entry(session, actor, correction, now=now)


def _own(session: Session, actor: Actor, reference: str) -> ProblemGoods:
    row = locked(session, actor, reference)
    require(actor, Permission.GOODS_HANDLE, row)
    return row


def _check_day(field: str, day: date, *, now: datetime, earliest: date | None = None, before: str = "") -> None:
    if problem := day_problem(day, today=local_day(now), earliest=earliest, before=before):
        raise RuleBroken(problem, field=field)


def _keep_report(session: Session, row: ProblemGoods, content: bytes) -> None:
    media = sniff(content)
    if media is None or (media is not Media.PDF and media not in PICTURES):
        raise RuleBroken("检测报告应是图片（JPG、PNG、HEIC）或 PDF。", field="report")
    if len(content) > LIMITS[media]:
        raise RuleBroken(f"检测报告太大，最多 {spoken_size(LIMITS[media])}。请压缩后再传。", field="report")
    try:
        if media is Media.PDF:
            check_document(content, media)
        else:
            content, media = clean_picture(content, media).shown, Media.JPEG
    except Unreadable as problem:
        raise RuleBroken(f"检测报告打不开：{problem}。请重新扫描后再传。", field="report") from problem
    key = session.get_one(DataKey, row.key_id)
    row.report_address, row.report_type = files.put(session, key, content, REPORT_SEAL), media.value
