"""The Merkle tree of RFC 6962 2.1: hashes, a right edge that grows, and which subtrees a proof is made of.

A complete subtree is named by its level (0 = a leaf) and its position among those of its level.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 6962 2.1: the hash of an empty list


class Place(NamedTuple):
    """A complete subtree: the leaves from position × 2^level, 2^level of them."""

    level: int
    position: int


Path = list[list[Place]]  # one item for each hash of a proof: the complete subtrees that are folded into it


def leaf_hash(line: bytes) -> bytes:
    """Hash a leaf (RFC 6962 2.1)."""
    return hashlib.sha256(b"\0" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one (RFC 6962 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def grow(edge: list[bytes], size: int, leaf: bytes) -> list[tuple[Place, bytes]]:
    """Append a leaf's hash to the right edge of a tree of `size` leaves, in place; return the new complete subtrees.

    The edge holds the hashes of the complete subtrees that `size` falls apart into, the largest first.
    """
    made = []
    place, value = Place(0, size), leaf
    while place.position & 1:
        value = node_hash(edge.pop(), value)
        place = Place(place.level + 1, place.position >> 1)
        made.append((place, value))
    edge.append(value)
    return made


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees, the largest first; the empty root for none."""
    if not hashes:
        return EMPTY_ROOT
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


def split_edge(edge: bytes) -> list[bytes]:
    """Read a stored edge."""
    return [edge[start : start + HASH_BYTES] for start in range(0, len(edge), HASH_BYTES)]


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    edge: list[bytes] = []
    for size, leaf in enumerate(leaves):
        grow(edge, size, leaf)
    return folded(edge)


def places(start: int, end: int) -> list[Place]:
    """Name the complete subtrees of the leaves from `start` to before `end`, left to right."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append(Place(level, start >> level))
        start += 1 << level
    return found


def inclusion_path(index: int, size: int) -> Path:
    """Say which subtrees prove that leaf `index` (from 0) is in a tree of `size` (RFC 6962 2.1.1), lowest first."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path: Path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            path.append(places(middle, end))
            end = middle
        else:
            path.append(places(start, middle))
            start = middle
    return path[::-1]


def consistency_path(earlier: int, later: int) -> Path:
    """Say which subtrees prove that a tree of `later` leaves goes on from one of `earlier` (RFC 6962 2.1.2)."""
    if not 0 <= earlier <= later:
        raise ValueError("the earlier tree is the smaller one")
    if earlier in (0, later):
        return []
    path: Path = []
    start, end, known = 0, later, True  # known: the earlier tree's root is this whole subtree, the verifier has it
    while earlier != end:
        middle = start + _half(end - start)
        if earlier <= middle:
            path.append(places(middle, end))
            end = middle
        else:
            path.append(places(start, middle))
            start, known = middle, False
    if not known:
        path.append(places(start, end))
    return path[::-1]


def proof(path: Path, hash_of: Callable[[Place], bytes]) -> list[bytes]:
    """Fetch a path's hashes."""
    return [folded([hash_of(place) for place in part]) for part in path]


def includes(root_hash: bytes, leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the leaf hash stands at `index` (from 0) of the tree (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES:
        return False
    climbed = _climb(index, size - 1, leaf, hashes)
    return climbed is not None and climbed[1] == root_hash


def continues(earlier: int, earlier_root: bytes, later: int, later_root: bytes, hashes: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the later tree goes on from the earlier one, not empty (RFC 9162 2.1.4.2)."""
    if not 0 < earlier <= later:
        return False
    if earlier == later:
        return not hashes and earlier_root == later_root
    rest = list(hashes)
    if earlier & (earlier - 1) == 0:
        rest.insert(0, earlier_root)
    if not rest:
        return False
    low, last = earlier - 1, later - 1
    while low & 1:
        low, last = low >> 1, last >> 1
    climbed = _climb(low, last, rest[0], rest[1:])
    return climbed == (earlier_root, later_root)


def _climb(low: int, last: int, start: bytes, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Fold a proof upwards: the root of the tree that ends with this node, and of the whole; None when it misfits."""
    old = new = start
    for other in hashes:
        if last == 0:
            return None
        if low & 1 or low == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while not low & 1 and low:
                low, last = low >> 1, last >> 1
        else:
            new = node_hash(new, other)
        low, last = low >> 1, last >> 1
    return (old, new) if last == 0 else None


def _half(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)  # the largest power of two below the count
