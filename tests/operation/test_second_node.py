"""D-17: exactly one process uses a data folder; every other one is refused and harms nothing."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Client, Profile
from lienthong.errors import DataDirectoryInUse
from lienthong.model.ids import PackageId
from lienthong_node.opening import open_folder
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import read_journal
from tests.e2e.raw import Party
from tests.tiers import tier

OPENERS: Final = tier(20, 100)
PROCESSES: Final = tier(2, 20)
SECONDS: Final = 60


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedAxis]:
    with forked_axis(tmp_path_factory.mktemp("axis"), NAMES) as made:
        yield made


def test_every_second_opener_is_refused(axis: ForkedAxis, figure: Figure) -> None:
    sent: list[PackageId] = []
    with Party.opened(axis.profile(A)) as a:
        refused = 0
        for _ in range(OPENERS):
            sent.append(a.send(B))
            refused += not opens(axis.data)
        ended = Counter(served(axis.data) for _ in range(PROCESSES))
        sent.append(a.send(B))
    with Client(Profile.load(axis.profile(B))) as b:
        seen = {item.manifest.package_id for item in b.feed() if item.manifest is not None}
    axis.stop()
    _, faults = read_journal(axis.data)
    axis.start()
    figure(
        "D-17",
        wanted=f"second opener refused {OPENERS + PROCESSES} times, the first goes on",
        found=f"refused {refused + ended['node.data_in_use']} times, {len(faults)} faults",
    )
    assert refused == OPENERS
    assert ended == {"node.data_in_use": PROCESSES}
    assert seen == set(sent)
    assert faults == []


def test_a_killed_node_holds_nothing_back(axis: ForkedAxis) -> None:
    """The lock ends with its process, whatever ended that."""
    for _ in range(3):
        axis.kill()
        axis.start()


@pytest.mark.planted("second opener allowed")
def test_a_lock_that_locks_nothing_would_be_caught(
    axis: ForkedAxis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert opens(axis.data)


def opens(data: Path) -> bool:
    """Whether the folder of a running node can be opened once more."""
    try:
        open_folder(data).close()
    except DataDirectoryInUse:
        return False
    return True


def served(data: Path) -> str:
    """Why a second ``lienthong-node serve`` ended."""
    found = subprocess.run(  # our own interpreter and module
        [sys.executable, "-m", "lienthong_node", "serve", str(data)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=os.environ | {"LIENTHONG_LANG": "en"},
    )
    code = found.stderr.partition("error[")[2].partition("]")[0]
    return code if found.returncode == 1 else f"exit {found.returncode}"
