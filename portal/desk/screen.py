"""The merchant's case screen put together: everything the template prints, worded here."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.cases import sections
from portal.cases.actions import BACKFILL_SOURCES
from portal.cases.levels import LevelView, level_view
from portal.cases.models import Case
from portal.cases.queries import records
from portal.cases.rules import STATE_NAMES, CaseEvent, CaseState, allows
from portal.cases.sections import EvidenceSection, HistorySection
from portal.cases.wording import CHANNEL_NAMES, SOURCE_NAMES, Tag, full_day, staff_time, state_tag
from portal.clocks import rules as clocks
from portal.clocks.rules import Calendar
from portal.core.money import yuan
from portal.core.privacy import mask_text, vault_of
from portal.desk import backfill
from portal.desk.backfill import Filled
from portal.desk.case_view import Opened, Surroundings, opened, surroundings
from portal.desk.deadlines import DuePanel, due_panel
from portal.desk.merchant_page import Asked
from portal.desk.promise_part import PromisePart, promise_part
from portal.intake.models import Filing
from portal.intake.rules import DEMAND_NAMES, Demand


@dataclass(frozen=True, slots=True)
class FilingView:
    """One filing: its number, and its text with numbers masked unless revealed."""

    label: str  # 12315 编号
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page shows of one case."""

    case: Case
    title: str
    tag: Tag
    assignee: str
    facts: list[tuple[str, str]]
    filings: tuple[FilingView, ...]
    revealed: list[tuple[str, str]]  # name, phone, address; empty until a reason was given
    revealed_until: str
    evidence: EvidenceSection
    earlier: list[tuple[str, str, str]]  # reference, headline, 日期 · 状态
    history: HistorySection
    due: DuePanel | None
    place: Surroundings
    filled: Filled | None
    filled_when: str
    accept_by: str
    may_accept: bool
    may_return: bool
    level: LevelView  # where it stands inside the merchant
    promise: PromisePart | None  # in force on the day of purchase


def screen(session: Session, asked: Asked, reference: str) -> Screen:
    """Read and word a case for its merchant, inside the list that was asked for; four statements."""
    actor, now, almanac = asked.actor, asked.moments.now, asked.almanac
    found = opened(session, actor, reference, now=now)
    case = found.case
    lines = records(session, [case.id])[case.id]
    place = surroundings(session, case, asked.filters, asked.narrowing)
    history = sections.history_of(session, actor, case, lines, now=now)
    authorities = list(reversed(case.authority.ancestry()))
    return Screen(
        case=case,
        title=case.headline,
        tag=state_tag(case.state, case.turn, case.answer),
        assignee=case.assignee.name if case.assignee else "",
        facts=case_facts(case),
        filings=tuple(_filing(session, filing, plain=found.revealed_until is not None) for filing in found.filings),
        revealed=revealed_particulars(session, found),
        revealed_until=f"{found.revealed_until.astimezone(clocks.SHANGHAI):%H:%M}" if found.revealed_until else "",
        evidence=sections.evidence_of(session, actor, case, lines),
        earlier=[
            (one.reference, one.headline, f"{staff_time(one.registered_at, now)} · {STATE_NAMES[CaseState(one.state)]}")
            for one in place.earlier
        ],
        history=history,
        due=due_panel(case, authorities, now, almanac, promised=found.promised),
        place=place,
        filled=backfill.filled(case, lines, history.items)
        if not case.is_open and case.source in BACKFILL_SOURCES  # the green channel has no platform behind it
        else None,
        filled_when=f"{staff_time(case.backfilled_at, now)} 已回填" if case.backfilled_at else "还没有回填",
        accept_by=_accept_by(case, almanac.calendar),
        may_accept=allows(case.state, CaseEvent.ACCEPT),
        may_return=allows(case.state, CaseEvent.RETURN),
        level=level_view(session, actor, case, now=now),
        promise=promise_part(session, case, found.filings, opened_texts(session, found), today=clocks.local_day(now)),
    )


def _accept_by(case: Case, calendar: Calendar) -> str:
    if case.contact_by is None:
        return ""
    day = clocks.due_day(case.contact_by)
    return f"{full_day(day)}{clocks.provisional_mark(day, calendar)}"


def case_facts(case: Case) -> list[tuple[str, str]]:
    """What is known of the dispute from structured columns, as terms and values."""
    bought = " ".join(part for part in (
        case.purchased_on.isoformat() if case.purchased_on else "",
        case.sold_by or "",
        case.outlet.name if case.outlet else "",
    ) if part)  # fmt: skip
    demands = "、".join(DEMAND_NAMES[Demand(code)] for code in case.demands.split(",") if code in set(Demand))
    said = [
        ("诉求", demands or "未注明"),
        ("争议金额", f"¥{yuan(case.amount)}" if case.amount is not None else "不明"),
        ("商品", case.goods),
        ("问题", case.problem),
        ("购买", bought),
        ("渠道", " · ".join(dict.fromkeys((SOURCE_NAMES.get(case.source, case.source), CHANNEL_NAMES[case.channel])))),
        ("登记", f"{case.registered_at.astimezone(clocks.SHANGHAI):%Y-%m-%d %H:%M}"),
    ]
    return [(term, value) for term, value in said if value]


def opened_texts(session: Session, found: Opened) -> list[str]:
    """The texts of a case's filings, in their order."""
    return [vault_of(session).open(filing.key, filing.text_sealed, "filing.text") for filing in found.filings]


def _filing(session: Session, filing: Filing, *, plain: bool) -> FilingView:
    text = vault_of(session).open(filing.key, filing.text_sealed, "filing.text")
    label = f"{SOURCE_NAMES.get(filing.source, filing.source)} 编号"
    return FilingView(label, filing.number, text if plain else mask_text(text))


def revealed_particulars(session: Session, found: Opened) -> list[tuple[str, str]]:
    """The consumer's name, phone and address while a grant lasts; empty without one."""
    if found.revealed_until is None:
        return []
    vault, case = vault_of(session), found.case
    filing = found.filings[0]

    def seen(sealed: bytes | None, purpose: str) -> str:
        return vault.open(filing.key, sealed, purpose) if sealed else "没有提供"

    phone = vault.open(case.key, case.phone_sealed, "case.phone") if case.phone_sealed else "没有可用号码"
    return [
        ("姓名", seen(filing.name_sealed, "filing.name")),
        ("电话", phone),
        ("地址", seen(filing.address_sealed, "filing.address")),
    ]
