"""Trees over any digest: of the shape of the journal's own, whole or in blocks."""

from __future__ import annotations

from hashlib import sha256, sha512
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import ProofInvalid
from lienthong.evidence import merkle
from lienthong.evidence.hashtree import BLOCK, blocks_of, lead, leaf_of, path_in, root_of

SIZES: Final = [1, 2, 3, 255, 256, 257, 511, 512, 513, 767, 1000]


def digest(data: bytes) -> bytes:
    return sha512(data).digest()


def by_sha256(data: bytes) -> bytes:
    return sha256(data).digest()


def leaves(size: int) -> list[bytes]:
    return [leaf_of(b"%d" % number, digest) for number in range(size)]


@pytest.mark.parametrize("size", [0, *SIZES])
def test_root_is_that_of_the_journals_tree(size: int) -> None:
    contents = [b"%d" % number for number in range(size)]
    own = [leaf_of(content, by_sha256) for content in contents]
    expected = merkle.append((), 0, contents).root
    assert root_of(own, by_sha256) == expected
    assert root_of(blocks_of(own, by_sha256), by_sha256) == expected


@given(st.sampled_from(SIZES), st.integers(0, 999))
def test_every_path_leads_to_the_root(size: int, index: int) -> None:
    index %= size
    made = leaves(size)
    blocks = blocks_of(made, digest)
    start = index - index % BLOCK
    inside = path_in(made[start : start + BLOCK], index % BLOCK, digest)
    path = [*inside, *path_in(blocks, index // BLOCK, digest)]
    assert path == path_in(made, index, digest)
    assert lead(made[index], index, size, path, digest) == root_of(made, digest)


@pytest.mark.parametrize("size", SIZES)
def test_tree_goes_on_from_full_blocks(size: int) -> None:
    whole, half = leaves(size), size // 2
    known = blocks_of(whole[:half], digest)[: half // BLOCK]
    rest = whole[len(known) * BLOCK :]
    assert blocks_of(rest, digest, known=known) == blocks_of(whole, digest)


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_place_outside_the_tree_is_refused(index: int) -> None:
    made = leaves(5)
    with pytest.raises(ProofInvalid):
        lead(made[0], index, 5, path_in(made, 0, digest), digest)


def test_wrong_paths_are_refused_or_lead_elsewhere() -> None:
    made = leaves(7)
    path, root = path_in(made, 2, digest), root_of(made, digest)
    for wrong in (path[:-1], [*path, path[0]], [path[0][:32], *path[1:]]):
        with pytest.raises(ProofInvalid):
            lead(made[2], 2, 7, wrong, digest)
    assert lead(made[2], 2, 7, path[::-1], digest) != root
    assert lead(made[3], 2, 7, path, digest) != root
