"""L-01 and L-02: the counting behind the tree's own tests, with figures.

``sdk/tests/evidence/test_merkle.py`` tests each rule; here the same counting runs once more as a
whole, over the public vectors where they are, and over every tree of up to 256 leaves.
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from lienthong.evidence.merkle import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from sdk.tests.evidence.test_merkle import (
    HASHES,
    accepted_consistency_mutants,
    accepted_inclusion_mutants,
    cases,
    definition,
    node_at,
    proof_of,
    refused,
    trusting_consistency,
    trusting_inclusion,
)
from tests.conftest import Figure
from tests.tiers import tier

LARGEST: Final = tier(commit=160, nightly=256)
SIZES: Final = range(1, LARGEST + 1)
ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def vectors() -> Path:
    shared = Path(os.environ.get("LIENTHONG_SHARED", ROOT.parent / "shared"))
    folder = shared / "data" / "vectors" / "rfc6962-merkle"
    if not folder.is_dir():
        pytest.skip("the shared vectors are not here")
    return folder


def matching(folder: Path, inclusion: Callable[..., None], consistency: Callable[..., None]) -> int:
    """Public vectors whose verdict is ours."""
    right = 0
    for _, case in cases(folder / "inclusion"):
        leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
        arguments = case["leafIdx"], case["treeSize"], leaf, proof_of(case), root
        right += refused(inclusion, *arguments) is case["wantErr"]
    for _, case in cases(folder / "consistency"):
        roots = b64decode(case["root1"]), b64decode(case["root2"])
        sizes = case["size1"], case["size2"]
        right += refused(consistency, *sizes, proof_of(case), *roots) is case["wantErr"]
    return right


def test_public_vectors(vectors: Path, figure: Figure) -> None:
    right = matching(vectors, verify_inclusion, verify_consistency)
    figure("L-01", wanted="196 of 196 vectors", found=f"{right} of 196 vectors match")
    assert right == 196


def test_every_small_tree(figure: Figure) -> None:
    """Every proof holds, and none with a bit, an element or an order changed does."""
    inclusion = {(at, n): inclusion_proof(at, n, node_at) for n in SIZES for at in range(n)}
    consistency = {(m, n): consistency_proof(m, n, node_at) for n in SIZES for m in range(1, n + 1)}
    wrong = sum(
        refused(verify_inclusion, at, n, HASHES[at], proof, definition(0, n))
        for (at, n), proof in inclusion.items()
    ) + sum(
        refused(verify_consistency, m, n, proof, definition(0, m), definition(0, n))
        for (m, n), proof in consistency.items()
    )
    tried, accepted = accepted_inclusion_mutants(verify_inclusion, inclusion, SIZES)
    more, further = accepted_consistency_mutants(verify_consistency, consistency, SIZES)
    proofs = len(inclusion) + len(consistency)
    figure(
        "L-02",
        wanted=f"all proofs of trees up to {LARGEST} leaves hold, 0 altered ones",
        found=f"{proofs - wrong} of {proofs} hold, {accepted + further} of {tried + more} altered",
    )
    assert wrong == accepted + further == 0


@pytest.mark.planted("consistency proof not checked")
def test_a_verifier_that_looks_at_shapes_only_is_noticed() -> None:
    sizes = range(1, 20)
    inclusion = {(at, n): inclusion_proof(at, n, node_at) for n in sizes for at in range(n)}
    consistency = {(m, n): consistency_proof(m, n, node_at) for n in sizes for m in range(1, n + 1)}
    assert accepted_inclusion_mutants(trusting_inclusion, inclusion, sizes)[1]
    assert accepted_consistency_mutants(trusting_consistency, consistency, sizes)[1]
