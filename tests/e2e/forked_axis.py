"""A local axis whose node is forked: real processes, but a restart takes a moment."""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

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

    _forks: socket.socket | None = field(default=None, init=False)
    """To what forks the node."""

    _program: subprocess.Popen[bytes] | None = field(default=None, init=False)
    """That, when it is a program of its own."""

    _node: int = field(default=0, init=False)
    _rest: bytes = field(default=b"", init=False)

    @property
    def pid(self) -> int:
        assert self._node, "the node is not running"
        return self._node

    def start(self) -> None:
        self._forks = self._forks or self._open()
        self._forks.sendall(b"start\n")
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

    @contextmanager
    def running(self) -> Iterator[Self]:
        """As of any axis; at the end nothing of it is left."""
        try:
            with LocalAxis.running(self):
                yield self
        finally:
            self.close()

    def close(self) -> None:
        """End the node, if it runs, and what forks it."""
        try:
            self.kill()
        finally:
            forks, self._forks, self._rest = self._forks, None, b""
            if forks is not None:
                with forks:
                    _wait_for_the_end(forks)
            if self._program is not None:
                self._program.wait(LONGEST_S)
                self._program = None

    def _open(self) -> socket.socket:
        if self.program == PROGRAM:
            return self._of_nursery()
        ours, theirs = socket.socketpair()
        command = [sys.executable, str(self.program), str(self.data)]
        command += [self.planted] if self.planted else []
        with theirs, self.log.open("a") as errors:
            self._program = subprocess.Popen(  # our own interpreter and program
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=errors
            )
        return ours

    def _of_nursery(self) -> socket.socket:
        wanted = {
            "data": str(self.data),
            "planted": [self.planted] if self.planted else [],
            "log": str(self.log),
            "folder": str(Path.cwd()),
            "environment": dict(os.environ),
        }
        self.log.touch()
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(_nursery())
            connection.sendall(json.dumps(wanted).encode() + b"\n")
        except OSError:
            connection.close()
            raise
        return connection

    def _ended(self) -> int:
        word, status = self._line()
        assert word == "ended"
        self._node = 0
        return status

    def _line(self) -> tuple[str, int]:
        """What the forking process says next: a word and a number."""
        assert self._forks is not None
        until = time.monotonic() + LONGEST_S
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            assert left > 0, f"no answer, see {self.log}"
            if select.select([self._forks], [], [], left)[0]:
                got = self._forks.recv(4096)
                assert got, f"the forking process has ended: {self.log.read_text()[-2000:]}"
                self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        word, number = line.decode().split()
        return word, int(number)


def _wait_for_the_end(forks: socket.socket) -> None:
    """Tell what forks a node to end, and wait until nothing holds its side any more."""
    with suppress(OSError):
        forks.shutdown(socket.SHUT_WR)
    forks.settimeout(LONGEST_S)
    while forks.recv(4096):
        pass


@functools.cache
def _nursery() -> str:
    """Path of the socket of this process's nursery, which is started for the first axis."""
    folder = tempfile.TemporaryDirectory(prefix="nursery-")
    path = f"{folder.name}/socket"
    command = [sys.executable, str(PROGRAM), "--nursery", path]
    # In a group of its own: Ctrl-C ends the tests, and their end ends it.
    program = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0)

    def end() -> None:
        program.communicate(timeout=LONGEST_S)
        folder.cleanup()

    atexit.register(end)
    until = time.monotonic() + LONGEST_S
    while not Path(path).exists():
        assert program.poll() is None, "the nursery does not start"
        assert time.monotonic() < until, "the nursery does not start in time"
        time.sleep(0.01)
    return path


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
