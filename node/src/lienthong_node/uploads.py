"""Uploads in progress: resumable at any offset, bound to the organisation that began them."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable
from typing import Final

from attrs import define

from lienthong.errors import LimitReached, NotFound, OffsetMismatch, SizeMismatch, TooLarge
from lienthong.spi.storage import BlobStore, Staging

CHUNK_LIMIT: Final = 256 * 1024
MAX_OPEN: Final = 64
"""Uploads that one organisation may have open; beyond, the one left alone longest is suspended."""

FULL_S: Final = 60
"""Seconds after which an organisation whose share is used up may ask again."""

_OWNER_DIGITS: Final = 32
_KEY: Final = re.compile(r"[0-9a-f]{32}-([0-9a-f]{64})-([0-9a-f]{1,16})")


def check_chunk(chunk: bytes) -> None:
    """Refuse a chunk that is too large, before anything waits with it in memory.

    Raises:
        TooLarge: it has more than 256 KiB.
    """
    if len(chunk) > CHUNK_LIMIT:
        raise TooLarge(what="chunk in bytes", found=len(chunk), limit=CHUNK_LIMIT)


@define(eq=False)
class _Open:
    staging: Staging
    generation: int
    touched_at: float


@define(eq=False, frozen=True)
class Ticket:
    """The right to write to an upload, until somebody resumes it elsewhere."""

    key: str
    sha256: bytes
    size: int
    generation: int


class Uploads:
    """Keeps stagings open between calls.

    Methods that touch the disk are synchronous and run in worker threads, never two at once for
    the same upload (the service holds a lock for each).
    """

    def __init__(
        self,
        blobs: BlobStore,
        *,
        max_bytes: int,
        monotonic: Callable[[], float],
        max_unfinished: int = 1_000,
        max_waiting_bytes: int = 2**60,
    ) -> None:
        """Look what is unfinished.

        Args:
            blobs: where the bytes go.
            max_bytes: size of one file.
            monotonic: seconds on a steady clock.
            max_unfinished: uploads that one organisation may have begun.
            max_waiting_bytes: size of its files that no package names, unfinished ones included.
        """
        self._blobs = blobs
        self._max_bytes = min(max_bytes, max_waiting_bytes)
        self._max_unfinished = max_unfinished
        self._max_waiting_bytes = max_waiting_bytes
        self._monotonic = monotonic
        self._generations = itertools.count(1)
        self._open: dict[str, _Open] = {}
        self._unfinished: dict[str, set[str]] = {}
        """Keys by owner."""
        self.look()

    @staticmethod
    def key(organ: str, sha256: bytes, size: int) -> str:
        """Name of an organisation's upload of one file; says nothing about others' uploads."""
        owner = hashlib.sha256(organ.encode()).hexdigest()[:_OWNER_DIGITS]
        return f"{owner}-{sha256.hex()}-{size:x}"

    def look(self) -> None:
        """Count anew what is unfinished; what was dropped counts no more."""
        self._unfinished = {}
        for key in (*self._blobs.staged(), *self._open):
            self._begun(key).add(key)

    def declared(self, organ: str, key: str) -> tuple[bytes, int]:
        """Hash and size of the upload that *key* names, if it is one of this organisation's.

        Keys are checked and not remembered, so that an upload can be resumed at any time; one that
        ``begin`` would not have given out is not found.

        Raises:
            NotFound: it is not.
        """
        found = _KEY.fullmatch(key)
        if found is not None:
            sha256, size = bytes.fromhex(found[1]), int(found[2], 16)
            if size <= self._max_bytes and self.key(organ, sha256, size) == key:
                return sha256, size
        raise NotFound(what="upload")

    def admit(self, key: str, waiting_bytes: int) -> None:
        """Make room for an upload in its owner's share; one that has been begun has its room.

        Args:
            key: the upload.
            waiting_bytes: size of its owner's finished files that no package names.

        Raises:
            TooLarge: the axis takes no files of this size.
            LimitReached: the share is used up.
        """
        begun, size = self._begun(key), _size(key)
        if key in begun:
            return
        if size > self._max_bytes:
            raise TooLarge(what="file in bytes", found=size, limit=self._max_bytes)
        if len(begun) >= self._max_unfinished:
            raise LimitReached(limit="unfinished uploads", retry_after=FULL_S)
        if waiting_bytes + sum(map(_size, tuple(begun))) + size > self._max_waiting_bytes:
            raise LimitReached(limit="bytes of files without a package", retry_after=FULL_S)
        begun.add(key)

    def begin(self, key: str) -> int:
        """Open or find an upload; returns how many bytes are there."""
        return self._entry(key).staging.offset

    def resume(self, organ: str, key: str, offset: int) -> Ticket:
        """Take an upload over at *offset*; whoever wrote to it before is cut off.

        Raises:
            NotFound: it is not an upload of this organisation.
            OffsetMismatch: the bytes so far end elsewhere.
        """
        sha256, size = self.declared(organ, key)
        entry = self._entry(key)
        if entry.staging.offset != offset:
            raise OffsetMismatch(found=offset, expected=entry.staging.offset)
        entry.generation = next(self._generations)
        return Ticket(key=key, sha256=sha256, size=size, generation=entry.generation)

    def write(self, ticket: Ticket, chunk: bytes) -> int:
        """Append a chunk; returns the new offset.

        Raises:
            TooLarge: the chunk is larger than 256 KiB.
            SizeMismatch: it goes beyond the declared size.
            OffsetMismatch: the upload was resumed elsewhere meanwhile.
        """
        check_chunk(chunk)
        entry = self._current(ticket)
        if entry.staging.offset + len(chunk) > ticket.size:
            found = entry.staging.offset + len(chunk)
            raise SizeMismatch(what="the upload", found=found, expected=ticket.size)
        entry.staging.write(chunk)
        entry.touched_at = self._monotonic()
        return entry.staging.offset

    def finish(self, ticket: Ticket) -> bool:
        """Publish the file if all its bytes are there; returns whether they are.

        Raises:
            HashMismatch: the bytes have another hash; they are dropped.
        """
        entry = self._current(ticket)
        if entry.staging.offset < ticket.size:
            return False
        del self._open[ticket.key]
        self._begun(ticket.key).discard(ticket.key)
        entry.staging.publish(ticket.sha256, ticket.size)
        return True

    def idle(self, idle_s: float) -> list[str]:
        """Uploads that nobody has touched for so many seconds."""
        before = self._monotonic() - idle_s
        return [key for key, entry in list(self._open.items()) if entry.touched_at < before]

    def surplus(self, key: str) -> list[str]:
        """What the owner of *key* has open beyond its share, the longest untouched ones."""
        owner = key[: _OWNER_DIGITS + 1]
        own = [
            (entry.touched_at, other)
            for other, entry in list(self._open.items())
            if other.startswith(owner) and other != key
        ]
        return [other for _, other in sorted(own)[: max(0, len(own) + 1 - MAX_OPEN)]]

    def suspend(self, key: str) -> None:
        """Close an upload; its bytes stay, and whoever wrote to it has to resume it."""
        entry = self._open.pop(key, None)
        if entry is not None:
            entry.staging.suspend()

    def close(self) -> None:
        for entry in self._open.values():
            entry.staging.suspend()
        self._open.clear()

    def _entry(self, key: str) -> _Open:
        entry = self._open.get(key)
        if entry is None:
            entry = _Open(self._blobs.stage(key), 0, self._monotonic())
            self._open[key] = entry
            self._begun(key).add(key)
        entry.touched_at = self._monotonic()
        return entry

    def _begun(self, key: str) -> set[str]:
        """What the owner of *key* has not finished."""
        return self._unfinished.setdefault(key[:_OWNER_DIGITS], set())

    def _current(self, ticket: Ticket) -> _Open:
        entry = self._open.get(ticket.key)
        if entry is None or entry.generation != ticket.generation:
            raise OffsetMismatch(found="an older connection", expected="the newest one")
        return entry


def _size(key: str) -> int:
    """The declared size in a key; 0 for one that is not of this node's making."""
    found = _KEY.fullmatch(key)
    return int(found[2], 16) if found else 0
