"""The Merkle tree against its definition, public vectors, and every proof that must not hold."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import ProofInvalid
from lienthong.evidence import merkle
from lienthong.evidence.merkle import (
    EMPTY_ROOT,
    append,
    consistency_proof,
    frontier_root,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 256
LEAVES = [b"entry %d" % number for number in range(LARGEST)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]

Proof = tuple[bytes, ...]
VerifyInclusion = Callable[[int, int, bytes, Sequence[bytes], bytes], None]
VerifyConsistency = Callable[[int, int, Sequence[bytes], bytes, bytes], None]


@cache
def definition(start: int, end: int) -> bytes:
    """MTH(D[start:end]) word for word as in RFC 6962 2.1."""
    if start == end:
        return EMPTY_ROOT
    if end - start == 1:
        return HASHES[start]
    middle = start + (1 << ((end - start - 1).bit_length() - 1))
    return node_hash(definition(start, middle), definition(middle, end))


@cache
def path_by_definition(leaf: int, start: int, end: int) -> Proof:
    """PATH(m, D[n]) as in RFC 6962 2.1.1; *leaf* counts from *start*."""
    if end - start == 1:
        return ()
    half = 1 << ((end - start - 1).bit_length() - 1)
    if leaf < half:
        return (*path_by_definition(leaf, start, start + half), definition(start + half, end))
    below = path_by_definition(leaf - half, start + half, end)
    return (*below, definition(start, start + half))


def subproof_by_definition(size: int, start: int, end: int, *, whole: bool) -> Proof:
    """SUBPROOF(m, D[n], b) as in RFC 6962 2.1.2."""
    if size == end - start:
        return () if whole else (definition(start, end),)
    half = 1 << ((end - start - 1).bit_length() - 1)
    if size <= half:
        left = subproof_by_definition(size, start, start + half, whole=whole)
        return (*left, definition(start + half, end))
    right = subproof_by_definition(size - half, start + half, end, whole=False)
    return (*right, definition(start, start + half))


def node_at(level: int, index: int) -> bytes:
    return definition(index << level, (index + 1) << level)


def refused(verify: Callable[..., None], *arguments: object) -> bool:
    try:
        verify(*arguments)
    except ProofInvalid:
        return True
    return False


# --- Public vectors (L-01) ---------------------------------------------------------------------


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.json")):
        yield str(path.relative_to(folder)), json.loads(path.read_bytes())


def proof_of(case: dict[str, Any]) -> Proof:
    return tuple(b64decode(value) for value in case["proof"] or ())


def test_inclusion_vectors_all_match(vectors: Path) -> None:
    wrong, seen = [], 0
    for name, case in cases(vectors / "rfc6962-merkle" / "inclusion"):
        seen += 1
        leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
        arguments = case["leafIdx"], case["treeSize"], leaf, proof_of(case), root
        if refused(verify_inclusion, *arguments) is not case["wantErr"]:
            wrong.append(name)
    assert (seen, wrong) == (98, [])


def test_consistency_vectors_all_match(vectors: Path) -> None:
    wrong, seen = [], 0
    for name, case in cases(vectors / "rfc6962-merkle" / "consistency"):
        seen += 1
        roots = b64decode(case["root1"]), b64decode(case["root2"])
        arguments = case["size1"], case["size2"], proof_of(case), *roots
        if refused(verify_consistency, *arguments) is not case["wantErr"]:
            wrong.append(name)
    assert (seen, wrong) == (98, [])


# --- Against the definition (L-02) -------------------------------------------------------------


@pytest.fixture(scope="module")
def inclusion() -> dict[tuple[int, int], Proof]:
    return {
        (index, size): inclusion_proof(index, size, node_at)
        for size in range(1, LARGEST + 1)
        for index in range(size)
    }


@pytest.fixture(scope="module")
def consistency() -> dict[tuple[int, int], Proof]:
    return {
        (old, new): consistency_proof(old, new, node_at)
        for new in range(1, LARGEST + 1)
        for old in range(1, new + 1)
    }


def test_every_inclusion_proof_is_that_of_the_definition(
    inclusion: dict[tuple[int, int], Proof],
) -> None:
    for (index, size), proof in inclusion.items():
        assert proof == path_by_definition(index, 0, size)
        verify_inclusion(index, size, HASHES[index], proof, definition(0, size))


def test_every_consistency_proof_is_that_of_the_definition(
    consistency: dict[tuple[int, int], Proof],
) -> None:
    for (old, new), proof in consistency.items():
        assert proof == subproof_by_definition(old, 0, new, whole=True)
        verify_consistency(old, new, proof, definition(0, old), definition(0, new))


def test_roots_are_those_of_the_definition() -> None:
    for size in range(LARGEST + 1):
        assert tree_root(size, node_at) == definition(0, size)


def mutants(proof: Proof, dice: random.Random) -> Iterator[Proof]:
    """The proof with one thing wrong: a bit, an element less or more, two elements swapped."""
    if not proof:
        yield (bytes(32),)
        return
    at = dice.randrange(len(proof))
    flipped = bytearray(proof[at])
    flipped[dice.randrange(32)] ^= 1 << dice.randrange(8)
    yield (*proof[:at], bytes(flipped), *proof[at + 1 :])
    yield (*proof[:at], *proof[at + 1 :])
    if len(proof) > 1:
        other = (at + 1) % len(proof)
        swapped = list(proof)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        if tuple(swapped) != proof:
            yield tuple(swapped)


def accepted_inclusion_mutants(
    verify: VerifyInclusion, proofs: dict[tuple[int, int], Proof], sizes: range
) -> tuple[int, int]:
    """How many altered inclusion proofs were tried, and how many were accepted."""
    dice = random.Random("inclusion")
    tried = accepted = 0
    for size in sizes:
        root = definition(0, size)
        for index in range(size):
            for mutant in mutants(proofs[index, size], dice):
                tried += 1
                accepted += not refused(verify, index, size, HASHES[index], mutant, root)
    return tried, accepted


def accepted_consistency_mutants(
    verify: VerifyConsistency, proofs: dict[tuple[int, int], Proof], sizes: range
) -> tuple[int, int]:
    dice = random.Random("consistency")
    tried = accepted = 0
    for new in sizes:
        for old in range(1, new + 1):
            roots = definition(0, old), definition(0, new)
            for mutant in mutants(proofs[old, new], dice):
                tried += 1
                accepted += not refused(verify, old, new, mutant, *roots)
    return tried, accepted


def test_no_altered_proof_is_accepted(
    inclusion: dict[tuple[int, int], Proof], consistency: dict[tuple[int, int], Proof]
) -> None:
    every = range(1, LARGEST + 1)
    tried, accepted = accepted_inclusion_mutants(verify_inclusion, inclusion, every)
    more, further = accepted_consistency_mutants(verify_consistency, consistency, every)
    assert tried + more >= 100_000
    assert accepted + further == 0


def test_other_leaf_index_size_or_root_is_refused(
    inclusion: dict[tuple[int, int], Proof],
) -> None:
    for size in range(1, 40):
        root = definition(0, size)
        for index in range(size):
            proof = inclusion[index, size]
            for other in range(size):
                if other != index:
                    with pytest.raises(ProofInvalid):
                        verify_inclusion(other, size, HASHES[index], proof, root)
            with pytest.raises(ProofInvalid):
                verify_inclusion(index, size, HASHES[(index + 1) % LARGEST], proof, root)
            with pytest.raises(ProofInvalid):
                verify_inclusion(index, size, HASHES[index], proof, definition(1, size + 1))


# --- Verifiers with a planted fault are caught by the tests above -------------------------------


def trusting_inclusion(
    _index: int, _size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Planted: looks at the shape only."""
    if any(len(value) != 32 for value in (leaf, root, *proof)):
        raise ProofInvalid(kind="inclusion", reason="a hash is not 32 bytes long")


def short_sighted_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Planted: forgives a missing last element."""
    expected = path_by_definition(index, 0, size)
    verify_inclusion(index, size, leaf, (*proof, *expected[len(proof) :]), root)


def trusting_consistency(
    _old: int, _new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Planted: looks at the shape only."""
    trusting_inclusion(0, 1, old_root, proof, new_root)


@pytest.mark.parametrize("verify", [trusting_inclusion, short_sighted_inclusion])
def test_a_broken_inclusion_verifier_is_caught(
    verify: VerifyInclusion, inclusion: dict[tuple[int, int], Proof]
) -> None:
    assert accepted_inclusion_mutants(verify, inclusion, range(1, 20))[1] > 0


def test_a_broken_consistency_verifier_is_caught(
    consistency: dict[tuple[int, int], Proof],
) -> None:
    found = accepted_consistency_mutants(trusting_consistency, consistency, range(1, 20))
    assert found[1] > 0


# --- Appending ---------------------------------------------------------------------------------


@lru_cache(maxsize=LARGEST + 1)
def frontier_of(size: int) -> Proof:
    return append((), 0, LEAVES[:size]).frontier


def test_every_batch_on_every_size_gives_the_proofs_of_the_definition() -> None:
    for size in range(70):
        for count in range(70 - size):
            made = append(frontier_of(size), size, LEAVES[size : size + count])
            assert made.size == size + count
            assert made.frontier == frontier_of(made.size)
            assert made.root == definition(0, made.size) == frontier_root(made.frontier)
            assert made.leaf_hashes == tuple(HASHES[size : made.size])
            expected = [path_by_definition(i, 0, made.size) for i in range(size, made.size)]
            assert list(made.proofs) == expected


@given(st.lists(st.integers(min_value=0, max_value=60), max_size=8))
def test_batches_lead_to_the_same_tree_however_they_are_cut(cuts: list[int]) -> None:
    frontier: Proof = ()
    size = 0
    for count in cuts:
        if size + count > LARGEST:
            break
        made = append(frontier, size, LEAVES[size : size + count])
        frontier, size = made.frontier, made.size
    assert frontier == frontier_of(size)


@pytest.mark.parametrize(("frontier", "size"), [((), 1), ((b"x" * 32,), 0), ((b"x" * 32,), 3)])
def test_append_refuses_a_frontier_of_another_size(frontier: Proof, size: int) -> None:
    with pytest.raises(ProofInvalid):
        append(frontier, size, [b"entry"])


@pytest.mark.parametrize("size", [-1, merkle.MAX_SIZE])
def test_append_refuses_impossible_sizes(size: int) -> None:
    with pytest.raises(ProofInvalid):
        append((), size, [])


# --- Edges -------------------------------------------------------------------------------------


def test_an_empty_tree_is_only_consistent_with_itself() -> None:
    verify_consistency(0, 0, (), EMPTY_ROOT, EMPTY_ROOT)
    with pytest.raises(ProofInvalid):
        verify_consistency(0, 0, (), HASHES[0], HASHES[0])
    with pytest.raises(ProofInvalid):
        verify_consistency(0, 1, (), EMPTY_ROOT, HASHES[0])
    with pytest.raises(ProofInvalid):
        consistency_proof(0, 1, node_at)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (0, merkle.MAX_SIZE)])
def test_impossible_leaves_are_refused(index: int, size: int) -> None:
    with pytest.raises(ProofInvalid):
        inclusion_proof(index, size, node_at)
    with pytest.raises(ProofInvalid):
        verify_inclusion(index, size, HASHES[0], (), HASHES[0])


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (1, merkle.MAX_SIZE)])
def test_impossible_sizes_are_refused(old: int, new: int) -> None:
    with pytest.raises(ProofInvalid):
        consistency_proof(old, new, node_at)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, (), HASHES[0], HASHES[0])


def test_two_roots_of_one_size_are_refused() -> None:
    with pytest.raises(ProofInvalid, match="two different roots at size 5"):
        verify_consistency(5, 5, (), definition(0, 5), definition(1, 6))


def test_a_leaf_cannot_pass_for_a_node() -> None:
    left, right = HASHES[0], HASHES[1]
    assert leaf_hash(left + right) != node_hash(left, right)
