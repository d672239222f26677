"""From accepted commands to entries, tree, tiles and checkpoint."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.merkle import verify_inclusion
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.tiles import TILE_WIDTH
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.model.time import to_us
from lienthong.spi.records import Head, JournalRow, OrganisationRow
from lienthong.testing.signer import MemorySigner
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core.decision import Accepted
from lienthong_node.core.journal import Sealed, seal
from lienthong_node.stores import hash_reader, write_sealed
from node.tests.support import AXIS, NOW, A

SIGNER = MemorySigner.checkpoint(b"\7" * 32)
KEY = VerifierKey.of_signer(AXIS, SIGNER)


def item(number: int) -> Accepted:
    record = DirectoryRecord(
        version=number + 1,
        subject="organisation",
        organ_id=OrganId(A),
        change_sha256=Sha256.of(number.to_bytes(8)),
    )
    return Accepted(body=record, subject_id=A.encode(), parties=(A,))


def append(store: MemoryRecordStore, count: int) -> Sealed:
    with store.write() as tx:
        head = tx.head()
        sealed = seal(
            head,
            [item(head.size + position) for position in range(count)],
            now=NOW,
            now_us=to_us(NOW),
            axis=AXIS,
            signer=SIGNER,
            random=lambda size: b"n" * size,
            read_hashes=hash_reader(tx),
        )
        write_sealed(tx, sealed)
    return sealed


def check_receipt(row: JournalRow, note: str) -> None:
    checkpoint = open_checkpoint(note, KEY)
    verify_inclusion(row.index, checkpoint.size, row.leaf_hash, row.proof, checkpoint.root)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_every_entry_is_proven_in_the_checkpoint_of_its_batch(batches: list[int]) -> None:
    store = MemoryRecordStore()
    for count in batches:
        sealed = append(store, count)
        assert sealed.checkpoint.size == sealed.head.size
        for row in sealed.rows:
            assert row.checkpoint_size == sealed.checkpoint.size
            check_receipt(row, sealed.checkpoint.note)
    with store.read() as view:
        assert [row.index for row in view.journal(0, 10_000)] == list(range(sum(batches)))
        full = sum(batches) // TILE_WIDTH
        leaves = view.leaf_hashes(0, full * TILE_WIDTH)
        tiles = [view.tile(0, number) for number in range(full)]
        assert b"".join(tile.hashes for tile in tiles if tile) == b"".join(leaves)
        assert view.tile(0, full) is None


def test_a_proof_for_another_entry_does_not_pass() -> None:
    """What shows that the check above can fail."""
    sealed = append(MemoryRecordStore(), 3)
    swapped = evolve(sealed.rows[0], proof=sealed.rows[1].proof)
    with pytest.raises(Exception, match="proof"):
        check_receipt(swapped, sealed.checkpoint.note)


def test_the_nonce_hides_equal_entries() -> None:
    numbers = iter(range(100))
    sealed = seal(
        Head(),
        [item(0), item(0)],
        now=NOW,
        now_us=to_us(NOW),
        axis=AXIS,
        signer=SIGNER,
        random=lambda size: next(numbers).to_bytes(size),
        read_hashes=lambda _level, _start, _count: (),
    )
    first, second = sealed.rows
    assert first.leaf_hash != second.leaf_hash


def test_the_head_counts_directory_changes() -> None:
    row = OrganisationRow(organ_id=A, version=8, body=b"{}")
    changing = evolve(item(0), organisations=(row, row))
    sealed = seal(
        Head(directory_version=7),
        [changing, item(1)],
        now=NOW,
        now_us=to_us(NOW),
        axis=AXIS,
        signer=SIGNER,
        random=lambda size: b"n" * size,
        read_hashes=lambda _level, _start, _count: (),
    )
    assert sealed.head.directory_version == 9
