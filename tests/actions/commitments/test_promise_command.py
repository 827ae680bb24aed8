"""`portal commitments import`: one JSON object, the good firms kept, the faulty rows told."""

import json

import pytest

from portal import cli
from portal.core.actor import OPERATOR
from portal.installing import MakeInstallation, make_installation
from tests.factories import people

SAMPLE = "tests/samples/promises.csv"


@pytest.fixture
def database():
    """What a command prints leans on no database's own ways."""
    return "sqlite"


@pytest.fixture
def code(own_runtime, monkeypatch, tmp_path):
    config = own_runtime.config
    own_runtime.perform(OPERATOR, make_installation, MakeInstallation())
    for name, value in {
        "PORTAL_DATA": str(tmp_path),
        "PORTAL_DATABASE_URL": config.database_url,
        "PORTAL_SECRET_KEY": config.secret_key,
        "PORTAL_SEALING_KEYS": config.sealing_keys[0].hex(),
        "PORTAL_INDEX_KEY": config.index_key.hex(),
        "PORTAL_LEDGER_KEYS": config.ledger_keys[0].hex(),
    }.items():
        monkeypatch.setenv(name, value)
    with own_runtime.writing() as session:
        district = people.authority(session)
        session.commit()
        return district.code


def test_the_command_tells_totals_and_refusals(code, capsys):
    for created in (6, 0):
        assert cli.run(["commitments", "import", SAMPLE, "--authority", code, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["read"], told["created"], told["unchanged"]) == (10, created, 6 - created)
        assert [one["row"] for one in told["refusals"]] == [9, 10, 11, 12]


def test_an_unknown_authority_is_refused_in_one_sentence(code, capsys):
    assert cli.run(["commitments", "import", SAMPLE, "--authority", "NOSUCH"]) == 1
    assert capsys.readouterr().err.strip() == "没有代码为 NOSUCH 的监管部门。请核对，或先导入监管部门。"
