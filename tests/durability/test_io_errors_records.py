"""D-05: any call of the record store to its medium fails, once or for good."""

from __future__ import annotations

import errno
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Final

import apsw
import pytest
from attrs import define, field, frozen

from lienthong.errors import DiskFull, LienthongError, StoreFailed
from lienthong.spi.storage import WriteTransaction
from lienthong_storage_sqlite import store as store_module
from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.conftest import Figure
from tests.durability.commits import (
    CHECKPOINT_PAGES,
    DATABASE,
    commit,
    faults_of,
    judge,
    size_of,
)
from tests.durability.medium import cuts
from tests.durability.recorder import NO_FAULT, Fault, Recorder, RecordingVFS, recording
from tests.tiers import SEED, tier

BATCHES: Final = 12
TURNS: Final = 200
EVERY: Final = tier(commit=(37, 6), nightly=(1, 1))
"""Every so-many-th turn of a call fails, and of a sync; the first ones always."""

ALWAYS: Final = 2
CUTS: Final = tier(commit=1, nightly=4)


@frozen(kw_only=True)
class Kind:
    """A way to fail: what SQLite is told, and the ``errno`` behind it."""

    call: str
    code: int
    errno: int
    part: bool = False

    def fault(self, turn: int, *, lasting: bool) -> Fault:
        return Fault(
            call=self.call,
            turn=turn,
            lasting=lasting,
            part=self.part,
            errno=self.errno,
            code=self.code,
        )


FULL: Final = Kind(call="write", code=apsw.SQLITE_FULL, errno=errno.ENOSPC)
SYNC: Final = Kind(call="sync", code=apsw.SQLITE_IOERR_FSYNC, errno=errno.EIO)
KINDS: Final = (
    FULL,
    SYNC,
    Kind(call="write", code=apsw.SQLITE_IOERR_WRITE, errno=errno.EIO),
    Kind(call="write", code=apsw.SQLITE_IOERR_WRITE, errno=errno.EDQUOT),
    Kind(call="write", code=apsw.SQLITE_FULL, errno=errno.ENOSPC, part=True),
    Kind(call="sync", code=apsw.SQLITE_IOERR_FSYNC, errno=errno.ENOSPC),
    Kind(call="sync", code=apsw.SQLITE_IOERR_FSYNC, errno=errno.EDQUOT),
    Kind(call="truncate", code=apsw.SQLITE_IOERR_TRUNCATE, errno=errno.EIO),
    Kind(call="read", code=apsw.SQLITE_IOERR_READ, errno=errno.EIO),
    Kind(call="open", code=apsw.SQLITE_CANTOPEN, errno=errno.EIO),
    Kind(call="delete", code=apsw.SQLITE_IOERR_DELETE, errno=errno.EIO),
)


class RetryingStore(SQLiteRecordStore):
    """Goes on with the descriptors whose sync has failed."""

    def _drop_writer(self, connection: apsw.Connection) -> None:
        pass


class SwallowingStore(SQLiteRecordStore):
    """Takes a full medium for a success."""

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with suppress(DiskFull), super().write() as transaction:
            yield transaction


class TrustingStore(SQLiteRecordStore):
    """Takes for durable what can be read after a failed sync."""

    def _open_writer(self) -> apsw.Connection:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store_module, "renew_log", lambda database: None)
            return super()._open_writer()


@define(kw_only=True)
class Run:
    """One run with one fault."""

    root: Path
    recorder: Recorder
    vfs: RecordingVFS
    store: type[SQLiteRecordStore]
    acknowledged: int = 0
    faults: list[str] = field(factory=list)

    def go(self, fault: Fault) -> None:
        """Commit while the medium fails; then, on the same store, when it does not any more."""
        self.recorder.fault = fault
        store = self.open(fault)
        for _ in range(BATCHES):
            self.commit(store)
        fault.repaired = True
        try:
            self.faults += faults_of(store, self.acknowledged)
        except LienthongError as error:
            self.faults.append(f"does not recover: {error}")
        self.say(size_of(store))
        store.close()
        if self.recorder.resynced:
            self.faults.append(f"synced again after a failed sync: {self.recorder.resynced}")

    def open(self, fault: Fault) -> SQLiteRecordStore:
        """Open the store; a node that could not is started again."""
        try:
            return self.store(self.root / DATABASE, vfs=self.vfs.name)
        except Exception as error:  # noqa: BLE001 - untyped ones are what is looked for
            self.note(error)
            fault.repaired = fault.lasting
            return self.store(self.root / DATABASE, vfs=self.vfs.name)

    def commit(self, store: SQLiteRecordStore) -> None:
        try:
            self.say(commit(store))
        except Exception as error:  # noqa: BLE001 - untyped ones are what is looked for
            self.note(error)

    def say(self, size: int) -> None:
        self.recorder.say(size)
        self.acknowledged = size

    def note(self, error: Exception) -> None:
        """An error must say with a stable code what happened."""
        if not isinstance(error, StoreFailed | DiskFull) or not error.code:
            self.faults.append(f"untyped: {error!r}")


@pytest.fixture(autouse=True)
def _short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_CHECKPOINT_PAGES", CHECKPOINT_PAGES)


def run(
    root: Path, kind: Kind, fault: Fault, store: type[SQLiteRecordStore], soon: int
) -> list[str]:
    """What is wrong when a call fails, also when the power goes soon after that."""
    root.mkdir()
    chance = random.Random(f"{SEED} {root.name}")
    with recording(root) as (recorder, vfs):
        going = Run(root=root, recorder=recorder, vfs=vfs, store=store)
        going.go(fault)
    end = len(recorder.steps)
    struck = [step for step in recorder.struck[:2] for _ in range(soon)]
    points = [end, *(min(step + chance.randrange(1, 80), end) for step in struck)]
    faults = list(going.faults)
    for image, said in cuts(recorder.steps, points, chance):
        faults += [
            f"after a power cut: {fault}" for fault in judge(image, root, root / "cut", said)
        ]
        shutil.rmtree(root / "cut")
    return [f"seed {SEED}, {kind}, {root.name}: {fault}" for fault in faults]


def calls(folder: Path) -> Counter[str]:
    """How often a run without faults makes each call."""
    root = folder / "sound"
    root.mkdir()
    with recording(root) as (recorder, vfs):
        Run(root=root, recorder=recorder, vfs=vfs, store=SQLiteRecordStore).go(NO_FAULT)
    return recorder.calls


def sweep(
    folder: Path,
    kinds: Sequence[Kind] = KINDS,
    store: type[SQLiteRecordStore] = SQLiteRecordStore,
    *,
    soon: int = CUTS,
    every: tuple[int, int] = EVERY,
) -> Iterator[list[str]]:
    """What is wrong, for each turn of each call, when that one fails or all from it on.

    Args:
        folder: for the runs.
        kinds: ways to fail.
        store: the store that is tested.
        soon: how often the power goes soon after the first failures.
        every: so-many-th turn of a call fails, and of a sync.
    """
    amount = calls(folder)
    for number, kind in enumerate(kinds):
        last = min(amount[kind.call], TURNS)
        step = every[kind.call == "sync"]
        turns = {*range(1, min(ALWAYS, last) + 1), *range(number % step + 1, last + 1, step)}
        for turn, lasting in product(sorted(turns), (False, True)):
            fault = kind.fault(turn, lasting=lasting)
            root = folder / f"{number} turn {turn}{' and on' if lasting else ''}"
            yield run(root, kind, fault, store, soon)
            shutil.rmtree(root)


def test_failing_medium_is_never_an_acknowledgement(folder: Path, figure: Figure) -> None:
    runs = list(sweep(folder))
    wrong = [fault for faults in runs for fault in faults]
    hurt = sum(map(bool, runs))
    figure(
        "D-05",
        wanted="0 false acknowledgements, 0 untyped errors, 0 repeated syncs",
        found=f"{len(runs)} runs of the record store, {hurt} with a fault",
    )
    assert wrong == []


def is_found(
    folder: Path, kind: Kind, store: type[SQLiteRecordStore], text: str, soon: int = 0
) -> bool:
    """Whether the sweep finds what a planted fault must lead to."""
    runs = sweep(folder, [kind], store, soon=soon, every=(5, 1))
    return any(text in fault for faults in runs for fault in faults)


@pytest.mark.planted("retry fsync after EIO")
def test_repeated_sync_would_be_caught(folder: Path) -> None:
    assert is_found(folder, SYNC, RetryingStore, "synced again after a failed sync")


@pytest.mark.planted("log trusted after a failed fsync")
def test_log_that_is_trusted_would_be_caught(folder: Path) -> None:
    assert is_found(folder, SYNC, TrustingStore, "after a power cut", soon=8)


@pytest.mark.planted("swallow ENOSPC")
def test_swallowed_lack_of_space_would_be_caught(folder: Path) -> None:
    assert is_found(folder, FULL, SwallowingStore, "acknowledged entries")
