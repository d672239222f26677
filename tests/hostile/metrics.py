"""What a node tells about itself, and settings whose limits do not interfere."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lienthong_node.local import LocalAxis
from lienthong_node.security_log import FILE_NAME
from lienthong_node.settings import load_settings

GENEROUS: Final[Mapping[str, Any]] = {
    "disk_reserve_bytes": 0,
    "requests_per_second": 1_000_000,
    "burst": 1_000_000,
    "concurrent_streams": 1_000,
}
SECONDS: Final = 20.0


def metrics_of(axis: LocalAxis) -> str:
    """The figures that the node publishes."""
    address = load_settings(axis.data).metrics_listen
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=SECONDS) as answer:
        return str(answer.read(), "utf-8")


def log_of(axis: LocalAxis) -> str:
    """What the node wrote to stderr."""
    return axis.log.read_bytes().decode("utf-8", "surrogateescape")


def security_log_of(axis: LocalAxis) -> str:
    return (axis.data / FILE_NAME).read_bytes().decode("utf-8", "surrogateescape")


def security_events(axis: LocalAxis) -> list[dict[str, str]]:
    """The lines of the security log."""
    return [json.loads(line) for line in security_log_of(axis).splitlines()]


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in use now."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024
