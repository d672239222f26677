"""Uploads as calls: each upload is worked on by one thread at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import ParamSpec, TypeVar

from lienthong.errors import DiskFull, InvalidValue, TooLarge
from lienthong_node.services.context import NodeContext
from lienthong_node.uploads import Ticket
from lienthong_proto.axis.v1 import exchange_pb2

P = ParamSpec("P")
T = TypeVar("T")


async def begin(
    node: NodeContext, organ: str, sha256: bytes, size: int
) -> exchange_pb2.BeginUploadResponse:
    """Open or find the upload of one file.

    Raises:
        TooLarge: the axis takes no files of this size.
        DiskFull: it takes no new ones now.
    """
    if size > node.policy.max_file_bytes:
        raise TooLarge(what="file in bytes", found=size, limit=node.policy.max_file_bytes)
    if await node.read(lambda view: view.possession(organ, sha256)) == size:
        return exchange_pb2.BeginUploadResponse(offset=size, complete=True)
    if node.accepting():
        raise DiskFull
    key = node.uploads.key(organ, sha256, size)
    offset = await _alone(node, key, node.uploads.begin, key)
    await suspend(node, node.uploads.surplus(key))
    return exchange_pb2.BeginUploadResponse(upload_id=key, offset=offset)


async def receive(
    node: NodeContext, organ: str, requests: AsyncIterator[exchange_pb2.UploadRequest]
) -> exchange_pb2.UploadResponse:
    """Take the bytes of an upload; publish the file when all of them are there.

    Raises:
        NotFound: it is not an upload of this organisation.
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
    offset = message.offset
    key = message.upload_id
    ticket = await _alone(node, key, node.uploads.resume, organ, key, offset)
    await suspend(node, node.uploads.surplus(key))
    while message is not None:
        if message.chunk:
            offset = await _write(node, ticket, message.chunk)
        message = await anext(requests, None)
    complete = await _alone(node, key, _finish, node, organ, ticket)
    return exchange_pb2.UploadResponse(offset=offset, complete=complete)


async def suspend(node: NodeContext, keys: Iterable[str]) -> None:
    """Close uploads; their bytes stay."""
    for key in keys:
        await _alone(node, key, node.uploads.suspend, key)


async def _write(node: NodeContext, ticket: Ticket, chunk: bytes) -> int:
    if node.accepting():
        raise DiskFull
    return await _alone(node, ticket.key, node.uploads.write, ticket, chunk)


def _finish(node: NodeContext, organ: str, ticket: Ticket) -> bool:
    complete = node.uploads.finish(ticket)
    if complete:
        with node.store.write() as tx:
            tx.add_possession(organ, ticket.sha256, ticket.size)
    return complete


async def _alone(
    node: NodeContext, key: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do something to an upload in a worker thread while nobody else does anything to it.

    A caller that goes away does not end the work of the thread, so the lock outlives the caller.
    """

    async def work() -> T:
        async with node.uploading(key):
            return await node.run_long(call, *args, **kwargs)

    return await asyncio.shield(work())
