"""Fair shares: how often an organisation may call, and how many calls it may hold open."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define

from lienthong.errors import LimitReached


@define
class _Bucket:
    """Tokens of one organisation; instants from a monotonic clock, in seconds."""

    tokens: float
    refilled_at: float
    open_calls: int = 0


class Limits:
    """Token buckets and call counts by organisation; used on the event loop only."""

    def __init__(
        self, *, per_second: int, burst: int, concurrent: int, monotonic: Callable[[], float]
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._concurrent = concurrent
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    @property
    def open_calls(self) -> int:
        return sum(bucket.open_calls for bucket in self._buckets.values())

    @contextmanager
    def call(self, organ: str) -> Iterator[None]:
        """Count one call of *organ* while the block runs.

        Raises:
            LimitReached: too many calls a second, or too many open at once; ``retry_after`` says
                when there is room again.
        """
        bucket = self._refilled(organ)
        if bucket.tokens < 1:
            wait = (1 - bucket.tokens) / self._per_second
            whole_ms = math.ceil(wait * 1000) / 1000
            raise LimitReached(limit="calls a second", retry_after=whole_ms)
        if bucket.open_calls >= self._concurrent:
            raise LimitReached(limit="open calls", retry_after=1)
        bucket.tokens -= 1
        bucket.open_calls += 1
        try:
            yield
        finally:
            bucket.open_calls -= 1

    def _refilled(self, organ: str) -> _Bucket:
        now = self._monotonic()
        bucket = self._buckets.setdefault(organ, _Bucket(float(self._burst), now))
        gained = max(0.0, now - bucket.refilled_at) * self._per_second
        bucket.tokens = min(float(self._burst), bucket.tokens + gained)
        bucket.refilled_at = now
        return bucket
