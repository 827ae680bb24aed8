"""`portal ledger verify` and `portal ledger export`, and what the doctor says of signing."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from portal import cli, doctor
from portal.core.access import AccessKind, AccessRecord
from portal.core.actor import OPERATOR, Actor, ActorKind, Role
from portal.core.errors import NotAllowed, RuleBroken
from portal.core.facts import SubjectKind
from portal.installing import MakeInstallation, make_installation
from portal.ledgers.bundles import ExportLedger, export_ledger, write_bundle
from portal.ledgers.models import Checkpoint
from portal.runtime import Runtime
from tests.conftest import NOW, FixedClock
from tests.factories import people
from tests.factories.ledgers import entered, mixed


@pytest.fixture
def house(own_runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
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
    return own_runtime


@pytest.fixture
def codes(house: Runtime) -> list[str]:
    """Two merchants with ledgers of 5 and 3 entries, never signed."""
    with house.writing() as session:
        authority = people.authority(session)
        merchants = [people.merchant(session, authority) for _ in range(2)]
        for merchant, count in zip(merchants, (5, 3), strict=True):
            entered(session, merchant.id, list(mixed(count)))
        found = [merchant.organisation.code for merchant in merchants]
        session.commit()
    return found


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
    capsys.readouterr()
    code = cli.run(["ledger", *arguments])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_ledger_is_verified_one_object_a_line(
    house: Runtime, codes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = answered(capsys, "verify", "--json")
    assert code == 0
    assert [(one["merchant"], one["ok"], one["entries"]) for one in found] == [(codes[0], True, 5), (codes[1], True, 3)]
    assert set(found[0]) == {"merchant", "ok", "entries", "root", "checkpoints", "first_bad", "bad_after", "problem"}


@pytest.mark.parametrize("database", ["sqlite"])
def test_one_bad_ledger_is_exit_code_one(house: Runtime, codes: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with house.writing() as session:
        session.execute(text("DROP TRIGGER ledger_entry_no_update"))
        session.execute(
            text("UPDATE ledger_entry SET line = replace(line, 'counter', 'phone') WHERE seq = 3 AND number = 2")
        )
        session.commit()
    code, found = answered(capsys, "verify", "--json")
    assert (code, [one["first_bad"] for one in found]) == (1, [3, 3])
    code, found = answered(capsys, "verify", "--merchant", codes[1], "--json")
    assert (code, len(found)) == (1, 1)


def test_a_bundle_is_exported_verified_and_on_record(
    house: Runtime, codes: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file, options in (("plain.zip", []), ("open.zip", ["--open"])):
        code, found = answered(
            capsys, "export", "--merchant", codes[0], "--out", str(tmp_path / file), *options, "--json"
        )
        assert (code, found[0]["entries"], found[0]["open"]) == (0, 5, bool(options))
        assert (tmp_path / file).stat().st_mode & 0o077 == 0
        code, found = answered(capsys, "verify", str(tmp_path / file), "--deep", "--json")
        assert (code, found[0]["ok"], found[0]["checkpoints"]) == (0, True, 1)
        assert ("openings.jsonl" in zipfile.ZipFile(tmp_path / file).namelist()) is bool(options)
    with house.reading() as session:
        kept = session.scalars(select(AccessRecord).order_by(AccessRecord.id)).all()
        assert len(session.scalars(select(Checkpoint)).all()) == 1
    assert [(one.kind, one.subject_kind, one.detail["opened"]) for one in kept] == [
        (AccessKind.EXPORT, SubjectKind.LEDGER, False),
        (AccessKind.EXPORT, SubjectKind.LEDGER, True),
    ]


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_same_ledger_gives_the_same_bytes(house: Runtime, codes: list[str], tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert cli.run(["ledger", "export", "--merchant", codes[0], "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_unknown_merchant_and_a_lonely_checkpoint_are_one_sentence(
    house: Runtime, codes: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["ledger", "verify", "--merchant", "NOBODY"]) == 1
    assert "NOBODY" in capsys.readouterr().err
    assert cli.run(["ledger", "export", "--merchant", "NOBODY", "--out", str(tmp_path / "x.zip")]) == 1
    assert not list(tmp_path.glob("x.zip*"))
    (tmp_path / "kept.txt").write_text("x")
    assert cli.run(["ledger", "verify", "--checkpoint", str(tmp_path / "kept.txt")]) == 2


@pytest.mark.parametrize("database", ["sqlite"])
def test_only_officers_and_the_operator_take_personal_values(house: Runtime, codes: list[str]) -> None:
    with house.reading() as session:
        ledger = session.execute(text("SELECT merchant_id FROM ledger ORDER BY id LIMIT 1")).scalar_one()
    principal = Actor(ActorKind.MERCHANT, person_id=1, role=Role.PRINCIPAL, organisation_id=ledger)
    assert house.perform(principal, export_ledger, ExportLedger(ledger)).size == 5
    with pytest.raises(NotAllowed):
        house.perform(principal, export_ledger, ExportLedger(ledger, opened=True))
    with pytest.raises(NotAllowed):
        house.perform(Actor(ActorKind.MERCHANT, organisation_id=ledger + 1), export_ledger, ExportLedger(ledger))


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_ledger_without_a_checkpoint_has_no_bundle(house: Runtime, codes: list[str], tmp_path: Path) -> None:
    with house.reading() as session, (tmp_path / "x.zip").open("wb") as out:
        merchant_id = session.execute(text("SELECT merchant_id FROM ledger ORDER BY id LIMIT 1")).scalar_one()
        with pytest.raises(RuleBroken, match="检查点"):
            write_bundle(session, merchant_id, out, opened=False)


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_doctor_misses_signatures_and_keys(house: Runtime, codes: list[str], clock: FixedClock) -> None:
    assert doctor.look_at_ledgers(house)[0].state is doctor.State.WELL
    clock.moment = NOW + timedelta(days=3)
    assert doctor.look_at_ledgers(house)[0].state is doctor.State.LOOK
    with house.reading() as session:
        ids = session.execute(text("SELECT merchant_id FROM ledger")).scalars().all()
    for merchant_id in ids:
        house.perform(OPERATOR, export_ledger, ExportLedger(merchant_id))
    assert doctor.look_at_ledgers(house)[0].state is doctor.State.WELL
    assert house.config.ledger_keys
    with house.writing() as session:
        session.execute(text("DROP TRIGGER ledger_checkpoint_no_update"))
        session.execute(text("UPDATE ledger_checkpoint SET key_id = 'ffffffff'"))
        session.commit()
    assert "PORTAL_LEDGER_KEYS" in doctor.look_at_ledgers(house)[0].remedy
