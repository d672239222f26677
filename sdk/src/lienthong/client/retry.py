"""When and how long to wait before the same request is made again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from attrs import field, frozen
from attrs.validators import ge, gt, le

from lienthong.errors import LienthongError

T = TypeVar("T")

_GENERATOR: Final = random.Random()  # noqa: S311 - spreads load, keeps no secret


@frozen(kw_only=True)
class RetryPolicy:
    """How patient the client is; seconds.

    Every request of the SDK may be repeated without harm: packages, reports and uploads carry
    identifiers, and the signed bytes of a repetition are the same bytes.
    """

    attempts: int = field(default=6, validator=ge(1))
    """Tries of one request, the first included; progress starts the count anew."""

    first_delay: float = field(default=0.2, validator=ge(0))
    max_delay: float = field(default=10.0, validator=ge(0))
    factor: float = field(default=2.0, validator=ge(1))
    jitter: float = field(default=0.5, validator=[ge(0), le(1)])
    """Share of each delay that is random, so that many clients do not come back at once."""

    timeout: float = field(default=30.0, validator=gt(0))
    """How long one answer may take."""

    def delay(self, failures: int, asked: float | None = None) -> float:
        """Seconds to wait after so many failures in a row.

        Args:
            failures: at least 1.
            asked: what the axis asked for; never undercut.
        """
        steps = min(failures - 1, 32)
        backoff = min(self.first_delay * self.factor**steps, self.max_delay)
        spread = backoff * self.jitter
        waited = backoff - spread + spread * _GENERATOR.random()
        return max(waited, asked or 0.0)


def retry_after(error: LienthongError) -> float | None:
    """Seconds that the axis asked to wait, when it did."""
    try:
        return float(str(error.facts["retry_after"]))
    except (KeyError, ValueError):
        return None


async def pause(
    policy: RetryPolicy, failures: int, error: LienthongError, *, forever: bool = False
) -> None:
    """Wait before the next try, or give up.

    Args:
        policy: how patient to be.
        failures: in a row, this one included.
        error: why the last try failed.
        forever: tries are never used up.

    Raises:
        LienthongError: the error, when it is final or tries are used up.
    """
    if not error.retryable or (failures >= policy.attempts and not forever):
        raise error
    await asyncio.sleep(policy.delay(failures, retry_after(error)))


async def retrying(policy: RetryPolicy, operation: Callable[[], Awaitable[T]]) -> T:
    """Run *operation* again while its error is retryable and attempts are left.

    Raises:
        LienthongError: the last error, as it came.
    """
    failures = 0
    while True:
        try:
            return await operation()
        except LienthongError as error:
            failures += 1
            await pause(policy, failures, error)
