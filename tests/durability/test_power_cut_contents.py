"""D-04: the power goes at any call of the blob store; no content is missing or torn."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Final

import pytest

from lienthong_storage_fs import publishing
from lienthong_storage_fs import store as store_module
from lienthong_storage_fs.store import FSBlobStore
from tests.conftest import Figure
from tests.durability.contents import Life, judge, live_and_be_killed
from tests.durability.medium import cuts
from tests.durability.recorder import recording
from tests.tiers import SEED, tier

CUTS: Final = tier(commit=1_000, nightly=5_000)
CUTS_A_RUN: Final = 50
PLANTED_CUTS: Final = 100
LIVES: Final = 3
USES: Final = 12


class UnsyncedStore(FSBlobStore):
    """Never syncs what it writes to a file."""

    def _write_tmp(self, path: Path, content: bytes) -> None:
        path.touch()
        descriptor = os.open(path, os.O_WRONLY)
        os.write(descriptor, content)
        os.close(descriptor)


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync nothing for real, and write in one thread, so that a seed gives the same run."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(store_module, "WRITERS", 1)


def cut_power(folder: Path, amount: int, kind: type[FSBlobStore] = FSBlobStore) -> list[str]:
    """Record lives of a store and cut the power in them; says what is wrong after which cut."""
    faults: list[str] = []
    for number in range(amount // CUTS_A_RUN):
        chance = random.Random(f"{SEED} {number}")
        root = folder / f"run {number}"
        root.mkdir()
        with recording(root) as (recorder, _):
            life = Life(root=root, recorder=recorder, chance=chance, kind=kind)
            live_and_be_killed(life, LIVES, USES)
        points = chance.choices(recorder.points, k=CUTS_A_RUN)
        for turn, (image, said) in enumerate(cuts(recorder.steps, points, chance)):
            found = judge(image, root, folder / "cut", said)
            shutil.rmtree(folder / "cut")
            faults += [f"seed {SEED}, run {number}, cut {turn}: {fault}" for fault in found]
        shutil.rmtree(root)
    return faults


def test_power_cut_loses_and_tears_no_content(folder: Path, figure: Figure) -> None:
    faults = cut_power(folder, CUTS)
    wanted = f"{CUTS} cuts, 0 contents missing, torn or left over"
    figure("D-04", wanted=wanted, found=f"{CUTS} cuts, {len(faults)} missing, torn or left over")
    assert faults == []


@pytest.mark.planted("blob rename without dir fsync")
def test_name_without_sync_would_be_caught(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "sync_folder", lambda folder: None)
    assert [fault for fault in cut_power(folder, PLANTED_CUTS) if fault.endswith("is lost")]


@pytest.mark.planted("blob without fsync")
def test_content_without_sync_would_be_caught(folder: Path) -> None:
    faults = cut_power(folder, PLANTED_CUTS, UnsyncedStore)
    assert [fault for fault in faults if fault.endswith("is torn")]
