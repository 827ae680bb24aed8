"""One waiting case with all there is to judge: its filings, who might be meant, why it waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.access import fetched
from portal.cases.models import Case, CaseNote, NoteKind
from portal.cases.rules import STATE_NAMES, CaseEvent, CaseState, Channel, allows
from portal.clocks import rules as clocks
from portal.clocks.queries import Almanac, Due, due_for_list
from portal.clocks.showing import Reckoning, reckoned
from portal.core.access import granted_until
from portal.core.actor import Actor
from portal.core.facts import SubjectKind
from portal.core.money import yuan
from portal.core.privacy import mask_text, vault_of
from portal.intake import rules
from portal.intake.hints import Hints, hints_of_case
from portal.intake.models import Filing
from portal.intake.rules import Demand, WaitingReason
from portal.intake.suggestions import Suggestion, known_for, searched
from portal.intake.triage import REASON_NAMES, RETURNED, SOURCES, sentence_of, suggestions_for

CHANNELS = {Channel.GREEN: "绿色通道", Channel.REGULATOR: "监管流转"}
SUGGESTED = 8


@dataclass(frozen=True, slots=True)
class FilingView:
    """A filing as the officer reads it; numbers in the text are masked until a reasoned look."""

    title: str  # 12315 编号
    number: str
    facts: tuple[tuple[str, str], ...]
    text: str
    original: bool  # the text a merchant reads is another one


@dataclass(frozen=True, slots=True)
class TriageCase:
    """A waiting case ready for its page."""

    reference: str
    headline: str
    reason: str
    sentence: str
    suspected: bool
    waits: bool  # may still be given to a merchant
    may_keep: bool
    may_send_back: bool
    state_name: str
    facts: tuple[tuple[str, str], ...]
    filings: tuple[FilingView, ...]
    returned: str  # the merchant's words when it gave the case back
    due: Due
    reckoning: Reckoning | None  # the sum behind it
    revealed_until: str  # 15:30, '' without a grant
    draft: str  # the text to be redacted, for the officer who was granted the look
    suggestions: tuple[Suggestion, ...]
    found: tuple[Suggestion, ...]
    hints: Hints


def triage_case(
    session: Session, actor: Actor, reference: str, *, words: str, now: datetime, book: Almanac
) -> TriageCase:
    """One case of the jurisdiction, waiting or not; raises NotFound for strangers. `words` looks for merchants."""
    case = fetched(session, actor, reference)
    filings = session.scalars(select(Filing).where(Filing.case_id == case.id).order_by(Filing.id)).all()
    until = granted_until(session, actor, SubjectKind.CASE, case.id, now=now)
    texts = [_text(session, case, filing) for filing in filings]
    company = filings[0].company_name if filings else ""
    known = known_for(session, actor, [case.candidates.get("merchants", ())])
    suspected = case.wait_reason == WaitingReason.SUSPECTED_TIP
    accusing = next((text for text in texts if rules.sounds_like_a_tip(text)), texts[0] if texts else "")
    return TriageCase(
        reference=case.reference,
        headline=case.headline,
        reason=_reason(case),
        sentence=sentence_of(case.state, case.wait_reason),
        suspected=suspected,
        waits=allows(case.state, CaseEvent.DISPATCH),
        may_keep=allows(case.state, CaseEvent.KEEP),
        may_send_back=allows(case.state, CaseEvent.SEND_BACK),
        state_name="已派发" if case.merchant_id else STATE_NAMES[case.state],
        facts=_facts(case),
        filings=tuple(
            _filing(session, case, filing, text, plain=until is not None)
            for filing, text in zip(filings, texts, strict=True)
        ),
        returned=_returned(session, case) if case.state is CaseState.RETURNED else "",
        due=due_for_list(now, case.registered_at, case.due_at, book.calendar),
        reckoning=reckoned(book, case.due_at, _starts(case), case.authority.ancestry()[::-1], now),
        revealed_until=f"{until.astimezone(clocks.SHANGHAI):%H:%M}" if until else "",
        draft=accusing if until and suspected else "",
        suggestions=suggestions_for(case.candidates, company, known, limit=SUGGESTED),
        found=tuple(searched(session, words)),
        hints=hints_of_case(session, actor, case, filings, texts, now=now, book=book),
    )


def _starts(case: Case) -> list[tuple[str, datetime | None]]:
    """What may have given the authority's own date of a case without a merchant."""
    return [
        ("triage", case.registered_at),
        ("triage", case.kept_at),
        ("dispatch", case.opened_at),
        ("dispatch", case.last_event_at),
    ]


def _reason(case: Case) -> str:
    if case.state is CaseState.KEPT:
        return STATE_NAMES[case.state]
    return REASON_NAMES[RETURNED if case.state is CaseState.RETURNED else case.wait_reason or RETURNED]


def _text(session: Session, case: Case, filing: Filing) -> str:
    return vault_of(session).open(case.key, filing.original_sealed or filing.text_sealed, _purpose(filing))


def _purpose(filing: Filing) -> str:
    return "filing.original" if filing.original_sealed else "filing.text"


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    demands = "、".join(rules.DEMAND_NAMES[Demand(code)] for code in case.demands.split(",") if code in set(Demand))
    said = (
        ("消费者", " ".join(part for part in (case.consumer_mask, case.phone_mask) if part)),
        ("诉求", demands or "未注明"),
        ("争议金额", f"¥{yuan(case.amount)}" if case.amount is not None else "不明"),
        ("购买日期", case.purchased_on.isoformat() if case.purchased_on else ""),
        ("渠道", " · ".join(dict.fromkeys((SOURCES.get(case.source, case.source), CHANNELS[case.channel])))),
        ("办理单位", case.authority.name),
    )
    return tuple((term, value) for term, value in said if value)


def _filing(session: Session, case: Case, filing: Filing, text: str, *, plain: bool) -> FilingView:
    registered = f"{filing.registered_at.astimezone(clocks.SHANGHAI):%Y-%m-%d %H:%M}"
    said = (
        ("被投诉企业", filing.company_name),
        ("统一社会信用代码", filing.company_code or ""),
        ("登记时间", f"{registered}（晚于导入时间）" if filing.in_future else registered),
        ("分流情况", filing.dispatch_label),
        ("客体类别", filing.object_path),
        ("问题类别", filing.problem_path),
        ("平台状态", filing.platform_status or ""),
    )
    return FilingView(
        title=f"{SOURCES.get(filing.source, filing.source)} 编号",
        number=filing.number,
        facts=(*((term, value) for term, value in said if value), *_person(session, case, filing, plain=plain)),
        text=text if plain else mask_text(text),
        original=filing.original_sealed is not None,
    )


def _person(session: Session, case: Case, filing: Filing, *, plain: bool) -> Sequence[tuple[str, str]]:
    if not plain:
        return ()
    vault = vault_of(session)
    parts = (("姓名", "name"), ("电话", "phone"), ("地址", "address"))
    sealed = ((term, part, getattr(filing, f"{part}_sealed")) for term, part in parts)
    return [
        (term, vault.open(case.key, value, f"filing.{part}") if value else "没有提供") for term, part, value in sealed
    ]


def _returned(session: Session, case: Case) -> str:
    note = session.scalars(
        select(CaseNote)
        .where(CaseNote.case_id == case.id, CaseNote.kind == NoteKind.RETURN)
        .order_by(CaseNote.at.desc(), CaseNote.id.desc())
        .limit(1)
    ).first()
    return mask_text(vault_of(session).open(case.key, note.text_sealed, "note.text")) if note else ""
