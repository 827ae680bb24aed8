"""The officer's screen of one case: the whole file, both machines and their clocks, hints that only officers see."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.cases import sections
from portal.cases.access import visible_to
from portal.cases.models import Case
from portal.cases.queries import records
from portal.cases.rules import CaseState
from portal.cases.sections import EvidenceSection, HistorySection
from portal.cases.wording import CAUSE_NAMES, SOURCE_NAMES, Tag, full_time
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, Due, due_for_list
from portal.clocks.showing import Reckoning, reckoned
from portal.core.actor import Actor
from portal.core.privacy import mask_text, vault_of
from portal.desk.case_view import Opened, opened
from portal.desk.deadlines import DuePanel, due_panel
from portal.desk.officer_filters import PATH
from portal.desk.officer_page import officer_tag
from portal.desk.promise_part import PromisePart, promise_part
from portal.desk.screen import case_facts, opened_texts, revealed_particulars
from portal.intake.hints import Hints, hints_of_case
from portal.intake.models import Filing
from portal.intake.rules import WaitingReason
from portal.intake.rules.routing import SENTENCES
from portal.intake.states import ADMIN_STATE_NAMES, AdminState
from portal.mediation.phones import change_waits
from portal.mediation.queries import awaits_choice
from portal.mediation.rules import is_choice_open
from portal.settlements.queries import Negotiation, negotiation

HINTS_SHOWN = 5
PUBLICITY: dict[bool | None, str] = {True: "同意", False: "不同意", None: "未注明"}


@dataclass(frozen=True, slots=True)
class FilingFile:
    """One filing as the officer reads it: number, state, the statutory date, the text."""

    label: str
    number: str
    state: str
    registered: str
    reception: str
    diversion: str
    company: str
    publicity: str  # 是否同意公示投诉信息, of the official form
    platform: str  # what the platform says of it, and since when it says something else
    decide: Due | None  # 受理 within seven working days of receipt (令121 art 15)
    reckoning: Reckoning | None  # the sum behind it
    text: str
    original: str  # before a suspected tip was redacted; only while a grant lasts
    extras: list[tuple[str, str]]  # columns of the file that nobody mapped; only while a grant lasts


@dataclass(frozen=True, slots=True)
class Hint:
    """Another case of the same phone; seen by officers only (令121 art 17)."""

    reference: str
    href: str
    headline: str
    merchant: str
    tag: Tag


@dataclass(frozen=True, slots=True)
class OfficerCase:
    """What the page shows."""

    case: Case
    title: str
    tag: Tag
    merchant: str
    authority: str
    facts: list[tuple[str, str]]
    filings: tuple[FilingFile, ...]
    revealed: list[tuple[str, str]]
    revealed_until: str
    phone_waits: bool  # a change of number waits for a second officer
    evidence: EvidenceSection
    history: HistorySection
    due: DuePanel | None
    negotiation: Negotiation
    hints: Hints  # signs to weigh it by
    same_phone: tuple[Hint, ...]
    waiting: str  # why it waits for an officer; empty where it does not
    ended: str  # why the negotiation failed
    promise: PromisePart | None  # of the merchant, in force on the day of purchase


def officer_case(session: Session, actor: Actor, reference: str, now: datetime, almanac: Almanac) -> OfficerCase:
    """Read and word a case for an officer of its jurisdiction, in eight statements; NotFound for strangers."""
    found = opened(session, actor, reference, now=now)
    case = found.case
    lines = records(session, [case.id])[case.id]
    authorities = list(reversed(case.authority.ancestry()))
    same_phone, merchant, phone_waits = _hints(session, actor, case)
    texts = opened_texts(session, found)
    return OfficerCase(
        case=case,
        title=case.headline,
        tag=_tag(found),
        merchant=merchant,
        authority=case.authority.name,
        facts=case_facts(case),
        filings=tuple(_filing(session, found, filing, now, almanac, authorities) for filing in found.filings),
        revealed=revealed_particulars(session, found),
        revealed_until=f"{found.revealed_until.astimezone(clocks.SHANGHAI):%H:%M}" if found.revealed_until else "",
        phone_waits=phone_waits,
        evidence=sections.evidence_of(session, actor, case, lines),
        history=sections.history_of(session, actor, case, lines, now=now),
        due=due_panel(case, authorities, now, almanac, promised=found.promised),
        negotiation=negotiation(session, actor, case, now=now),
        hints=hints_of_case(session, actor, case, found.filings, texts, now=now, book=almanac),
        same_phone=same_phone,
        waiting=_waiting(case),
        ended=CAUSE_NAMES[case.cause] if case.cause else "",
        promise=promise_part(session, case, found.filings, texts, today=clocks.local_day(now)),
    )


def _tag(found: Opened) -> Tag:
    case, states = found.case, [filing.admin_state for filing in found.filings]
    closed = case.closed_at is not None
    chooses = is_choice_open(case.state, case.channel, states) and not closed
    return officer_tag(case.state, case.turn, awaits_choice=chooses, closed=closed)


def _filing(
    session: Session, found: Opened, filing: Filing, now: datetime, almanac: Almanac, authorities: list[int]
) -> FilingFile:
    text = vault_of(session).open(filing.key, filing.text_sealed, "filing.text")
    decide_by = filing.decide_by if filing.admin_state is AdminState.RECEIVED else None
    starts = [("triage", filing.registered_at), ("triage", filing.escalated_at)]
    return FilingFile(
        label=SOURCE_NAMES.get(filing.source, filing.source),
        number=filing.number,
        state=ADMIN_STATE_NAMES[filing.admin_state],
        registered=full_time(filing.registered_at),
        reception=filing.reception,
        diversion=filing.dispatch_label,
        publicity=PUBLICITY[filing.publication_consent],
        platform=_platform(filing),
        company=" ".join(part for part in (filing.company_name, filing.company_code or "") if part),
        decide=due_for_list(now, filing.registered_at, decide_by, almanac.calendar) if decide_by else None,
        reckoning=reckoned(almanac, decide_by, starts, authorities, now) if decide_by else None,
        text=text if found.revealed_until else mask_text(text),
        original=_opened(session, filing, filing.original_sealed, "filing.original") if found.revealed_until else "",
        extras=_extras(session, filing) if found.revealed_until else [],
    )


def _platform(filing: Filing) -> str:
    said = filing.platform_status or ""
    return f"{said}（{full_time(filing.changed_at)} 更新）" if filing.changed_at else said


def _extras(session: Session, filing: Filing) -> list[tuple[str, str]]:
    kept = _opened(session, filing, filing.extras_sealed, "filing.extras")
    return [(str(name), str(value)) for name, value in json.loads(kept).items()] if kept else []


def _opened(session: Session, filing: Filing, sealed: bytes | None, purpose: str) -> str:
    return vault_of(session).open(filing.key, sealed, purpose) if sealed else ""


def _waiting(case: Case) -> str:
    if case.state not in (CaseState.WAITING, CaseState.RETURNED):
        return ""
    if case.state is CaseState.RETURNED:
        return "企业退回分派，请重新分派或退回来源。"
    reason = case.wait_reason or ""
    return SENTENCES[WaitingReason(reason)] if reason in set(WaitingReason) else "等待分派。"


def _hints(session: Session, actor: Actor, case: Case) -> tuple[tuple[Hint, ...], str, bool]:
    """Other cases of the same phone inside the jurisdiction; the case's merchant; whether a new number waits.

    All in one statement.
    """
    same = Case.id == case.id
    if case.phone_index is not None:
        same = same | (Case.phone_index == case.phone_index)
    rows = session.execute(
        select(
            Case.id,
            Case.reference,
            Case.headline,
            Case.state,
            Case.turn,
            Case.closed_at,
            awaits_choice().label("awaits_choice"),
            change_waits().label("phone_waits"),
            Organisation.name,
        )
        .outerjoin(Organisation, Organisation.id == Case.merchant_id)
        .where(visible_to(actor), same)
        .order_by((Case.id == case.id).desc(), Case.registered_at.desc(), Case.id.desc())
        .limit(HINTS_SHOWN + 1)
    ).all()
    own = next(row for row in rows if row.id == case.id)
    hints = tuple(
        Hint(
            row.reference,
            f"{PATH}/{row.reference}",
            row.headline,
            row.name or "未分派企业",
            officer_tag(row.state, row.turn, awaits_choice=row.awaits_choice, closed=row.closed_at is not None),
        )
        for row in rows
        if row.id != case.id
    )
    return hints, own.name or "未分派企业", bool(own.phone_waits)
