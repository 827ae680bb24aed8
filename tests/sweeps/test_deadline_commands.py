"""Deadlines as the command line explains them: the vectors worked out by hand (令121 art 45, 2026 calendar)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

VECTORS = [
    ("triage", "2026-02-13", "2026-03-02"),
    ("triage", "2026-04-30", "2026-05-13"),
    ("odr", "2026-06-18", "2026-07-03"),
    ("triage", "2026-09-18", "2026-09-29"),
    ("odr", "2026-09-24", "2026-10-15"),
    ("clue", "2026-09-30", "2026-10-27"),
    ("mediation", "2026-07-28", "2026-09-28"),
    ("mediation", "2026-08-05", "2026-10-08"),
    ("mediation", "2026-08-01", "2026-09-30"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deadlines")
    run(folder, "db", "upgrade")
    return folder


def run(house: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("portal")
    done = subprocess.run(
        [program, *arguments],
        env={"PORTAL_DATA": str(house), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(("limit", "start", "due"), VECTORS)
def test_a_due_date_is_the_one_worked_out_by_hand(house: Path, limit: str, start: str, due: str) -> None:
    told = json.loads(run(house, "deadlines", "explain", limit, start, "--json").stdout)
    assert told["due"] == due
    assert told["provisional"] is False


def test_an_unpublished_year_is_provisional_until_it_is_imported(house: Path, tmp_path: Path) -> None:
    start = ("deadlines", "explain", "odr", "2026-12-28", "--json")
    before = json.loads(run(house, *start).stdout)
    assert before["provisional"] is True
    notice = tmp_path / "2027.csv"
    notice.write_text("日期,类型,名称\n2027-01-01,放假,元旦\n2027-01-04,放假,元旦\n", encoding="utf-8")
    run(house, "calendar", "import", str(notice))
    after = json.loads(run(house, *start).stdout)
    assert after["provisional"] is False
    assert after["due"] > before["due"]


def test_a_faulty_notice_names_its_line_and_changes_nothing(house: Path, tmp_path: Path) -> None:
    notice = tmp_path / "bad.csv"
    notice.write_text("日期,类型,名称\n2028-01-01,放假,元旦\n2028-13-01,放假,元旦\n", encoding="utf-8")
    assert "第 3 行的日期不对" in run(house, "calendar", "import", str(notice), code=1).stderr


def test_an_unknown_limit_is_one_sentence(house: Path) -> None:
    assert run(house, "deadlines", "explain", "nonsense", "2026-09-24", code=1).stderr.count("\n") == 1
    run(house, "deadlines", "explain", "odr", "2026-13-24", code=2)
