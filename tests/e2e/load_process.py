"""Starts and ends the process of ``load.py``."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis

PROGRAM: Final = Path(__file__).with_name("load.py")
DRAIN_S: Final = 120


class Load:
    """The process with senders and recipients."""

    def __init__(self, axis: ForkedAxis, folder: Path, *, seed: int) -> None:
        self.history = folder / "history.jsonl"
        config = {
            "history": str(self.history),
            "seed": seed,
            "senders": [
                {"profile": str(axis.profile(code)), "at_once": 8, "pause": 0.02} for code in (A, B)
            ],
            "readers": [{"profile": str(axis.profile(code)), "organ": code} for code in NAMES],
        }
        path = folder / "load.json"
        path.write_text(json.dumps(config), "utf-8")
        self._errors = folder / "load.log"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(path)], stdin=subprocess.PIPE, stderr=errors
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
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
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
        load.wait_for("ACCEPT", seconds=60)
        yield load
    finally:
        load.close()
