"""What a time source says, and what it does when it cannot say it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import ModuleType

import pytest

from lienthong.errors import ConnectionFailed, DeadlineExceeded, LienthongError
from lienthong.spi import TimeReading, TimeSource, TimeSourceCapabilities, TimeStamper
from lienthong_conformance.announcing import check_announcement

HOOK = "lienthong_time_source_factory"


class ReadingCases:
    """Cases about reading the time."""

    plugin: ModuleType

    @pytest.mark.requirement("TIM-01")
    def test_announces_itself(self, uri: str) -> None:
        check_announcement(self.plugin, HOOK, uri, TimeSourceCapabilities)

    @pytest.mark.requirement("TIM-02")
    def test_reading_names_its_source(self, source: TimeSource) -> None:
        reading = source.now()
        assert type(reading) is TimeReading
        assert reading.source.strip()

    @pytest.mark.requirement("TIM-03")
    def test_time_goes_on(self, source: TimeSource) -> None:
        first, second = source.now(), source.now()
        allowed = timedelta(seconds=first.uncertainty + second.uncertainty)
        assert second.instant >= first.instant - allowed

    @pytest.mark.requirement("TIM-04")
    def test_every_call_asks_anew(self, source: TimeSource) -> None:
        instants = set()
        for _ in range(5):
            instants.add(source.now().instant)
            time.sleep(0.01)
        assert len(instants) == 5

    @pytest.mark.requirement("TIM-05")
    def test_nobody_there_is_told(
        self, open_source: Callable[[str], TimeSource], unreachable_uris: Sequence[str]
    ) -> None:
        assert unreachable_uris
        for uri in unreachable_uris:
            with pytest.raises((ConnectionFailed, DeadlineExceeded)):
                open_source(uri).now()

    @pytest.mark.requirement("TIM-06")
    @pytest.mark.parametrize("rest", ["", "?", "?no-such-parameter=1", "\0", "?&&==", "#", ","])
    def test_unreadable_addresses_are_refused(
        self, open_source: Callable[[str], TimeSource], uri: str, rest: str
    ) -> None:
        scheme = uri.partition(":")[0]
        with pytest.raises(LienthongError):
            open_source(f"{scheme}:{rest}")

    @pytest.mark.requirement("TIM-07")
    def test_closed_source_refuses(self, source: TimeSource) -> None:
        source.close()
        source.close()
        with pytest.raises(LienthongError):
            source.now()

    @pytest.mark.requirement("TIM-08")
    def test_closing_one_leaves_the_other_open(
        self, source: TimeSource, open_source: Callable[[str], TimeSource], uri: str
    ) -> None:
        other = open_source(uri)
        source.close()
        assert type(other.now()) is TimeReading

    @pytest.mark.requirement("TIM-09")
    def test_many_threads_read_at_once(self, source: TimeSource) -> None:
        with ThreadPoolExecutor(8) as threads:
            readings = list(threads.map(lambda _: source.now(), range(32)))
        assert {type(reading) for reading in readings} == {TimeReading}

    @pytest.mark.requirement("TIM-10")
    def test_a_lie_is_an_error_and_no_time(
        self, open_source: Callable[[str], TimeSource], misled_uris: Sequence[str]
    ) -> None:
        if not misled_uris:
            pytest.skip("nothing is said that could be recognised as a lie")
        for uri in misled_uris:
            with pytest.raises(LienthongError):
                open_source(uri).now()

    @pytest.mark.requirement("TIM-11")
    def test_what_is_declared_is_what_is_opened(self, source: TimeSource) -> None:
        assert isinstance(source, TimeStamper) is self.plugin.CAPABILITIES.stamps
