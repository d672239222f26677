"""Tiles: what is stored is exactly what the tree's definition says, and proofs come from it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, ProofInvalid
from lienthong.evidence.merkle import (
    append,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from lienthong.evidence.tiles import (
    TILE_WIDTH,
    full_tiles,
    node_reader,
    split_tile,
    tile_path,
    tile_root,
    tile_width,
)
from lienthong.spi.records import TileRow

LARGEST = 70_000
HASHES = [leaf_hash(b"%d" % number) for number in range(LARGEST)]


class Tiles:
    """Leaf hashes and full tiles, as a store keeps them."""

    def __init__(self) -> None:
        self.size = 0
        self.rows: dict[tuple[int, int], TileRow] = {}
        self.asked: list[tuple[int, int, int]] = []

    def grow(self, size: int) -> tuple[TileRow, ...]:
        old, self.size = self.size, size
        made = full_tiles(old, size, self.read)
        self.rows.update({(row.level, row.index): row for row in made})
        return made

    def read(self, level: int, start: int, count: int) -> Sequence[bytes]:
        self.asked.append((level, start, count))
        if level == 0:
            return HASHES[start : min(start + count, self.size)]
        rows = [self.rows.get((level - 1, index)) for index in range(start, start + count)]
        return [row.root for row in rows if row]


def complete_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(a, b) for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


@pytest.fixture(scope="module")
def grown() -> Tiles:
    tiles = Tiles()
    for size in (1, 255, 256, 257, 511, 1025, 65_535, 65_536, LARGEST):
        tiles.grow(size)
    return tiles


def test_a_large_tree_has_the_tiles_of_the_specification(grown: Tiles) -> None:
    # The example in C2SP tlog-tiles: 70 000 entries.
    assert sum(level == 0 for level, _ in grown.rows) == 273
    assert sum(level == 1 for level, _ in grown.rows) == 1
    assert len(grown.rows) == 274
    assert tile_width(0, 273, LARGEST) == 112
    assert tile_width(1, 1, LARGEST) == 17
    assert tile_width(2, 0, LARGEST) == 1
    assert tile_width(0, 274, LARGEST) == 0
    assert tile_width(0, 272, LARGEST) == TILE_WIDTH


def test_tiles_hold_the_hashes_of_their_range(grown: Tiles) -> None:
    for (level, index), row in grown.rows.items():
        hashes = split_tile(row.hashes)
        assert row.root == tile_root(row.hashes) == complete_root(hashes)
        if level == 0:
            assert hashes == HASHES[index * TILE_WIDTH : (index + 1) * TILE_WIDTH]
        else:
            assert hashes == [
                grown.rows[0, index * TILE_WIDTH + at].root for at in range(TILE_WIDTH)
            ]


def test_each_tile_is_made_once_and_never_again() -> None:
    tiles = Tiles()
    made: list[tuple[int, int]] = []
    for size in range(0, 1600, 100):
        made.extend((row.level, row.index) for row in tiles.grow(size))
    assert made == [(0, index) for index in range(5)]


def test_no_tile_before_it_is_full() -> None:
    tiles = Tiles()
    assert tiles.grow(255) == ()
    assert [row.index for row in tiles.grow(256)] == [0]
    assert tiles.grow(511) == ()


def test_a_batch_only_reads_the_open_tile() -> None:
    tiles = Tiles()
    tiles.grow(65_500)
    tiles.asked.clear()
    tiles.grow(65_540)
    assert tiles.asked == [(0, 65_280, 256), (1, 0, 255)]


def test_a_reader_with_gaps_is_refused() -> None:
    with pytest.raises(ProofInvalid):
        full_tiles(0, 256, lambda _level, start, count: HASHES[start : start + count - 1])


def test_a_reader_with_short_hashes_is_refused() -> None:
    with pytest.raises(ProofInvalid):
        full_tiles(0, 256, lambda _level, _start, count: [b"short"] * count)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_proofs_from_tiles_hold(data: st.DataObject, grown: Tiles) -> None:
    new = data.draw(st.integers(min_value=1, max_value=LARGEST))
    old = data.draw(st.integers(min_value=1, max_value=new))
    index = data.draw(st.integers(min_value=0, max_value=new - 1))
    node_at = node_reader(new, grown.read)
    root, old_root = tree_root(new, node_at), tree_root(old, node_reader(old, grown.read))
    verify_inclusion(index, new, HASHES[index], inclusion_proof(index, new, node_at), root)
    verify_consistency(old, new, consistency_proof(old, new, node_at), old_root, root)


def test_the_root_from_tiles_is_that_of_appending(grown: Tiles) -> None:
    made = append((), 0, [b"%d" % number for number in range(1000)])
    assert tree_root(1000, node_reader(1000, grown.read)) == made.root


def test_a_proof_reads_each_tile_once(grown: Tiles) -> None:
    grown.asked.clear()
    inclusion_proof(1000, LARGEST, node_reader(LARGEST, grown.read))
    assert len(grown.asked) == len(set(grown.asked)) <= 5


def test_nodes_outside_the_tree_are_refused(grown: Tiles) -> None:
    with pytest.raises(ProofInvalid):
        node_reader(10, grown.read)(3, 1)


@pytest.mark.parametrize(
    ("level", "index", "width", "expected"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (1, 999, 256, "tile/1/999"),
        (2, 1000, 256, "tile/2/x001/000"),
        (0, 273, 112, "tile/0/273.p/112"),
        (63, 0, 1, "tile/63/000.p/1"),
    ],
)
def test_tile_paths(level: int, index: int, width: int, expected: str) -> None:
    assert tile_path(level, index, width) == expected


@pytest.mark.parametrize(
    ("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0)]
)
def test_impossible_tiles_have_no_path(level: int, index: int, width: int) -> None:
    with pytest.raises(InvalidValue):
        tile_path(level, index, width)


def test_a_tile_that_is_not_full_has_no_root() -> None:
    with pytest.raises(InvalidValue):
        tile_root(b"".join(HASHES[:255]))
