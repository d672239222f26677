"""Time sources: a sound one in memory that also stamps, and ones that are each wrong in one way."""

from __future__ import annotations

import hashlib
import os
import threading
from datetime import UTC, datetime
from types import ModuleType
from typing import ClassVar

from lienthong.errors import Closed, ConnectionFailed, InvalidValue
from lienthong.pki.timestamp import make_request, read_reply, verify_token
from lienthong.pki.timestamp_request import check_digest
from lienthong.spi import (
    TimeReading,
    TimeSource,
    TimeSourceCapabilities,
    TimeSourceFactory,
    TimeStamper,
)
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA

PKI = TestPKI()
TSA = TestTSA(PKI, clock=lambda: datetime.now(UTC))
STALE = TestTSA(TestPKI())


class MemoryTime(TimeStamper):
    """Reads the machine's clock, and has an authority in memory."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.closed = False

    def check(self) -> None:
        if self.closed:
            raise Closed(what="the time source")
        if self.uri == "memory:absent":
            raise ConnectionFailed(endpoint=self.uri, reason="nobody there")

    def now(self) -> TimeReading:
        self.check()
        if self.uri == "memory:misled":
            self.stamp(hashlib.sha256().digest())
        return TimeReading(instant=datetime.now(UTC), uncertainty=0.0, source=self.uri)

    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        self.check()
        check_digest(digest, algorithm)
        nonce = int.from_bytes(os.urandom(8), "big")
        authority = STALE if self.uri == "memory:misled" else TSA
        request = make_request(digest, algorithm=algorithm, nonce=nonce)
        token = read_reply(authority.reply(request))
        verify_token(token, digest, PKI.anchors, algorithm=algorithm, nonce=nonce)
        return token

    def close(self) -> None:
        self.closed = True


class MemoryTimes(ModuleType):
    """What an entry point would name: the sound reference, whose methods others override."""

    SPI_VERSION = 1
    CAPABILITIES = TimeSourceCapabilities(stamps=True)
    kept: type[TimeSource] = MemoryTime

    def __init__(self) -> None:
        super().__init__("memory_times")

    def lienthong_time_source_factory(self, scheme: str) -> TimeSourceFactory | None:
        return self.open if scheme == "memory" else None

    def open(self, uri: str) -> TimeSource:
        if uri not in {"memory:clock", "memory:absent", "memory:misled"}:
            raise InvalidValue(field="time source", found=uri, expected="memory:clock")
        return self.kept(uri)  # type: ignore[call-arg]


class PlainTimes(MemoryTimes):
    """A sound source that gives no time-stamps."""

    CAPABILITIES = TimeSourceCapabilities()

    class kept(TimeSource):
        def __init__(self, uri: str) -> None:
            self.inner = MemoryTime(uri)

        def now(self) -> TimeReading:
            return self.inner.now()

        def close(self) -> None:
            self.inner.close()


class CachesReadings(MemoryTimes):
    class kept(MemoryTime):
        def __init__(self, uri: str) -> None:
            super().__init__(uri)
            self.first: TimeReading | None = None

        def now(self) -> TimeReading:
            self.first = self.first or super().now()
            return self.first


class GoesBack(MemoryTimes):
    class kept(MemoryTime):
        calls = 0

        def now(self) -> TimeReading:
            self.calls += 1
            at = datetime(2026, 1, 1, tzinfo=UTC).replace(second=59 - self.calls)
            return TimeReading(instant=at, uncertainty=0.1, source=self.uri)


class GivesATuple(MemoryTimes):
    class kept(MemoryTime):
        def now(self) -> TimeReading:
            return (datetime.now(UTC), 0.0)  # type: ignore[return-value]


class RaisesForeignErrors(MemoryTimes):
    class kept(MemoryTime):
        def check(self) -> None:
            if self.uri == "memory:absent":
                raise OSError
            super().check()


class AnswersAfterClosing(MemoryTimes):
    class kept(MemoryTime):
        def close(self) -> None:
            """Forget it."""


class ClosesAllAtOnce(MemoryTimes):
    class kept(MemoryTime):
        ended: ClassVar[list[bool]] = []

        def close(self) -> None:
            self.ended.append(True)

        def check(self) -> None:
            if self.ended:
                raise Closed(what="the time source")


class MixesThreads(MemoryTimes):
    """One connection for all threads."""

    class kept(MemoryTime):
        def __init__(self, uri: str) -> None:
            super().__init__(uri)
            self.busy = threading.Lock()

        def now(self) -> TimeReading:
            if not self.busy.acquire(blocking=False):
                raise ConnectionFailed(endpoint=self.uri, reason="busy")
            try:
                threading.Event().wait(0.005)
                return super().now()
            finally:
                self.busy.release()


class OpensAnything(MemoryTimes):
    def open(self, uri: str) -> TimeSource:
        return self.kept(uri)  # type: ignore[call-arg]


class BelievesAnybody(MemoryTimes):
    class kept(MemoryTime):
        def now(self) -> TimeReading:
            return TimeReading(instant=datetime.now(UTC), uncertainty=0.0, source=self.uri)

        def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
            authority = STALE if self.uri == "memory:misled" else TSA
            check_digest(digest, algorithm)
            return authority.issue(digest, algorithm=algorithm, nonce=1)


class StampsWithoutNonce(MemoryTimes):
    class kept(MemoryTime):
        def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
            return TSA.issue(digest, algorithm=algorithm)


class StampsTheDigestOfTheDigest(MemoryTimes):
    class kept(MemoryTime):
        def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
            name = algorithm.replace("-", "")
            return super().stamp(hashlib.new(name, digest).digest(), algorithm)


class StampsAnything(MemoryTimes):
    class kept(MemoryTime):
        def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
            del algorithm
            return super().stamp(hashlib.sha256(digest).digest())


class StampsAfterClosing(MemoryTimes):
    class kept(MemoryTime):
        def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
            self.closed = False
            return super().stamp(digest, algorithm)


class DeclaresStampsAndHasNone(MemoryTimes):
    kept = PlainTimes.kept


class HidesItsStamps(MemoryTimes):
    CAPABILITIES = TimeSourceCapabilities()


class OffersEverything(MemoryTimes):
    def lienthong_time_source_factory(self, scheme: str) -> TimeSourceFactory | None:
        del scheme
        return self.open


CAUGHT_BY: dict[type[MemoryTimes], str] = {
    CachesReadings: "test_every_call_asks_anew",
    GoesBack: "test_time_goes_on",
    GivesATuple: "test_reading_names_its_source",
    RaisesForeignErrors: "test_nobody_there_is_told",
    AnswersAfterClosing: "test_closed_source_refuses",
    ClosesAllAtOnce: "test_closing_one_leaves_the_other_open",
    MixesThreads: "test_many_threads_read_at_once",
    OpensAnything: "test_unreadable_addresses_are_refused",
    BelievesAnybody: "test_a_bad_token_is_never_handed_on",
    StampsWithoutNonce: "test_every_token_is_a_fresh_one",
    StampsTheDigestOfTheDigest: "test_token_verifies_over_the_digest",
    StampsAnything: "test_what_is_no_accepted_digest_is_refused",
    StampsAfterClosing: "test_closed_stamper_refuses",
    DeclaresStampsAndHasNone: "test_what_is_declared_is_what_is_opened",
    HidesItsStamps: "test_what_is_declared_is_what_is_opened",
    OffersEverything: "test_announces_itself",
}
