"""Observers are told everything in order, and can neither stop nor slow down the teller."""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from lienthong.plugins.observers import MOST_WAITING
from lienthong.spi import Observation

OBSERVER = """
import threading
from lienthong.spi import hookimpl

SPI_VERSION = 1
seen = []
gate = threading.Event()

@hookimpl
def lienthong_observe(event):
    {body}
"""


def observation(number: int = 0) -> Observation:
    now = datetime(2026, 11, 22, 8, tzinfo=UTC)
    return Observation(name="package.accepted", at=now, facts={"index": number})


def put(shelf: Any, body: str = "seen.append(event)", name: str = "log") -> str:
    source = OBSERVER.format(body=body)
    return str(shelf.put(source, group="lienthong.observers", name=name, distribution=name))


def test_observers_see_everything_in_order(shelf: Any, make_host: Any) -> None:
    modules = [put(shelf, name=name) for name in ("log", "siem")]
    with make_host().open_observers() as observers:
        for number in range(100):
            observers.observe(observation(number))
    for module in modules:
        assert [event.facts["index"] for event in sys.modules[module].seen] == list(range(100))
    assert [(s.told, s.failed, s.lost) for s in observers.status()] == [(100, 0, 0)] * 2


@pytest.mark.parametrize("body", ["raise OSError('full')", "raise SystemExit", "1 / 0"])
def test_raising_observer_is_logged_and_counted(
    shelf: Any, make_host: Any, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    put(shelf, body)
    with caplog.at_level(logging.WARNING), make_host().open_observers() as observers:
        observers.observe(observation())
        observers.observe(observation())
    [status] = observers.status()
    assert (status.told, status.failed, status.lost) == (0, 2, 0)
    assert "plugin log of log 4.2 failed at lienthong_observe" in caplog.text


def test_hanging_observer_loses_observations_and_costs_no_time(shelf: Any, make_host: Any) -> None:
    module = put(shelf, "gate.wait(10)")
    observers = make_host().open_observers()
    begun = time.monotonic()
    for number in range(MOST_WAITING + 500):
        observers.observe(observation(number))
    observers.close(grace=0.05)
    assert time.monotonic() - begun < 2
    [status] = observers.status()
    assert status.lost >= 499
    sys.modules[module].gate.set()


def test_broken_and_blocked_observers_are_left_out(
    shelf: Any, make_host: Any, caplog: pytest.LogCaptureFixture
) -> None:
    put(shelf, name="log")
    blocked = put(shelf, name="blocked")
    shelf.put("raise OSError('x')", group="lienthong.observers", name="torn", distribution="torn")
    with make_host("observer:blocked").open_observers() as observers:
        observers.observe(observation())
    assert [status.name for status in observers.status()] == ["log"]
    assert "the plugin torn of torn 4.2 cannot be loaded" in caplog.text
    assert blocked not in sys.modules


def test_nothing_is_told_after_closing(shelf: Any, make_host: Any) -> None:
    put(shelf)
    observers = make_host().open_observers()
    observers.close()
    observers.close()
    observers.observe(observation())
    [status] = observers.status()
    assert (status.told, status.lost) == (0, 1)
