"""D-02: the process is killed at the n-th call of a kind, for every n; nothing is lost."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from lienthong.errors import LienthongError
from lienthong.testing.samples import SENDER, journal_row, sha256
from lienthong_storage_fs.store import FSBlobStore
from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.conftest import Figure
from tests.durability.commit_process import content, store_documents
from tests.tiers import tier

PROGRAM: Final = Path(__file__).with_name("commit_process.py")
DOCUMENTS: Final = 20
EVERY: Final = tier(commit=20, nightly=1)
CALLS: Final = (
    "write",
    "pwrite64",
    "fdatasync",
    "fsync",
    "rename",
    "unlink",
    "ftruncate",
    "mkdir",
)
LONGEST_S: Final = 120
"""How long a run may hang before the test is given up."""

PLANTED_EVERY: Final = 7


def traced(folder: Path, *options: str, early: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the program under strace."""
    command = ["strace", "-f", "-qq", "-e", f"trace={','.join(CALLS)}", *options]
    command += [sys.executable, str(PROGRAM), str(folder), str(DOCUMENTS)]
    command += ["early"] if early else []
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=LONGEST_S, errors="replace"
    )


@pytest.fixture
def amounts(folder: Path) -> Counter[str]:
    """How often a run makes each call, in the thread that makes it most often."""
    if shutil.which("strace") is None:
        pytest.skip("killing at a system call needs strace")
    probe = ["strace", "-f", "-qq", "-e", "trace=write", "true"]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("strace may not follow processes here")
    log = folder / "calls"
    done = traced(folder / "sound", "-o", str(log))
    assert done.returncode == 0, done.stderr
    assert broken(folder / "sound") == []
    by_thread = Counter(
        re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE)
    )
    amounts: Counter[str] = Counter()
    for (_, call), amount in by_thread.items():
        amounts[call] = max(amounts[call], amount)
    return amounts


def kills(amounts: Counter[str], every: int) -> Iterator[tuple[str, int]]:
    """Every so-many-th point of a run, counted over all kinds of calls."""
    points = [(call, turn) for call in CALLS for turn in range(1, amounts[call] + 1)]
    yield from points[every // 2 :: every]


def kill(folder: Path, call: str, turn: int, *, early: bool = False) -> list[str]:
    """Kill a run at a call, judge what is left, and let it go on to the end."""
    inject = f"inject={call}:signal=KILL:when={turn}"
    done = traced(folder, "-o", "/dev/null", "-e", inject, early=early)
    faults = broken(folder)
    if done.returncode != -signal.SIGKILL:
        faults.append(f"was not killed: {done.returncode}")
    if not faults:
        store_documents(folder, DOCUMENTS)
        faults += [f"after going on: {fault}" for fault in broken(folder, least=DOCUMENTS)]
    shutil.rmtree(folder)
    return [f"killed at {call} {turn}: {fault}" for fault in faults]


def broken(folder: Path, least: int = 0) -> list[str]:
    """What is wrong with the stores that a run has left."""
    said = folder / "acknowledged"
    numbers = re.findall(r"^(\d+)\n", said.read_text() if said.exists() else "", re.MULTILINE)
    acknowledged = max([least, *(int(number) + 1 for number in numbers)])
    try:
        with (
            closing(SQLiteRecordStore(folder / "records" / "node.db")) as records,
            closing(FSBlobStore(folder / "blobs")) as blobs,
        ):
            records.check()
            return list(wrong(records, blobs, acknowledged))
    except LienthongError as error:
        return [str(error)]


def wrong(records: SQLiteRecordStore, blobs: FSBlobStore, acknowledged: int) -> Iterator[str]:
    with records.read() as view:
        size = view.head().size
        if size < acknowledged:
            yield f"{size} of {acknowledged} acknowledged documents"
        for number, row in enumerate(view.journal(0, size + 1)):
            data, small = content(number), b"small %d" % number
            if row != journal_row(number, envelope=sha256(data) + sha256(small)):
                yield f"document {number} is not as written"
            if (blobs.read(sha256(data)), blobs.read(sha256(small))) != (data, small):
                yield f"the files of document {number} are not as written"
            if view.possession(SENDER, sha256(data)) != len(data):
                yield f"document {number} has no owner"


def test_kill_at_any_call_loses_nothing(
    folder: Path, amounts: Counter[str], figure: Figure
) -> None:
    points = list(kills(amounts, EVERY))
    faults = [fault for call, turn in points for fault in kill(folder / "run", call, turn)]
    whole = sum(amounts[call] for call in CALLS)
    found = f"{len(points)} of {whole} points, {len(faults)} breaks"
    figure("D-02", wanted=f"every {EVERY}. of all points, 0 breaks", found=found)
    assert faults == []


@pytest.mark.planted("ack before commit")
def test_early_acknowledgement_would_be_caught(folder: Path, amounts: Counter[str]) -> None:
    """The commit is written with ``pwrite64``: a kill there finds what was said too early."""
    turns = range(amounts["pwrite64"] // 2, amounts["pwrite64"], PLANTED_EVERY)
    found = (kill(folder / "run", "pwrite64", turn, early=True) for turn in turns)
    assert any("acknowledged documents" in fault for faults in found for fault in faults)
