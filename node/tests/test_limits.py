"""Fair shares: calls a second, open calls, and nobody pays for others."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from attrs import define

from lienthong.errors import LimitReached
from lienthong_node.disk import REFRESH_S, DiskGuard
from lienthong_node.limits import CHECKS_AT_ONCE, Limits
from node.tests.support import A, B


@define
class Monotonic:
    """Seconds that pass when a test says so."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Monotonic, **changes: int) -> Limits:
    values = {"per_second": 2, "burst": 3, "concurrent": 2, "documents_per_second": 5} | changes
    return Limits(monotonic=clock, **values)


def test_documents_are_counted_by_organisation() -> None:
    clock = Monotonic()
    shares = limits(clock)
    assert shares.documents(A, 40)[0] == 40
    passing, refusal = shares.documents(A, 20)
    assert passing == 10
    assert refusal.facts == {"limit": "documents a second", "retry_after": 2.0}
    assert shares.documents(A, 1)[0] == 0
    assert shares.documents(B, 50)[0] == 50
    clock.now += 2
    assert shares.documents(A, 20)[0] == 10


def test_checks_are_few_and_counted_by_organisation() -> None:
    clock = Monotonic()
    shares = limits(clock)
    for _ in range(CHECKS_AT_ONCE):
        shares.check(A)
    with pytest.raises(LimitReached) as caught:
        shares.check(A)
    assert caught.value.facts == {"limit": "checks a minute", "retry_after": 60.0}
    shares.check(B)
    clock.now += 60
    shares.check(A)


def call(limits: Limits, organ: str, times: int = 1) -> None:
    for _ in range(times):
        with limits.call(organ):
            pass


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    clock = Monotonic()
    shares = limits(clock)
    call(shares, A, 3)
    with pytest.raises(LimitReached) as caught:
        call(shares, A)
    assert caught.value.facts == {"limit": "calls a second", "retry_after": 0.5}
    clock.now += 0.5
    call(shares, A)
    with pytest.raises(LimitReached):
        call(shares, A)


def test_never_says_to_come_back_at_once() -> None:
    clock = Monotonic()
    shares = limits(clock, per_second=100_000)
    call(shares, A, 3)
    clock.now += 9.9e-6
    with pytest.raises(LimitReached) as caught:
        call(shares, A)
    assert caught.value.facts["retry_after"] == 0.001


def test_tokens_never_exceed_the_burst() -> None:
    clock = Monotonic()
    shares = limits(clock)
    clock.now += 3600
    call(shares, A, 3)
    with pytest.raises(LimitReached):
        call(shares, A)


def test_a_clock_that_stands_still_gives_nothing() -> None:
    clock = Monotonic()
    shares = limits(clock)
    call(shares, A, 3)
    clock.now -= 10
    with pytest.raises(LimitReached):
        call(shares, A)


def test_so_many_calls_may_be_open_at_once() -> None:
    shares = limits(Monotonic(), burst=100)
    with ExitStack() as calls:
        for _ in range(2):
            calls.enter_context(shares.call(A))
        assert shares.open_calls == 2
        with pytest.raises(LimitReached) as caught:
            call(shares, A)
        assert caught.value.facts["limit"] == "open calls"
        call(shares, B)
    call(shares, A)
    assert shares.open_calls == 0


def test_a_refused_call_costs_nothing() -> None:
    shares = limits(Monotonic(), burst=3)
    with ExitStack() as calls:
        for _ in range(2):
            calls.enter_context(shares.call(A))
        for _ in range(10):
            with pytest.raises(LimitReached):
                call(shares, A)
    call(shares, A)


def test_one_organisation_does_not_use_up_the_share_of_another() -> None:
    shares = limits(Monotonic())
    call(shares, A, 3)
    call(shares, B, 3)


def test_a_call_that_fails_is_closed() -> None:
    shares = limits(Monotonic())
    with pytest.raises(ValueError, match="broken"), shares.call(A):
        raise ValueError("broken")
    assert shares.open_calls == 0


class TestDiskGuard:
    def test_says_why_and_recovers_by_itself(self) -> None:
        clock, free = Monotonic(), [1000]
        guard = DiskGuard(lambda: free[0], reserve_bytes=500, monotonic=clock)
        assert guard.reason() == ""
        free[0] = 499
        clock.now += REFRESH_S
        assert guard.reason() == "499 bytes free, reserve 500"
        assert guard.reached()
        free[0] = 500
        clock.now += REFRESH_S
        assert not guard.reached()

    def test_asks_the_disk_a_few_times_a_second_at_most(self) -> None:
        answers = iter([9])
        guard = DiskGuard(lambda: next(answers), reserve_bytes=1, monotonic=Monotonic())
        for _ in range(100):
            assert guard.reason() == ""
