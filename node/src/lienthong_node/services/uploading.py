"""Uploads as calls: each upload is worked on by one thread at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Final, ParamSpec, TypeVar

from lienthong.errors import DiskFull, InvalidValue
from lienthong.model.time import to_us
from lienthong_node.services.context import NodeContext
from lienthong_node.uploads import Ticket, check_chunk
from lienthong_proto.axis.v1 import exchange_pb2

BACKUP: Final = "backup"
"""Held while a backup is written."""

PAGE: Final = 200

P = ParamSpec("P")
T = TypeVar("T")


async def begin(
    node: NodeContext, organ: str, sha256: bytes, size: int
) -> exchange_pb2.BeginUploadResponse:
    """Open or find the upload of one file.

    Raises:
        TooLarge: the axis takes no files of this size.
        LimitReached: too much of the organisation's waits for a package.
        DiskFull: the axis takes no new ones now.
    """
    has_it = await node.read(lambda view: view.possession(organ, sha256)) == size
    if has_it and await node.run_long(_is_kept, node, organ, sha256, size):
        return exchange_pb2.BeginUploadResponse(offset=size, complete=True)
    if node.accepting():
        raise DiskFull
    key = node.uploads.key(organ, sha256, size)
    await _admit(node, organ, key)
    offset = await _alone(node, key, node.uploads.begin, key)
    await suspend(node, node.uploads.surplus(key))
    return exchange_pb2.BeginUploadResponse(upload_id=key, offset=offset)


async def receive(
    node: NodeContext, organ: str, requests: AsyncIterator[exchange_pb2.UploadRequest]
) -> exchange_pb2.UploadResponse:
    """Take the bytes of an upload; publish the file when all of them are there.

    Raises:
        NotFound: it is not an upload of this organisation.
        LimitReached: too much of the organisation's waits for a package.
        OffsetMismatch: it goes on elsewhere, or was resumed by another call.
        TooLarge, SizeMismatch, HashMismatch: the bytes are not those that were declared.
        DiskFull: the disk reserve is reached; what came before stays.
    """
    # Cancelled with its caller, it would drop a chunk that was read and not yet written.
    return await asyncio.shield(_receive(node, organ, requests))


async def _receive(
    node: NodeContext, organ: str, requests: AsyncIterator[exchange_pb2.UploadRequest]
) -> exchange_pb2.UploadResponse:
    message = await anext(requests, None)
    if message is None:
        raise InvalidValue(field="upload_id", found="no message", expected="a first message")
    check_chunk(message.chunk)
    offset = message.offset
    key = message.upload_id
    sha256, _ = node.uploads.declared(organ, key)
    await _admit(node, organ, key)
    ticket = await _alone(node, key, node.uploads.resume, organ, key, offset)
    await suspend(node, node.uploads.surplus(key))
    while message is not None:
        if message.chunk:
            offset = await _write(node, ticket, message.chunk)
        message = await anext(requests, None)
    complete = await _holding(node, (key, sha256.hex()), _finish, node, organ, ticket)
    return exchange_pb2.UploadResponse(offset=offset, complete=complete)


async def suspend(node: NodeContext, keys: Iterable[str]) -> None:
    """Close uploads; their bytes stay."""
    for key in keys:
        await _alone(node, key, node.uploads.suspend, key)


async def collect(node: NodeContext) -> int:
    """Forget files that no package has named for long; returns how many.

    A crash in the middle may leave a file that nobody is noted to have; it is found again when
    somebody uploads it, and forgotten in the same way.
    """
    before_us = to_us(node.clock()) - node.settings.unused_upload_s * 1_000_000
    count = 0
    while rows := await node.read(lambda view: view.unused_files(before_us, PAGE)):
        for row in rows:
            # A backup lists what it copies after it has read who has it.
            names = (BACKUP, row.sha256.hex())
            await _holding(node, names, _forget, node, row.organ_id, row.sha256, before_us)
        count += len(rows)
    return count


async def _admit(node: NodeContext, organ: str, key: str) -> None:
    node.uploads.admit(key, await node.read(lambda view: view.unused_bytes(organ)))


def _is_kept(node: NodeContext, organ: str, sha256: bytes, size: int) -> bool:
    """Keep a file that was uploaded for longer; it may just have been forgotten."""
    with node.store.write() as tx:
        found = tx.possession(organ, sha256) == size
        if found:
            tx.add_possession(organ, sha256, size, to_us(node.clock()))
    return found


async def _write(node: NodeContext, ticket: Ticket, chunk: bytes) -> int:
    if node.accepting():
        raise DiskFull
    return await _alone(node, ticket.key, node.uploads.write, ticket, chunk)


def _finish(node: NodeContext, organ: str, ticket: Ticket) -> bool:
    complete = node.uploads.finish(ticket)
    if complete:
        with node.store.write() as tx:
            tx.add_possession(organ, ticket.sha256, ticket.size, to_us(node.clock()))
    return complete


def _forget(node: NodeContext, organ: str, sha256: bytes, before_us: int) -> None:
    """Drop a file unless a package came to name it; its bytes go with its last holder.

    Nobody can upload the same bytes meanwhile: whoever does holds the same lock.
    """
    with node.store.write() as tx:
        is_held = tx.drop_possession(organ, sha256, before_us)
    if not is_held:
        node.blobs.delete(sha256)


async def _alone(
    node: NodeContext, key: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do something to an upload in a worker thread while nobody else does anything to it."""
    return await _holding(node, (key,), call, *args, **kwargs)


async def _holding(
    node: NodeContext,
    names: Sequence[str],
    call: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Do something in a worker thread while nobody else does anything to what is named.

    A caller that goes away does not end the work of the thread, so the locks outlive the caller.
    """

    async def work() -> T:
        async with AsyncExitStack() as held:
            for name in names:
                await held.enter_async_context(node.uploading(name))
            return await node.run_long(call, *args, **kwargs)

    return await asyncio.shield(work())
