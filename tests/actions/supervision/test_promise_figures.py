"""Figures of promises by authority and month, on both databases; each number and the list behind it agree."""

from datetime import date

import pytest

from portal.commitments.rules import PromiseState
from portal.core.actor import Role
from portal.supervision.promise_figures import behind, promise_figures
from portal.supervision.rules.figures import AMOUNTS, MEASURES, Measure, Month
from tests.factories import people, promises, returning

TODAY = date(2026, 8, 12)
AUGUST = Month(date(2026, 8, 1))


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def officer(session, district):
    station = people.authority(session, "江头市场监督管理所", parent=district)
    spans = (
        (district, PromiseState.CURRENT, date(2026, 1, 1), None),
        (station, PromiseState.CURRENT, date(2026, 8, 3), None),
        (station, PromiseState.ENDED, date(2026, 1, 1), date(2026, 8, 10)),
        (station, PromiseState.REMOVED, date(2026, 2, 1), date(2026, 7, 15)),
        (station, PromiseState.DRAFT, date(2026, 8, 1), None),
    )
    for place, state, first, last in spans:
        promises.promise(session, people.merchant(session, place), state=state, first_on=first, last_on=last)
    selling = people.merchant(session, station)
    promises.promise(session, selling)
    clerk = people.actor(session, people.member(session, selling.id, Role.PRINCIPAL))
    returning.refunded(session, clerk, returning.asked(session, selling))
    returning.refused(session, clerk, returning.asked(session, selling, goods="皮鞋", again=True))
    elsewhere = people.authority(session, "厦门市思明区市场监督管理局", prefix="SM")
    promises.promise(session, people.merchant(session, elsewhere))
    return people.actor(session, people.member(session, district.id, Role.OFFICER))


def test_each_authority_has_its_own_row_and_all_of_them_a_sum(session, officer):
    rows = promise_figures(session, officer, AUGUST, TODAY)
    assert [(row.depth, row.now[Measure.UNITS]) for row in rows] == [(0, 1), (1, 2), (0, 3)]
    total = rows[-1]
    assert [total.now[one] for one in (Measure.ASKED, Measure.GRANTED, Measure.REFUSED)] == [2, 1, 1]
    assert total.now[Measure.REFUNDED] == total.now[Measure.LEDGER_AMOUNT] == 39_800
    assert (total.now[Measure.STARTED], total.now[Measure.ENDED], total.now[Measure.REMOVED]) == (1, 1, 0)
    assert (total.before[Measure.UNITS], total.before[Measure.REMOVED]) == (3, 1)


def test_a_number_and_the_list_behind_it_agree(session, officer):
    rows = promise_figures(session, officer, AUGUST, TODAY)
    for row in rows:
        for measure in MEASURES:
            for month, cells in ((AUGUST, row.now), (AUGUST.before, row.before)):
                found = behind(session, officer, measure, month, row.code, None, today=TODAY)
                counted = sum(one.amount or 0 for one in found.rows) if measure in AMOUNTS else len(found.rows)
                if measure is Measure.ENTRIES:  # a line for each merchant, with how many
                    counted = sum(int(one.number.split()[0]) for one in found.rows)
                assert cells[measure] == counted, (row.name, measure, month.name)
