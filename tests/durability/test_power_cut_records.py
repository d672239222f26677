"""D-03: the power goes at any write or sync of the record store; nothing acknowledged is lost."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path
from typing import Final

import apsw
import pytest
from attrs import define, field

from lienthong_storage_sqlite import store as store_module
from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.conftest import Figure
from tests.durability.commits import CHECKPOINT_PAGES, DATABASE, judge, run
from tests.durability.medium import cuts, write_image
from tests.durability.recorder import recording
from tests.tiers import SEED, tier

CUTS: Final = tier(commit=500, nightly=10_000)
ROUNDS: Final = tier(commit=10, nightly=100)
"""Runs; most go on from what a cut of the one before has left."""

CHAIN: Final = 3
"""So many runs go on from one another."""

PLANTED_CUTS: Final = 120
BATCHES: Final = 16


class NormalStore(SQLiteRecordStore):
    """Does not sync at a commit, only at a checkpoint."""

    def _open_writer(self) -> apsw.Connection:
        connection = super()._open_writer()
        connection.pragma("synchronous", "normal")
        return connection


class UnsyncedStore(SQLiteRecordStore):
    """Never syncs."""

    def _open_writer(self) -> apsw.Connection:
        connection = super()._open_writer()
        connection.pragma("synchronous", "off")
        return connection


@define(kw_only=True)
class Tally:
    """What the cuts of some runs have found."""

    cuts: int = 0
    hurt: int = 0
    """Cuts after which something was wrong."""

    faults: list[str] = field(factory=list)


@pytest.fixture(autouse=True)
def _short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_CHECKPOINT_PAGES", CHECKPOINT_PAGES)


def cut_power(
    folder: Path,
    amount: int,
    *,
    rounds: int = 1,
    kind: type[SQLiteRecordStore] = SQLiteRecordStore,
    early: bool = False,
) -> Tally:
    """Record runs of a store and cut the power in them, evenly over their steps."""
    chance = random.Random(SEED)
    tally = Tally()
    root = folder / "run 0"
    root.mkdir()
    for number in range(1, rounds + 1):
        with recording(root) as (recorder, vfs):
            run(partial(kind, root / DATABASE, vfs=vfs.name), recorder, BATCHES, early=early)
        chosen = chance.randrange(amount // rounds)
        points = chance.choices(recorder.points, k=amount // rounds)
        for turn, (image, said) in enumerate(cuts(recorder.steps, points, chance)):
            faults = judge(image, root, folder / "cut", said)
            shutil.rmtree(folder / "cut")
            tally.cuts += 1
            tally.hurt += bool(faults)
            tally.faults += [f"seed {SEED}, run {number}, cut {turn}: {fault}" for fault in faults]
            if turn == chosen:
                write_image(image if number % CHAIN else {}, root, folder / f"run {number}")
        root = folder / f"run {number}"
    return tally


def test_power_cut_loses_nothing_acknowledged(folder: Path, figure: Figure) -> None:
    tally = cut_power(folder, CUTS, rounds=ROUNDS)
    found = f"{tally.cuts} cuts, {tally.hurt} with a loss or damage"
    figure("D-03", wanted=f"{CUTS} cuts, 0 with a loss or damage", found=found)
    assert tally.cuts == CUTS
    assert tally.faults == []


def test_negative_control_of_the_power_cut(
    folder: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite documents that NORMAL may lose commits: a model that does not see it is worthless."""
    monkeypatch.setattr(store_module, "_CHECKPOINT_PAGES", 20 * CHECKPOINT_PAGES)
    tally = cut_power(folder, PLANTED_CUTS, kind=NormalStore)
    found = f"synchronous=NORMAL loses in {tally.hurt} of {tally.cuts} cuts"
    figure("D-03", wanted="synchronous=NORMAL loses in >= 20 % of cuts", found=found)
    assert tally.hurt >= tally.cuts // 5


@pytest.mark.planted("commit without fsync")
def test_commit_without_sync_would_be_caught(folder: Path) -> None:
    assert cut_power(folder, PLANTED_CUTS, kind=UnsyncedStore).hurt >= PLANTED_CUTS // 5


@pytest.mark.planted("ack before commit")
def test_early_acknowledgement_would_be_caught(folder: Path) -> None:
    assert cut_power(folder, PLANTED_CUTS, early=True).hurt >= PLANTED_CUTS // 5
