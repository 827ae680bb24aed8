"""A full disk: a clear refusal, nothing half-stored, and everything works again once there is room."""

import io
import os
import random
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from portal.cases.models import Case, Evidence
from portal.core.actor import OPERATOR, SYSTEM, Role
from portal.core.errors import NoRoom
from portal.core.facts import Fact, Outbox, Topic
from portal.core.privacy import DataKey
from portal.core.room import NO_ROOM
from portal.intake.actions import StartImport, start_import
from portal.intake.importing import run_import
from portal.intake.models import Filing, ImportRun, ImportState
from portal.intake.uploads import read_upload
from portal.runtime import Runtime
from portal.settlements import actions
from portal.settlements.models import Answer, Offer
from tests.conftest import FixedClock
from tests.factories import people, settling
from tests.factories.intake import complaint, sample_world, workbook
from tests.faults.conftest import House, children_of, wait_for
from tests.faults.surfing import Away, Page, Visitor, free_port
from tests.inspector import objections

SMALL = "24m"
SIDE = 1000  # pixels of a picture of noise, which is megabytes as a JPEG


def picture() -> bytes:
    """A photograph of nothing, larger than what free pages and buffers hold."""
    target = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), random.Random(3).randbytes(3 * SIDE * SIDE)).save(target, "JPEG", quality=95)
    return target.getvalue()


class SmallDisk:
    """A file system of its own for an installation, small and soon full (where the machine lets us mount one)."""

    def __init__(self, place: Path) -> None:
        self.place, self.ballast = place, place / "ballast"

    def fill(self, _web: subprocess.Popen[bytes]) -> None:
        with self.ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def make_room(self, _web: subprocess.Popen[bytes]) -> None:
        self.ballast.unlink()


class Limit:
    """The same on any machine: the kernel lets the web's processes write no byte of any file."""

    def fill(self, web: subprocess.Popen[bytes]) -> None:
        self._set(web, 0)

    def make_room(self, web: subprocess.Popen[bytes]) -> None:
        self._set(web, resource.RLIM_INFINITY)

    def _set(self, web: subprocess.Popen[bytes], size: int) -> None:
        for pid in (web.pid, *children_of(web.pid)):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def mounts(place: Path) -> bool:
    """Mount a small file system there, if this machine lets us."""
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=700", "portal-test", str(place)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture(params=["file system", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk | Limit]:
    """A disk to fill under the installation's folder; before anything is in it."""
    with ExitStack() as later:
        if request.param == "file system" and mounts(tmp_path):
            later.callback(subprocess.run, ["umount", "-l", str(tmp_path)], check=True)
            yield SmallDisk(tmp_path)
        else:
            yield Limit()


@pytest.fixture
def database() -> str:
    """The embedded one; PostgreSQL's disk is another machine's, and its refusal has a test of its own."""
    return "sqlite"


@pytest.fixture
def site(disk: SmallDisk | Limit, house: House) -> tuple[House, int, subprocess.Popen[bytes]]:
    """A real web process on that disk."""
    port = free_port()
    log = subprocess.STDOUT  # into the pipe: pytest's own file would be as full as any other
    web = house.portal("web", "--port", str(port), "--workers", "1", stderr=log)
    visitor = Visitor(port)

    def answers() -> bool:
        try:
            return visitor.get("/healthz").status == 200
        except Away:
            return False

    wait_for(answers, "the web", 120)
    return house, port, web


def log_of(web: subprocess.Popen[bytes]) -> str:
    """What the web has said so far."""
    assert web.stdout is not None
    os.set_blocking(web.stdout.fileno(), False)
    return (web.stdout.read() or b"").decode()


def rows(runtime: Runtime) -> dict[str, int]:
    """What there is, to be compared."""
    tables = (Case, Filing, ImportRun, Evidence, Offer, DataKey, Fact, Outbox)
    with runtime.reading() as session:
        counts = {one.__name__: session.scalar(select(func.count()).select_from(one)) or 0 for one in tables}
    return {**counts, "files": sum(path.is_file() for path in (runtime.config.data / "files").rglob("*"))}


def test_a_full_disk_refuses_uploads_and_offers_and_loses_nothing(
    site: tuple[House, int, subprocess.Popen[bytes]], disk: SmallDisk | Limit, clock: FixedClock
) -> None:
    house, port, web = site
    with house.runtime.writing() as session:
        world = sample_world(session)
        officer = people.member(session, world["350206"].id, Role.OFFICER)
        dispute = settling.dispute(session, due_at=house.runtime.now(), respond_by=None)
        session.commit()
    watcher, agent = (Visitor(port).sign_in(one, house.runtime) for one in (officer, dispute.membership))
    here = f"/merchant/cases/{dispute.case.reference}"
    sheet, noise = workbook([complaint(1)]), picture()

    def import_file() -> Page:
        files = {"file": ("本周.xlsx", sheet)}
        return watcher.submit("/regulator/imports", {"source": "auto"}, page="/regulator/imports/new", files=files)

    def show_evidence() -> Page:
        return agent.submit(f"{here}/evidence", {}, page=here, files={"files": ("小票.jpg", noise)})

    def write_note() -> Page:
        return agent.submit(f"{here}/note", {"note": "已联系消费者。" * 50}, page=here)

    attempts: list[Callable[[], Page]] = [import_file, show_evidence, write_note]
    before = rows(house.runtime)
    disk.fill(web)
    for attempt in attempts:
        refused = attempt()
        assert refused.status in (422, 507), (attempt, refused.status, log_of(web))
        assert "存储空间不足" in refused.text, attempt
        assert "腾出磁盘空间" in refused.text, attempt
        assert objections(refused.text) == []
    assert agent.get(here).status == 200, "what is there can still be read"
    assert rows(house.runtime) == before
    disk.make_room(web)
    for attempt in attempts:
        assert attempt().status in (200, 303), attempt
    after = rows(house.runtime)
    assert after["ImportRun"] == before["ImportRun"] + 1
    assert after["Evidence"] == before["Evidence"] + 1
    assert after["files"] == before["files"] + 4  # the sheet; the picture, its clean copy and its thumbnail


def no_more_pages(runtime: Runtime, allowed: int) -> None:
    """Let SQLite's file grow by so many pages only, on the connections of this process."""
    with runtime.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + allowed}")


def test_an_import_that_meets_a_full_database_goes_on_later(own_runtime: Runtime) -> None:
    with own_runtime.writing() as session:
        sample_world(session)
    content = workbook([complaint(n) for n in range(1, 401)])
    run = own_runtime.perform(OPERATOR, start_import, StartImport(read_upload("本周.xlsx", content)))
    no_more_pages(own_runtime, 150)
    with pytest.raises(NoRoom, match="存储空间不足"):
        run_import(own_runtime, SYSTEM, run.id)
    with own_runtime.reading() as session:
        left = session.get_one(ImportRun, run.id)
        stored = session.scalar(select(func.count()).select_from(Filing))
        assert (left.state, left.next_row) == (ImportState.RUNNING, stored)
        assert stored < 400
    no_more_pages(own_runtime, 1 << 20)
    ended = run_import(own_runtime, SYSTEM, run.id)
    assert (ended.state, ended.totals["created"]) == (ImportState.DONE, 400)
    with own_runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(Filing)) == 400


def offer_and_take_back(runtime: Runtime, dispute: settling.Dispute, command: actions.MakeOffer) -> None:
    """Go on until nothing fits any more: free places of the file's pages hold the first offers' rows."""
    for number in range(1, 201):
        runtime.perform(dispute.agent, actions.make_offer, command)
        runtime.perform(dispute.agent, actions.undo_offer, actions.UndoOffer(dispute.case.reference, number))


def test_an_offer_that_meets_a_full_database_is_made_later(own_runtime: Runtime) -> None:
    with own_runtime.writing() as session:
        dispute = settling.dispute(session)
        session.commit()
    command = actions.MakeOffer(dispute.case.reference, (settling.refund(),), "很抱歉。" * 100)
    no_more_pages(own_runtime, 0)
    with pytest.raises(NoRoom) as refusal:
        offer_and_take_back(own_runtime, dispute, command)
    assert refusal.value.text == NO_ROOM
    with own_runtime.reading() as session:
        answers = session.scalars(select(Offer.answer).order_by(Offer.round)).all()
        told = session.scalar(select(func.count()).where(Fact.topic == Topic.OFFER_MADE))
    assert told == len(answers)
    no_more_pages(own_runtime, 1 << 20)
    if answers and answers[-1] is Answer.PENDING:  # it was the taking back that did not fit
        command = actions.UndoOffer(dispute.case.reference, len(answers))
        assert own_runtime.perform(dispute.agent, actions.undo_offer, command).answer is Answer.UNDONE
    else:
        assert own_runtime.perform(dispute.agent, actions.make_offer, command).answer is Answer.PENDING
