"""Whether this machine's clock may be believed; without that nothing is signed.

What is signed names a time. So the clock is compared with other sources of time, and a look at them
that finds it right is trusted for a minute. After that, or at once where the clock is five seconds
off or has jumped, nothing is signed until a look finds it right again; deliveries go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from lienthong.errors import TimeDisputed
from lienthong.model.clocks import Agreement, ClockSample, agree

SOFT_S: Final = 1.0
"""Further off than that, the clock is not found right."""

HARD_S: Final = 5.0
"""Further off than that, nothing is signed any more at once."""

TRUST_S: Final = 60.0
"""For how long a look that found the clock right is believed, from its beginning."""

MOST_UNSURE_S: Final = 2.0
"""A source that may be further off says nothing about a second."""


@frozen(kw_only=True)
class Silence:
    """A source that says nothing of use."""

    name: str
    reason: str


@frozen(kw_only=True)
class Look:
    """What the sources say of the clock, all asked at once."""

    clock: datetime
    """What the clock showed when the look began."""

    at: float
    """Seconds then, by a clock that nobody sets."""

    found: Agreement | None
    """What the majority agrees on; offsets tell how far a source is ahead of the clock."""

    wrong: tuple[Silence, ...]
    """Sources that do not agree with the majority, or said nothing."""

    @classmethod
    def of(cls, said: Sequence[ClockSample | Silence], *, clock: datetime, at: float) -> Look:
        """Judge what the sources said."""
        useful = [
            one for one in said if isinstance(one, ClockSample) and one.distance <= MOST_UNSURE_S
        ]
        found = agree(useful, asked=len(said))
        agreeing = found.agreeing if found else ()
        wrong = tuple(_described(one) for one in said if one not in agreeing)
        return cls(clock=clock, at=at, found=found, wrong=wrong)

    @property
    def surely_off(self) -> float:
        """Seconds by which the clock is off for certain, be it ahead or behind."""
        return max(abs(self.found.offset) - self.found.distance, 0.0) if self.found else 0.0

    @property
    def problem(self) -> str:
        """Why the clock is not found right; empty where it is."""
        if self.found is None:
            said = "; ".join(f"{one.name}: {one.reason}" for one in self.wrong)
            return f"no majority of the time sources agrees ({said})"
        if self.surely_off > SOFT_S:
            return f"the axis's clock is {-self.found.offset:+.1f} s off"
        return ""


def _described(one: ClockSample | Silence) -> Silence:
    if isinstance(one, Silence):
        return one
    reason = f"{one.offset:+.3f} s ± {one.distance:.3f} s from the axis's clock"
    return Silence(name=one.name, reason=reason)


@define(eq=False)
class TimeGuard:
    """Says whether what is signed now would name the right time; may be shared by threads."""

    _monotonic: Callable[[], float]
    """Seconds of a clock that nobody sets."""

    _good: Look | None = field(default=None, init=False)
    """The last look that found the clock right, unless a later one found it far off."""

    _problem: str = field(default="no time source has answered yet", init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def note(self, look: Look) -> None:
        """Take a look into account."""
        with self._lock:
            self._problem = look.problem
            if not look.problem:
                self._good = look
            elif look.surely_off > HARD_S:
                self._good = None

    def check(self, clock: datetime) -> None:
        """Check that the clock, which shows *clock*, may be believed.

        Raises:
            TimeDisputed: it may not, or nobody has found it right for a minute.
        """
        with self._lock:
            good, problem = self._good, self._problem
        if good is None:
            raise TimeDisputed(reason=problem)
        passed = self._monotonic() - good.at
        if passed >= TRUST_S:
            raise TimeDisputed(reason=problem or "no time source was asked for a minute")
        jump = (clock - good.clock).total_seconds() - passed
        if abs(jump) > HARD_S:
            raise TimeDisputed(reason=f"the axis's clock has jumped by {jump:+.1f} s")

    def certain(self, clock: Callable[[], datetime]) -> Callable[[], datetime]:
        """*clock* as long as it may be believed; then it raises ``TimeDisputed``."""

        def read() -> datetime:
            now = clock()
            self.check(now)
            return now

        return read

    def reason(self, clock: datetime) -> str:
        """Why the clock is not believed; empty where it is."""
        try:
            self.check(clock)
        except TimeDisputed as error:
            return str(error)
        return ""
