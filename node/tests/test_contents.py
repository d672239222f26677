"""Files in pieces: nobody gets a whole one that is not what was stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lienthong.errors import DataCorrupt
from lienthong_node.contents import PIECE, pieces
from lienthong_storage_fs.store import FSBlobStore

CONTENT = bytes(range(256)) * 10_000
SHA256 = hashlib.sha256(CONTENT).digest()
SIZE = len(CONTENT)


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[FSBlobStore]:
    with closing(FSBlobStore(tmp_path)) as store:
        store.put([(SHA256, CONTENT)])
        yield store


@pytest.mark.parametrize("offset", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, SIZE - 1, SIZE])
def test_goes_on_at_any_offset(blobs: FSBlobStore, offset: int) -> None:
    found = list(pieces(blobs, SHA256, offset, SIZE))
    assert b"".join(found) == CONTENT[offset:]
    assert max(map(len, found)) <= PIECE


@pytest.mark.parametrize("at", [0, PIECE, SIZE - 1])
@pytest.mark.parametrize("offset", [0, SIZE - 1])
def test_the_last_piece_waits_for_the_hash(
    blobs: FSBlobStore, tmp_path: Path, at: int, offset: int
) -> None:
    [path] = tmp_path.rglob(SHA256.hex())
    spoilt = bytearray(CONTENT)
    spoilt[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(spoilt)
    given: list[bytes] = []
    with pytest.raises(DataCorrupt, match=SHA256.hex()):
        given.extend(pieces(blobs, SHA256, offset, SIZE))
    assert len(b"".join(given)) < SIZE - offset


def test_a_lost_file_is_damage(blobs: FSBlobStore) -> None:
    blobs.delete(SHA256)
    with pytest.raises(DataCorrupt, match="is missing"):
        list(pieces(blobs, SHA256, 0, SIZE))
