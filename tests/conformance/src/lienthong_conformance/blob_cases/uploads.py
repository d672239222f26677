"""Uploads that are cut off, go on, and become visible at once."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.errors import HashMismatch, LienthongError, SizeMismatch
from lienthong.spi import BlobStore
from lienthong_conformance.blob_cases.steps import (
    CHUNK,
    CONTENT,
    HASH,
    Opener,
    assert_absent,
    assert_stored,
    named,
    stage_up_to,
)


class UploadCases:
    """Cases about staging."""

    @pytest.mark.requirement("BLB-20")
    def test_nothing_is_visible_before_publication(self, opener: Opener) -> None:
        store = opener()
        staging = store.stage("a")
        for at in range(0, len(CONTENT), CHUNK):
            staging.write(CONTENT[at : at + CHUNK])
            assert staging.offset == min(at + CHUNK, len(CONTENT))
            assert_absent(store)
        staging.suspend()
        assert_absent(store)
        store.close()
        store = opener()
        assert_absent(store)
        store.stage("a").publish(HASH, len(CONTENT))
        assert_stored(store)

    @pytest.mark.requirement("BLB-21")
    @pytest.mark.parametrize("change", ["first", "middle", "last"])
    def test_content_with_another_hash_is_dropped(self, store: BlobStore, change: str) -> None:
        at = {"first": 0, "middle": len(CONTENT) // 2, "last": len(CONTENT) - 1}[change]
        altered = CONTENT[:at] + bytes([CONTENT[at] ^ 1]) + CONTENT[at + 1 :]
        staging = store.stage("a")
        staging.write(altered)
        with pytest.raises(HashMismatch):
            staging.publish(HASH, len(CONTENT))
        assert list(store.contents()) == []
        again = store.stage("a")
        assert again.offset == 0
        again.write(CONTENT)
        again.publish(HASH, len(CONTENT))
        assert_stored(store)

    @pytest.mark.requirement("BLB-22")
    @pytest.mark.parametrize("size", [0, len(CONTENT) - 1, len(CONTENT) + 1])
    def test_content_of_another_size_is_dropped(self, store: BlobStore, size: int) -> None:
        staging = store.stage("a")
        staging.write(CONTENT)
        with pytest.raises(SizeMismatch):
            staging.publish(HASH, size)
        assert_absent(store)
        assert store.stage("a").offset == 0

    @pytest.mark.requirement("BLB-23")
    def test_upload_goes_on_where_it_stopped(self, opener: Opener) -> None:
        store = opener()
        for stop in (1, CHUNK, CHUNK, 5 * CHUNK + 3, 9 * CHUNK):
            stage_up_to(store, "a", stop)
            stage_up_to(store, "b", CHUNK)
            store.close()
            store = opener()
        staging = store.stage("a")
        assert staging.offset == 9 * CHUNK
        staging.write(CONTENT[staging.offset :])
        staging.publish(HASH, len(CONTENT))
        assert_stored(store)
        assert store.stage("b").offset == CHUNK

    @pytest.mark.requirement("BLB-24")
    def test_upload_goes_on_after_any_cuts(self, opener: Opener) -> None:
        store = opener()
        numbers = iter(range(10_000))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.integers(0, len(CONTENT)), max_size=4).map(sorted))
        def cut(stops: list[int]) -> None:
            key = f"{next(numbers):x}"
            for stop in stops:
                stage_up_to(store, key, stop)
                assert_absent(store)
            staging = store.stage(key)
            assert staging.offset == (stops[-1] if stops else 0)
            staging.write(CONTENT[staging.offset :])
            staging.publish(HASH, len(CONTENT))
            assert_stored(store)
            store.delete(HASH)

        cut()

    @pytest.mark.requirement("BLB-25")
    def test_upload_that_was_never_suspended_is_not_lost(self, opener: Opener) -> None:
        store = opener()
        staging = store.stage("a")
        staging.write(CONTENT[: 3 * CHUNK])
        store.close()
        store = opener()
        resumed = store.stage("a")
        assert resumed.offset in range(3 * CHUNK + 1)
        resumed.write(CONTENT[resumed.offset :])
        resumed.publish(HASH, len(CONTENT))
        assert_stored(store)

    @pytest.mark.requirement("BLB-26")
    def test_upload_is_open_once_a_key(self, store: BlobStore) -> None:
        first = store.stage("a")
        first.write(CONTENT[:CHUNK])
        with pytest.raises(LienthongError):
            store.stage("a")
        other = store.stage("b")
        assert other.offset == 0
        first.write(CONTENT[CHUNK:])
        first.publish(HASH, len(CONTENT))
        assert_stored(store)

    @pytest.mark.requirement("BLB-27")
    @pytest.mark.parametrize(
        "key",
        [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "/a",
            "a\\b",
            "A",
            "g",
            "a b",
            "a\n",
            "a\0",
            "%2e",
            "a" * 129,
        ],
    )
    def test_key_outside_the_alphabet_is_refused(self, store: BlobStore, key: str) -> None:
        with pytest.raises(LienthongError):
            store.stage(key)

    @pytest.mark.requirement("BLB-28")
    def test_longest_key_is_accepted(self, store: BlobStore) -> None:
        for key in ("0123456789abcdef-", "a" * 128, "-"):
            staging = store.stage(key)
            staging.write(CONTENT)
            staging.publish(HASH, len(CONTENT))
        assert_stored(store)

    @pytest.mark.requirement("BLB-29")
    def test_ended_upload_refuses_every_call(self, store: BlobStore) -> None:
        published, suspended = store.stage("a"), store.stage("b")
        published.write(CONTENT)
        published.publish(HASH, len(CONTENT))
        suspended.suspend()
        for staging in (published, suspended):
            with pytest.raises(LienthongError):
                staging.write(b"more")
            with pytest.raises(LienthongError):
                staging.publish(HASH, len(CONTENT))
        assert_stored(store)
        assert store.stage("b").offset == 0

    @pytest.mark.requirement("BLB-30")
    def test_idle_uploads_are_dropped_and_open_ones_stay(self, store: BlobStore) -> None:
        stage_up_to(store, "a", CHUNK)
        stage_up_to(store, "b", CHUNK)
        is_open = store.stage("c")
        is_open.write(CONTENT)
        assert sorted(store.staged()) == ["a", "b", "c"]
        assert store.drop_staging(idle_seconds=3_600) == 0
        assert store.drop_staging(idle_seconds=0) == 2
        assert store.drop_staging(idle_seconds=0) == 0
        assert list(store.staged()) == ["c"]
        assert store.stage("a").offset == 0
        is_open.publish(HASH, len(CONTENT))
        assert list(store.staged()) == ["a"]
        assert_stored(store)

    @pytest.mark.requirement("BLB-31")
    def test_uploads_with_other_keys_do_not_touch_each_other(self, store: BlobStore) -> None:
        contents = [named(b"%d" % number * 5_000) for number in range(5)]
        stagings = [store.stage(f"{number}") for number in range(5)]
        for at in range(0, 5_000, CHUNK):
            for (_, content), staging in zip(contents, stagings, strict=True):
                staging.write(content[at : at + CHUNK])
        for (sha256, content), staging in zip(contents, stagings, strict=True):
            staging.publish(sha256, len(content))
        for _, content in contents:
            assert_stored(store, content)
