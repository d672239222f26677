"""Merkle tiles (C2SP tlog-tiles): how the tree is stored, served and read back.

A tile holds up to 256 hashes. Those of level 0 are leaf hashes; those of each level above are the
roots of full tiles of the level below. So a tree is read from *tile hashes* alone: the hash number
``i`` at tile level ``L`` covers the leaves from ``i * 256**L`` on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from lienthong.errors import InvalidValue, ProofInvalid
from lienthong.evidence.merkle import HASH_SIZE, NodeAt, node_hash
from lienthong.spi.records import TileRow

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256
MAX_LEVEL: Final = 63

HashReader: TypeAlias = Callable[[int, int, int], Sequence[bytes]]
"""Given tile level, first hash and how many, returns exactly so many hashes in order.

At level 0 these are leaf hashes, above it roots of full tiles of the level below.
"""


def full_tiles(old_size: int, new_size: int, read_hashes: HashReader) -> tuple[TileRow, ...]:
    """Tiles that became full when the tree grew, lowest level first.

    Args:
        old_size: number of leaves when tiles were last stored.
        new_size: number of leaves now.
        read_hashes: reads stored hashes, and leaf hashes up to *new_size*; roots of tiles that
            this call makes are not asked for.

    Raises:
        ProofInvalid: the reader gave fewer hashes than asked for.
    """
    made: list[TileRow] = []
    below: list[TileRow] = []
    level = 0
    while new_size >> TILE_HEIGHT * (level + 1):
        below = _tiles_of_level(level, old_size, new_size, read_hashes, below)
        made.extend(below)
        level += 1
    return tuple(made)


def tile_root(hashes: bytes) -> bytes:
    """Root of a full tile given as its 256 concatenated hashes.

    Raises:
        InvalidValue: it is not full.
    """
    if len(hashes) != TILE_WIDTH * HASH_SIZE:
        raise InvalidValue(field="tile", found=f"{len(hashes)} bytes", expected="8192 bytes")
    return _combine(split_tile(hashes))


def subtree_root(hashes: bytes) -> bytes:
    """Root of a complete subtree, given as the first hashes of a tile.

    Raises:
        InvalidValue: there are not so many hashes as a complete subtree has.
    """
    found = split_tile(hashes)
    if len(found).bit_count() != 1 or len(hashes) != len(found) * HASH_SIZE:
        expected = "1, 2, 4 ... 256 hashes of 32 bytes"
        raise InvalidValue(field="tile", found=f"{len(hashes)} bytes", expected=expected)
    return _combine(found)


def split_tile(hashes: bytes) -> list[bytes]:
    """The hashes of a tile, one by one."""
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def tile_width(level: int, index: int, size: int) -> int:
    """Number of hashes that a tile holds in a tree of *size*: 256 when full, 0 when empty."""
    hashes = size >> TILE_HEIGHT * level
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Address of a tile below the log's prefix, for example ``tile/0/x001/x234/067.p/8``.

    Raises:
        InvalidValue: there can be no such tile.
    """
    if not 0 <= level <= MAX_LEVEL or index < 0 or not 1 <= width <= TILE_WIDTH:
        found = f"level {level}, index {index}, width {width}"
        expected = "level 0-63, index >= 0, width 1-256"
        raise InvalidValue(field="tile", found=found, expected=expected)
    groups: list[str] = []
    while index or not groups:
        index, group = divmod(index, 1000)
        groups.append(f"{group:03d}" if not groups else f"x{group:03d}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{suffix}"


def node_reader(size: int, read_hashes: HashReader) -> NodeAt:
    """How proofs find the nodes of a tree of *size*: reads whole tiles, each at most once.

    The answer keeps what it read, so make a new one for each proof or small group of proofs.
    """
    tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def node_at(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index, TILE_WIDTH >> height)
        rows = tiles.get((tile_level, tile))
        if rows is None:
            width = tile_width(tile_level, tile, size)
            hashes = _read(read_hashes, tile_level, tile * TILE_WIDTH, width)
            rows = tiles[tile_level, tile] = _rows(hashes)
        try:
            return rows[height][offset]
        except IndexError:
            reason = f"no node {index} at level {level} in a tree of size {size}"
            raise ProofInvalid(kind="tile", reason=reason) from None

    return node_at


def _tiles_of_level(
    level: int, old_size: int, new_size: int, read_hashes: HashReader, below: Sequence[TileRow]
) -> list[TileRow]:
    shift = TILE_HEIGHT * (level + 1)
    fresh = {row.index: row.root for row in below}
    tiles = []
    for index in range(old_size >> shift, new_size >> shift):
        start = index * TILE_WIDTH
        hashes = [fresh[at] for at in range(start, start + TILE_WIDTH) if at in fresh]
        stored = TILE_WIDTH - len(hashes)
        if stored:
            hashes = [*_read(read_hashes, level, start, stored), *hashes]
        tiles.append(
            TileRow(level=level, index=index, hashes=b"".join(hashes), root=_combine(hashes))
        )
    return tiles


def _read(read_hashes: HashReader, level: int, start: int, count: int) -> list[bytes]:
    hashes = list(read_hashes(level, start, count))
    if len(hashes) != count or any(len(value) != HASH_SIZE for value in hashes):
        reason = f"hashes {start} to {start + count} at tile level {level} are not all there"
        raise ProofInvalid(kind="tile", reason=reason)
    return hashes


def _rows(hashes: list[bytes]) -> list[list[bytes]]:
    """All complete nodes inside a tile, by height."""
    rows = [hashes]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append(
            [node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)]
        )
    return rows


def _combine(hashes: list[bytes]) -> bytes:
    return _rows(hashes)[-1][0]
