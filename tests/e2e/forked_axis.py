"""A local axis whose node is forked: real processes, but a restart takes a moment."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from lienthong.model.organisation import Organisation
from lienthong_node.local import LocalAxis

PROGRAM: Final = Path(__file__).with_name("node_forks.py")
LONGEST_S: Final = 60.0
"""How long a node may take to answer or to end."""


@define(eq=False)
class ForkedAxis(LocalAxis):
    """As ``LocalAxis``; *planted* names a fault of ``node_forks`` that its node has."""

    planted: str = ""
    program: Path = PROGRAM
    """What forks the node."""

    _forks: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _node: int = field(default=0, init=False)
    _rest: bytes = field(default=b"", init=False)

    @property
    def pid(self) -> int:
        assert self._node, "the node is not running"
        return self._node

    def start(self) -> None:
        forks = self._forks = self._forks or self._open()
        assert forks.stdin is not None
        forks.stdin.write(b"start\n")
        forks.stdin.flush()
        word, pid = self._line()
        assert word == "serving", f"the node did not start, see {self.log}: {self.log.read_text()}"
        self._node = pid

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        assert self._ended() == 0, self.log.read_text()[-2000:]

    def kill(self) -> None:
        if self._node:
            with suppress(ProcessLookupError):
                os.kill(self._node, signal.SIGKILL)
            self._ended()

    def close(self) -> None:
        """End the node, if it runs, and what forks it."""
        self.kill()
        if self._forks is not None and self._forks.stdin is not None:
            self._forks.stdin.close()
            self._forks.wait(LONGEST_S)
            assert self._forks.stdout is not None
            self._forks.stdout.close()
            self._forks = None

    def _open(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(self.program), str(self.data)]
        command += [self.planted] if self.planted else []
        with self.log.open("a") as errors:
            return subprocess.Popen(  # our own interpreter and program
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )

    def _ended(self) -> int:
        word, status = self._line()
        assert word == "ended"
        self._node = 0
        return status

    def _line(self) -> tuple[str, int]:
        """What the forking process says next: a word and a number."""
        assert self._forks is not None
        assert self._forks.stdout is not None
        until = time.monotonic() + LONGEST_S
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            assert left > 0, f"no answer, see {self.log}"
            if select.select([self._forks.stdout], [], [], left)[0]:
                got = os.read(self._forks.stdout.fileno(), 4096)
                assert got, f"the forking process has ended: {self.log.read_text()[-2000:]}"
                self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        word, number = line.decode().split()
        return word, int(number)


@contextmanager
def forked_axis(
    folder: Path,
    names: Mapping[str, str] | Sequence[Organisation],
    *,
    planted: str = "",
    program: Path = PROGRAM,
    **settings: Any,
) -> Iterator[ForkedAxis]:
    """A running axis of *names*; the caller's settings on top of generous limits."""
    generous: dict[str, Any] = {
        "disk_reserve_bytes": 0,
        "burst": 1_000_000,
        "requests_per_second": 1_000_000,
    }
    axis = ForkedAxis.create(folder, names, **(generous | settings))
    axis.planted, axis.program = planted, program
    try:
        axis.start()
        yield axis
    finally:
        axis.close()
