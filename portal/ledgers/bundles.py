"""Bundles: a ledger up to its newest checkpoint as one zip that anybody can check without us.

Written entry by entry: memory does not grow with the ledger. Redacted unless opened (decisions 22).
"""

import base64
import codecs
import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.clocks.rules import SHANGHAI
from portal.core.access import AccessKind, note_access
from portal.core.actor import Actor
from portal.core.errors import NotFound, RuleBroken
from portal.core.facts import SubjectKind
from portal.core.permissions import Permission, require
from portal.enrolment.models import Merchant
from portal.ledgers import proofs
from portal.ledgers.checkpoints import SignCheckpoint, newest_checkpoint, published_keys, sign_checkpoint
from portal.ledgers.log import openings_of
from portal.ledgers.models import Checkpoint, Ledger, LedgerEntry
from portal.ledgers.rules.sheet import BUNDLE_COLUMNS
from portal.ledgers.verifier import bundle as names
from portal.ledgers.verifier.deep import sheet_row
from portal.ledgers.verifier.joining import single_file

AT_ONCE = 4000  # entries read by one statement
FORMAT = 1


@dataclass(frozen=True, slots=True)
class ExportLedger:
    """Take a bundle of one merchant's ledger out of the house."""

    merchant_id: int
    opened: bool = False  # with the personal values
    reason: str | None = None


def export_ledger(session: Session, actor: Actor, command: ExportLedger, *, now: datetime) -> Checkpoint:
    """Record that the actor takes a bundle, and sign what it will hold; `write_bundle` then writes it.

    With the personal values only for officers and the operator (LEDGER_EXPORT_OPEN). Raises NotFound, NotAllowed.
    """
    merchant = session.get(Merchant, command.merchant_id)
    if merchant is None:
        raise NotFound("没有这家企业。")
    require(actor, Permission.LEDGER_EXPORT_OPEN if command.opened else Permission.LEDGER_READ, merchant)
    checkpoint = sign_checkpoint(session, actor, SignCheckpoint(merchant.id), now=now)
    note_access(
        session,
        actor,
        AccessKind.EXPORT,
        SubjectKind.LEDGER,
        checkpoint.ledger_id,
        at=now,
        reason=command.reason,
        opened=command.opened,
        size=checkpoint.size,
    )
    return checkpoint


def write_bundle(session: Session, merchant_id: int, out: IO[bytes], *, opened: bool) -> None:
    """Write the ledger up to its newest checkpoint; the same ledger and checkpoint give the same bytes.

    Asks for no permission and records nothing: `export_ledger` comes first. Raises RuleBroken without a checkpoint.
    """
    ledger = session.scalars(
        select(Ledger)
        .where(Ledger.merchant_id == merchant_id)
        .options(joinedload(Ledger.merchant).joinedload(Merchant.organisation))
    ).first()
    newest = None if ledger is None else newest_checkpoint(session, ledger.id)
    if ledger is None or newest is None:
        raise RuleBroken("这家企业的台账还没有签发过检查点，请先签发再导出。")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        zipped = _Zip(bundle, newest.signed_at)
        zipped.put(names.MANIFEST, _manifest(ledger, newest, opened=opened))
        zipped.put("README.txt", README.format(name=ledger.merchant.organisation.name, size=newest.size))
        zipped.put("verify.py", single_file())
        zipped.put(names.KEYS, "".join(f"{key}\n" for key in published_keys(session, ledger.origin)))
        _write_checkpoints(session, ledger, newest, zipped)
        with zipped.file(names.HASHES) as stream:
            for rows in _blocks(session, ledger.id, newest.size):
                stream.write(b"".join(row.leaf_hash for row in rows))
        with zipped.file(names.LINES) as stream:
            for rows in _blocks(session, ledger.id, newest.size):
                stream.write("".join(f"{row.line}\n" for row in rows).encode())
        if opened:
            _write_openings(session, ledger, newest.size, zipped)
        _write_sheet(session, ledger, newest.size, zipped, opened=opened)


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    seq: int
    line: str
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class _Zip:
    """Files of a zip that all carry one moment, so that a bundle can be made twice alike."""

    bundle: zipfile.ZipFile
    moment: datetime

    def put(self, name: str, text: str) -> None:
        with self.file(name) as stream:
            stream.write(text.encode())

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        entry = zipfile.ZipInfo(name, self.moment.astimezone(SHANGHAI).timetuple()[:6])
        # what a quick check reads is stored plainly: inflating it would cost as much again as hashing it
        plain = name in (names.HASHES, names.LINES)
        entry.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        with self.bundle.open(entry, "w", force_zip64=True) as stream:
            yield stream


def _manifest(ledger: Ledger, newest: Checkpoint, *, opened: bool) -> str:
    content = {
        "format": FORMAT,
        "merchant": ledger.merchant.organisation.code,
        "name": ledger.merchant.organisation.name,
        "origin": ledger.origin,
        "entries": newest.size,
        "signed_at": newest.signed_at.isoformat(),
        "opened": opened,
        "columns": [list(column) for column in BUNDLE_COLUMNS],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _write_checkpoints(session: Session, ledger: Ledger, newest: Checkpoint, zipped: _Zip) -> None:
    sizes: list[int] = []
    query = (
        select(Checkpoint)
        .where(Checkpoint.ledger_id == ledger.id, Checkpoint.id <= newest.id)
        .order_by(Checkpoint.size, Checkpoint.id)
    )
    for row in session.scalars(query.execution_options(yield_per=500)):
        zipped.put(f"{names.NOTES}{row.size:010d}-{row.key_id}.txt", row.note)
        if row.size not in sizes[-1:]:
            sizes.append(row.size)
    with zipped.file(names.PROOFS) as stream:
        stream.write(b'{"consistency": [')
        for at, (earlier, later) in enumerate(pairwise(sizes)):
            hashes = _proof(session, ledger, earlier, later)
            step = {"from": earlier, "to": later, "hashes": [base64.b64encode(one).decode() for one in hashes]}
            stream.write((",\n" if at else "\n").encode() + json.dumps(step).encode())
        stream.write(b"\n]}\n")


def _proof(session: Session, ledger: Ledger, earlier: int, later: int) -> list[bytes]:
    try:
        return proofs.consistency_proof(session, ledger.id, earlier, later)
    except KeyError:  # a row is missing: the bundle is written all the same, and its verifier says so
        return []


def _blocks(session: Session, ledger_id: int, size: int) -> Iterator[list[_Row]]:
    after = 0
    while True:
        rows = session.execute(
            select(LedgerEntry.id, LedgerEntry.seq, LedgerEntry.line, LedgerEntry.leaf_hash)
            .where(LedgerEntry.ledger_id == ledger_id, LedgerEntry.seq > after, LedgerEntry.seq <= size)
            .order_by(LedgerEntry.seq)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        yield [_Row(*row) for row in rows]
        after = rows[-1].seq


def _write_openings(session: Session, ledger: Ledger, size: int, zipped: _Zip) -> None:
    with zipped.file(names.OPENINGS) as stream:
        for rows in _blocks(session, ledger.id, size):
            for row, values in _with_values(session, rows, opened=True):
                if values:
                    content = {"seq": row.seq, "values": values}
                    stream.write(json.dumps(content, ensure_ascii=False).encode() + b"\n")


def _write_sheet(session: Session, ledger: Ledger, size: int, zipped: _Zip, *, opened: bool) -> None:
    columns = [list(column) for column in BUNDLE_COLUMNS]
    with zipped.file(names.SHEET) as stream:
        stream.write(codecs.BOM_UTF8)
        stream.write(_csv([[title for _, title in columns]]))
        for rows in _blocks(session, ledger.id, size):
            both = _with_values(session, rows, opened=opened)
            stream.write(_csv([sheet_row(_fields(row), values, columns) for row, values in both]))


def _with_values(
    session: Session, rows: Sequence[_Row], *, opened: bool
) -> Iterator[tuple[_Row, dict[str, list[str]]]]:
    found = openings_of(session, [row.id for row in rows]) if opened else {}
    for row in rows:
        yield row, {name: [salt.hex(), value] for name, (salt, value) in found.get(row.id, {}).items()}


def _fields(row: _Row) -> dict[str, str | int]:
    try:
        fields: dict[str, str | int] = json.loads(row.line)
    except ValueError:  # a line that somebody broke: it stays broken, and the verifier names it
        fields = {"seq": row.seq}
    return fields


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


README = """{name} 台账导出包（{size} 条）

ledger.jsonl    台账，每行一条，是规范写法的 JSON；每一行就是证明里的一个叶子。
ledger.csv      同样的内容，可用 Excel 打开。金额以分计。
openings.jsonl  仅在披露个人信息的导出包里有：每条的个人信息和盐值。
checkpoints/    历次签发的检查点（C2SP tlog-checkpoint，Ed25519 签名）。
keys.txt        验证签名的公钥。请与门户“核验”页公示的公钥对照。
proofs.json     相邻两个检查点之间的一致性证明（RFC 6962）。
hashes.bin      每一条的哈希，每条 32 字节；有改动时用来指出是哪一条。
manifest.json   这是谁的台账，有哪些列。
verify.py       核对程序，只需要 Python 3.9 及以上，不联网：

    python verify.py 导出包.zip
    python verify.py 导出包.zip --checkpoint 以前留存的检查点.txt
    python verify.py 导出包.zip --deep

个人信息以“sha256:…”代替，是加盐的承诺值：不能反推，但披露时可以核对；到期删除个人信息后，证明依然有效。
手里有任何一份以前的检查点（邮件、回执、公示页），就能查出此后谁改写了台账，包括运维人员。
"""
