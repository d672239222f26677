"""Contents: whole under their hash, or not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lienthong.errors import DataCorrupt, HashMismatch, LienthongError, NotFound
from lienthong.spi import BlobStore
from lienthong_conformance.blob_cases.steps import (
    CONTENT,
    EMPTY,
    HASH,
    Opener,
    assert_absent,
    assert_stored,
    named,
)

BATCH = [named(b"content %d " % number * number) for number in range(15)]


class ContentCases:
    """Cases about stored contents."""

    @pytest.mark.requirement("BLB-10")
    def test_batch_is_read_back_after_reopening(self, opener: Opener) -> None:
        store = opener()
        store.put(BATCH)
        store.put([])
        store.close()
        store = opener()
        for _, content in BATCH:
            assert_stored(store, content)
        assert sorted(store.contents()) == sorted(sha256 for sha256, _ in BATCH)

    @pytest.mark.requirement("BLB-11")
    @pytest.mark.parametrize("place", [0, 7, 15])
    def test_wrong_hash_lets_nothing_of_the_batch_be_seen(
        self, store: BlobStore, place: int
    ) -> None:
        with pytest.raises(HashMismatch):
            store.put([*BATCH[:place], (HASH, CONTENT + b"!"), *BATCH[place:]])
        assert list(store.contents()) == []
        for sha256, _ in [*BATCH, (HASH, b"")]:
            assert_absent(store, sha256)

    @pytest.mark.requirement("BLB-12")
    def test_same_content_is_stored_once(self, opener: Opener) -> None:
        store = opener()
        store.put([named(CONTENT), named(CONTENT)])
        store.put([named(CONTENT)])
        staging = store.stage("a")
        staging.write(CONTENT)
        staging.publish(HASH, len(CONTENT))
        assert list(store.contents()) == [HASH]
        assert_stored(store)

    @pytest.mark.requirement("BLB-13")
    def test_empty_content_is_a_content(self, opener: Opener) -> None:
        store = opener()
        store.stage("a").publish(EMPTY, 0)
        store.put([(EMPTY, b"")])
        store.close()
        store = opener()
        assert_stored(store, b"")
        assert store.read(EMPTY, 5, 9) == b""

    @pytest.mark.requirement("BLB-14")
    def test_pieces(self, store: BlobStore) -> None:
        store.put([named(CONTENT)])
        end = len(CONTENT)
        for offset, length in (
            (0, 1),
            (1, 1),
            (0, end),
            (0, end + 1),
            (3_000, 4_321),
            (end - 1, 1),
            (end - 1, 9),
            (0, 0),
        ):
            assert store.read(HASH, offset, length) == CONTENT[offset : offset + length]
        assert store.read(HASH, 5) == CONTENT[5:]
        assert store.read(HASH, offset=end) == b""
        assert store.read(HASH, end + 5, 5) == b""

    @pytest.mark.requirement("BLB-15")
    def test_damage_is_found_by_reading_the_whole(
        self, store: BlobStore, damage: Callable[[bytes], None]
    ) -> None:
        other = named(b"undamaged")
        store.put([named(CONTENT), other])
        damage(HASH)
        for length in (None, len(CONTENT)):
            with pytest.raises(DataCorrupt):
                store.read(HASH, 0, length)
        assert_stored(store, other[1])

    @pytest.mark.requirement("BLB-16")
    def test_deleted_content_is_gone_until_stored_again(self, opener: Opener) -> None:
        store = opener()
        store.put([named(CONTENT), *BATCH])
        store.delete(HASH)
        store.delete(HASH)
        assert_absent(store)
        for _, content in BATCH:
            assert_stored(store, content)
        store.close()
        store = opener()
        assert_absent(store)
        store.put([named(CONTENT)])
        assert_stored(store)

    @pytest.mark.requirement("BLB-17")
    def test_negative_pieces_are_refused(self, store: BlobStore) -> None:
        store.put([named(CONTENT)])
        for offset, length in ((-1, 5), (0, -1), (-5, None)):
            with pytest.raises(LienthongError):
                store.read(HASH, offset, length)

    @pytest.mark.requirement("BLB-18")
    def test_many_threads_store_and_read_the_same(self, store: BlobStore) -> None:
        def work(_: int) -> None:
            store.put(BATCH)
            for sha256, content in BATCH:
                assert store.read(sha256) == content

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(18)))
        assert sorted(store.contents()) == sorted(sha256 for sha256, _ in BATCH)

    @pytest.mark.requirement("BLB-19")
    def test_reader_sees_all_of_a_content_or_nothing(self, store: BlobStore) -> None:
        contents = [named(b"%d " % number * 20_000) for number in range(12)]

        def look(item: tuple[bytes, bytes]) -> None:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    assert store.read(item[0]) == item[1]
                except NotFound:
                    time.sleep(0.000_1)
                    continue
                return
            pytest.fail("a content never appears")

        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(look, item) for item in contents[-3:]]
            for item in contents:
                store.put([item])
            for reader in readers:
                reader.result(30)
