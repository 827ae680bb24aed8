"""Recording trainings, inviting merchants, who came, files of attendance, and who attended none."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.clocks.rules import local_day
from portal.core.actor import Role
from portal.core.errors import NotAllowed, NotFound, RuleBroken
from portal.core.facts import Fact, Topic
from portal.training import queries
from portal.training.access import may_see
from portal.training.actions import (
    CancelTraining,
    ChangeTraining,
    RecordTraining,
    cancel_training,
    change_training,
    record_training,
)
from portal.training.attendance import ConfirmAttendance, RecordAttendance, confirm_attendance, record_attendance
from portal.training.importing import ImportAttendance, import_attendance, read_attendance
from portal.training.materials import RemoveMaterial, materials_of, remove_material
from portal.training.queries import TrainingFilter
from portal.training.rules import Scope, Standing
from tests.conftest import NOW
from tests.factories import people, trainings

TODAY = local_day(NOW)


@pytest.fixture
def district(session):
    return people.authority(session)


@pytest.fixture
def officer(session, district):
    return people.actor(session, people.member(session, district.id, Role.OFFICER))


@pytest.fixture
def merchant(session, district):
    return people.merchant(session, district)


@pytest.fixture
def clerk(session, merchant):
    return people.actor(session, people.member(session, merchant.id))


def told(session, topic):
    return session.scalars(select(Fact).where(Fact.topic == topic).order_by(Fact.id)).all()


def test_everybody_of_the_area_is_invited_but_not_who_left_or_practises(session, district, officer, merchant):
    below = people.authority(session, "江头市场监督管理所", parent=district)
    people.merchant(session, below)
    elsewhere = people.merchant(session, people.authority(session, "思明区市场监督管理局"))
    learning = people.merchant(session, district)
    learning.practice_of_id = merchant.id
    session.flush()
    officer = people.actor(session, people.member(session, district.id, Role.OFFICER))
    row = trainings.recorded(session, officer)
    assert row.invited == 2
    codes = {code for code, _name in queries.invited_names(session, officer, row.reference)}
    assert elsewhere.organisation.code not in codes
    assert learning.organisation.code not in codes
    [fact] = told(session, Topic.TRAINING_RECORDED)
    assert fact.detail == {"reference": row.reference, "merchants": 2}


def test_one_tier_or_chosen_merchants_are_invited(session, district, officer, merchant):
    other = people.merchant(session, district)
    other.tier = "重点企业"
    session.flush()
    tier = record_training(session, officer, RecordTraining(trainings.body(), Scope.TIER, tier="重点企业"), now=NOW)
    chosen = trainings.recorded(session, officer, codes=(merchant.organisation.code.lower(),))
    assert [code for code, _ in queries.invited_names(session, officer, tier.reference)] == [other.organisation.code]
    assert [code for code, _ in queries.invited_names(session, officer, chosen.reference)] == [
        merchant.organisation.code
    ]


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RecordTraining(trainings.body(), Scope.TIER), "tier"),
        (RecordTraining(trainings.body(), Scope.TIER, tier="服务站"), "scope"),
        (RecordTraining(trainings.body(), Scope.CHOSEN), "codes"),
        (RecordTraining(trainings.body(), Scope.CHOSEN, codes=("91350206MA0000000X",)), "codes"),
        (RecordTraining(trainings.body(hours=0), Scope.ALL), "hours"),
        (RecordTraining(trainings.body(held_on=TODAY + timedelta(days=900)), Scope.ALL), "held_on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, officer, merchant, command, field):
    with pytest.raises(RuleBroken) as refusal:
        record_training(session, officer, command, now=NOW)
    assert refusal.value.field == field


def test_an_auditor_and_a_merchant_record_none(session, district, clerk):
    auditor = people.actor(session, people.member(session, district.id, Role.AUDITOR))
    for stranger in (auditor, clerk):
        with pytest.raises(NotAllowed):
            trainings.recorded(session, stranger)


def test_the_authority_records_who_came_and_the_merchant_confirms(session, officer, merchant, clerk):
    agent = people.member(session, merchant.id, name="陈一")
    row = trainings.recorded(session, officer)
    code, name = merchant.organisation.code, agent.person.sign_in_name
    record = RecordAttendance(row.reference, code, Standing.ATTENDED, (name,), others=2)
    record_attendance(session, officer, record, now=NOW)
    assert (row.attended, row.people) == (1, 3)
    confirm_attendance(session, clerk, ConfirmAttendance(row.reference, (name,), 1), now=NOW)
    assert (row.attended, row.people) == (1, 2)
    own = queries.attendance(session, clerk, row.reference)
    assert own.people == ((name, "陈一"),)
    assert own.invitation.confirmed_by == clerk.name
    absent = RecordAttendance(row.reference, code, Standing.ABSENT)
    record_attendance(session, officer, absent, now=NOW)
    assert (row.attended, row.people) == (0, 0)
    with pytest.raises(RuleBroken, match="登记的是未参加"):
        confirm_attendance(session, clerk, ConfirmAttendance(row.reference, (name,)), now=NOW)


def test_somebody_of_another_house_does_not_count_as_this_merchants(session, district, officer, merchant):
    stranger = people.member(session, people.merchant(session, district).id)
    row = trainings.recorded(session, officer)
    command = RecordAttendance(
        row.reference, merchant.organisation.code, Standing.ATTENDED, (stranger.person.sign_in_name,)
    )
    with pytest.raises(RuleBroken, match="不是这家企业的人员"):
        record_attendance(session, officer, command, now=NOW)


def test_nobody_came_before_it_was_held_or_when_it_was_called_off(session, officer, merchant):
    code = merchant.organisation.code
    coming = trainings.recorded(session, officer, held_on=TODAY + timedelta(days=5))
    with pytest.raises(RuleBroken, match="到那天才能登记"):
        record_attendance(session, officer, RecordAttendance(coming.reference, code, Standing.ATTENDED, (), 1), now=NOW)
    cancel_training(session, officer, CancelTraining(coming.reference, "场地停电"), now=NOW)
    for late in (CancelTraining(coming.reference, "再取消"),):
        with pytest.raises(RuleBroken, match="已经取消"):
            cancel_training(session, officer, late, now=NOW)
    with pytest.raises(RuleBroken, match="已经取消"):
        record_attendance(session, officer, RecordAttendance(coming.reference, code, Standing.ATTENDED, (), 1), now=NOW)


def test_a_training_that_somebody_attended_is_not_called_off(session, officer, merchant):
    row = trainings.recorded(session, officer)
    code = merchant.organisation.code
    record_attendance(session, officer, RecordAttendance(row.reference, code, Standing.ATTENDED, (), 1), now=NOW)
    with pytest.raises(RuleBroken, match="已经登记了参加情况"):
        cancel_training(session, officer, CancelTraining(row.reference, "场地停电"), now=NOW)


def test_a_moved_training_says_so(session, officer, merchant):
    row = trainings.recorded(session, officer, held_on=TODAY + timedelta(days=5))
    change_training(session, officer, ChangeTraining(row.reference, trainings.body(held_on=TODAY)), now=NOW)
    change_training(session, officer, ChangeTraining(row.reference, trainings.body(held_on=TODAY, hours=4)), now=NOW)
    assert [fact.detail["moved"] for fact in told(session, Topic.TRAINING_CHANGED)] == [True, False]


def test_a_file_of_attendance_keeps_good_rows_and_tells_the_others(session, district, officer, merchant):
    agent = people.member(session, merchant.id, name="陈一")
    second, third = people.merchant(session, district), people.merchant(session, district)
    row = trainings.recorded(session, officer)
    code = merchant.organisation.code
    text = "企业,统一社会信用代码,姓名/登录名,是否参加\n" + "".join(
        [
            f",{code},陈一,是\n,{code},王二,是\n",
            f"{second.organisation.name},,,否\n",
            f",{third.organisation.code},李三,也许\n",
            "厦门没有这家公司,,赵四,是\n",
        ]
    )
    rows = read_attendance(io.BytesIO(text.encode()))
    outcome = import_attendance(session, officer, ImportAttendance(row.reference, rows), now=NOW)
    assert (outcome.read, outcome.changed, len(outcome.problems)) == (5, 2, 2)
    assert [problem.line for problem in outcome.problems] == [5, 6]
    assert (row.attended, row.people) == (1, 2)
    first = queries.attendance(session, officer, row.reference, code)
    assert [name for name, _ in first.people] == [agent.person.sign_in_name]
    assert first.invitation.others == 1
    again = import_attendance(session, officer, ImportAttendance(row.reference, rows), now=NOW)
    assert (again.changed, again.unchanged) == (0, 2)
    assert len(told(session, Topic.TRAINING_IMPORTED)) == 1


def test_the_plan_counts_this_years_trainings_that_were_held(session, officer, merchant):
    trainings.recorded(session, officer)
    trainings.recorded(session, officer, held_on=TODAY + timedelta(days=3))
    trainings.recorded(session, officer, held_on=TODAY.replace(year=TODAY.year - 1))
    off = trainings.recorded(session, officer, held_on=TODAY)
    cancel_training(session, officer, CancelTraining(off.reference, "场地停电"), now=NOW)
    above = queries.overview(session, officer, TrainingFilter(), now=NOW)
    assert (above.plan.held, above.plan.required) == (1, 2)
    assert (above.count, above.absent, above.years) == (4, 1, [TODAY.year, TODAY.year - 1])


def test_an_office_counts_what_its_district_held(session, district, officer, merchant):
    office = people.authority(session, "江头市场监督管理所", parent=district)
    clerk = people.actor(session, people.member(session, office.id, Role.OFFICER))
    trainings.recorded(session, officer)
    assert queries.overview(session, clerk, TrainingFilter(), now=NOW).plan.held == 1


def test_who_attended_none_this_year_is_listed(session, district, officer, merchant):
    second = people.merchant(session, district)
    row = trainings.recorded(session, officer)
    command = RecordAttendance(row.reference, merchant.organisation.code, Standing.ATTENDED, (), 1)
    record_attendance(session, officer, command, now=NOW)
    missing = queries.absent(session, officer, TODAY.year, q="", cursor=None)
    assert [line.code for line in missing.rows] == [second.organisation.code]
    assert queries.absent_count(session, officer, TODAY.year - 1) == 2


def test_strangers_see_nothing(session, district, officer, merchant, clerk):
    other = people.merchant(session, district)
    other_clerk = people.actor(session, people.member(session, other.id))
    elsewhere = people.authority(session, "思明区市场监督管理局")
    other_officer = people.actor(session, people.member(session, elsewhere.id, Role.OFFICER))
    row = trainings.recorded(session, officer, codes=(merchant.organisation.code,))
    for actor in (officer, clerk, other_clerk, other_officer):
        listed = queries.trainings(session, actor, TrainingFilter(), sort="newest", cursor=None).rows
        assert bool(listed) is may_see(actor, row, frozenset({merchant.id}))
    for actor in (other_clerk, other_officer):
        with pytest.raises(NotFound):
            queries.training_page(session, actor, row.reference)
    with pytest.raises(NotFound):
        confirm_attendance(session, other_clerk, ConfirmAttendance(row.reference, (), 1), now=NOW)


def test_the_list_is_searched_sorted_and_narrowed_to_a_year(session, officer, merchant):
    trainings.recorded(session, officer, title="甲课", topics="退货")
    trainings.recorded(session, officer, title="乙课", topics="食品", held_on=TODAY.replace(year=TODAY.year - 1))

    def titles(sort="newest", **wanted):
        found = queries.trainings(session, officer, TrainingFilter(**wanted), sort=sort, cursor=None)
        return [line.title for line in found.rows]

    assert titles() == ["甲课", "乙课"]
    assert titles(sort="oldest") == ["乙课", "甲课"]
    assert titles(q="食品") == ["乙课"]
    assert titles(year=TODAY.year) == ["甲课"]
    assert queries.years(session, officer) == [TODAY.year, TODAY.year - 1]


def test_files_are_the_officers_to_add_and_few_enough(session, district, officer, clerk, merchant):
    row = trainings.recorded(session, officer)
    auditor = people.actor(session, people.member(session, district.id, Role.AUDITOR))
    for wrong in (auditor, clerk):
        with pytest.raises(NotAllowed):
            trainings.handed_out(session, wrong, row.reference)
    with pytest.raises(RuleBroken, match="一次最多"):
        trainings.handed_out(session, officer, row.reference, *[trainings.picture()] * 11)
    for _ in range(2):
        trainings.handed_out(session, officer, row.reference, *[trainings.picture()] * 10)
    with pytest.raises(RuleBroken, match="一次培训最多 20 个"):
        trainings.handed_out(session, officer, row.reference)
    assert [fact.detail["moved"] for fact in told(session, Topic.TRAINING_CHANGED)] == [False, False]
    cancel_training(session, officer, CancelTraining(row.reference, "场地停电"), now=NOW)
    file = materials_of(session, row)[0].reference
    with pytest.raises(RuleBroken, match="已经取消"):
        remove_material(session, officer, RemoveMaterial(row.reference, file), now=NOW)
