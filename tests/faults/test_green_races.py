"""The last button pressed twice at once, and several complaints of one phone at the same instant."""

from datetime import timedelta

from sqlalchemy import func, select

from portal.core.errors import RuleBroken
from portal.intake import green_filing
from portal.intake.green_filing import FileComplaint
from portal.intake.models import Filing
from portal.runtime import Runtime
from tests.conftest import NOW, FixedClock
from tests.factories import greens, people
from tests.faults.test_races import losers, race


def filings(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return session.scalars(select(func.count()).select_from(Filing)).one()


def test_a_draft_filed_twice_at_once_is_one_complaint(own_runtime: Runtime) -> None:
    with own_runtime.writing() as session:
        merchant = people.merchant(session, people.authority(session))
        place = greens.proved(session, merchant)
        command = FileComplaint(place, greens.said(session, place).digest)
        session.commit()
    step = (greens.CONSUMER, green_filing.file_complaint, command)
    (lost,) = losers(race(own_runtime, step, step))
    assert isinstance(lost, RuleBroken)
    assert "已经提交" in lost.text
    assert filings(own_runtime) == 1


def test_of_four_complaints_of_one_phone_at_once_two_are_taken(own_runtime: Runtime, clock: FixedClock) -> None:
    commands = []
    with own_runtime.writing() as session:
        merchant = people.merchant(session, people.authority(session))
        for number in range(4):
            place = greens.proved(session, merchant, now=NOW + timedelta(minutes=2 * number), goods=f"羽绒服 {number}")
            commands.append(FileComplaint(place, greens.said(session, place).digest))
        session.commit()
    clock.moment = NOW + timedelta(minutes=10)
    results = race(own_runtime, *((greens.CONSUMER, green_filing.file_complaint, one) for one in commands))
    refused = losers(results)
    assert len(refused) == 2
    assert all(isinstance(one, RuleBroken) and "已有 2 件" in one.text for one in refused)
    assert filings(own_runtime) == 2
