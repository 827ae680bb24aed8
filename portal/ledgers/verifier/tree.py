"""The tree of a ledger, and what its entries must fit: one judgement for bundles and for the database (RFC 6962)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

BLOCK = 4096  # lines hashed together: a power of two, so that memory never grows with the ledger
sha = hashlib.sha256


class Verdict(NamedTuple):
    """What was found; `first_bad` counts from 1, `bad_after` is the size of the last checkpoint that fits."""

    merchant: str | None
    ok: bool
    entries: int
    root: str | None
    checkpoints: int
    first_bad: int | None = None
    bad_after: int | None = None
    problem: str | None = None


class Head(NamedTuple):
    """A tree head that the entries must fit."""

    label: str
    size: int
    root: bytes
    problem: str | None = None  # why it can't be trusted
    origin: str = ""
    signed: bool = True  # else it only helps to find what is wrong; it proves nothing


class Tree:
    """An RFC 6962 tree fed in blocks; it keeps the right edge and the roots at the sizes that are asked for."""

    __slots__ = ("edge", "roots", "size", "upper", "wanted")

    def __init__(self, wanted: Iterable[int] = ()) -> None:
        self.edge: list[bytes] = []
        self.size = 0
        self.roots: dict[int, bytes] = {0: folded([])}
        self.wanted = sorted(set(wanted) - {0}, reverse=True)
        self.upper: list[tuple[int, int, bytes]] = []  # level, position, hash of what the last block completed

    def add(self, leaves: list[bytes]) -> list[list[bytes]]:
        """Add the hashes of a block, BLOCK of them unless it is the last; returns the block's levels."""
        rows = [leaves]
        while len(rows[-1]) > 1:
            each = iter(rows[-1])
            rows.append([sha(b"\1" + left + right).digest() for left, right in zip(each, each)])  # noqa: B905
        while self.wanted and self.wanted[-1] <= self.size + len(leaves):
            size = self.wanted.pop()
            self.roots[size] = folded(self.edge + _prefix(rows, size - self.size))
        self.upper = []
        if len(leaves) == BLOCK:
            level, position, value = len(rows) - 1, self.size // BLOCK, rows[-1][0]
            while position & 1:
                value = sha(b"\1" + self.edge.pop() + value).digest()
                level, position = level + 1, position >> 1
                self.upper.append((level, position, value))
            self.edge.append(value)
        else:
            self.edge += _prefix(rows, len(leaves))
        self.size += len(leaves)
        return rows

    def copy(self) -> Tree:
        """Return a tree that goes on by itself."""
        other = Tree(self.wanted)
        other.edge, other.size, other.roots = list(self.edge), self.size, dict(self.roots)
        return other


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees, the largest first."""
    value = hashes[-1] if hashes else sha(b"").digest()
    for left in reversed(hashes[:-1]):
        value = sha(b"\1" + left + value).digest()
    return value


def _prefix(rows: list[list[bytes]], count: int) -> list[bytes]:
    levels = [level for level in reversed(range(len(rows))) if count >> level & 1]
    return [rows[level][(count >> level) - 1] for level in levels]


def judge(
    merchant: str | None,
    blocks: Iterable[tuple[list[bytes], bytes]],
    heads: Sequence[Head],
    checkpoints: int,
    *,
    tail: bool = False,
    watch: Callable[[int, list[list[bytes]], list[tuple[int, int, bytes]]], None] | None = None,
) -> Verdict:
    """Hold lines and stored hashes, block by block, against the heads; with `tail` the last entries may be unsigned.

    `watch` is shown the nodes of every block: its first leaf, its levels, and what it completed above them.
    """
    ours, theirs, differs = Tree(head.size for head in heads), None, None
    for lines, stored in blocks:
        leaves = [sha(b"\0" + line).digest() for line in lines]
        if theirs is None and b"".join(leaves) != stored:
            theirs = ours.copy()
            both = zip(leaves, _split(stored))  # noqa: B905
            differs = ours.size + next(
                (at for at, (one, other) in enumerate(both) if one != other), min(len(leaves), len(stored) // 32)
            )
        if theirs is not None and stored:
            theirs.add(_split(stored))
        if leaves:
            first, rows = ours.size, ours.add(leaves)
            if watch is not None:
                watch(first, rows, ours.upper)
    found = Verdict(merchant, True, ours.size, folded(ours.edge).hex(), checkpoints)
    return _verdict(found, sorted(heads, key=lambda head: head.size), ours, theirs, differs, tail=tail)


def _split(stored: bytes) -> list[bytes]:
    return [stored[start : start + 32] for start in range(0, len(stored), 32)]


def _verdict(
    found: Verdict, heads: Sequence[Head], ours: Tree, theirs: Tree | None, differs: int | None, *, tail: bool
) -> Verdict:
    sound = [head for head in heads if head.problem is None]
    misfits = [head for head in sound if ours.roots.get(head.size) != head.root]
    limit = misfits[0].size if misfits else ours.size + 1
    fitting = max((head.size for head in sound if head.signed and head.size < limit), default=0)
    if theirs is not None and differs is not None:
        if any(
            theirs.roots.get(head.size) == head.root and head.size >= min(differs + 1, theirs.size) for head in sound
        ):
            what = "被改动、插入、删除或调换" if differs < ours.size else "起缺失"
            return found._replace(
                ok=False, first_bad=differs + 1, problem=f"第 {differs + 1} 条{what}：与留存的哈希不符。"
            )
        if any(differs < head.size < limit for head in sound):
            problem = f"第 {differs + 1} 条留存的哈希被改动；条目本身与检查点相符。"
            return found._replace(ok=False, first_bad=differs + 1, problem=problem)
    uncovered = not tail and fitting < ours.size
    after = fitting if misfits or uncovered else None
    distrusted = next((head for head in heads if head.problem is not None), None)
    if distrusted is not None:
        problem = f"{distrusted.label}{distrusted.problem}。"
    elif misfits and misfits[0].size > ours.size:
        problem = f"{misfits[0].label}记有 {misfits[0].size} 条，这里只有 {ours.size} 条：末尾被截去。"
    elif misfits:
        problem = f"前 {fitting} 条有检查点为证；其后的条目与{misfits[0].label}（{misfits[0].size} 条）不符，被改写过。"
    elif uncovered:
        problem = f"第 {fitting} 条以后没有签名的检查点，无从证明。"
    elif differs is not None:
        problem = "留存的哈希与条目不符。"
    else:
        return found
    return found._replace(ok=False, bad_after=after, problem=problem)


def goes_on(earlier: int, earlier_root: bytes, later: int, later_root: bytes, hashes: Sequence[bytes]) -> bool:
    """Say whether a proof shows that a tree goes on from an earlier, smaller one (RFC 9162 2.1.4.2)."""
    rest = list(hashes)
    if earlier == 0:
        return not rest and earlier_root == folded([])
    if earlier & (earlier - 1) == 0:
        rest.insert(0, earlier_root)
    if not rest:
        return False
    low, last = earlier - 1, later - 1
    while low & 1:
        low, last = low >> 1, last >> 1
    old = new = rest[0]
    for other in rest[1:]:
        if last == 0:
            return False
        if low & 1 or low == last:
            old, new = sha(b"\1" + other + old).digest(), sha(b"\1" + other + new).digest()
            while not low & 1 and low:
                low, last = low >> 1, last >> 1
        else:
            new = sha(b"\1" + new + other).digest()
        low, last = low >> 1, last >> 1
    return last == 0 and (old, new) == (earlier_root, later_root)
