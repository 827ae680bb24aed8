"""A directory list handed in on the desk: imported at once or by the worker, bad rows told and given back."""

import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from portal.accounts.models import Person
from portal.commitments import list_runs
from portal.commitments.run_jobs import continue_lists, forget_lists
from portal.commitments.run_models import ListRun, ListState
from portal.core.actor import Role
from tests.factories import people, promises

PAGE = "/regulator/promises/import"
SAMPLE = Path("tests/samples/promises.csv")


@pytest.fixture
def cast(session):
    return promises.cast(session)


def client_of(session, client_for, organisation, role=Role.OFFICER):
    membership = people.member(session, organisation.id, role)
    session.commit()
    return client_for(membership)


@pytest.fixture
def officer(session, cast, client_for):
    return client_of(session, client_for, cast.district)


def sent(content=None, name="名录.csv"):
    return {"file": (io.BytesIO(SAMPLE.read_bytes() if content is None else content), name)}


def test_a_list_is_imported_once_and_its_firms_are_in_force(officer, session):
    run = officer.submit(PAGE, sent()).location
    shown = officer.get(run).text
    assert "已导入" in shown
    assert "读取 10 行：新建 6 行" in shown
    assert "有错 4 行" in shown
    assert officer.submit(PAGE, sent()).location == run
    assert "名录.csv" in officer.get(PAGE).text
    (row,) = session.scalars(select(ListRun))
    assert (row.read, row.made, len(row.problems)) == (10, 6, 4)
    current = officer.get("/regulator/promises?view=current").text
    assert current.count('role="row"') > 1


def test_bad_rows_are_told_and_given_back(officer):
    run = officer.submit(PAGE, sent()).location
    assert "没有导入的行" in officer.get(run).text
    answer = officer.submit(f"{run}/problems.xlsx", {}, page=run)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    told = {row[1].value: row[2].value for row in sheet.iter_rows(min_row=2)}
    assert "少于 7 天" in told["92350206MA2XQ0005X"]
    assert "第 18 位（校验码）" in told["92350206MA2XQ0004X"]


def test_what_is_no_list_is_refused_at_the_field(officer):
    nothing = officer.submit(PAGE, {})
    assert nothing.status_code == 422
    assert "请选择要导入" in nothing.text
    other = officer.submit(PAGE, sent("姓名,电话\n甲,乙\n".encode()))
    assert other.status_code == 422
    assert "没有导入任何内容" in other.text


def test_a_long_list_waits_for_the_worker_which_goes_on_where_it_stopped(officer, session, runtime, clock, monkeypatch):
    monkeypatch.setattr(list_runs, "ROWS_A_COMMIT", 1)
    monkeypatch.setattr("portal.commitments.list_views.IN_REQUEST", 0)
    run = officer.submit(PAGE, sent()).location
    assert "等待导入" in officer.get(run).text
    assert "已处理 0 /" in officer.get(run).text
    clock.advance(minutes=5)
    assert continue_lists(runtime).done == 1
    session.expire_all()
    (row,) = session.scalars(select(ListRun))
    assert (row.state, row.read) == (ListState.DONE, row.total_rows)
    assert continue_lists(runtime).done == 0


def test_a_list_whose_sender_left_is_not_imported(officer, session, runtime, clock, monkeypatch):
    monkeypatch.setattr("portal.commitments.list_views.IN_REQUEST", 0)
    run = officer.submit(PAGE, sent()).location
    (row,) = session.scalars(select(ListRun))
    session.get_one(Person, row.person_id).active = False
    session.commit()
    clock.advance(minutes=5)
    continue_lists(runtime)
    session.expire_all()
    assert row.state is ListState.FAILED
    assert "已不在原单位" in (row.problem or "")
    assert run.endswith(row.reference)


def test_the_file_is_forgotten_after_seven_days(officer, session, runtime, clock):
    officer.submit(PAGE, sent())
    assert forget_lists(runtime).done == 0
    clock.moment += timedelta(days=8)
    assert forget_lists(runtime).done == 1
    session.expire_all()
    (row,) = session.scalars(select(ListRun))
    assert row.raw_file is None


def test_others_neither_import_nor_look(officer, session, cast, client_for):
    run = officer.submit(PAGE, sent()).location
    stranger = client_of(session, client_for, people.authority(session, "厦门市思明区市场监督管理局", prefix="SM"))
    assert stranger.get(run).status_code == 404
    auditor = client_of(session, client_for, cast.district, Role.AUDITOR)
    assert auditor.get(PAGE).status_code == 403
    assert auditor.get(run).status_code == 200
