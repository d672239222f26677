"""What an attack costs the node's process, as Linux shows it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

MIB: Final = 1024 * 1024

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, as Linux has it")


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024


def processor_seconds(pid: int) -> float:
    """Processor time so far, of all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def open_sockets(pid: int) -> int:
    """Sockets only: the store opens files of its own when it has more readers."""
    found = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found += str(path.readlink()).startswith("socket:")
    return found


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes true in time; a generous bound against hanging."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
