"""D-01: the node is killed at random moments under load; nothing acknowledged is ever lost."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from lienthong.client import Client, Profile
from lienthong.model.ids import PackageId
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import Entry, Event, digest, judge, read_events, read_journal

KILLS: Final = int(os.environ.get("LIENTHONG_KILLS", "50"))
SEED: Final = int(os.environ.get("LIENTHONG_SEED", "20191"))
LIVES_S: Final = (0.05, 1.5)
"""How long a node lives before it is killed."""

ASKED_AGAIN: Final = 20
DRAIN_S: Final = 60
LOAD: Final = Path(__file__).with_name("load.py")


class Load:
    """The process with senders and recipients."""

    def __init__(self, axis: ForkedAxis, folder: Path, *, seed: int) -> None:
        self.history = folder / "history.jsonl"
        config = {
            "history": str(self.history),
            "seed": seed,
            "senders": [
                {"profile": str(axis.profile(code)), "at_once": 4, "pause": 0.03} for code in (A, B)
            ],
            "readers": [{"profile": str(axis.profile(code)), "organ": code} for code in NAMES],
        }
        path = folder / "load.json"
        path.write_text(json.dumps(config), "utf-8")
        self._errors = folder / "load.log"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(LOAD), str(path)], stdin=subprocess.PIPE, stderr=errors
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def wait_for(self, what: str, *, seconds: float) -> None:
        """Wait until the history has an event of this kind."""
        until = time.monotonic() + seconds
        while not (self.history.exists() and f'"{what}"' in self.history.read_text("utf-8")):
            assert time.monotonic() < until, self.errors
            assert not self.has_ended, self.errors
            time.sleep(0.05)

    def finish(self) -> int:
        """No new documents; let everybody see everything, and return the exit code."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        return self._process.wait(DRAIN_S)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()


@contextmanager
def loaded(axis: ForkedAxis, folder: Path, *, seed: int) -> Iterator[Load]:
    """Senders and recipients at work."""
    load = Load(axis, folder, seed=seed)
    try:
        load.wait_for("accepted", seconds=30)
        yield load
    finally:
        load.close()


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")
    ready: list[float] = []
    with (
        forked_axis(tmp_path / "axis", NAMES) as axis,
        Client(Profile.load(axis.profile(A))) as client,
        loaded(axis, tmp_path, seed=SEED) as load,
    ):
        for number in range(KILLS):
            time.sleep(chance.uniform(*LIVES_S))
            axis.kill()
            started = time.perf_counter()
            axis.start()
            ready.append(time.perf_counter() - started)
            events = read_events(load.history)
            assert not load.has_ended, f"after kill {number + 1}: {load.errors}"
            assert _changed_receipts(client, events) == [], f"after kill {number + 1}"
        assert load.finish() == 0, load.errors
        axis.stop()
        events = read_events(load.history)
        journal, faults = read_journal(axis.data)
    assert faults + judge(events, journal) == []
    assert events[-1]["what"] == "end"
    _report(events, ready)


def _changed_receipts(client: Client, events: Sequence[Event]) -> list[str]:
    """Which of the newest acknowledged packages has another receipt now, or none."""
    own = [event for event in events if event["what"] == "sent"][-ASKED_AGAIN:]
    sent = {event["id"] for event in events if event["what"] == "send" and A in event["to"]}
    return [
        event["id"]
        for event in own
        if event["id"] in sent
        and digest(client.receipt(PackageId.parse(event["id"]))) != event["sha"]
    ]
