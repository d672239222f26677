"""Uploaded files that no package names: bounded by organisation, and forgotten after a time."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any, Final

import attrs
import pytest

from lienthong.errors import LimitReached, NotFound, TooLarge
from lienthong.testing.blobs import MemoryBlobStore
from lienthong.testing.clock import FixedClock
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core.policy import Policy
from lienthong_node.services import uploading
from lienthong_node.services.context import NodeContext, Pools
from lienthong_node.services.locks import KeyedLocks
from lienthong_node.settings import Settings
from lienthong_node.uploads import Uploads
from node.tests.support import AXIS, NOW, A, B
from node.tests.test_uploading import first, sent

SHARE: Final = 50
KEPT: Final = timedelta(seconds=100)


class Bench:
    """A node with only the parts that uploads need, and a clock that a test moves."""

    def __init__(self) -> None:
        self.blobs = MemoryBlobStore()
        self.store = MemoryRecordStore()
        self.clock = FixedClock(NOW)
        parts: dict[str, Any] = dict.fromkeys(attrs.fields_dict(NodeContext))
        parts |= {
            "settings": Settings(axis=AXIS, unused_upload_s=100),
            "policy": Policy(axis=AXIS, max_file_bytes=100),
            "store": self.store,
            "blobs": self.blobs,
            "uploads": self.uploads(),
            "uploading": KeyedLocks(),
            "pools": Pools(),
            "accepting": str,
            "clock": self.clock,
        }
        self.node = NodeContext(**parts)

    def uploads(self) -> Uploads:
        return Uploads(
            self.blobs,
            max_bytes=100,
            monotonic=lambda: 0.0,
            max_unfinished=4,
            max_waiting_bytes=SHARE,
        )

    async def begin(self, content: bytes, organ: str = A) -> str:
        digest = hashlib.sha256(content).digest()
        return (await uploading.begin(self.node, organ, digest, len(content))).upload_id

    async def upload(self, content: bytes, organ: str = A) -> bytes:
        if key := await self.begin(content, organ):
            found = await uploading.receive(self.node, organ, sent(first(key, 0, content)))
            assert found.complete
        return hashlib.sha256(content).digest()

    def name_in_a_package(self, sha256: bytes, size: int, organ: str = A) -> None:
        with self.store.write() as tx:
            tx.add_possession(organ, sha256, size)

    async def collect(self) -> int:
        return await uploading.collect(self.node)


@pytest.fixture
def bench() -> Bench:
    return Bench()


class TestShare:
    async def test_what_is_begun_counts_with_its_whole_size(self, bench: Bench) -> None:
        await bench.begin(b"a" * 30)
        with pytest.raises(LimitReached) as caught:
            await bench.begin(b"b" * 21)
        assert caught.value.facts["limit"] == "bytes of files without a package"
        await bench.begin(b"b" * 20)

    async def test_another_organisation_has_its_own(self, bench: Bench) -> None:
        await bench.begin(b"a" * SHARE)
        await bench.begin(b"a" * SHARE, B)

    async def test_what_was_begun_goes_on(self, bench: Bench) -> None:
        key = await bench.begin(b"a" * SHARE)
        assert await bench.begin(b"a" * SHARE) == key
        await uploading.receive(bench.node, A, sent(first(key, 0, b"a" * 10)))
        bench.node.uploads.close()
        bench.node.uploads = bench.uploads()
        await bench.upload(b"c" * SHARE, B)
        found = await uploading.receive(bench.node, A, sent(first(key, 10, b"a" * 40)))
        assert found.complete

    async def test_a_finished_file_counts_until_a_package_names_it(self, bench: Bench) -> None:
        sha256 = await bench.upload(b"a" * SHARE)
        with pytest.raises(LimitReached):
            await bench.begin(b"b")
        bench.name_in_a_package(sha256, SHARE)
        await bench.begin(b"b")

    async def test_a_restart_forgets_nothing(self, bench: Bench) -> None:
        await bench.begin(b"a" * SHARE)
        bench.node.uploads.close()
        bench.node.uploads = bench.uploads()
        with pytest.raises(LimitReached):
            await bench.begin(b"b")

    async def test_a_key_of_ones_own_making_has_no_room_either(self, bench: Bench) -> None:
        await bench.begin(b"a" * SHARE)
        made = Uploads.key(A, hashlib.sha256(b"b").digest(), 1)
        with pytest.raises(LimitReached):
            await uploading.receive(bench.node, A, sent(first(made, 0, b"b")))
        with pytest.raises(NotFound):
            await uploading.receive(bench.node, B, sent(first(made, 0, b"b")))

    async def test_the_number_of_unfinished_ones_is_limited_too(self, bench: Bench) -> None:
        for number in range(4):
            await bench.begin(b"%d" % number)
        with pytest.raises(LimitReached) as caught:
            await bench.begin(b"x")
        assert caught.value.facts["limit"] == "unfinished uploads"
        bench.node.uploads.close()
        bench.blobs.drop_staging(idle_seconds=-1)
        bench.node.uploads.look()
        await bench.begin(b"x")

    async def test_a_file_that_never_fits_is_too_large(self, bench: Bench) -> None:
        with pytest.raises(TooLarge) as caught:
            await bench.begin(b"a" * (SHARE + 1))
        assert caught.value.facts["limit"] == SHARE


class TestForgetting:
    async def test_what_no_package_names_is_forgotten_after_its_time(self, bench: Bench) -> None:
        sha256 = await bench.upload(b"alone")
        bench.clock.advance(KEPT)
        assert await bench.collect() == 0
        bench.clock.advance(timedelta(seconds=1))
        assert await bench.collect() == 1
        assert bench.blobs.size(sha256) is None
        assert await bench.upload(b"alone") == sha256
        assert bench.blobs.size(sha256) == 5

    async def test_what_a_package_names_stays(self, bench: Bench) -> None:
        sha256 = await bench.upload(b"named")
        bench.name_in_a_package(sha256, 5)
        await bench.begin(b"named")
        bench.clock.advance(2 * KEPT)
        assert await bench.collect() == 0
        assert bench.blobs.read(sha256) == b"named"

    async def test_the_sender_keeps_what_its_contact_point_has_uploaded(self, bench: Bench) -> None:
        """The contact point's own claim ends, the package's does not."""
        sha256 = await bench.upload(b"named", B)
        bench.name_in_a_package(sha256, 5, A)
        bench.clock.advance(2 * KEPT)
        assert await bench.collect() == 1
        assert bench.blobs.read(sha256) == b"named"

    async def test_the_bytes_go_with_the_last_who_has_them(self, bench: Bench) -> None:
        sha256 = await bench.upload(b"both")
        bench.clock.advance(KEPT)
        await bench.upload(b"both", B)
        bench.clock.advance(timedelta(seconds=1))
        assert await bench.collect() == 1
        assert bench.blobs.size(sha256) == 4
        bench.clock.advance(KEPT)
        assert await bench.collect() == 1
        assert bench.blobs.size(sha256) is None

    async def test_asking_for_it_again_keeps_it_for_as_long_again(self, bench: Bench) -> None:
        await bench.upload(b"late")
        bench.clock.advance(KEPT)
        assert await bench.begin(b"late") == ""
        bench.clock.advance(KEPT)
        assert await bench.collect() == 0

    async def test_who_uploads_while_it_is_forgotten_has_it(self, bench: Bench) -> None:
        for _ in range(20):
            sha256 = await bench.upload(b"again")
            bench.clock.advance(2 * KEPT)
            await asyncio.gather(bench.collect(), bench.upload(b"again", B), bench.collect())
            with bench.store.read() as view:
                held = view.possession(B, sha256)
            assert (held, bench.blobs.size(sha256)) == (5, 5)

    async def test_nothing_is_forgotten_during_a_backup(self, bench: Bench) -> None:
        sha256 = await bench.upload(b"alone")
        bench.clock.advance(2 * KEPT)
        async with bench.node.uploading(uploading.BACKUP):
            task = asyncio.create_task(bench.collect())
            await asyncio.sleep(0.05)
            assert bench.blobs.size(sha256) == 5
        assert await task == 1
