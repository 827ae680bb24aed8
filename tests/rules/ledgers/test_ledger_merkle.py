"""The tree, against published vectors and against the definition in RFC 6962 2.1."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledgers.rules import merkle
from portal.ledgers.rules.merkle import Place
from portal.ledgers.verifier.tree import BLOCK, Tree, folded, goes_on

# The eight inputs with which Certificate Transparency's implementations test their trees, and the roots they publish
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [merkle.leaf_hash(bytes.fromhex(one)) for one in INPUTS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (leaf from 1, tree size) → proof
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (3, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (2, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[1, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

leaf_lists = st.lists(st.binary(max_size=8).map(merkle.leaf_hash), min_size=1, max_size=70)


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 2.1 defines it, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = max(1 << power for power in range(len(leaves).bit_length()) if 1 << power < len(leaves))
    return hashlib.sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def stored(leaves: Sequence[bytes]) -> dict[Place, bytes]:
    """What a ledger keeps: leaves and the complete subtrees above them."""
    edge: list[bytes] = []
    kept = {}
    for index, leaf in enumerate(leaves):
        kept[Place(0, index)] = leaf
        kept.update(merkle.grow(edge, index, leaf))
    return kept


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("leaf", "size"), INCLUSION)
def test_the_published_paths(leaf: int, size: int) -> None:
    hashes = merkle.proof(merkle.inclusion_path(leaf - 1, size), stored(LEAVES).__getitem__)
    assert [one.hex() for one in hashes] == INCLUSION[leaf, size]
    assert merkle.includes(bytes.fromhex(ROOTS[size]), LEAVES[leaf - 1], leaf - 1, size, hashes)


@pytest.mark.parametrize(("earlier", "later"), CONSISTENCY)
def test_the_published_consistency_proofs(earlier: int, later: int) -> None:
    hashes = merkle.proof(merkle.consistency_path(earlier, later), stored(LEAVES).__getitem__)
    assert [one.hex() for one in hashes] == CONSISTENCY[earlier, later]
    roots = bytes.fromhex(ROOTS[earlier]), bytes.fromhex(ROOTS[later])
    assert merkle.continues(earlier, roots[0], later, roots[1], hashes)


def test_the_tree_of_rfc_6962_2_1_3() -> None:
    """Its seven leaves a b c d e f j: the paths and proofs it writes out by the names of their nodes."""
    a, b, c, d, e, f, j = (merkle.leaf_hash(f"d{number}".encode()) for number in range(7))
    g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d), merkle.node_hash(e, f)
    k, m = merkle.node_hash(g, h), merkle.node_hash(i, j)
    kept = stored([a, b, c, d, e, f, j])
    path = [merkle.proof(merkle.inclusion_path(index, 7), kept.__getitem__) for index in (0, 3, 4, 6)]
    assert path == [[b, h, m], [c, g, m], [f, j, k], [i, k]]
    steps = [merkle.proof(merkle.consistency_path(size, 7), kept.__getitem__) for size in (3, 4, 6)]
    assert steps == [[c, d, g, m], [m], [i, j, k]]


@given(leaf_lists)
def test_the_edge_and_the_verifiers_tree_give_the_defined_root(leaves: list[bytes]) -> None:
    assert merkle.root(leaves) == defined_root(leaves)
    tree = Tree(range(len(leaves) + 1))
    tree.add(leaves)
    assert folded(tree.edge) == defined_root(leaves)
    assert tree.roots == {size: defined_root(leaves[:size]) for size in range(len(leaves) + 1)}


@given(leaf_lists, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    size, index = len(leaves), data.draw(st.integers(0, len(leaves) - 1))
    root = merkle.root(leaves)
    hashes = merkle.proof(merkle.inclusion_path(index, size), stored(leaves).__getitem__)
    assert merkle.includes(root, leaves[index], index, size, hashes)
    assert not merkle.includes(root, merkle.leaf_hash(leaves[index]), index, size, hashes)
    assert not merkle.includes(root, leaves[index], index, size, [*hashes, root])
    assert not merkle.includes(root, leaves[index], size, size, hashes)
    if hashes:
        assert not merkle.includes(root, leaves[index], index, size, hashes[:-1])
        assert not merkle.includes(root, leaves[index], index, size, flipped(hashes, data))


@given(leaf_lists, st.data())
def test_a_consistency_proof_holds_for_its_two_trees_and_no_others(leaves: list[bytes], data: st.DataObject) -> None:
    later, earlier = len(leaves), data.draw(st.integers(1, len(leaves)))
    old, new = merkle.root(leaves[:earlier]), merkle.root(leaves)
    hashes = merkle.proof(merkle.consistency_path(earlier, later), stored(leaves).__getitem__)
    other = merkle.leaf_hash(old)
    for holds in (merkle.continues, goes_on) if earlier < later else (merkle.continues,):
        assert holds(earlier, old, later, new, hashes)
        assert not holds(earlier, other, later, new, hashes)
        assert not holds(earlier, old, later, other, hashes)
        assert not holds(earlier, old, later, new, [*hashes, other])
        if hashes:
            assert not holds(earlier, old, later, new, hashes[:-1])
            assert not holds(earlier, old, later, new, flipped(hashes, data))


def flipped(hashes: list[bytes], data: st.DataObject) -> list[bytes]:
    at, bit = data.draw(st.integers(0, len(hashes) - 1)), data.draw(st.integers(0, 255))
    number = int.from_bytes(hashes[at], "big") ^ 1 << bit
    return [*hashes[:at], number.to_bytes(32, "big"), *hashes[at + 1 :]]


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5])
def test_the_verifiers_tree_is_the_same_over_many_blocks(size: int) -> None:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    wanted = [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7, size]
    tree = Tree(wanted)
    for start in range(0, size, BLOCK):
        tree.add(leaves[start : start + BLOCK])
    assert folded(tree.edge) == merkle.root(leaves)
    assert tree.roots == {one: merkle.root(leaves[:one]) for one in {0, *wanted} if one <= size}


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_proof_names_few_subtrees_at_any_size(one: int, other: int) -> None:
    size, index = max(one, other) + 1, min(one, other)
    most = 2 * size.bit_length()
    assert sum(map(len, merkle.inclusion_path(index, size))) <= most
    assert sum(map(len, merkle.consistency_path(index, size))) <= most
    parts = merkle.places(index, size)
    assert len(parts) <= most
    ends = [(place.position << place.level, (place.position + 1) << place.level) for place in parts]
    assert ends[0][0] == index
    assert ends[-1][1] == size
    assert all(left[1] == right[0] for left, right in pairwise(ends))


def test_what_is_no_leaf_or_no_earlier_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="leaf"):
        merkle.inclusion_path(3, 3)
    with pytest.raises(ValueError, match="earlier"):
        merkle.consistency_path(4, 3)
    assert not merkle.continues(0, merkle.EMPTY_ROOT, 3, bytes(32), [])
    assert not merkle.continues(3, bytes(32), 4, bytes(32), [])
