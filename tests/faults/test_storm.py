"""kill -9 at random moments, to everything, while files are imported and offers are sent: nothing lost or doubled."""

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from portal.accounts.models import Organisation
from portal.cases.models import Case
from portal.cases.rules import CaseState
from portal.core.actor import OPERATOR, SYSTEM, Role
from portal.core.facts import Delivery, DeliveryState
from portal.core.installation import ONLY_ROW, Installation
from portal.installing import AdvanceClock, advance_clock
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.models import ImportRun, ImportState
from portal.intake.uploads import read_upload
from portal.settlements.models import Offer
from portal.worker import tick
from tests import gateway as fake
from tests.conftest import NOW
from tests.factories import people
from tests.factories.intake import complaint, sample_world, workbook
from tests.faults import reckoning
from tests.faults.conftest import House
from tests.faults.storming import PARTS, Storm
from tests.faults.surfing import Visitor
from tests.gateway import SmsGateway, running_gateway

ROUNDS = 4  # one kill for each of the four
OFFERS = 4  # of each round, to cases that were there before
STANDING = 2 * ROUNDS * OFFERS  # half of them are left in peace
ROWS, REPEATED = 300, 40  # of each round's file, and how many of them the file before had too
MOODS = (fake.hang_up, fake.break_off, fake.fail_after_accepting, fake.babble, fake.status(503))
TERMS = {
    "terms-0-kind": "refund",
    "terms-0-amount": "500",
    "terms-0-method": "original",
    "terms-0-due_days": "7",
    "terms-0-freight": "none",
    "terms-0-detail": "",
    "message": "",
}


@pytest.fixture
def sms():
    with running_gateway() as gateway:
        yield gateway


def moody(chance: random.Random) -> fake.Reply:
    """A gateway in which one can trust one thing only: it honours its key."""

    def reply(gateway: SmsGateway, handler, message) -> None:
        (chance.choice(MOODS) if chance.random() < 0.3 else fake.well)(gateway, handler, message)

    return reply


def file_of(number: int) -> bytes:
    """One day's export: complaints, every tenth a tip, one row that is refused, some of them sent before."""
    first = STANDING + 1 + number * (ROWS - REPEATED)
    rows = [complaint(n, 类型="举报" if n % 10 == 0 else "投诉") for n in range(first, first + ROWS)]
    return workbook([*rows, complaint(0, 登记编号=f"{number}", 登记时间="昨天")])


def numbers(*, tips: bool) -> list[str]:
    """What all files together hold."""
    serials = range(STANDING + 1, STANDING + 1 + (ROUNDS - 1) * (ROWS - REPEATED) + ROWS)
    standing = [] if tips else list(range(1, STANDING + 1))
    return [f"350206000000{n:013d}" for n in [*standing, *(n for n in serials if (n % 10 == 0) is tips)]]


@pytest.fixture
def standing(house: House, sms: SmsGateway) -> dict[str, object]:
    """A rehearsal on 12 August at nine, with its people and the cases of last week."""
    house.env |= {"PORTAL_SMS_URL": sms.url(), "PORTAL_UNDO_SECONDS": "0"}
    runtime = house.runtime
    runtime.config = replace(runtime.config, sms_url=sms.url())
    with runtime.writing() as session:
        offset = round((NOW - datetime.now(UTC)).total_seconds())
        session.execute(update(Installation).values(rehearsal=True, demo=True, clock_offset=offset))
        world = sample_world(session)
        shop = session.scalars(select(Organisation).where(Organisation.name == complaint(1)["企业名称"])).one()
        officer = people.member(session, world["350206"].id, Role.OFFICER)
        principal = people.member(session, shop.id, Role.PRINCIPAL)
        session.commit()
    runtime.clock.forget()
    rows = workbook([complaint(n) for n in range(1, STANDING + 1)])
    run = runtime.perform(OPERATOR, start_import, StartImport(read_upload("上周.xlsx", rows)))
    run_import(runtime, SYSTEM, run.id)
    tick(runtime)
    with runtime.reading() as session:
        references = session.scalars(select(Case.reference).order_by(Case.id)).all()
    return {"officer": officer, "principal": principal, "references": references}


def hand_in(storm: Storm, officer: Visitor, number: int) -> None:
    """Upload a file; one whose answer was lost is uploaded again."""
    files = {"file": (f"第{number}天.xlsx", file_of(number))}
    answer = storm.insist(
        lambda: officer.submit("/regulator/imports", {"source": "auto"}, page="/regulator/imports/new", files=files)
    )
    assert answer.status == 303, answer


def offer(storm: Storm, principal: Visitor, references: list[str]) -> None:
    """Accept each case and offer terms; a second try finds that the first had arrived."""
    for reference in references:
        here = f"/merchant/cases/{reference}"
        accepted = storm.insist(lambda here=here: principal.submit(f"{here}/accept", {}, page=here))
        assert accepted.status in (303, 422), accepted
        sent = storm.insist(lambda here=here: principal.submit(f"{here}/settlement", TERMS, page=f"{here}/settlement"))
        assert sent.status in (303, 409, 422), sent


def progress(house: House, sms: SmsGateway) -> int:
    """How much has happened so far: rows, offers, deliveries, messages."""
    with house.runtime.reading() as session:
        return (
            (session.scalar(select(func.sum(ImportRun.next_row))) or 0)
            + (session.scalar(select(func.count()).select_from(Offer)) or 0)
            + (session.scalar(select(func.count()).where(Delivery.state == DeliveryState.DONE)) or 0)
            + len(sms.outbox)
        )


def imports_ended(house: House) -> bool:
    with house.runtime.reading() as session:
        return set(session.scalars(select(ImportRun.state))) == {ImportState.DONE}


def settle(house: House) -> timedelta:
    """`tick` until idle, letting the time pass that a crashed sender's message and a put-off one wait."""
    advanced = timedelta()
    printed, _ = (ticked := house.portal("tick", "--json")).communicate(timeout=180)
    assert ticked.returncode == 0, printed
    for _ in range(20):
        with house.runtime.reading() as session:
            if reckoning.is_quiet(session):
                return advanced
        by = timedelta(minutes=20)
        house.runtime.perform(OPERATOR, advance_clock, AdvanceClock(by))
        house.runtime.clock.forget()
        advanced += by
        tick(house.runtime)
    pytest.fail("twenty ticks did not bring the house to rest")


def test_kill_9_at_random_moments_loses_and_doubles_nothing(
    house: House, sms: SmsGateway, standing: dict[str, object], tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed of this storm: {seed}")  # noqa: T201 -- pytest shows it where the test fails
    chance = random.Random(seed)
    offered = list(standing["references"][::2])
    with house.runtime.reading() as session:
        before = reckoning.clocks_of(session)
        offset = session.get_one(Installation, ONLY_ROW).clock_offset
    sms.reply = moody(random.Random(chance.random()))
    storm = Storm(house, tmp_path / "storm", chance)
    visitors = [Visitor(storm.port).sign_in(standing[name], house.runtime) for name in ("officer", "principal")]
    work: list[Future[None]] = []
    rounds = iter(range(ROUNDS))
    with ThreadPoolExecutor(1) as officers, ThreadPoolExecutor(1) as merchants:

        def people_begin() -> Callable[[], bool]:
            number = next(rounds)
            mine = offered[number * OFFERS : (number + 1) * OFFERS]
            work.append(officers.submit(hand_in, storm, visitors[0], number))
            work.append(merchants.submit(offer, storm, visitors[1], mine))
            return lambda: all(one.done() for one in work) and imports_ended(house)

        try:
            storm.begin()
            storm.rage(ROUNDS, people_begin, lambda: progress(house, sms))
            storm.watch(lambda: all(one.done() for one in work), lambda: progress(house, sms))
        finally:
            storm.end()
    for one in work:
        one.result()
    assert storm.killed == dict.fromkeys(PARTS, ROUNDS // len(PARTS))
    sms.reply = None
    settled = settle(house)

    with house.runtime.reading() as session:
        complaints, tips = numbers(tips=False), numbers(tips=True)
        reckoning.filings_were_stored_once(session, complaints, tips, refused=ROUNDS)
        reckoning.facts_are_complete(session)
        reckoning.facts_were_delivered(session)
        reckoning.offers_were_made_once(session, offered)
        reckoning.messages_went_out_once(session, sms)
        reckoning.accepted_cases_were_entered_once(session, offered)
        reckoning.every_case_has_its_clock(session)
        reckoning.clocks_are_unchanged(before, session)
        reckoning.the_file_is_sound(session)
        states = session.scalars(select(Case.state).where(Case.reference.in_(offered))).all()
        assert set(states) == {CaseState.OFFERED}
        moved = session.get_one(Installation, ONLY_ROW).clock_offset - offset
        assert moved == (storm.advanced + settled).total_seconds()
    assert {status for visitor in visitors for status in visitor.statuses} <= {200, 303, 409, 422}
