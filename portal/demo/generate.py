"""Volume for demos and benchmarks: believable merchants and cases through bulk writes, some thousands a commit.

Nothing is sent: the facts are written without outbox rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases import steps
from portal.core import search
from portal.core.actor import OPERATOR, Actor
from portal.core.errors import RuleBroken
from portal.core.installation import installation
from portal.core.privacy import vault_of
from portal.core.search import Document
from portal.demo.filed import Filed, file_cases
from portal.demo.firms import District, Firm, all_firms, find_district, found_firms
from portal.demo.papers import write_lives
from portal.indicators.counting import recount_cases
from portal.intake.models import Filing
from portal.runtime import Runtime

BATCH = 2000  # cases a commit
NUMBER_PREFIX = "3502066"  # of generated numbers, so that they are known again
REAL_CASES = "这里已经有真实的投诉，不能再混入生成的数据。请用 portal demo 或另一个 PORTAL_DATA。"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FoundFirms:
    """How many merchants to invent."""

    count: int
    seed: int


@dataclass(frozen=True, slots=True)
class GenerateCases:
    """A batch of cases: the serial of the first one, how many, and the seed of the whole."""

    first: int
    count: int
    seed: int


def generate(house: Runtime, *, merchants: int, cases: int, seed: int, progress: Progress) -> None:
    """Add merchants and cases to an installation; the same seed on the same database gives the same contents.

    Raises RuleBroken where there is no authority, no merchant, or where real complaints are kept.
    """
    house.perform(OPERATOR, found_invented_firms, FoundFirms(merchants, seed))
    with house.reading() as session:
        before = _generated(session)
    for start in range(0, cases, BATCH):
        count = min(BATCH, cases - start)
        house.perform(OPERATOR, generate_cases, GenerateCases(before + start, count, seed))
        progress(start + count, cases)


def found_invented_firms(session: Session, actor: Actor, command: FoundFirms, *, now: datetime) -> None:
    """Invent merchants below the district."""
    _refuse_real_cases(session)
    random = Random(f"{command.seed}-firms")  # noqa: S311 -- invented data
    found_firms(session, find_district(session), command.count, random, now=now)


def generate_cases(session: Session, actor: Actor, command: GenerateCases, *, now: datetime) -> None:
    """Invent a batch of cases with everything that hangs on them, and make them findable."""
    district = find_district(session)
    firms = all_firms(session, district)
    if not firms:
        raise RuleBroken("还没有入驻企业。请用 --merchants 同时生成企业。")
    random = Random(f"{command.seed}-{command.first}")  # noqa: S311 -- invented data
    filed = file_cases(session, district, _drawn(firms, command.count, random), command.first, random, now=now)
    write_lives(session, filed, district, vault_of(session), random, now=now)
    recount_cases(session, [one.case.id for one in filed])
    search.index_documents(session, search.CASE_SEARCH, [_document(one, district) for one in filed])


def _drawn(firms: list[Firm], count: int, random: Random) -> list[Firm]:
    """Draw whom each case is about: a few merchants get most complaints, as everywhere."""
    weights = [1 / (rank + 4) for rank in range(len(firms))]
    return random.choices(firms, weights, k=count)


def _document(one: Filed, district: District) -> Document:
    text = "\n".join(
        (one.case.reference, one.case.headline, one.filing["number"], one.filing["company_name"], one.text)
    )
    return Document(one.case.id, text, steps.search_scopes(one.case.merchant_id, list(district.upwards)))


def _generated(session: Session) -> int:
    counted = select(func.count()).select_from(Filing).where(Filing.number.like(f"{NUMBER_PREFIX}%"))
    return session.scalar(counted) or 0


def _refuse_real_cases(session: Session) -> None:
    described = installation(session)
    if described is not None and described.rehearsal:
        return
    real = select(Filing.id).where(Filing.number.not_like(f"{NUMBER_PREFIX}%")).limit(1)
    if session.scalars(real).first() is not None:
        raise RuleBroken(REAL_CASES)
