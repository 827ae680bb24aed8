"""Files and rows live and die together: rolled back, killed, or with a commit whose answer was lost."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import orphans
from portal.core import files
from portal.core.actor import OPERATOR
from portal.core.errors import RuleBroken
from portal.core.privacy import DataKey, vault_of
from portal.intake.actions import RAW_FILE, StartImport, start_import
from portal.intake.models import ImportRun
from portal.intake.uploads import Upload, read_upload
from portal.runtime import Runtime
from tests.conftest import NOW
from tests.factories.intake import complaint, sample_world, workbook
from tests.faults.conftest import settings_of

KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.orm import Session
from portal.config import load_config
from portal.runtime import make_runtime
from tests.faults.test_orphaned_files import handed_in
event.listen(Session, sys.argv[1], lambda _session: os.kill(os.getpid(), signal.SIGKILL))
handed_in(make_runtime(load_config(os.environ)))
"""


@pytest.fixture
def house(own_runtime: Runtime) -> Runtime:
    with own_runtime.writing() as session:
        sample_world(session)
    return own_runtime


def upload() -> Upload:
    return read_upload("本周.xlsx", workbook([complaint(1)]))


def handed_in(runtime: Runtime) -> ImportRun:
    return runtime.perform(OPERATOR, start_import, StartImport(upload()))


def stored(runtime: Runtime) -> list[Path]:
    return [path for path in (runtime.config.data / "files").rglob("*") if path.is_file()]


def content_of(runtime: Runtime, address: str) -> bytes:
    with runtime.reading() as session:
        run = session.scalars(select(ImportRun).where(ImportRun.stored_at == address)).one()
        return files.get(session, session.get_one(DataKey, run.key_id), address, RAW_FILE)


def grow_old(runtime: Runtime) -> None:
    """Let the files be as old as after two days."""
    then = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for path in stored(runtime):
        os.utime(path, (then, then))


def killed_at(runtime: Runtime, moment: str) -> None:
    env = {**os.environ, **settings_of(runtime.config)}
    process = subprocess.run([sys.executable, "-c", KILLED, moment], env=env, check=False, timeout=60)
    assert process.returncode == -signal.SIGKILL


def test_a_committed_file_has_its_name(house: Runtime) -> None:
    run = handed_in(house)
    (path,) = stored(house)
    assert path.parent.name + path.name == run.stored_at


def test_a_refusal_behind_the_upload_leaves_no_file(house: Runtime) -> None:
    def refuse_in_the_end(session, actor, command, *, now):
        start_import(session, actor, command, now=now)
        assert len(stored(house)) == 1
        raise RuleBroken("不行。")

    with pytest.raises(RuleBroken):
        house.perform(OPERATOR, refuse_in_the_end, StartImport(upload()))
    assert stored(house) == []


def test_a_savepoint_neither_names_nor_deletes(house: Runtime) -> None:
    with house.writing() as session:
        key = vault_of(session).new_key(session, now=NOW)
        with session.begin_nested():
            files.put(session, key, b"1", RAW_FILE)
        assert [path.suffix for path in stored(house)] == [files.NEW]
    assert stored(house) == []


def test_a_process_killed_before_its_commit_leaves_a_file_that_is_swept_after_a_day(house: Runtime) -> None:
    killed_at(house, "before_commit")
    assert len(stored(house)) == 1
    assert orphans.sweep_files(house).done == 0, "perhaps its transaction lives"
    grow_old(house)
    assert orphans.sweep_files(house).done == 1
    assert stored(house) == []


def test_a_process_killed_behind_its_commit_leaves_a_file_that_is_found_and_named_later(house: Runtime) -> None:
    killed_at(house, "after_commit")
    (path,) = stored(house)
    assert path.suffix == files.NEW
    with house.reading() as session:
        address = session.scalars(select(ImportRun.stored_at)).one()
    assert address is not None
    assert content_of(house, address) == upload().content
    grow_old(house)
    assert orphans.sweep_files(house).done == 1
    assert [path.parent.name + path.name for path in stored(house)] == [address]
    assert content_of(house, address) == upload().content
    assert orphans.sweep_files(house).done == 0


def test_a_file_that_any_text_or_json_names_is_kept(house: Runtime) -> None:
    with house.writing() as session:
        key = vault_of(session).new_key(session, now=NOW)
        addresses = [files.put(session, key, content, RAW_FILE) for content in (b"1", b"2", b"3")]
        session.commit()
    for path in stored(house):
        path.rename(path.with_name(path.name + files.NEW))
    handed = handed_in(house)
    with house.writing() as session:
        row = session.get_one(ImportRun, handed.id)
        row.problem, row.mapping = addresses[0], {"photos": [addresses[1]]}
        session.commit()
    grow_old(house)
    assert orphans.sweep_files(house).done == 3
    left = {path.parent.name + path.name for path in stored(house)}
    assert left == {addresses[0], addresses[1], handed.stored_at}
