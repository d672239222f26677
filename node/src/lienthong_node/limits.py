"""Fair shares: how much an organisation may ask for, and how many calls it may hold open."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define

from lienthong.errors import LimitReached

PAUSE_S: Final = 10
"""Documents that may come at once are those of so many seconds."""

CHECKS_A_MINUTE: Final = 1
CHECKS_AT_ONCE: Final = 20
"""Checks of the interconnection are few, and each stays in the journal for ever."""


@define
class _Bucket:
    """Tokens that come back steadily; instants from a monotonic clock, in seconds."""

    per_second: float
    most: float
    left: float
    filled_at: float

    def take(self, wanted: int, now: float) -> int:
        """Take as many tokens as there are, *wanted* at most."""
        gained = max(0.0, now - self.filled_at) * self.per_second
        self.left = min(self.most, self.left + gained)
        self.filled_at = now
        taken = min(wanted, math.floor(self.left))
        self.left -= taken
        return taken

    def refusal(self, limit: str, wanted: int = 1) -> LimitReached:
        """Says when so many tokens are there, in whole milliseconds."""
        wait = max(0.0, min(wanted, self.most) - self.left) / self.per_second
        return LimitReached(limit=limit, retry_after=math.ceil(wait * 1000) / 1000)


@define
class _Share:
    """What one organisation uses."""

    calls: _Bucket
    documents: _Bucket
    checks: _Bucket
    open_calls: int = 0


class Limits:
    """Token buckets and call counts by organisation; used on the event loop only."""

    def __init__(
        self,
        *,
        per_second: int,
        burst: int,
        concurrent: int,
        documents_per_second: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._concurrent = concurrent
        self._documents_per_second = documents_per_second
        self._monotonic = monotonic
        self._shares: dict[str, _Share] = {}

    @property
    def open_calls(self) -> int:
        return sum(share.open_calls for share in self._shares.values())

    @contextmanager
    def call(self, organ: str) -> Iterator[None]:
        """Count one call of *organ* while the block runs.

        Raises:
            LimitReached: too many calls a second, or too many open at once; ``retry_after`` says
                when there is room again.
        """
        share = self._share(organ)
        if share.open_calls >= self._concurrent:
            raise LimitReached(limit="open calls", retry_after=1)
        if not share.calls.take(1, self._monotonic()):
            raise share.calls.refusal("calls a second")
        share.open_calls += 1
        try:
            yield
        finally:
            share.open_calls -= 1

    def documents(self, organ: str, count: int) -> tuple[int, LimitReached]:
        """How many of *count* packages or reports may pass, and what the others are told."""
        documents = self._share(organ).documents
        taken = documents.take(count, self._monotonic())
        return taken, documents.refusal("documents a second", count - taken)

    def check(self, organ: str) -> None:
        """Count one check of the interconnection.

        Raises:
            LimitReached: there were too many.
        """
        checks = self._share(organ).checks
        if not checks.take(1, self._monotonic()):
            raise checks.refusal("checks a minute")

    def _share(self, organ: str) -> _Share:
        share = self._shares.get(organ)
        if share is None:
            now, each = self._monotonic(), self._documents_per_second
            share = self._shares[organ] = _Share(
                calls=_Bucket(self._per_second, self._burst, self._burst, now),
                documents=_Bucket(each, each * PAUSE_S, each * PAUSE_S, now),
                checks=_Bucket(CHECKS_A_MINUTE / 60, CHECKS_AT_ONCE, CHECKS_AT_ONCE, now),
            )
        return share
