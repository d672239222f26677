"""D-19: under load a node takes no more and more: descriptors, memory, the log of its database."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Final

import pytest
from attrs import frozen

from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.conftest import Figure
from tests.e2e.conftest import NAMES
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import judge, read_events, read_journal
from tests.e2e.load_process import loaded
from tests.operation.folders import LOG
from tests.operation.process import MIB, memory_mib, open_files
from tests.tiers import SEED, tier

SOAK_S: Final = tier(12.0, 120.0)
EVERY_S: Final = 0.25
LOG_MIB: Final = 64
"""The log is started anew before, however large the load (reliability: WAL <= 64 MiB)."""

GROWTH_MIB: Final = 24
"""Between the medians of the second and the last third; caches fill in the first."""

MORE_FILES: Final = 8
"""Connections of readers that come and go with the load."""

WRITTEN_MIB: Final = 3 * LOG_MIB
PIECE: Final = MIB // 4
READERS: Final = 2
LOOK_S: Final = 0.002


@frozen(kw_only=True)
class Sample:
    """What a node takes at one moment."""

    files: int
    memory_mib: float
    log_mib: float


def test_a_node_under_load_stays_as_it_is(tmp_path: Path, figure: Figure) -> None:
    with forked_axis(tmp_path / "axis", NAMES) as axis:
        with loaded(axis, tmp_path, seed=SEED) as load:
            samples = soak(axis)
            assert load.finish() == 0, load.errors
        axis.stop()
        journal, faults = read_journal(axis.data)
        broken = faults + judge(read_events(load.history), journal)
    _, before, after = thirds(samples)
    more = max(one.files for one in after) - max(one.files for one in before)
    growth = median(one.memory_mib for one in after) - median(one.memory_mib for one in before)
    log = max(one.log_mib for one in samples)
    figure(
        "D-19",
        wanted=f"no more than {MORE_FILES} files, {GROWTH_MIB} MiB more; log <= {LOG_MIB} MiB",
        found=f"{SOAK_S:.0f} s, {len(journal)} entries: {more:+} files, {growth:+.1f} MiB,"
        f" log {log:.0f} MiB, {len(broken)} promises broken",
    )
    assert broken == [], f"seed {SEED}"
    assert more <= MORE_FILES
    assert growth <= GROWTH_MIB
    assert log <= LOG_MIB


def test_the_log_is_bounded_whatever_is_written(tmp_path: Path, figure: Figure) -> None:
    found = longest_log(tmp_path)
    figure(
        "D-19",
        wanted=f"log <= {LOG_MIB} MiB while {WRITTEN_MIB} MiB are written beside readers",
        found=f"at most {found:.0f} MiB",
    )
    assert found <= LOG_MIB


@pytest.mark.planted("log never checkpointed")
def test_a_log_without_an_end_would_be_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteRecordStore, "_checkpoint", lambda *_: None)
    assert longest_log(tmp_path) > LOG_MIB


def soak(axis: ForkedAxis) -> Sequence[Sample]:
    """Look at the node again and again."""
    samples, until = [], time.monotonic() + SOAK_S
    while time.monotonic() < until:
        files, memory = open_files(axis.pid), memory_mib(axis.pid)
        size = (axis.data / LOG).stat().st_size / MIB
        samples.append(Sample(files=files, memory_mib=memory, log_mib=size))
        time.sleep(EVERY_S)
    return samples


def thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], ...]:
    size = len(samples) // 3
    return samples[:size], samples[size : 2 * size], samples[2 * size :]


def longest_log(folder: Path) -> float:
    """Write small files beside readers that overlap; the largest size of the log, in MiB."""
    database, longest, stop = folder / "node.db", 0, threading.Event()
    log = database.with_name("node.db-wal")
    with closing(SQLiteRecordStore(database)) as store, ThreadPoolExecutor(READERS) as threads:
        for _ in range(READERS):
            threads.submit(look_again_and_again, store, stop)
        try:
            for _ in range(WRITTEN_MIB * MIB // PIECE):
                content = os.urandom(PIECE)
                with store.write() as tx:
                    tx.add_contents([(sha256(content).digest(), content)])
                longest = max(longest, log.stat().st_size)
        finally:
            stop.set()
    return longest / MIB


def look_again_and_again(store: SQLiteRecordStore, stop: threading.Event) -> None:
    """Hold a look at the store open nearly all the time."""
    while not stop.is_set():
        with store.read() as view:
            view.head()
            stop.wait(LOOK_S)
