"""A ledger of the database, checked row by row: the same judgement as a bundle's, then its nodes, columns and records."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from portal.core.errors import NotFound
from portal.core.facts import Fact, SubjectKind, Topic
from portal.enrolment.models import Merchant
from portal.ledgers.checkpoints import published_keys
from portal.ledgers.models import Checkpoint, EntryKind, Ledger, LedgerEntry, LedgerNode
from portal.ledgers.rules import merkle
from portal.ledgers.verifier.signatures import Key, parsed_head, parsed_key
from portal.ledgers.verifier.tree import BLOCK, Head, judge
from portal.ledgers.verifier.tree import Verdict as Verdict

SAME = ("category", "goods", "label_number")  # columns that stand in the line under the same name


def verify_ledger(session: Session, merchant_id: int, given: Sequence[bytes] = ()) -> Verdict:
    """Check a merchant's ledger against its checkpoints and against those `given`; reads it in blocks.

    Raises NotFound for a merchant without a ledger.
    """
    ledger = session.scalars(
        select(Ledger)
        .where(Ledger.merchant_id == merchant_id)
        .options(joinedload(Ledger.merchant).joinedload(Merchant.organisation))
    ).first()
    if ledger is None:
        raise NotFound("这家企业还没有台账。")
    code = ledger.merchant.organisation.code
    keys = [parsed_key(key) for key in published_keys(session, ledger.origin)]
    # Others go on writing: what is read first must be true of what is read later, or honest work would look like fraud.
    recorded = _recorded(session, ledger)
    signed = list(_signed(session, ledger, keys))
    size, frontier = session.execute(select(Ledger.size, Ledger.frontier).where(Ledger.id == ledger.id)).one()
    present = Head("台账的总记录", size, merkle.folded(merkle.split_edge(frontier)), signed=False)
    heads = [*signed, *_lost(recorded, signed), present]
    heads += [_of(ledger, parsed_head(note, "给出的检查点", keys)) for note in given]
    inspection = _Inspection(session, ledger, code, size)
    verdict = judge(code, inspection.blocks(), heads, len(signed), tail=True, watch=inspection.watch)
    return inspection.concluded(verdict)


def _signed(session: Session, ledger: Ledger, keys: Sequence[Key]) -> Iterator[Head]:
    rows = session.scalars(
        select(Checkpoint).where(Checkpoint.ledger_id == ledger.id).order_by(Checkpoint.size, Checkpoint.id)
    )
    for row in rows:
        head = _of(ledger, parsed_head(row.note.encode(), f"检查点（{row.size} 条）", keys))
        if head.problem is None and (head.size, head.root) != (row.size, row.root):
            head = head._replace(problem="的记录与签名的内容不符")
        yield head


def _of(ledger: Ledger, head: Head) -> Head:
    foreign = head.problem is None and head.origin != ledger.origin
    return head._replace(problem="属于另一个台账") if foreign else head


def _recorded(session: Session, ledger: Ledger) -> list[tuple[int, bytes]]:
    """Size and root of every checkpoint that was signed, as the facts tell."""
    details = session.scalars(
        select(Fact.detail).where(
            Fact.subject_kind == SubjectKind.LEDGER, Fact.subject_id == ledger.id, Fact.topic == Topic.CHECKPOINT_SIGNED
        )
    )
    return [(int(detail["size"]), bytes.fromhex(detail["root"])) for detail in details]


def _lost(recorded: Sequence[tuple[int, bytes]], signed: Sequence[Head]) -> Iterator[Head]:
    """Checkpoints that were signed and are there no more."""
    there = {(head.size, head.root) for head in signed}
    for size, root in recorded:
        if (size, root) not in there:
            label = f"签发过的检查点（{size} 条）"
            yield Head(label, size, root, signed=False)
            yield Head(label, size, root, "被删去了")


class _Inspection:
    """What the database holds beside lines and hashes, compared while they stream by."""

    def __init__(self, session: Session, ledger: Ledger, code: str, size: int) -> None:
        self.session, self.ledger, self.code, self.size = session, ledger, code, size
        self.count = 0
        self.missing: int | None = None  # the first place without a row
        self.odd: tuple[int, str] | None = None  # the first row whose columns tell another story than its line
        self.broken_node: int | None = None  # the first place under a node that does not fit

    def blocks(self) -> Iterator[tuple[list[bytes], bytes]]:
        after = 0
        while rows := self._rows(after):
            after = rows[-1].seq
            for row in rows:
                self.count += 1
                if row.seq != self.count and self.missing is None:
                    self.missing = self.count
                if self.odd is None and (fault := self._fault(row)):
                    self.odd = (row.seq, fault)
            yield [row.line.encode() for row in rows], b"".join(row.leaf_hash for row in rows)
        if self.missing is None and self.count < self.size:
            self.missing = self.count + 1

    def _rows(self, after: int) -> Sequence[Row[Any]]:
        amended = aliased(LedgerEntry)
        return self.session.execute(
            select(
                LedgerEntry.seq,
                LedgerEntry.kind,
                LedgerEntry.number,
                LedgerEntry.occurred_on,
                LedgerEntry.reference,
                LedgerEntry.author_name,
                *(getattr(LedgerEntry, name) for name in SAME),
                LedgerEntry.line,
                LedgerEntry.leaf_hash,
                amended.seq.label("amends"),
            )
            .outerjoin(amended, amended.id == LedgerEntry.amends_id)
            .where(LedgerEntry.ledger_id == self.ledger.id, LedgerEntry.seq > after, LedgerEntry.seq <= self.size)
            .order_by(LedgerEntry.seq)
            .limit(BLOCK)
        ).all()

    def _fault(self, row: Row[Any]) -> str | None:
        try:
            fields = json.loads(row.line)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            return "不是 JSON 对象"
        told = {
            "seq": row.seq,
            "kind": row.kind.value,
            "number": row.number,
            "occurred_on": row.occurred_on.isoformat(),
            "reference": row.reference,
            "author": row.author_name,
            "amends": row.amends,
            "merchant": self.code,
        }
        if row.kind is not EntryKind.AMENDMENT:
            told |= {name: getattr(row, name) for name in SAME if fields.get(name)}
        wrong = [name for name, value in told.items() if fields.get(name) != value]
        return f"的栏目 {wrong[0]} 与条目原文不符" if wrong else None

    def watch(self, first: int, rows: list[list[bytes]], upper: list[tuple[int, int, bytes]]) -> None:
        computed = {
            (level, (first >> level) + at): value
            for level, row in enumerate(rows[1:], 1)
            for at, value in enumerate(row)
        }
        computed |= {(level, position): value for level, position, value in upper}
        if self.broken_node is None and computed:
            stored = self._nodes(first, rows, upper)
            misfits = [place for place, value in computed.items() if stored.get(place) != value]
            if misfits:
                level, position = min(misfits)  # the lowest one: those above it misfit because of it
                self.broken_node = (position << level) + 1

    def _nodes(
        self, first: int, rows: list[list[bytes]], upper: list[tuple[int, int, bytes]]
    ) -> dict[tuple[int, int], bytes]:
        spans = [(level, first >> level, (first >> level) + len(row) - 1) for level, row in enumerate(rows) if level]
        spans += [(level, position, position) for level, position, _ in upper]
        places = [and_(LedgerNode.level == one[0], LedgerNode.position.between(one[1], one[2])) for one in spans]
        found = self.session.execute(
            select(LedgerNode.level, LedgerNode.position, LedgerNode.hash).where(
                LedgerNode.ledger_id == self.ledger.id, or_(*places)
            )
        )
        return {(level, position): value for level, position, value in found}

    def concluded(self, verdict: Verdict) -> Verdict:
        """Add what only the database can tell to the judgement over lines, hashes and checkpoints."""
        proven = verdict.ok or verdict.first_bad is not None
        if self.missing is not None and verdict.first_bad is None:
            before = self.broken_node is not None and self.broken_node < self.missing - 1
            if not before and (verdict.bad_after or 0) < self.missing:
                return verdict._replace(
                    ok=False, first_bad=self.missing, bad_after=None, problem=f"第 {self.missing} 条缺失。"
                )
        if proven and self.odd is not None and self.odd[0] < (verdict.first_bad or self.odd[0] + 1):
            seq, fault = self.odd
            return verdict._replace(ok=False, first_bad=seq, bad_after=None, problem=f"第 {seq} 条{fault}。")
        if not verdict.ok:
            return verdict
        if self.broken_node is not None:
            return verdict._replace(
                ok=False, problem=f"第 {self.broken_node} 条之上的节点哈希被改动；条目本身与检查点相符。"
            )
        return self._counted(verdict)

    def _counted(self, verdict: Verdict) -> Verdict:
        ours = LedgerNode.ledger_id == self.ledger.id
        below = (LedgerNode.position + 1).op("<<")(LedgerNode.level) <= self.size
        nodes = self.session.scalar(select(func.count()).select_from(LedgerNode).where(ours, below))
        expected = sum(self.size >> level for level in range(1, self.size.bit_length()))
        further = select(func.count()).where(LedgerEntry.ledger_id == self.ledger.id, LedgerEntry.seq > self.size)
        above = select(func.count()).select_from(LedgerNode).where(ours, ~below)
        now, later, higher = self.session.execute(
            select(Ledger.size, further.scalar_subquery(), above.scalar_subquery()).where(Ledger.id == self.ledger.id)
        ).one()
        if self.size + later != now:
            return verdict._replace(ok=False, problem="台账总记录的条数与条目不符。")
        added = sum((now >> level) - (self.size >> level) for level in range(1, now.bit_length()))
        if nodes != expected or higher != added:
            return verdict._replace(ok=False, problem="节点哈希多出或缺少；条目本身与检查点相符。")
        return verdict
