"""Two people before the same promise at the same instant: one word counts, and at most one version is in force."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from portal.commitments import actions
from portal.commitments.actions import DraftVersion, EndPromise, LookAgain, RemovePromise, Review, WithdrawSubmission
from portal.commitments.models import PromiseVersion
from portal.commitments.rules import PromiseState
from portal.core.actor import SYSTEM, Role
from tests.conftest import NOW
from tests.factories import people, promises
from tests.factories.promises import BODY, TODAY
from tests.faults.test_races import ROUNDS, losers, race

DAY = timedelta(days=1)


def states(runtime, promisor_id):
    with runtime.reading() as session:
        query = select(PromiseVersion.state).where(PromiseVersion.promisor_id == promisor_id)
        return sorted(session.scalars(query.order_by(PromiseVersion.number)))


def test_passed_refused_and_taken_back_at_once_end_in_one(own_runtime):
    for _ in range(ROUNDS):
        with own_runtime.writing() as session:
            cast = promises.cast(session)
            version = promises.submitted(session, cast)
            other = people.actor(session, people.member(session, cast.district.id, Role.OFFICER))
            session.commit()
        results = race(
            own_runtime,
            (cast.officer, actions.review_first, Review(version.reference, passed=True)),
            (other, actions.review_first, Review(version.reference, passed=False, opinion="不全")),
        )
        assert len(losers(results)) == 1
        took = actions.withdraw_submission, WithdrawSubmission(version.reference)
        second = actions.review_second, Review(version.reference, passed=True)
        race(own_runtime, (cast.principal, *took), (cast.city_officer, *second))
        assert states(own_runtime, version.promisor_id) in (
            [PromiseState.CURRENT],
            [PromiseState.DRAFT],
            [PromiseState.REFUSED],
        )


def test_two_heads_begin_one_draft(own_runtime):
    for _ in range(ROUNDS):
        with own_runtime.writing() as session:
            cast = promises.cast(session)
            other = people.actor(session, people.member(session, cast.merchant.id, Role.SUPERVISOR))
            session.commit()
        results = race(
            own_runtime,
            *((actor, actions.draft_version, DraftVersion(BODY)) for actor in (cast.principal, other)),
        )
        assert len(losers(results)) == 1


def test_a_version_begins_while_its_former_is_removed_and_ended(own_runtime, clock):
    for _ in range(ROUNDS):
        clock.moment = NOW
        with own_runtime.writing() as session:
            cast = promises.cast(session)
            first = promises.passed(session, cast)
            second = promises.passed(session, cast, replace(BODY, first_on=TODAY + DAY))
            session.commit()
        clock.moment = NOW + DAY
        race(
            own_runtime,
            (SYSTEM, actions.look_again, LookAgain(second.id)),
            (cast.officer, actions.remove_promise, RemovePromise(first.reference, "拒不兑现")),
            (cast.principal, actions.end_promise, EndPromise(first.reference, "停业", TODAY + DAY)),
        )
        assert states(own_runtime, first.promisor_id) in (
            [PromiseState.CURRENT, PromiseState.REPLACED],
            [PromiseState.DRAFT, PromiseState.REMOVED],
            [PromiseState.DRAFT, PromiseState.ENDED],
        )
