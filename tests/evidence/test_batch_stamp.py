"""L-08: one time-stamp for ten thousand documents, and a small proof for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from lienthong.evidence.merkle import (
    HASH_SIZE,
    append,
    consistency_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.conftest import Figure

DOCUMENTS: Final = 10_000
BATCH: Final = 173
LIMIT: Final = 2 * 1024
"""Bytes of a proof from a receipt to the time-stamp, without the token that all share."""


def levels_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Complete nodes of each level."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        pairs = zip(levels[-1][::2], levels[-1][1::2], strict=False)
        levels.append([node_hash(left, right) for left, right in pairs])
    return levels


def test_every_document_is_led_to_one_time_stamp(figure: Figure) -> None:
    contents = [b"document %d" % number for number in range(DOCUMENTS)]
    levels = levels_of([leaf_hash(content) for content in contents])
    whole = append((), 0, contents)
    sizes = [*range(0, DOCUMENTS, BATCH), DOCUMENTS]
    frontier: tuple[bytes, ...] = ()
    largest = verified = 0
    for start, end in pairwise(sizes):
        batch = append(frontier, start, contents[start:end])
        frontier = batch.frontier
        onward = consistency_proof(end, DOCUMENTS, lambda level, index: levels[level][index])
        verify_consistency(end, DOCUMENTS, onward, batch.root, whole.root)
        for index, proof in enumerate(batch.proofs, start=start):
            verify_inclusion(index, end, leaf_hash(contents[index]), proof, batch.root)
            largest = max(largest, HASH_SIZE * (len(proof) + len(onward)))
            verified += 1
    found = f"{verified} of {DOCUMENTS}, 1 token, {largest} bytes at most"
    figure("L-08", wanted="10 000 of 10 000 verify, 1 token, <= 2 KB each", found=found)
    assert verified == DOCUMENTS
    assert largest <= LIMIT
