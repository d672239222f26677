"""D-06: a full disk refuses what is new and nothing else; with space again the node goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Client, FileSource, PreparedPackage, Profile, RetryPolicy
from lienthong.errors import DiskFull, LienthongError
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import PackageId
from lienthong.model.journal import Receipt
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, make_document
from tests.e2e.forked_axis import forked_axis
from tests.e2e.history import digest, read_journal
from tests.tiers import tier

MIB: Final = 1024 * 1024
DISK: Final = tier("64m", "160m")
"""More for more rounds, whose documents stay."""

RESERVE: Final = 24 * MIB
"""Holds what SQLite's log takes when it is copied into the database, 16 MiB, and some more."""

SMALL: Final = 2_000
MEDIUM: Final = 100_000
LARGE: Final = 3 * MIB
ROUNDS: Final = tier(5, 50)
REFUSED_S: Final = 2.0
ACCEPTED_AGAIN_S: Final = 5.0
ONCE: Final = RetryPolicy(attempts=1, timeout=10)
MOST: Final = 400
"""Documents that are sent until the disk is full."""


class Disk:
    """A small file system that can be filled up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    @property
    def free(self) -> int:
        volume = os.statvfs(self.folder)
        return volume.f_bavail * volume.f_frsize

    def fill(self, *, leaving: int) -> None:
        """Take space until so many bytes are free."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while self.free > leaving:
                os.write(descriptor, bytes(min(MIB, self.free - leaving)))
        finally:
            os.close(descriptor)

    def clear(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("a small file system can only be mounted by root")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_at_the_reserve_only_new_packages_are_refused(disk: Disk, figure: Figure) -> None:
    sent: list[tuple[PreparedPackage, Receipt]] = []
    with (
        forked_axis(disk.folder / "axis", NAMES, disk_reserve_bytes=RESERVE) as axis,
        both(axis) as (sender, recipient),
    ):
        for number in range(1, ROUNDS + 1):
            sent.append(send(sender, MEDIUM))
            disk.fill(leaving=RESERVE - MIB)
            refused_within(REFUSED_S, sender, SMALL)
            with pytest.raises(DiskFull):
                send(sender, LARGE)
            goes_on(sender, recipient, *sent[-1], number)
            disk.clear()
            sent.append(accepted_within(ACCEPTED_AGAIN_S, sender, MEDIUM))
        axis.stop()
        gone = lost(axis, sent)
    wanted = f"{ROUNDS} rounds of a full {DISK} disk: 0 lost, no restart"
    figure("D-06", wanted=wanted, found=f"{len(sent)} acknowledged, {len(gone)} lost, no restart")
    assert gone == []


def test_without_a_reserve_a_full_disk_is_refused_cleanly(disk: Disk, figure: Figure) -> None:
    with (
        forked_axis(disk.folder / "axis", NAMES, disk_reserve_bytes=0) as axis,
        both(axis) as (sender, recipient),
    ):
        sent = fill_up(disk, sender, recipient)
        axis.stop()
        gone = lost(axis, sent)
    found = f"{len(sent)} acknowledged on a disk that was full to the last byte, {len(gone)} lost"
    figure("D-06", wanted="0 lost without any reserve", found=found)
    assert gone == []


@pytest.mark.planted("swallow ENOSPC")
def test_a_node_that_ignores_a_full_disk_would_be_caught(disk: Disk) -> None:
    with (
        forked_axis(
            disk.folder / "axis", NAMES, planted="ignores-a-full-disk", disk_reserve_bytes=0
        ) as axis,
        both(axis) as (sender, _),
    ):
        sent = [send(sender, MEDIUM)]
        disk.fill(leaving=0)
        while len(sent) < MOST:
            try:
                sent.append(send(sender, MEDIUM))
            except LienthongError:
                break
        axis.kill()
        disk.clear()
        assert lost(axis, sent)


def fill_up(
    disk: Disk, sender: Client, recipient: Client
) -> Sequence[tuple[PreparedPackage, Receipt]]:
    """Send until nothing fits, three times; what was acknowledged."""
    sent = [send(sender, MEDIUM)]
    for _ in range(3):
        disk.fill(leaving=0)
        refused = 0
        for size in (MEDIUM, SMALL, LARGE):
            for _ in range(MOST):
                try:
                    sent.append(send(sender, size))
                except DiskFull:
                    refused += 1
                    break
        assert refused == 3
        assert recipient.check(sent[-1][0].package_id).passed
        reads_feed_to(recipient, sent[-1][0].package_id)
        disk.clear()
        sent.append(accepted_within(ACCEPTED_AGAIN_S, sender, MEDIUM))
        sent.append(accepted_within(ACCEPTED_AGAIN_S, sender, LARGE))
    return sent


def goes_on(
    sender: Client, recipient: Client, package: PreparedPackage, receipt: Receipt, number: int
) -> None:
    """Feeds, downloads, reports and repetitions work while new packages are refused."""
    package_id = package.package_id
    reads_feed_to(recipient, package_id)
    assert recipient.check(package_id).passed
    recipient.accept(package_id, register_number=number)
    assert sender.get_package(package_id).deliveries[0].state is DeliveryState.ACCEPTED
    assert sender.submit(package) == receipt


def reads_feed_to(recipient: Client, package_id: PackageId) -> None:
    assert package_id in {
        item.manifest.package_id for item in recipient.feed() if item.manifest is not None
    }


def refused_within(seconds: float, sender: Client, size: int) -> None:
    """New packages are refused at the latest after so long, and each refusal is quick."""
    until = time.monotonic() + seconds
    while True:
        started = time.monotonic()
        try:
            send(sender, size)
        except DiskFull:
            assert time.monotonic() - started < REFUSED_S
            return
        assert time.monotonic() < until


def accepted_within(seconds: float, sender: Client, size: int) -> tuple[PreparedPackage, Receipt]:
    until = time.monotonic() + seconds
    while True:
        try:
            return send(sender, size)
        except DiskFull:
            assert time.monotonic() < until
            time.sleep(0.05)


def send(sender: Client, size: int) -> tuple[PreparedPackage, Receipt]:
    file = FileSource.of_bytes("van-ban.pdf", os.urandom(size))
    package = sender.prepare(make_document(), [file], [B])
    return package, sender.submit(package)


def lost(axis: LocalAxis, sent: Sequence[tuple[PreparedPackage, Receipt]]) -> list[str]:
    """What was acknowledged and is not as it was, and what else is wrong."""
    journal, faults = read_journal(axis.data)
    receipts = {entry.id: entry.receipt for entry in journal}
    return faults + [
        f"{package.package_id} is lost"
        for package, receipt in sent
        if receipts.get(str(package.package_id)) != digest(receipt)
    ]


@contextmanager
def both(axis: LocalAxis) -> Iterator[tuple[Client, Client]]:
    """Sender and recipient; nothing is tried twice."""
    with (
        Client(Profile.load(axis.profile(A)), retry=ONCE) as sender,
        Client(Profile.load(axis.profile(B)), retry=ONCE) as recipient,
    ):
        yield sender, recipient
