"""What the operating system says about a process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def on_core(pid: int, core: int) -> Iterator[None]:
    """Keep all threads of a process, those to come as well, on one core meanwhile."""
    before = os.sched_getaffinity(pid)
    _bind(pid, {core})
    try:
        yield
    finally:
        _bind(pid, before)


def two_cores() -> Sequence[int]:
    """Two cores of those that this process may use; fewer where it has no two."""
    return sorted(os.sched_getaffinity(0))[:2]


def _bind(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setaffinity(int(thread.name), cores)
        except ProcessLookupError:  # it has just ended
            continue


class Memory:
    """How far the resident memory of a process rises above where it is now."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._idle = self._read("VmRSS")
        # From now on the peak is counted anew (proc(5)).
        (self._folder / "clear_refs").write_text("5")

    @property
    def growth_mib(self) -> float:
        return (self._read("VmHWM") - self._idle) / MIB

    def _read(self, name: str) -> int:
        lines = (self._folder / "status").read_text().splitlines()
        (line,) = [line for line in lines if line.startswith(f"{name}:")]
        return int(line.split()[1]) * 1024
