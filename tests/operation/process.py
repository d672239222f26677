"""What a process takes, as Linux shows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

MIB: Final = 1024 * 1024


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(_shown(pid, "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def open_files(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(list(_shown(pid, "fd").iterdir()))


def _shown(pid: int, name: str) -> Path:
    path = Path("/proc", str(pid), name)
    if not path.exists():
        pytest.skip("looks at processes as Linux shows them")
    return path
