"""Filing a complaint of the green channel: number, case and filing, dispatched at once like any other (decisions 1–3)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.cases import evidence
from portal.cases.evidence import Purpose
from portal.cases.models import Case, Evidence, EvidenceSide
from portal.cases.rules import Channel
from portal.classification.rules import CLASS_NAMES
from portal.clocks.queries import Almanac
from portal.clocks.rules import local_day
from portal.core import facts, files
from portal.core.actor import Actor
from portal.core.errors import RuleBroken
from portal.core.facts import SubjectKind, Topic
from portal.core.privacy import DataKey, vault_of
from portal.documents.numbers import take_numbers
from portal.enrolment.models import Outlet
from portal.intake import batches, composing, green_doors, storing, values
from portal.intake.context import Context, context_of_place
from portal.intake.green_access import Place, is_proved, locked_draft, said_in
from portal.intake.green_doors import Door
from portal.intake.green_models import ConsentKind, FilingConsent, GreenDraft, GreenFile
from portal.intake.models import Filing
from portal.intake.rules import Kind, ParsedRow, Routing, Source, WaitingReason, greens
from portal.intake.rules.greens import BOUGHT_BY_NAMES, NATURE_NAMES, BoughtBy, Nature, Said
from portal.intake.rules.words import Diversion
from portal.intake.values import Judged

CHANGED = "内容刚刚改过，和你核对的不一样。请再核对一遍，然后提交。"
NOT_PROVED = "手机号还没有验证。请先完成验证。"


@dataclass(frozen=True, slots=True)
class FileComplaint:
    """A draft that is complete, and the digest of what was looked through before."""

    place: Place
    seen: str


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of it."""

    case_id: int
    number: str
    dispatched: bool
    joined: bool


def file_complaint(session: Session, actor: Actor, command: FileComplaint, *, now: datetime) -> Filed:
    """Make filing and case of a draft, or join an open case of another channel (decisions 9).

    A text that sounds like a tip waits for an officer (decisions 8); any other goes to the merchant at once, whose
    limit runs from now. Refuses with RuleBroken what is unfinished, not proved, changed since it was looked through,
    or one too many; with Stale where the case to be joined has closed meanwhile.
    """
    door = green_doors.open_door(session, command.place.slug)
    draft = locked_draft(session, command.place, now=now)
    said = said_in(session, draft)
    context = context_of_place(session, door.authority_id)
    _refuse_unready(session, draft, said, command.seen, now=now)
    number = _next_number(session, now=now)  # its row lock lets one complaint in after the other
    if objection := objection_to_more(session, draft, context.book, door, now=now):
        raise RuleBroken(objection)

    judged = _judged(said, door, number, context, now=now)
    key = session.get_one(DataKey, draft.key_id)
    joined = None if judged.row.suspected_tip else batches.case_joined_by(session, judged, context, at=now)
    if joined is None:
        case_id = _open(session, actor, judged, key, context, said, door, now=now)
    else:
        case_id = _join(session, actor, judged, joined, context, now=now)
    filing_id = session.scalars(select(Filing.id).where(Filing.source == Source.GREEN, Filing.number == number)).one()
    _keep_consents(session, filing_id, said, door, context.book, now=now)
    _hand_over_files(session, actor, draft, case_id, now=now)
    _close(draft, case_id, filing_id, now=now)
    facts.record(session, actor, Topic.GREEN_FILED, SubjectKind.CASE, case_id, at=now, filing_id=filing_id)
    return Filed(case_id, number, judged.decided.dispatched, joined is not None)


def _refuse_unready(session: Session, draft: GreenDraft, said: Said, seen: str, *, now: datetime) -> None:
    if left := greens.unfinished(said, today=local_day(now)):
        raise RuleBroken(f"“{greens.STEP_NAMES[left[0]]}”还没有填完。", field=left[0])
    if not is_proved(session, draft, said):
        raise RuleBroken(NOT_PROVED, field="code")
    if seen != said.digest:
        raise RuleBroken(CHANGED)


def _next_number(session: Session, *, now: datetime) -> str:
    month = local_day(now).strftime("%y%m")
    return f"LS{month}{take_numbers(session, f'green:{month}')[0]:06d}"


def objection_to_more(session: Session, draft: GreenDraft, book: Almanac, door: Door, *, now: datetime) -> str | None:
    """Say why this number may file no further complaint now, or None (rows of limits)."""
    today, authorities = local_day(now), [door.authority_id]
    of_phone = (Filing.source == Source.GREEN, Filing.phone_index == draft.phone_index)
    lately = session.scalars(
        select(func.count()).select_from(Filing).where(*of_phone, Filing.created_at > now - timedelta(days=1))
    ).one()
    if lately >= (most := book.amount("green_per_day", today, authorities)):
        return f"这个手机号 24 小时内已经提交 {most} 件投诉。请明天再提交，急的请拨打 12315。"
    still_open = session.scalars(
        select(func.count(func.distinct(Case.id)))
        .join(Filing, Filing.case_id == Case.id)
        .where(*of_phone, Case.is_open, func.coalesce(Case.merchant_id, door.merchant_id) == door.merchant_id)
        .where(Filing.company_code == door.code)
    ).one()
    if still_open >= (most := book.amount("green_open", today, authorities)):
        return f"这个手机号对{door.name}已有 {most} 件投诉正在办理。请打开短信里的链接补充，或拨打 12315。"
    return None


def _judged(said: Said, door: Door, number: str, context: Context, *, now: datetime) -> Judged:
    row = _row(said, door, number, now=now)
    routing = Routing(
        channel=Channel.GREEN,
        dispatched=not row.suspected_tip,
        merchant_id=door.merchant_id,
        reason=WaitingReason.SUSPECTED_TIP if row.suspected_tip else None,
        candidates=(door.merchant_id,),
    )
    vault = context.vault
    return Judged(row, values.row_digest(vault, row), values.phone_index(vault, row), context.place, routing)


def _row(said: Said, door: Door, number: str, *, now: datetime) -> ParsedRow:
    """The complaint as an import would have read it, so that everything behind it is the same machinery."""
    return ParsedRow(
        line=0, source=Source.GREEN, number=number, kind=Kind.COMPLAINT, registered_at=now, in_future=False,
        text=greens.composed_text(said, said.outlet), company=door.name, code=door.code, code_written=door.code,
        company_address=None, consumer=said.name, phone=said.plain_phone, phone_written=said.plain_phone,
        address=said.address, title=None, channel="网页", problem=NATURE_NAMES[Nature(said.nature)],
        object=CLASS_NAMES[said.category], issue=None, place=said.outlet or None,
        sale_method=BOUGHT_BY_NAMES[BoughtBy(said.bought_by)], amount=said.fen, purchased_on=said.bought_on,
        publicity=said.publish, diversion=Diversion.GREEN, diversion_written="绿色通道企业", dispatched_at=None,
        authority=None, office=None, status=None, platform_due_on=None, demands=said.asked,
        suspected_tip=bool(greens.words_of_a_tip(said)), masked=frozenset(), flags=frozenset(), extras={},
    )  # fmt: skip


def _open(
    session: Session,
    actor: Actor,
    judged: Judged,
    key: DataKey,
    context: Context,
    said: Said,
    door: Door,
    *,
    now: datetime,
) -> int:
    """Open a case under the draft's own key, so that the photos need not be sealed again."""
    own = {
        "outlet_id": _outlet_id(session, door, said.outlet),
        "platform_due_on": None,
    }  # no platform has a clock of it
    sealer = context.vault.sealer(key)
    opening = composing.opening_of(judged, sealer, context, at=now, case_too=own, filing_too={"row": None})
    return storing.open_cases(session, actor, storing.Origin(), [opening], [key.id], at=now)[0]


def _outlet_id(session: Session, door: Door, name: str) -> int | None:
    if not name:
        return None
    return session.scalars(
        select(Outlet.id).where(Outlet.merchant_id == door.merchant_id, Outlet.name == name, Outlet.closed_at.is_(None))
    ).first()


def _join(session: Session, actor: Actor, judged: Judged, case_id: int, context: Context, *, now: datetime) -> int:
    key = session.scalars(select(DataKey).join(Case, Case.key_id == DataKey.id).where(Case.id == case_id)).one()
    joining = composing.joining_of(judged, case_id, context.vault.sealer(key), context, at=now)
    joining = replace(joining, filing={**joining.filing, "row": None})
    storing.join_cases(session, actor, storing.Origin(), [joining], at=now)
    return case_id


def _keep_consents(session: Session, filing_id: int, said: Said, door: Door, book: Almanac, *, now: datetime) -> None:
    asked = consents_asked(door, book, now=now)
    given = {ConsentKind.SETTLE: said.settle, ConsentKind.SHARE: said.share, ConsentKind.PUBLISH: said.publish}
    session.add_all(
        FilingConsent(filing_id=filing_id, kind=kind, given=given[kind], words=words, at=now)
        for kind, words in asked.items()
    )


def consents_asked(door: Door, book: Almanac, *, now: datetime) -> dict[ConsentKind, str]:
    """The words beside each box, as they are kept with the filing."""
    days = book.amount("triage", local_day(now), [door.authority_id])
    return {
        ConsentKind.SETTLE: greens.consent_to_settle(door.recipient, door.authority, days),
        ConsentKind.SHARE: greens.consent_to_share(door.recipient),
        ConsentKind.PUBLISH: greens.consent_to_publish(),
    }


def _hand_over_files(session: Session, actor: Actor, draft: GreenDraft, case_id: int, *, now: datetime) -> None:
    """Make the draft's files evidence of the case; sealed again where the case has a key of its own."""
    rows = session.scalars(select(GreenFile).where(GreenFile.draft_id == draft.id).order_by(GreenFile.id)).all()
    if not rows:
        return
    key = session.scalars(select(DataKey).join(Case, Case.key_id == DataKey.id).where(Case.id == case_id)).one()
    known = set(session.scalars(select(Evidence.digest).where(Evidence.case_id == case_id)))
    fresh = [row for row in rows if row.digest not in known]
    if len(known) + len(fresh) > evidence.MAX_FILES:
        raise RuleBroken(f"这件投诉的证据最多 {evidence.MAX_FILES} 个。请删掉几个再提交。", field="files")
    session.add_all(_evidence(session, actor, row, draft, key, case_id, now=now) for row in fresh)
    if key.id == draft.key_id:  # else the sealed originals are forgotten along with the draft
        session.execute(delete(GreenFile).where(GreenFile.draft_id == draft.id))
    facts.record(
        session, actor, Topic.EVIDENCE_ADDED, SubjectKind.CASE, case_id, at=now, count=len(fresh),
        purpose=Purpose.EVIDENCE.value,
    )  # fmt: skip


def _evidence(
    session: Session, actor: Actor, row: GreenFile, draft: GreenDraft, key: DataKey, case_id: int, *, now: datetime
) -> Evidence:
    vault, same = vault_of(session), key.id == draft.key_id
    name = vault.open(draft.key, row.name_sealed, evidence.NAME_SEAL)

    def moved(address: str | None) -> str | None:
        if address is None or same:
            return address
        return files.put(session, key, files.get(session, draft.key, address, evidence.SEAL), evidence.SEAL)

    original = moved(row.original_file)
    assert original is not None
    return Evidence(
        reference=row.reference,
        case_id=case_id,
        side=EvidenceSide.CONSUMER,
        uploader_id=None,
        uploader_name=actor.name,
        purpose=Purpose.EVIDENCE.value,
        media_type=row.media_type,
        size=row.size,
        digest=row.digest,
        name_sealed=vault.seal(key, name, evidence.NAME_SEAL),
        original_at=original,
        shown_at=moved(row.shown_file),
        thumbnail_at=moved(row.thumbnail_file),
        at=now,
    )


def _close(draft: GreenDraft, case_id: int, filing_id: int, *, now: datetime) -> None:
    draft.case_id, draft.filing_id, draft.filed_at, draft.touched_at = case_id, filing_id, now, now
    draft.said_sealed = None
