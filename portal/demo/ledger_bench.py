"""The benchmark of one ledger: appending, pages, proofs, checkpoints, a bundle and what it costs to check it.

It fills the largest ledger of a rehearsal, at first through the log's own `append`, then measures. Checking a bundle is told
beside plain hashlib: a loop that computes the same hashes over lines that are already in memory.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Organisation
from portal.app import create_app
from portal.core.actor import OPERATOR, Actor, Role
from portal.core.db import refresh_statistics
from portal.core.errors import RuleBroken
from portal.core.paging import encode_cursor
from portal.demo.bench import REAL, asked, signed_in
from portal.demo.ledger_bulk import PourDrafts, pour_drafts
from portal.demo.measuring import Figures, Sample, StatementCount, counting, figures, measure
from portal.enrolment.models import Merchant
from portal.ledgers import proofs
from portal.ledgers.bundles import ExportLedger, export_ledger, write_bundle
from portal.ledgers.checkpoints import SignCheckpoint, sign_checkpoint
from portal.ledgers.log import EntryColumns, EntryDraft, append, ledger_of
from portal.ledgers.models import EntryKind, Ledger, LedgerEntry
from portal.ledgers.verification import verify_ledger
from portal.ledgers.verifier.bundle import Bundle
from portal.ledgers.verifier.joining import single_file
from portal.runtime import Runtime

AT_ONCE = 2000  # entries appended in one transaction while filling
APPENDED = 10  # transactions of `append` that are measured; the rest is poured in
DAYS = 30  # checkpoints over the whole ledger, as a month has
BOOK = "/merchant/ledgers"
MEASURED = """
import json, runpy, sys, time
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    held = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps({"cpu": time.process_time(), "memory": int(held.split()[1]) * 1024}), file=sys.stderr)
"""  # Linux: the largest memory of this process alone
NO_MERCHANT = "这里没有企业。请先运行 portal generate --merchants 1 --cases 0。"
GOODS = ("电水壶", "羊毛衫", "散装瓜子", "鲜牛奶", "运动鞋", "台灯")


@dataclass(frozen=True, slots=True)
class AppendDrafts:
    """Entries from the invented number `first` on."""

    merchant_id: int
    first: int
    count: int


def append_drafts(session: Session, actor: Actor, command: AppendDrafts, *, now: datetime) -> int:
    """Append invented entries; the ledger's size after them."""
    ledger = ledger_of(session, command.merchant_id, now=now)
    return append(session, actor, ledger, drafts(command, now.date()), now=now)[-1].seq


def drafts(command: AppendDrafts, today: date) -> list[EntryDraft]:
    """The invented entries of a command."""
    return [draft(number, today) for number in range(command.first, command.first + command.count)]


def draft(number: int, today: date) -> EntryDraft:
    """An invented entry: three complaints, then a return."""
    on = today - timedelta(days=number % 700)
    if number % 4:
        return EntryDraft(
            EntryKind.COMPLAINT,
            on,
            plain={"received": "counter", "outcome": "settled", "settled": number % 90_000, "staff": "林晓燕"},
            personal={
                "consumer_name": f"顾客{number}",
                "consumer_phone": f"139{number % 10**8:08d}",
                "content": f"第 {number} 位顾客说{GOODS[number % len(GOODS)]}有问题，要求退货退款",
            },
            consumer_mask="顾**",
            phone_mask="139****0000",
            columns=EntryColumns(outcome="settled", amount=number % 90_000),
        )
    goods = f"{GOODS[number // 4 % len(GOODS)]}{number}"
    plain: dict[str, str | int] = {"goods": goods, "category": "daily_goods", "price": 12900, "quantity": 1}
    columns = EntryColumns(goods=goods, category="daily_goods", amount=12900, disposition="supplier")
    return EntryDraft(
        EntryKind.RETURN,
        on,
        plain=plain | {"cause": "promise", "decision": "returned", "disposition": "supplier"},
        columns=columns,
    )


def ledger_bench(house: Runtime, *, entries: int, repeats: int, told: Callable[[str], None]) -> list[Figures]:
    """Fill the largest ledger up to `entries` and measure it. Raises RuleBroken in a real or an empty installation."""
    described = house.clock.describe()
    if described is None or not described.rehearsal:
        raise RuleBroken(REAL)
    with counting(house.engine) as count:
        merchant_id, code = _merchant(house)
        told("补足台账")
        filling = _filled(house, count, merchant_id, entries)
        house.perform(OPERATOR, refresh_statistics, None)  # as in a house that runs: its planner knows the rows
        bench = _Bench(house, count, merchant_id, code, repeats)
        bare = bench.bare()
        found = [figures("bare", "空页面 /healthz", bare, bare)]
        if filling:
            found.append(figures("fill", "补足（条）", filling, bare, f"每批 {AT_ONCE} 条"))
        for name, label, samples in bench.lines():
            told(label)
            found.append(figures(name, label, samples(), bare))
        told("导出与核对")
        return [*found, *bench.bundle(bare)]


def _merchant(house: Runtime) -> tuple[int, str]:
    with house.reading() as session:
        row = session.execute(
            select(Merchant.id, Organisation.code)
            .join(Organisation, Organisation.id == Merchant.id)
            .outerjoin(Ledger, Ledger.merchant_id == Merchant.id)
            .order_by(func.coalesce(Ledger.size, 0).desc(), Merchant.id)
            .limit(1)
        ).first()
    if row is None:
        raise RuleBroken(NO_MERCHANT)
    return row.id, row.code


def _filled(house: Runtime, count: StatementCount, merchant_id: int, entries: int) -> list[Sample]:
    with house.reading() as session:
        size = session.scalars(select(Ledger.size).where(Ledger.merchant_id == merchant_id)).first() or 0
    samples: list[Sample] = []
    signed = size
    while size < entries:
        step = AppendDrafts(merchant_id, size + 1, min(AT_ONCE, entries - size))
        if len(samples) < APPENDED:
            before = count.sent, time.process_time(), time.perf_counter()
            size = house.perform(OPERATOR, append_drafts, step)
            sent, cpu, wall = count.sent - before[0], time.process_time() - before[1], time.perf_counter() - before[2]
            samples.append(Sample(wall, cpu, sent, 0, step.count))
        else:
            size = house.perform(OPERATOR, pour_drafts, PourDrafts(merchant_id, drafts(step, house.now().date())))
        if size - signed >= entries // DAYS:
            house.perform(OPERATOR, sign_checkpoint, SignCheckpoint(merchant_id))
            signed = size
    house.perform(OPERATOR, sign_checkpoint, SignCheckpoint(merchant_id))
    return samples


@dataclass(frozen=True, slots=True)
class _Bench:
    house: Runtime
    count: StatementCount
    merchant_id: int
    code: str
    repeats: int

    def bare(self) -> list[Sample]:
        client = create_app(self.house).test_client()
        return measure(self.count, lambda: asked(client, "/healthz"), self.repeats)

    def lines(self) -> Iterator[tuple[str, str, Callable[[], list[Sample]]]]:
        clerk = signed_in(self.house, create_app(self.house), Role.PRINCIPAL, self.code)
        with self.house.reading() as session:
            ledger = session.scalars(select(Ledger).where(Ledger.merchant_id == self.merchant_id)).one()
            middle = session.scalars(
                select(LedgerEntry.leaf_hash).where(
                    LedgerEntry.ledger_id == ledger.id, LedgerEntry.seq == ledger.size // 3 + 1
                )
            ).one()
        deep = f"{BOOK}/complaints?cursor={encode_cursor([ledger.size // 50 + 1])}"
        for name, label, path in (
            ("page", "企业台账首页", f"{BOOK}/complaints"),
            ("page_deep", "企业台账深页", deep),
            ("returns", "退换货首页", f"{BOOK}/returns"),
            ("entry", "看一条", f"{BOOK}/entries/{ledger.size // 2}"),
            ("public", "公示页带包含证明", f"/verify/ledgers/{self.code}?leaf={middle.hex()}"),
        ):
            yield name, label, lambda path=path: self._measured(lambda: asked(clerk, path))  # type: ignore[misc]
        yield "consistency", "一致性证明", lambda: self._proved(ledger.id, ledger.size)
        yield "append", "登记一条", lambda: self._appended(1)
        yield "append_100", "一次登记 100 条", lambda: self._appended(100)
        yield "checkpoint", "登记一条并签发检查点", self._signed

    def _measured(self, operation: Callable[[], bytes]) -> list[Sample]:
        return measure(self.count, operation, self.repeats)

    def _proved(self, ledger_id: int, size: int) -> list[Sample]:
        def prove() -> bytes:
            with self.house.reading() as session:
                return b"".join(proofs.consistency_proof(session, ledger_id, size // 3, size - 1))

        return self._measured(prove)

    def _appended(self, count: int) -> list[Sample]:
        def once() -> bytes:
            self.house.perform(OPERATOR, append_drafts, AppendDrafts(self.merchant_id, 1, count))
            return b""

        return self._measured(once)

    def _signed(self) -> list[Sample]:
        def once() -> bytes:
            self.house.perform(OPERATOR, append_drafts, AppendDrafts(self.merchant_id, 1, 1))
            self.house.perform(OPERATOR, sign_checkpoint, SignCheckpoint(self.merchant_id))
            return b""

        return self._measured(once)

    def bundle(self, bare: Sequence[Sample]) -> list[Figures]:
        """Export, then check the bundle as its reader does, beside plain hashlib; then check the database."""
        with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
            file = Path(folder) / "bundle.zip"
            size = self.house.perform(OPERATOR, export_ledger, ExportLedger(self.merchant_id)).size
            export = self._once(lambda: self._write(file), size)
            told = f"{file.stat().st_size / 1e6:.0f} MB"
            hashed = plain_hashlib(file)
            plain = Sample(hashed, hashed, 0, 0, size)
            quick, quick_memory = check(file)
            deep, deep_memory = check(file, "--deep")
        database = self._once(self._verify, size)
        return [
            figures("export", "导出（条）", [export], bare, told),
            figures("hashlib", "只用 hashlib（条）", [plain], [plain], "以下两行的倍数以它为 1"),
            figures("verify", "核对导出包（条）", [Sample(quick, quick, 0, 0, size)], [plain], _memory(quick_memory)),
            figures("verify_deep", "逐条核对（条）", [Sample(deep, deep, 0, 0, size)], [plain], _memory(deep_memory)),
            figures("verify_database", "核对数据库（条）", [database], bare),
        ]

    def _write(self, file: Path) -> None:
        with self.house.reading() as session, file.open("wb") as out:
            write_bundle(session, self.merchant_id, out, opened=False)

    def _verify(self) -> None:
        with self.house.reading() as session:
            verdict = verify_ledger(session, self.merchant_id)
        if not verdict.ok:
            raise RuleBroken(str(verdict.problem))

    def _once(self, work: Callable[[], None], size: int) -> Sample:
        sent, cpu, wall = self.count.sent, time.process_time(), time.perf_counter()
        work()
        return Sample(time.perf_counter() - wall, time.process_time() - cpu, self.count.sent - sent, 0, size)


def plain_hashlib(bundle: Path) -> float:
    """Seconds of CPU that a loop of hashlib needs for a bundle's leaf and node hashes; reading is not counted."""
    sha, node, seconds = hashlib.sha256, b"\1" + bytes(64), 0.0
    for lines in Bundle(str(bundle)).lines():
        start = time.process_time()
        for line in lines:
            sha(b"\0" + line).digest()
        for _ in lines:
            sha(node).digest()
        seconds += time.process_time() - start
    return seconds


def check(bundle: Path, *options: str) -> tuple[float, int]:
    """Check a bundle in a Python of its own: seconds of CPU and the largest memory, in bytes, of that process."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        alone = Path(folder) / "verify.py"
        alone.write_text(single_file(), encoding="utf-8")
        command = [sys.executable, "-I", "-S", "-c", MEASURED, str(alone), str(bundle), "--json", *options]
        done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 -- our own file
    verdict, used = json.loads(done.stdout), json.loads(done.stderr)
    if not verdict["ok"]:
        raise RuleBroken(str(verdict["problem"]))
    return used["cpu"], used["memory"]


def _memory(held: int) -> str:
    return f"内存峰值 {held / 1e6:.0f} MB"
