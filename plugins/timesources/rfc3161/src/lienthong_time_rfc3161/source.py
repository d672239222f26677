"""Time and time-stamps from the first authority that answers well."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from lienthong.errors import Closed, LienthongError
from lienthong.pki.timestamp_request import check_digest
from lienthong.spi import TimeReading, TimeStamper
from lienthong_time_rfc3161.address import SourceAddress
from lienthong_time_rfc3161.authority import Authority, Stamped

RETURN_AFTER: Final = 600.0
"""Seconds after which the preferred authority is tried again."""

_log: Final = logging.getLogger(__name__)
_MAKERS: Final = {
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


def open_source(uri: str) -> TimeStamper:
    """Open the authorities at *uri* (see ``address``); nothing is asked yet.

    Raises:
        InvalidValue: the URI or a file that it names cannot be read.
    """
    address = SourceAddress.parse(uri)
    authorities = [Authority.opened(one, seconds=address.seconds) for one in address.authorities]
    return RFC3161Source(authorities, hash_name=address.hash_name)


class RFC3161Source(TimeStamper):
    """Asks the authority that answered last, and the others when it fails.

    May be shared between threads. The preferred one, the first, is tried again after ten minutes.

    Args:
        authorities: the preferred one first.
        hash_name: of the digests that are stamped only to read the time.
        monotonic: seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        authorities: Sequence[Authority],
        *,
        hash_name: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authorities = tuple(authorities)
        self._hash = hash_name
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._chosen = 0
        self._first_failed_at = 0.0
        self._closed = False

    def now(self) -> TimeReading:
        """The time of a fresh token over a random digest.

        It was made somewhere between question and answer, so half of that time is added to it, and
        to what the authority admits.
        """
        digest = _MAKERS[self._hash](os.urandom(32)).digest()
        authority, found = self._ask(digest, self._hash)
        half = found.seconds / 2
        return TimeReading(
            instant=found.stamp.gen_time + timedelta(seconds=half),
            uncertainty=found.stamp.accuracy.total_seconds() + half,
            source=authority.url,
        )

    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        check_digest(digest, algorithm)
        return self._ask(digest, algorithm)[1].token

    def close(self) -> None:
        self._closed = True

    def _ask(self, digest: bytes, algorithm: str) -> tuple[Authority, Stamped]:
        if self._closed:
            raise Closed(what="the time source")
        failure: LienthongError | None = None
        for number in self._order():
            authority = self._authorities[number]
            try:
                found = authority.stamp(digest, algorithm)
            except LienthongError as error:
                _log.warning("no time-stamp from %s: %s", authority.url, error)
                self._note_failure(number)
                failure = error
            else:
                with self._lock:
                    self._chosen = number
                return authority, found
        assert failure is not None  # noqa: S101 - there is at least one authority
        raise failure

    def _order(self) -> list[int]:
        """Whom to ask, in this order: who answered last, then the others as they are listed."""
        with self._lock:
            rested = self._monotonic() - self._first_failed_at >= RETURN_AFTER
            first = 0 if rested else self._chosen
        return sorted(range(len(self._authorities)), key=lambda number: (number != first, number))

    def _note_failure(self, number: int) -> None:
        if number == 0:
            with self._lock:
                self._first_failed_at = self._monotonic()
