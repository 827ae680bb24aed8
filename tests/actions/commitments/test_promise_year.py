"""A merchant's year, acted and ticked through: each purchase falls under the version of its day, whenever it is asked."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from portal.clocks.rules import SHANGHAI, local_day
from portal.commitments import actions
from portal.commitments.actions import DraftVersion, EndPromise, Renew, Review, SaveDraft, SubmitVersion
from portal.commitments.jobs import look_after_promises
from portal.commitments.models import PromiseVersion
from portal.commitments.queries import history_of, promisor_of
from portal.commitments.rules import PromiseState, Way
from portal.commitments.rules.coverage import Answer, Purchase, coverage
from portal.commitments.storing import body_of
from portal.core.facts import Fact, Topic
from tests.factories import promises
from tests.factories.promises import BODY

V1, V2, V3 = date(2026, 9, 1), date(2027, 3, 1), date(2028, 3, 1)
EXIT = date(2028, 6, 30)


class House:
    """The runtime and its clock, moved from day to day; every tick is a look of the clock."""

    def __init__(self, runtime, clock, cast):
        self.runtime, self.clock, self.cast = runtime, clock, cast

    def on(self, day):
        self.clock.moment = datetime.combine(day, time(9, 30), SHANGHAI)
        look_after_promises(self.runtime)

    def do(self, actor, action, command):
        return self.runtime.perform(actor, action, command)

    def hand_in(self, version):
        self.do(self.cast.principal, actions.submit_version, SubmitVersion(version.reference))
        self.do(self.cast.officer, actions.review_first, Review(version.reference, passed=True))
        self.do(self.cast.city_officer, actions.review_second, Review(version.reference, passed=True))

    def bought(self, on, *, asked, received=None, goods="保温杯"):
        with self.runtime.reading() as session:
            history = history_of(session, promisor_of(session, self.cast.merchant.id).id)
        purchase = Purchase(Way.OFFLINE, on, received, "daily", goods)
        found = coverage(history, purchase, today=asked)
        return found.answer, found.terms.number if found.terms else None, found.last_on

    def states(self):
        with self.runtime.reading() as session:
            rows = session.scalars(select(PromiseVersion).order_by(PromiseVersion.number))
            return [(row.state, row.first_on, row.last_on, row.since_on) for row in rows]

    def topics(self):
        with self.runtime.reading() as session:
            return list(session.scalars(select(Fact.topic).where(Fact.topic.like("promise.%")).order_by(Fact.id)))


@pytest.fixture
def house(runtime, session, clock):
    cast = promises.cast(session)
    session.commit()
    return House(runtime, clock, cast)


def live_through(house):
    """v1 with 30 days, v2 with 7, a renewal of v2, then the merchant's own exit."""
    house.on(date(2026, 8, 20))
    first = house.do(house.cast.principal, actions.draft_version, DraftVersion(replace(BODY, days=30, first_on=V1)))
    house.hand_in(first)
    house.on(V1)
    house.on(date(2027, 2, 10))
    second = house.do(house.cast.principal, actions.draft_version, DraftVersion(replace(BODY, days=7, first_on=V2)))
    house.hand_in(second)
    house.on(V2)
    for day in (date(2028, 1, 30), date(2028, 2, 10), date(2028, 2, 22)):
        house.on(day)
    third = house.do(house.cast.principal, actions.renew, Renew())
    house.hand_in(third)
    house.on(V3)
    house.on(date(2028, 6, 1))
    house.do(house.cast.principal, actions.end_promise, EndPromise(third.reference, "门店停业", EXIT))
    house.on(EXIT)
    house.on(EXIT + timedelta(days=1))


def test_purchases_on_each_side_of_each_change_fall_under_the_right_version(house):
    live_through(house)
    assert house.states() == [
        (PromiseState.REPLACED, V1, V2 - timedelta(days=1), V1),
        (PromiseState.REPLACED, V2, V3 - timedelta(days=1), V1),
        (PromiseState.ENDED, V3, EXIT, V1),
    ]
    far = date(2028, 12, 31)
    day = timedelta(days=1)
    for on, last in ((V1, V1 + 29 * day), (V2 - day, V2 + 28 * day)):
        assert house.bought(on, asked=last) == (Answer.COVERED, 1, last)
        assert house.bought(on, asked=last + day) == (Answer.TOO_LATE, 1, last)
    for on, number in ((V2, 2), (V3 - day, 2), (V3, 3), (EXIT, 3)):
        assert house.bought(on, asked=on + 6 * day) == (Answer.COVERED, number, on + 6 * day)
        assert house.bought(on, asked=on + 7 * day)[0] is Answer.TOO_LATE
    assert house.bought(V1 - day, asked=V1)[0] is Answer.BEFORE
    assert house.bought(EXIT + day, asked=far)[0] is Answer.AFTER
    assert house.bought(V2 - day, asked=V2 + 5 * day, received=V2 + 3 * day)[1:] == (1, V2 + 33 * day)
    assert house.bought(V2, asked=V2, goods="内衣") == (Answer.COVERED, 2, V2 + 6 * day)  # of another class


def test_the_year_is_told_as_it_happened(house):
    live_through(house)
    reviewed = [Topic.PROMISE_SUBMITTED, Topic.PROMISE_REVIEWED, Topic.PROMISE_REVIEWED]
    assert house.topics() == [
        *reviewed,
        Topic.PROMISE_BEGUN,
        *reviewed,
        Topic.PROMISE_BEGUN,
        Topic.PROMISE_WARNED,
        Topic.PROMISE_WARNED,
        *reviewed,
        Topic.PROMISE_BEGUN,
        Topic.PROMISE_ENDING,
        Topic.PROMISE_ENDED,
    ]
    assert look_after_promises(house.runtime) == 0


def test_what_nobody_renews_expires_and_may_begin_again_with_a_gap(house):
    house.on(V1)
    first = house.do(house.cast.principal, actions.draft_version, DraftVersion(replace(BODY, first_on=V1)))
    house.hand_in(first)
    house.on(V1.replace(year=2028))  # nothing ticked for a year: it catches up
    assert house.states() == [(PromiseState.EXPIRED, V1, V1.replace(year=2027) - timedelta(days=1), V1)]
    assert house.topics()[-1] is Topic.PROMISE_EXPIRED
    again = house.do(
        house.cast.principal,
        actions.draft_version,
        DraftVersion(replace(BODY, first_on=local_day(house.clock.moment))),
    )
    house.hand_in(again)
    state, first_on, _, since = house.states()[1]
    assert (state, first_on, since) == (PromiseState.CURRENT, V1.replace(year=2028), V1.replace(year=2028))
    assert house.bought(date(2027, 12, 1), asked=date(2028, 9, 1))[0] is Answer.AFTER


def test_a_draft_says_again_what_was_written(house):
    version = house.do(house.cast.principal, actions.draft_version, DraftVersion(BODY))
    words = replace(BODY, conditions="吊牌完整", scopes=BODY.scopes * 2)
    house.do(house.cast.principal, actions.save_draft, SaveDraft(version.reference, words))
    with house.runtime.reading() as session:
        assert body_of(session, session.get(PromiseVersion, version.id)) == words
