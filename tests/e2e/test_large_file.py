"""A large file passes through node and client in flat memory."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Client, Profile
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import NAMES, A, B, make_document, package_of
from tests.e2e.forked_axis import forked_axis

MIB: Final = 1024 * 1024
LARGE_MIB: Final = int(os.environ.get("LIENTHONG_LARGE_MB", "256"))
GROWTH_MIB: Final = 64
"""DESIGN §11: above idle, whatever the size of the file."""


class Memory:
    """The highest resident memory of a process in a stretch of time."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        if not (self._folder / "clear_refs").exists():
            pytest.skip("the peak of a process's memory is read from Linux's /proc")
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


@pytest.mark.slow
def test_a_large_file_costs_no_memory(tmp_path: Path) -> None:
    file = large_file(tmp_path / "ban-do.dwg", LARGE_MIB)
    with forked_axis(tmp_path / "axis", NAMES) as axis, both(axis) as (sender, recipient):
        warm_up(sender, recipient)
        node, own = Memory(axis.pid), Memory(os.getpid())
        with timed("upload"):
            package_id = package_of(sender.send(make_document(), [file], [B]))
        uploaded = node.growth_mib
        with timed("download"):
            recipient.download(package_id, None, tmp_path / "received")
        print(f"node: +{uploaded:.0f} MiB after upload, +{node.growth_mib:.0f} MiB after download")
        print(f"client: +{own.growth_mib:.0f} MiB")
        assert node.growth_mib <= GROWTH_MIB
        assert own.growth_mib <= GROWTH_MIB
        axis.stop()
    assert digest(tmp_path / "received") == digest(file)


@pytest.mark.planted("files read whole")
def test_a_node_that_reads_files_whole_would_be_caught(tmp_path: Path) -> None:
    file = large_file(tmp_path / "ban-do.dwg", 2 * GROWTH_MIB)
    with (
        forked_axis(tmp_path / "axis", NAMES, planted="reads-files-whole") as axis,
        both(axis) as (sender, recipient),
    ):
        warm_up(sender, recipient)
        package_id = package_of(sender.send(make_document(), [file], [B]))
        node = Memory(axis.pid)
        recipient.download(package_id, None, tmp_path / "received")
        assert node.growth_mib > GROWTH_MIB


def large_file(path: Path, mebibytes: int) -> Path:
    """A file without repetitions."""
    chance = random.Random(mebibytes)
    with path.open("wb") as out:
        for _ in range(mebibytes):
            out.write(chance.randbytes(MIB))
    return path


def warm_up(sender: Client, recipient: Client) -> None:
    """Connect, and let everybody import and allocate what a first document needs."""
    small = large_file(Path(sender.profile.anchors).with_name("small"), 1)
    package_id = package_of(sender.send(make_document(), [small], [B]))
    recipient.check(package_id)


def digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def both(axis: LocalAxis) -> Iterator[tuple[Client, Client]]:
    """Sender and recipient."""
    with Client(Profile.load(axis.profile(A))) as a, Client(Profile.load(axis.profile(B))) as b:
        yield a, b


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what}: {LARGE_MIB / seconds:.0f} MiB/s, hashing by the client included")
