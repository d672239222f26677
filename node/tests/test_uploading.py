"""Uploads as calls: one thread at a time for each, whatever the callers do."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator
from typing import Any, Final

import attrs
import pytest

from lienthong.errors import DiskFull, InvalidValue, OffsetMismatch, TooLarge
from lienthong.spi.storage import Staging
from lienthong.testing.blobs import MemoryBlobStore, MemoryStaging
from lienthong.testing.store import MemoryRecordStore
from lienthong_node import uploads
from lienthong_node.core.policy import Policy
from lienthong_node.services import uploading
from lienthong_node.services.context import NodeContext, Pools
from lienthong_node.services.locks import KeyedLocks
from lienthong_node.settings import Settings
from lienthong_node.uploads import Uploads
from lienthong_proto.axis.v1 import exchange_pb2
from node.tests.support import AXIS, NOW, A

CONTENT: Final = b"0123456789"
SHA256: Final = hashlib.sha256(CONTENT).digest()
SECONDS: Final = 10.0


class SlowStaging(MemoryStaging):
    """Writes when the gate is open, and notices when two threads write at once."""

    gate = threading.Event()
    at_gate = threading.Event()
    busy = threading.Lock()

    def write(self, chunk: bytes) -> None:
        assert self.busy.acquire(blocking=False), "two threads at once"
        try:
            self.at_gate.set()
            assert self.gate.wait(SECONDS)
            super().write(chunk)
        finally:
            self.busy.release()


class SlowBlobStore(MemoryBlobStore):
    def stage(self, key: str) -> Staging:
        return SlowStaging(self, key)


def context(blobs: MemoryBlobStore) -> NodeContext:
    """A node with only the parts that uploads need."""
    parts: dict[str, Any] = dict.fromkeys(attrs.fields_dict(NodeContext))
    parts |= {
        "policy": Policy(axis=AXIS, max_file_bytes=100),
        "store": MemoryRecordStore(),
        "uploads": Uploads(blobs, max_bytes=100, monotonic=lambda: 0.0),
        "uploading": KeyedLocks(),
        "pools": Pools(),
        "clock": lambda: NOW,
        "settings": Settings(axis=AXIS),
        "accepting": str,
    }
    return NodeContext(**parts)


async def sent(*messages: exchange_pb2.UploadRequest) -> AsyncIterator[exchange_pb2.UploadRequest]:
    for message in messages:
        yield message


def first(key: str, offset: int = 0, chunk: bytes = b"") -> exchange_pb2.UploadRequest:
    return exchange_pb2.UploadRequest(upload_id=key, offset=offset, chunk=chunk)


def then(chunk: bytes) -> exchange_pb2.UploadRequest:
    return exchange_pb2.UploadRequest(chunk=chunk)


async def begun(node: NodeContext, content: bytes = CONTENT) -> str:
    digest = hashlib.sha256(content).digest()
    return (await uploading.begin(node, A, digest, len(content))).upload_id


async def test_a_whole_file_in_pieces_becomes_the_callers() -> None:
    node = context(MemoryBlobStore())
    key = await begun(node)
    found = await uploading.receive(node, A, sent(first(key), then(CONTENT[:3]), then(CONTENT[3:])))
    assert (found.offset, found.complete) == (10, True)
    again = await uploading.begin(node, A, SHA256, len(CONTENT))
    assert (again.complete, again.upload_id) == (True, "")


async def test_a_part_stays_for_later() -> None:
    node = context(MemoryBlobStore())
    key = await begun(node)
    found = await uploading.receive(node, A, sent(first(key, chunk=CONTENT[:3])))
    assert (found.offset, found.complete) == (3, False)
    assert (await uploading.begin(node, A, SHA256, len(CONTENT))).offset == 3


async def test_a_stream_without_a_message_is_told_so() -> None:
    with pytest.raises(InvalidValue):
        await uploading.receive(context(MemoryBlobStore()), A, sent())


async def test_a_file_that_is_too_large_is_not_begun() -> None:
    blobs = MemoryBlobStore()
    with pytest.raises(TooLarge):
        await uploading.begin(context(blobs), A, SHA256, 101)
    assert not blobs.medium.uploads


async def test_the_disk_reserve_stops_uploads_too() -> None:
    blobs = MemoryBlobStore()
    node = context(blobs)
    key = await begun(node)
    node.accepting = lambda: "no space"
    with pytest.raises(DiskFull):
        await begun(node)
    with pytest.raises(DiskFull):
        await uploading.receive(node, A, sent(first(key, chunk=CONTENT)))
    assert blobs.medium.uploads[key].content == b""


async def test_a_caller_that_goes_away_leaves_no_writer_beside_the_next_one() -> None:
    """The thread of the first call still writes when the second one comes."""
    node = context(SlowBlobStore())
    key = await begun(node)
    one = asyncio.create_task(uploading.receive(node, A, sent(first(key, chunk=CONTENT[:4]))))
    await asyncio.to_thread(SlowStaging.at_gate.wait, SECONDS)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    other = asyncio.create_task(uploading.begin(node, A, SHA256, len(CONTENT)))
    await asyncio.sleep(0.05)
    assert not other.done()
    SlowStaging.gate.set()
    assert (await other).offset == 4
    found = await uploading.receive(node, A, sent(first(key, 4, CONTENT[4:])))
    assert found.complete


async def test_what_is_open_beyond_the_share_is_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_OPEN", 2)
    blobs = MemoryBlobStore()
    node = context(blobs)
    keys = [await begun(node, b"content %d" % number) for number in range(4)]
    assert sum(upload.is_open for upload in blobs.medium.uploads.values()) == 2
    for key in keys:
        with pytest.raises(OffsetMismatch):
            await uploading.receive(node, A, sent(first(key, 5)))
