"""An import that is killed goes on behind its last commit: nothing is lost, nothing stored twice."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from portal.cases.models import Case
from portal.core.actor import OPERATOR
from portal.core.facts import Fact, Outbox, Topic
from portal.core.privacy import DataKey
from portal.core.search import CASE_SEARCH, TIP_SEARCH, SearchTable
from portal.intake.actions import BeginAttempt, StartImport, begin_attempt, start_import
from portal.intake.importing import run_import
from portal.intake.models import Filing, ImportRefusal, ImportRun, ImportState, Tip
from portal.intake.storing import Overtaken
from portal.intake.uploads import read_upload
from tests.factories.intake import SAMPLES, complaint, sample_world, workbook
from tests.faults.conftest import children_of, is_gone, settings_of

ROWS = 1500
KILLS = 3
PATIENCE = 60  # seconds for a commit of another process to be seen


def portal(runtime, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "portal", *map(str, arguments)],
        env={**os.environ, **settings_of(runtime.config)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finished(process) -> tuple[int, dict, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, json.loads(out or b"{}"), err.decode()


def seen(condition: Callable[[], bool]) -> bool:
    patience = threading.Event()
    for _ in range(PATIENCE * 50):
        if condition():
            return True
        patience.wait(0.02)
    return False


def committed(runtime) -> int:
    with runtime.reading() as session:
        return session.scalar(select(func.coalesce(func.max(ImportRun.next_row), 0))) or 0


def kill_after(runtime, process, rows) -> None:
    assert seen(lambda: committed(runtime) >= rows or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def count(runtime, table) -> int:
    with runtime.reading() as session:
        if isinstance(table, SearchTable):
            return session.scalar(text(f"SELECT count(*) FROM {table.name}"))
        return session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def file(own_runtime, tmp_path):
    with own_runtime.writing() as session:
        sample_world(session)
    rows = [complaint(n, 类型="举报" if n % 10 == 0 else "投诉") for n in range(1, ROWS + 1)]
    for place in range(50, ROWS, 500):
        rows[place]["登记时间"] = "昨天"
    path = tmp_path / "本周.xlsx"
    path.write_bytes(workbook([*rows, rows[0], rows[1]]))
    return path


def test_an_import_killed_at_random_points_ends_with_the_totals_of_the_whole_file(own_runtime, file):
    chance = random.Random(7)
    for _ in range(KILLS):
        before = committed(own_runtime)
        kill_after(own_runtime, portal(own_runtime, "import", file, "--json"), before + chance.randint(1, 300))
    assert 0 < committed(own_runtime) < ROWS + 2, "the file was too short to be killed in"
    code, report, problem = finished(portal(own_runtime, "import", file, "--json"))
    assert (code, report["read"]) == (0, ROWS + 2), problem
    refused, tips = 3, ROWS // 10
    created = ROWS - refused - tips
    assert report == {
        "read": ROWS + 2, "created": created, "tips": tips, "routed": created, "waiting": 0, "merged": 0,
        "repeated": 2, "changed": 0, "refused": refused, "refusals": report["refusals"],
    }  # fmt: skip
    assert [one["row"] for one in report["refusals"]] == [place + 2 for place in range(50, ROWS, 500)]
    assert count(own_runtime, ImportRun) == 1
    assert count(own_runtime, ImportRefusal) == refused
    assert count(own_runtime, Case) == count(own_runtime, Filing) == count(own_runtime, CASE_SEARCH) == created
    assert count(own_runtime, Tip) == count(own_runtime, TIP_SEARCH) == tips
    assert count(own_runtime, DataKey) == created + tips + 1
    assert count(own_runtime, Fact) == count(own_runtime, Outbox)
    with own_runtime.reading() as session:
        numbers = sorted(int(one.rpartition("-")[2]) for one in session.scalars(select(Case.reference)))
        opened = session.scalar(select(func.count()).select_from(Fact).where(Fact.topic == Topic.CASE_OPENED))
    assert numbers == list(range(1, created + 1))
    assert opened == created


def test_the_newest_process_takes_the_run_over_and_the_older_stops(own_runtime, file):
    upload = read_upload(file.name, file.read_bytes())
    run = own_runtime.perform(OPERATOR, start_import, StartImport(upload))
    assert own_runtime.perform(OPERATOR, start_import, StartImport(upload)).id == run.id

    def overtaken(done, total, refused):
        if done >= 200:
            own_runtime.perform(OPERATOR, begin_attempt, BeginAttempt(run.id))

    with pytest.raises(Overtaken):
        run_import(own_runtime, OPERATOR, run.id, overtaken)
    ended = run_import(own_runtime, OPERATOR, run.id)
    assert (ended.state, ended.next_row) == (ImportState.DONE, ROWS + 2)
    assert count(own_runtime, Case) == count(own_runtime, Filing) == ended.totals["created"]


def test_an_import_whose_child_is_killed_goes_on_alone(own_runtime, file):
    run = own_runtime.perform(OPERATOR, start_import, StartImport(read_upload(file.name, file.read_bytes())))
    others, killed = set(children_of(os.getpid())), []

    def kill_the_child(done, total, refused):
        for pid in set(children_of(os.getpid())) - others if done >= 400 else ():
            if not is_gone(pid):
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

    ended = run_import(own_runtime, OPERATOR, run.id, kill_the_child)
    assert len(killed) == 1
    assert set(children_of(os.getpid())) == others
    assert (ended.state, ended.next_row) == (ImportState.DONE, ROWS + 2)
    assert (ended.totals["refused"], ended.totals["repeated"]) == (3, 2)
    assert count(own_runtime, Case) == count(own_runtime, Filing) == count(own_runtime, CASE_SEARCH)
    assert count(own_runtime, Case) == ended.totals["created"] == ROWS - 3 - ROWS // 10


def test_the_child_of_a_killed_import_ends_with_it(own_runtime, file):
    process = portal(own_runtime, "import", file, "--json")
    assert seen(lambda: committed(own_runtime) >= 200)
    process.send_signal(signal.SIGSTOP)
    children = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert children, "it had drafted the whole file already"
    assert seen(lambda: all(is_gone(child) for child in children))


def test_two_commands_at_once_store_nothing_twice(own_runtime, file):
    both = [portal(own_runtime, "import", file, "--json") for _ in range(2)]
    results = [finished(process) for process in both]
    assert 0 in [code for code, _, _ in results], results
    for code, report, problem in results:
        assert (code, report.get("read")) in ((0, ROWS + 2), (1, None)), problem
        assert "Traceback" not in problem
    assert count(own_runtime, Case) == count(own_runtime, Filing) == ROWS - 3 - ROWS // 10


def test_the_samples_through_the_real_command(own_runtime):
    with own_runtime.writing() as session:
        sample_world(session)
    expected = json.loads((SAMPLES / "expected.json").read_text())
    for name, wanted in expected.items():
        code, report, problem = finished(portal(own_runtime, "import", SAMPLES / name, "--json"))
        assert (code, report) == (0, wanted), problem
    code, again, _ = finished(portal(own_runtime, "import", SAMPLES / "12315-export.xlsx", "--json"))
    assert (code, again["created"], again["tips"], again["repeated"]) == (0, 0, 0, 401)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "文件是空的"), (b"%PDF-1.4", "PDF"), ("编号,天气\n1,晴\n".encode("utf-16"), "UTF-16")],
)
def test_a_wrong_file_ends_with_one_sentence(own_runtime, tmp_path, content, words):
    path = tmp_path / "wrong.xlsx"
    path.write_bytes(content)
    code, report, problem = finished(portal(own_runtime, "import", path, "--json"))
    assert (code, report) == (1, {})
    assert words in problem
    assert len(problem.strip().splitlines()) == 1
