"""Invented complaints as intake would have stored them: case and filing, sealed, numbered, their first clocks set."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from portal.cases import steps
from portal.cases.models import Case, PhoneSource
from portal.cases.rules import TURNS, CaseState, Channel
from portal.cases.steps import FirstClocks
from portal.clocks.queries import Almanac, almanac
from portal.clocks.rules import SHANGHAI, due_day, local_day
from portal.core.privacy import DataKey, Vault, mask_name, mask_phone, vault_of
from portal.demo import words
from portal.demo.complaints import GREEN, LOCAL, ODR
from portal.demo.firms import District, Firm
from portal.documents.numbers import take_numbers
from portal.intake.rules import headline_of, leaf
from portal.intake.rules.words import demands_in
from portal.intake.states import AdminState

DAYS_BACK = 365  # the oldest case
NEWER = 1.7  # the higher, the more cases are recent


@dataclass(frozen=True, slots=True)
class Filed:
    """One complaint: its case, its filing as columns, its key, and the text in the clear for the index."""

    case: Case
    filing: dict[str, Any]
    key: DataKey
    text: str
    firm: Firm


class Limits:
    """The present, and due dates by day, each derived once."""

    def __init__(self, book: Almanac, district: District, now: datetime) -> None:
        self._book, self._upwards, self.now = book, district.upwards, now
        self._firsts: dict[Any, FirstClocks] = {}
        self._ends: dict[Any, datetime] = {}

    def first_clocks(self, at: datetime) -> FirstClocks:
        """The merchant's clocks of a case dispatched at this moment."""
        day = local_day(at)
        if day not in self._firsts:
            self._firsts[day] = steps.first_clocks(self._book, None, self._upwards, now=at)
        return self._firsts[day]

    def end(self, code: str, start: datetime) -> datetime:
        """The end of a limit."""
        key = (code, local_day(start))
        if key not in self._ends:
            self._ends[key] = self._book.derive(code, start, self._upwards).due_at
        return self._ends[key]


def file_cases(
    session: Session, district: District, firms: Sequence[Firm], first: int, random: Random, *, now: datetime
) -> list[Filed]:
    """Invent one complaint against each firm; numbers are taken, nothing else is written."""
    vault, limits = vault_of(session), Limits(almanac(session), district, now)
    registered = sorted(now - timedelta(days=DAYS_BACK * random.random() ** NEWER, minutes=5) for _ in firms)
    opened = [min(at + timedelta(hours=random.uniform(0.5, 20)), now) for at in registered]
    references = _references(session, district, opened)
    return [
        _filed(serial, firm, district, (at, opened_at, reference), vault, limits, random)
        for serial, firm, at, opened_at, reference in zip(
            range(first, first + len(firms)), firms, registered, opened, references, strict=True
        )
    ]


def _references(session: Session, district: District, opened: Sequence[datetime]) -> Iterator[str]:
    months = [local_day(at).strftime("%y%m") for at in opened]
    blocks = {
        month: iter(take_numbers(session, f"case:{district.prefix}{month}", count))
        for month, count in sorted(Counter(months).items())
    }
    for month in months:
        yield f"{district.prefix}{month}-{next(blocks[month]):04d}"


@dataclass(frozen=True, slots=True)
class _Grievance:
    """What a consumer complains of, and who the consumer is."""

    choice: words.Choice
    yuan: int
    bought: date
    text: str
    name: str
    phone: str


def _grieve(firm: Firm, registered_at: datetime, random: Random) -> _Grievance:
    good, path, story = words.choose(random)
    yuan, demand = random.randint(*good.yuan), random.choice(words.DEMANDS)
    bought = local_day(registered_at - timedelta(days=random.randint(3, 20)))
    text = words.complaint(good, story, yuan, firm.name, f"{bought:%Y年%m月%d日}", demand)
    phone = f"1{random.choice('3578')}{random.randint(0, 999_999_999):09d}"
    return _Grievance((good, path, story), yuan, bought, text, words.person(random), phone)


def _filed(
    serial: int,
    firm: Firm,
    district: District,
    when: tuple[datetime, datetime, str],
    vault: Vault,
    limits: Limits,
    random: Random,
) -> Filed:
    registered_at, opened_at, reference = when
    grievance = _grieve(firm, registered_at, random)
    label = random.choices((GREEN, ODR, LOCAL), (40, 52, 8))[0]
    key = vault.loose_key(now=opened_at)
    common = _common(district, label, registered_at, vault.blind(grievance.phone, "phone"))
    case = Case()
    vars(case).update(  # past SQLAlchemy's bookkeeping of changes: the row goes through COPY, never through a session
        common,
        **_case_columns(grievance, random),
        name_index=vault.blind(grievance.name, "name"),
        reference=reference,
        candidates={"merchants": [firm.id], "only": firm.id},
        phone_sealed=vault.seal(key, grievance.phone, "case.phone"),
        opened_at=opened_at,
        last_event_at=opened_at,
        platform_due_on=due_day(limits.end("odr", registered_at)),
        platform_due_inferred=True,
    )
    waits = random.uniform(4, 200) if label == LOCAL else 0.0  # hours until an officer dispatches it
    _start(case, firm, limits, opened_at + timedelta(hours=waits), now=limits.now)
    filing = {
        **common,
        **_filing_columns(grievance, firm, district, key, vault, random),
        "number": f"3502066{serial:07d}{registered_at.astimezone(SHANGHAI):%Y%m%d}{serial % 1000:03d}",
        "admin_state": AdminState.NONE if label == GREEN else AdminState.RECEIVED,
        "decide_by": None if label == GREEN else limits.end("triage", registered_at),
        "dispatch_label": label,
        "created_at": opened_at,
    }
    return Filed(case, filing, key, grievance.text, firm)


def _common(district: District, label: str, registered_at: datetime, phone_index: bytes) -> dict[str, Any]:
    return {
        "authority_id": district.id,
        "channel": Channel.GREEN if label == GREEN else Channel.REGULATOR,
        "source": "12315",
        "registered_at": registered_at,
        "phone_index": phone_index,
    }


def _case_columns(grievance: _Grievance, random: Random) -> dict[str, Any]:
    good, path, _ = grievance.choice
    demands = demands_in(grievance.text)
    return {
        "headline": headline_of(leaf(good.path), leaf(path), demands),
        "goods": leaf(good.path),
        "problem": leaf(path),
        "demands": ",".join(demands),
        "sold_by": random.choice(("网购", "现场购")),
        "amount": grievance.yuan * 100,
        "purchased_on": grievance.bought,
        "consumer_mask": mask_name(grievance.name),
        "phone_mask": mask_phone(grievance.phone),
        "phone_source": PhoneSource.FILING,
    }


def _filing_columns(
    grievance: _Grievance, firm: Firm, district: District, key: DataKey, vault: Vault, random: Random
) -> dict[str, Any]:
    good, path, _ = grievance.choice
    return {
        "row": None,
        "in_future": False,
        "reception": random.choice(words.CHANNELS),
        "office": random.choice(district.offices)[1],
        "company_name": firm.name,
        "company_code": firm.code,
        "object_path": good.path,
        "problem_path": path,
        "publication_consent": random.random() < 0.5,
        "row_digest": vault.blind(grievance.text, "row"),
        "name_sealed": vault.seal(key, grievance.name, "filing.name"),
        "phone_sealed": vault.seal(key, grievance.phone, "filing.phone"),
        "address_sealed": vault.seal(key, words.home(random), "filing.address"),
        "text_sealed": vault.seal(key, grievance.text, "filing.text"),
    }


def _start(case: Case, firm: Firm, limits: Limits, dispatched_at: datetime, *, now: datetime) -> None:
    """Dispatch the case, or leave it waiting for the officer who would have done so later."""
    case.state = CaseState.DISPATCHED if dispatched_at <= now else CaseState.WAITING
    case.turn, case.is_open = TURNS[case.state], True
    if case.state is CaseState.WAITING:
        case.wait_reason = "local_diversion"
        case.due_at = limits.end("triage", case.registered_at)
        return
    first = limits.first_clocks(dispatched_at)
    case.merchant_id, case.dispatched_at = firm.id, dispatched_at
    case.respond_by, case.contact_by, case.due_at = first.respond_by, first.contact_by, first.due_at
