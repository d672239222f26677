"""Downloading one file, resumed after cuts and from an earlier partial file."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from attrs import define, field

from lienthong.client.connection import Connection
from lienthong.client.files import Progress, ProgressCallback
from lienthong.client.retry import pause
from lienthong.errors import HashMismatch, InvalidValue, LienthongError, SizeMismatch
from lienthong.model.ids import PackageId, Sha256
from lienthong.model.package import FileEntry
from lienthong_proto.axis.v1 import exchange_pb2

_NAME: Final = "Download"
_BLOCK: Final = 1024 * 1024
_DIGITS: Final = 16
_NAME_BYTES: Final = 200


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object: ...


@define(eq=False)
class _Course:
    """What of a file has come, over all connections."""

    package_id: PackageId
    entry: FileEntry
    out: Sink
    progress: ProgressCallback | None
    digest: hashlib._Hash = field(factory=hashlib.sha256)
    done: int = 0
    failures: int = 0

    async def add(self, chunk: bytes) -> None:
        """Hash and write a chunk, on a thread, so that the next one comes in meanwhile."""
        work = asyncio.ensure_future(asyncio.to_thread(self._put, chunk))
        given_up: asyncio.CancelledError | None = None
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError as error:
                # Whoever gives up does not stop the thread; what comes next goes on after it.
                given_up = error
        if given_up is not None:
            raise given_up
        work.result()
        if self.progress is not None:
            entry = self.entry
            self.progress(Progress(name=entry.name, done=self.done, total=entry.size))

    def _put(self, chunk: bytes) -> None:
        if self.done + len(chunk) > self.entry.size:
            found = self.done + len(chunk)
            raise SizeMismatch(what=self.entry.name, found=found, expected=self.entry.size)
        self.digest.update(chunk)
        self.out.write(chunk)
        self.done += len(chunk)
        if chunk:
            # An empty one is no progress: tries would never be used up.
            self.failures = 0

    def check(self) -> None:
        """Compare the whole with the manifest."""
        found = Sha256(self.digest.digest())
        if found != self.entry.sha256:
            raise HashMismatch(what=self.entry.name, found=found, expected=self.entry.sha256)


class _Nowhere:
    """Takes bytes that only need to be hashed."""

    def write(self, data: bytes, /) -> int:
        return len(data)


async def download_to_path(
    connection: Connection,
    package_id: PackageId,
    entry: FileEntry,
    target: Path,
    progress: ProgressCallback | None = None,
) -> None:
    """Bring a file to *target*, which appears only when it is complete and verified.

    What came before a cut is kept beside it as ``.<name>.<hash>.part`` and used next time.

    Raises:
        HashMismatch: the axis sent other bytes than the sender signed.
        SizeMismatch: the axis sent more bytes than the sender signed.
        InvalidValue: the target cannot be written.
        LienthongError: the axis refused, or cannot be reached.
    """
    part = target.with_name(_part_name(target.name, entry.sha256))
    resumed = await _fetch_part(connection, package_id, entry, part, progress)
    if not resumed:
        # What an earlier run left was damaged; it is gone now.
        await _fetch_part(connection, package_id, entry, part, progress)
    try:
        part.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error


async def download_to_stream(
    connection: Connection,
    package_id: PackageId,
    entry: FileEntry,
    out: Sink,
    progress: ProgressCallback | None = None,
) -> None:
    """Write a file to *out* while it comes; its hash is checked at the end.

    Raises:
        HashMismatch: the bytes are not those that the sender signed; do not use them.
        SizeMismatch: there are more bytes than the sender signed.
        LienthongError: the axis refused, or cannot be reached.
    """
    course = _Course(package_id, entry, out, progress)
    await _fetch(connection, course)
    course.check()


async def check_content(connection: Connection, package_id: PackageId, entry: FileEntry) -> None:
    """Download a file only to hash it. Raises as ``download_to_stream``."""
    await download_to_stream(connection, package_id, entry, _Nowhere())


async def _fetch_part(
    connection: Connection,
    package_id: PackageId,
    entry: FileEntry,
    part: Path,
    progress: ProgressCallback | None,
) -> bool:
    """Complete the partial file; returns False when an old part was damaged and is removed."""
    try:
        with part.open("a+b") as out:
            course = _Course(package_id, entry, out, progress)
            had = await asyncio.to_thread(_take_over, course, out)
            try:
                await _fetch(connection, course)
                course.check()
            except (HashMismatch, SizeMismatch):
                await asyncio.to_thread(part.unlink)
                if had:
                    return False
                raise
            out.flush()
            await asyncio.to_thread(os.fsync, out.fileno())
    except OSError as error:
        raise _unwritable(part, error) from error
    return True


def _take_over(course: _Course, part: BinaryIO) -> int:
    """Hash what an earlier run has left; returns its size."""
    part.seek(0)
    while block := part.read(min(_BLOCK, course.entry.size - course.done)):
        course.digest.update(block)
        course.done += len(block)
    part.truncate(course.done)
    return course.done


async def _fetch(connection: Connection, course: _Course) -> None:
    """Read until the whole file is there."""
    while course.done < course.entry.size:
        try:
            await _attempt(connection, course)
        except LienthongError as error:
            await _pause(connection, course, error)


async def _attempt(connection: Connection, course: _Course) -> None:
    before = course.done
    call = connection.stubs.exchange.Download(
        exchange_pb2.DownloadRequest(
            package_id=course.package_id.bytes,
            sha256=course.entry.sha256.bytes,
            offset=course.done,
        )
    )
    timeout, loop = connection.policy.timeout, asyncio.get_running_loop()
    try:
        with connection.translating(call, _NAME):
            async with asyncio.timeout(timeout) as limit:
                async for response in call:
                    limit.reschedule(loop.time() + timeout)
                    await course.add(response.chunk)
    finally:
        call.cancel()
    if course.done == before:
        raise connection.lost("the axis sent nothing")


async def _pause(connection: Connection, course: _Course, error: LienthongError) -> None:
    course.failures += 1
    if not connection.renew_after(error):
        await pause(connection.policy, course.failures, error)


def _part_name(name: str, sha256: Sha256) -> str:
    """A name of at most 255 bytes, also where the file's own name has as many."""
    short = name.encode()[:_NAME_BYTES].decode(errors="ignore")
    return f".{short}.{sha256.hex[:_DIGITS]}.part"


def _unwritable(path: Path, error: OSError) -> InvalidValue:
    found = error.strerror or type(error).__name__
    return InvalidValue(field=f"the file {path}", found=found, expected="a writable place")
