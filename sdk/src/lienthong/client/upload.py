"""Uploading one file, resumed where the axis has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import grpc
from attrs import define

from lienthong.client.connection import Connection
from lienthong.client.ending import Ending
from lienthong.client.files import PreparedFile, Progress, ProgressCallback
from lienthong.client.retry import pause
from lienthong.errors import HashMismatch, LienthongError, SizeMismatch
from lienthong_proto.axis.v1 import exchange_pb2

_NAME: Final = "Upload"
_SLOWEST_DISK: Final = 10 * 1024 * 1024
"""Bytes a second at which an axis makes a large file durable at the very least."""


@define(eq=False)
class _Course:
    """How far the upload of one file has come over all connections."""

    file: PreparedFile
    progress: ProgressCallback | None
    reached: int = 0
    failures: int = 0
    restarted: bool = False

    def report(self, done: int) -> None:
        if self.progress is not None:
            entry = self.file.entry
            self.progress(Progress(name=entry.name, done=done, total=entry.size))

    def at(self, offset: int) -> None:
        """Note what the axis has; progress makes earlier failures forgotten."""
        if offset > self.reached:
            self.reached, self.failures = offset, 0
        self.report(offset)


async def upload(
    connection: Connection, file: PreparedFile, progress: ProgressCallback | None = None
) -> None:
    """Bring a file to the axis.

    After a cut it goes on where the axis says that it stopped. Nothing is sent that the axis
    already has from this organisation.

    Raises:
        HashMismatch: the file changed while it was sent.
        SizeMismatch: the file changed while it was sent.
        ConnectionFailed: the axis cannot be reached, after all tries without progress.
        LienthongError: the axis refused it.
    """
    course = _Course(file, progress)
    while True:
        try:
            return await _attempt(connection, course)
        except (HashMismatch, SizeMismatch) as error:
            await _start_over(course, error)
        except LienthongError as error:
            await _pause(connection, course, error)


async def _start_over(course: _Course, error: LienthongError) -> None:
    """The axis dropped what it had: send all of it once more, unless the file itself changed."""
    await course.file.check_unchanged()
    if course.restarted:
        raise error
    course.restarted = True


async def _pause(connection: Connection, course: _Course, error: LienthongError) -> None:
    course.failures += 1
    if not connection.renew_after(error):
        await pause(connection.policy, course.failures, error)


async def _attempt(connection: Connection, course: _Course) -> None:
    """Send what the axis does not have yet."""
    entry = course.file.entry
    begun = await connection.ask_once(
        lambda stubs: stubs.exchange.BeginUpload,
        exchange_pb2.BeginUploadRequest(sha256=entry.sha256.bytes, size=entry.size),
    )
    course.at(entry.size if begun.complete else begun.offset)
    if begun.complete:
        return
    call = connection.stubs.exchange.Upload()
    ending = Ending(call)
    try:
        with connection.translating(call, _NAME):
            async with ending.as_it_was():
                answer = await _pump(call, course, begun, connection.policy.timeout)
    finally:
        call.cancel()
    course.at(answer.offset)
    if not answer.complete:
        raise connection.lost(f"the axis has {answer.offset} of {entry.size} bytes")


async def _pump(
    call: grpc.aio.StreamUnaryCall[exchange_pb2.UploadRequest, exchange_pb2.UploadResponse],
    course: _Course,
    begun: exchange_pb2.BeginUploadResponse,
    timeout: float,
) -> exchange_pb2.UploadResponse:
    """Send the rest of the file and wait until it is durable.

    Args:
        call: the open call.
        course: what to send.
        begun: where to go on.
        timeout: seconds that a chunk may take.
    """
    loop = asyncio.get_running_loop()
    patience = timeout + course.file.entry.size / _SLOWEST_DISK
    async with asyncio.timeout(timeout) as limit:
        try:
            async with aclosing(_requests(course.file, begun)) as requests:
                async for request, done in requests:
                    limit.reschedule(loop.time() + timeout)
                    await call.write(request)
                    course.report(done)
            await call.done_writing()
        except (asyncio.InvalidStateError, grpc.aio.InternalError):
            # The axis ended the call early, before or while its end was told (which gRPC itself
            # turns into a status for a message, but not there); its answer says why.
            patience = timeout
        limit.reschedule(loop.time() + patience)
        return await call


async def _requests(
    file: PreparedFile, begun: exchange_pb2.BeginUploadResponse
) -> AsyncGenerator[tuple[exchange_pb2.UploadRequest, int], None]:
    """Messages, each with the bytes that the axis has after it; at least one."""
    offset = begun.offset
    request = exchange_pb2.UploadRequest(upload_id=begun.upload_id, offset=offset)
    async with aclosing(file.chunks(offset)) as chunks:
        async for chunk in chunks:
            request.chunk = chunk
            offset += len(chunk)
            yield request, offset
            request = exchange_pb2.UploadRequest()
    if request.upload_id:
        yield request, offset
