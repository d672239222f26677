"""D-05: any call of the blob store to the operating system fails, once or for good."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from lienthong.errors import DiskFull, LienthongError, StoreFailed
from lienthong_storage_fs import store as store_module
from lienthong_storage_fs.store import FSBlobStore
from tests.conftest import Figure
from tests.durability.contents import CONTENTS, HASHES, KEPT, Life, judge
from tests.durability.medium import cuts
from tests.durability.recorder import Fault, Recorder, recording
from tests.tiers import SEED, tier

USES: Final = 14
TURNS: Final = 200
EVERY: Final = tier(commit=7, nightly=1)
"""Of the turns of a call, every so-many-th fails; the first ones always."""

ALWAYS: Final = 2
KINDS: Final = (
    ("write", errno.EIO),
    ("write", errno.ENOSPC),
    ("write", errno.EDQUOT),
    ("sync", errno.EIO),
    ("sync", errno.ENOSPC),
    ("rename", errno.EIO),
    ("rename", errno.ENOSPC),
    ("mkdir", errno.EDQUOT),
    ("open", errno.EIO),
    ("open", errno.ENOSPC),
    ("truncate", errno.EIO),
    ("unlink", errno.EIO),
)
NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)
GROWING: Final = ("write", "rename", "mkdir")
"""Calls after which a lack of space is nothing worse."""


class RetryingStore(FSBlobStore):
    """Syncs a file again on the descriptor whose sync has failed."""

    def _write_tmp(self, path: Path, content: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, content)
        try:
            os.fsync(descriptor)
        except OSError:
            os.fsync(descriptor)
        os.close(descriptor)


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync nothing for real, and write in one thread, so that a seed gives the same run."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(store_module, "WRITERS", 1)


def live(root: Path, recorder: Recorder, kind: type[FSBlobStore]) -> list[str]:
    """Use a store while calls fail; then, the same store, when they do not any more."""
    faults: list[str] = []
    fault = recorder.fault

    def note(error: Exception) -> None:
        full = fault.call in GROWING and fault.errno in NO_SPACE
        if not isinstance(error, DiskFull if full else StoreFailed | DiskFull):
            faults.append(f"not the error that was expected: {error!r}")

    chance = random.Random(SEED)
    life = Life(root=root, recorder=recorder, chance=chance, kind=kind, refused=note)
    life.open_at_last(fault)
    life.use(USES)
    fault.repaired = True
    try:
        life.store.put(list(CONTENTS.items()))
        life.say(KEPT, *HASHES)
        if set(life.store.contents()) != CONTENTS.keys():
            faults.append("contents are not listed")
    except LienthongError as error:
        faults.append(f"does not recover: {error}")
    life.store.close()
    return faults + [f"synced again after a failed sync: {path}" for path in recorder.resynced]


def run(root: Path, fault: Fault, kind: type[FSBlobStore]) -> list[str]:
    """What is wrong when a call fails, also when the power goes soon after that."""
    root.mkdir()
    chance = random.Random(f"{SEED} {root.name}")
    with recording(root) as (recorder, _):
        recorder.fault = fault
        faults = live(root, recorder, kind)
    end = len(recorder.steps)
    soon = [struck + chance.randrange(1, 20) for struck in recorder.struck[:1]]
    points = [min(point, end) for point in (*soon, end)]
    for image, said in cuts(recorder.steps, points, chance):
        found = judge(image, root, root / "cut", said)
        faults += [f"after a power cut: {fault}" for fault in found]
        shutil.rmtree(root / "cut")
    shutil.rmtree(root)
    return [f"seed {SEED}, {root.name}: {fault}" for fault in faults]


def sweep(
    folder: Path,
    kinds: tuple[tuple[str, int], ...] = KINDS,
    kind: type[FSBlobStore] = FSBlobStore,
) -> Iterator[list[str]]:
    """What is wrong, for each turn of each call, when that one fails or all from it on."""
    root = folder / "sound"
    root.mkdir()
    with recording(root) as (recorder, _):
        assert live(root, recorder, FSBlobStore) == []
    for number, (call, error) in enumerate(kinds):
        last = min(recorder.calls[call], TURNS)
        assert last, f"a run never calls {call}"
        turns = {*range(1, min(ALWAYS, last) + 1), *range(number % EVERY + 1, last + 1, EVERY)}
        for turn, lasting in product(sorted(turns), (False, True)):
            name = f"{call} {errno.errorcode[error]} at {turn}{' and on' if lasting else ''}"
            fault = Fault(call=call, turn=turn, errno=error, lasting=lasting, part=turn % 2 == 0)
            yield run(folder / name, fault, kind)


def test_failing_medium_is_never_an_acknowledgement(folder: Path, figure: Figure) -> None:
    runs = list(sweep(folder))
    figure(
        "D-05",
        wanted="0 false acknowledgements, 0 untyped errors, 0 repeated syncs",
        found=f"{len(runs)} runs of the blob store, {sum(map(bool, runs))} with a fault",
    )
    assert [fault for faults in runs for fault in faults] == []


@pytest.mark.planted("retry fsync after EIO")
def test_repeated_sync_would_be_caught(folder: Path) -> None:
    found = [fault for faults in sweep(folder, KINDS[3:4], RetryingStore) for fault in faults]
    assert [fault for fault in found if "synced again" in fault or "is torn" in fault]
