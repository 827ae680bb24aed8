"""The command line as an operator runs it: real processes, real files, exit codes and sentences."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
KEY = "ab" * 32


def portal(
    house: Path, *arguments: str | Path, code: int = 0, typed: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one command on an installation; the exit code is part of what is asked."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    done = subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        env={**clean, "PORTAL_DATA": str(house), "LANG": "C", **settings},
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stdout + done.stderr
    return done


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of standard error."""
    return done.stderr.strip().splitlines()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsal installation with the sample authorities."""
    data = tmp_path_factory.mktemp("house")
    portal(data, "db", "upgrade", "--rehearsal", PORTAL_CLOCK="2026-08-12T09:00+08:00")
    portal(data, "authorities", "import", SAMPLES / "authorities.csv")
    return data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real installation as it was made; to be copied, never used."""
    data = tmp_path_factory.mktemp("made")
    portal(data, "db", "upgrade")
    return data


@pytest.fixture
def real(made: Path, tmp_path: Path) -> Path:
    """A real installation of this test's own."""
    return shutil.copytree(made, tmp_path / "real")


def test_help_names_every_command_and_loads_none() -> None:
    program = "import sys; from portal.cli import run; run(['--help']); sys.exit('sqlalchemy' in sys.modules or 'flask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "doctor" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--bad"], ["db", "nonsense"], ["clock", "advance"], ["users", "add", "x"]]
)
def test_wrong_usage_is_one_sentence_and_two(tmp_path: Path, arguments: list[str]) -> None:
    done = portal(tmp_path, *arguments, code=2)
    assert len(sentences(done)) == 1
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["db", "check"],
        ["doctor", "--json"],
        ["users", "add", "x", "--role", "admin"],
        ["merchants", "import", str(SAMPLES / "merchants.csv")],
        ["clock", "advance", "3d"],
    ],
)
def test_without_an_installation_the_path_is_named_and_nothing_is_made(tmp_path: Path, arguments: list[str]) -> None:
    house = tmp_path / "nowhere"
    done = portal(house, *arguments, code=1)
    assert str(house) in done.stderr
    assert len(sentences(done)) == 1
    assert done.stdout == ""
    assert not house.exists()


def test_an_upgrade_makes_the_installation_once(real: Path) -> None:
    portal(real, "db", "upgrade")
    assert "一致" in portal(real, "db", "check").stdout


def test_the_keys_are_their_owners_alone(made: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in (made / "keys").iterdir()} == {0o600}


def test_a_real_installation_has_real_time_and_stays_real(real: Path) -> None:
    assert "正式安装" in portal(real, "db", "upgrade", "--rehearsal", code=1).stderr
    assert "正式安装" in portal(real, "clock", "advance", "3d", code=1).stderr
    assert "PORTAL_CLOCK" in portal(real, "db", "check", code=1, PORTAL_CLOCK="+3d").stderr


def test_a_rehearsal_starts_when_told_and_moves_forwards_only(tmp_path: Path) -> None:
    portal(tmp_path, "db", "upgrade", "--rehearsal", PORTAL_CLOCK="2026-08-12T09:00+08:00")
    assert "2026-08-15 09:0" in portal(tmp_path, "clock", "advance", "3d").stdout
    assert "2026-08-16 21:0" in portal(tmp_path, "clock", "advance", "1d12h").stdout
    for wrong in ("0d", "3", "tomorrow"):
        assert portal(tmp_path, "clock", "advance", wrong, code=1 if wrong == "0d" else 2).stderr


def test_a_wrong_start_of_the_clock_is_refused(tmp_path: Path) -> None:
    done = portal(tmp_path, "db", "upgrade", "--rehearsal", code=1, PORTAL_CLOCK="2026-08-12")
    assert "PORTAL_CLOCK" in done.stderr


def test_lost_keys_are_not_replaced(real: Path) -> None:
    (real / "keys" / "sealing_keys").unlink()
    assert "密钥" in portal(real, "db", "upgrade", code=1).stderr
    assert not (real / "keys" / "sealing_keys").exists()


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    settings = dict.fromkeys(
        ("PORTAL_SECRET_KEY", "PORTAL_SEALING_KEYS", "PORTAL_INDEX_KEY", "PORTAL_LEDGER_KEYS"), KEY
    )
    done = portal(
        tmp_path, "db", "check", code=1, PORTAL_DATABASE_URL="postgresql://nobody:geheim@127.0.0.1:1/x", **settings
    )
    assert len(sentences(done)) == 1
    assert "geheim" not in done.stderr


def test_the_doctor_hides_secrets_and_says_what_to_do(house: Path) -> None:
    found = json.loads(portal(house, "doctor", "--json").stdout)
    assert found["ok"] is True
    assert all(check["text"] for check in found["checks"])
    secret = (house / "keys" / "secret_key").read_text()
    assert secret not in json.dumps(found)
    sick = portal(house, "doctor", "--json", code=1, PORTAL_REDIS_URL="redis://:geheim@127.0.0.1:1/0")
    assert "geheim" not in sick.stdout
    assert [one["name"] for one in json.loads(sick.stdout)["checks"] if not one["ok"]] == ["Valkey"]


def test_people_are_added_with_a_password_of_their_own_or_a_generated_one(house: Path) -> None:
    generated = portal(house, "users", "add", "boss", "--role", "chief", "--org", "350206")
    assert "只显示这一次" in generated.stdout
    portal(
        house, "users", "add", "anna", "--role", "officer", "--org", "350206", "--password-stdin", typed="pass word 9\n"
    )
    assert (
        "密码至少"
        in portal(
            house, "users", "add", "bo", "--role", "officer", "--org", "350206", "--password-stdin", typed="x\n", code=1
        ).stderr
    )
    assert "没有代码" in portal(house, "users", "add", "bo", "--role", "officer", "--org", "999999", code=1).stderr
    assert (
        "不是这类单位的岗位" in portal(house, "users", "add", "bo", "--role", "agent", "--org", "350206", code=1).stderr
    )
    assert "密码不变" in portal(house, "users", "add", "anna", "--role", "officer", "--org", "350200").stdout
    portal(house, "users", "add", "root", "--role", "admin")


def test_the_sample_authorities_form_two_trees_and_twice_is_once(house: Path) -> None:
    again = json.loads(portal(house, "authorities", "import", SAMPLES / "authorities.csv", "--json").stdout)
    assert again == {"read": 10, "created": 0, "changed": 0, "unchanged": 10, "refused": 0, "refusals": []}


def test_an_authority_is_switched_to_negotiate_before_it_accepts(house: Path) -> None:
    assert "已开启" in portal(house, "authorities", "switch", "350206", "on").stdout
    assert "没有改动" in portal(house, "authorities", "switch", "350206", "on").stdout
    assert "已关闭" in portal(house, "authorities", "switch", "350206", "off").stdout
    assert "999999" in sentences(portal(house, "authorities", "switch", "999999", "on", code=1))[0]


def test_the_sample_merchants_are_admitted_and_updated(house: Path, tmp_path: Path) -> None:
    first = json.loads(portal(house, "merchants", "import", SAMPLES / "merchants.csv", "--json").stdout)
    assert (first["read"], first["created"], first["refused"]) == (24, 24, 0)
    again = json.loads(portal(house, "merchants", "import", SAMPLES / "merchants.csv", "--json").stdout)
    assert (again["unchanged"], again["created"]) == (24, 0)

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["湖里区入驻企业名单"],
        ["联系电话", "信用代码", "名称", "监管所", "别名", "备注"],
        [
            "0592-1",
            "９１３５０２０６ＭＡ００７００００Ｎ",
            "厦门鹭岛建材市场有限公司",
            "江头市场监管所",
            "鹭岛、鹭岛建材",
            "x",
        ],
        ["0592-2", "91350206MA0070001X", "校验码错的公司", "江头市场监管所", "", ""],
        ["0592-3", "91350206MA0070001R", "厦门海沧湾超市有限公司", "没有这个所", "", ""],
        ["合计", None, "2 家"],
    ):
        sheet.append(row)
    file = tmp_path / "名单.xlsx"
    book.save(file)
    found = json.loads(portal(house, "merchants", "import", file, "--json").stdout)
    assert (found["read"], found["changed"], found["refused"]) == (3, 1, 2)
    assert [one["row"] for one in found["refusals"]] == [4, 5]
    assert "应为“R”" in found["refusals"][0]["problem"]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"a,b\n1,2\n", b"\x00\x01\x02", b"PK\x03\x04broken"])
def test_a_file_that_is_no_list_is_one_sentence(house: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    done = portal(house, "merchants", "import", file, "--json", code=1)
    assert len(sentences(done)) == 1
    assert done.stdout == ""
