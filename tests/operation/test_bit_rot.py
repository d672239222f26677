# ruff: noqa: S608 - statements are put together from constants of this file
"""D-07 and D-08: one flipped bit or one cut file of a stopped node is noticed or harmless.

Each trial damages a fresh copy of the folder of a killed node, then asks it for everything as the
services do. Wrong bytes, lost entries and untyped errors are failures, and so is damage that
neither the start nor the reading nor ``lienthong-node audit verify`` names.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Self, TypeAlias

import apsw
import pytest
from attrs import define, field

from lienthong.errors import JournalRolledBack, RestoreUnconfirmed
from lienthong_node import heads
from lienthong_storage_sqlite import rows
from tests.conftest import Figure
from tests.e2e.forked_axis import ForkedAxis
from tests.operation import folders
from tests.operation.folders import (
    DATABASE,
    HEAD,
    LOCK,
    LOG,
    SHARED,
    Look,
    Questions,
    audited,
    blob_files,
    copy_of,
    killed_axis,
    look,
    questions,
)
from tests.tiers import SEED, tier

FLIPS: Final = tier(6, 1000)
"""Trials a file."""

IN_ROWS: Final = tier(12, 500)
CUTS: Final = tier(3, 250)
FLIPPED: Final = ("database", "log", "blob", "head")
KEYS: Final = {"delivery": 0, "checkpoint": 1}
"""So many columns of a table stand, each in a byte, before the header of a row: small row ids."""

SHORT: Final = 57
"""Longer texts have types of two bytes in the header of a row."""

CUT: Final = ("database", "log", "blob", "head", "lock", "shared memory")

Damage: TypeAlias = Callable[[Path, random.Random], str]


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedAxis]:
    """What a killed node has left; tests damage copies of its folder."""
    with killed_axis(tmp_path_factory.mktemp("axis")) as made:
        yield made


@pytest.fixture(scope="module")
def asked(axis: ForkedAxis, tmp_path_factory: pytest.TempPathFactory) -> Questions:
    return questions(copy_of(axis.data, tmp_path_factory.mktemp("asked") / "node"))


@pytest.fixture(scope="module")
def truth(axis: ForkedAxis, asked: Questions, tmp_path_factory: pytest.TempPathFactory) -> Look:
    """What the folder gives when nothing was damaged."""
    data = copy_of(axis.data, tmp_path_factory.mktemp("truth") / "node")
    found = look(data, asked)
    assert found.refused is None
    assert found.damaged == []
    assert audited(data) is None
    return found


@define
class Trials:
    """Trials on copies of one folder, and what became of them."""

    axis: ForkedAxis
    asked: Questions
    truth: Look
    folder: Path
    outcomes: Counter[str] = field(factory=Counter)
    wrong: list[str] = field(factory=list)
    """Signed bytes and files that were delivered and not stored."""

    silent: list[str] = field(factory=list)
    """Damage that nobody names."""

    spread: list[str] = field(factory=list)
    """Damage to one file that reached others."""

    def __str__(self) -> str:
        parts = [f"{count} {name}" for name, count in sorted(self.outcomes.items())]
        return f"{', '.join(parts)}; {len(self.wrong)} wrong, {len(self.silent)} silent"

    @property
    def faults(self) -> Sequence[str]:
        return [*self.wrong, *self.silent, *self.spread]

    def run(self, kind: str, damage: Damage, count: int) -> Self:
        """Damage copies and look at each."""
        chance = random.Random(f"{SEED} {kind}")
        for number in range(count):
            data = copy_of(self.axis.data, self.folder / "copy")
            path = place(data, kind, chance)
            name = f"{damage(path, chance)} (seed {SEED}, {kind} {number})"
            found = look(data, self.asked)
            self._judge(found, data, name)
            if kind == "blob":
                self._judge_blob(found, data, path, name)
        return self

    def _judge(self, found: Look, data: Path, name: str) -> None:
        self.wrong += [f"{name}: {key}" for key in found.wrong(self.truth)]
        if found.refused is not None:
            self.outcomes["refused to start"] += 1
        elif found.damaged:
            self.outcomes["named when read"] += 1
        elif audited(data) is not None:
            self.outcomes["named by the audit"] += 1
        else:
            self.outcomes["harmless"] += 1
            self.silent += [f"{name}: {key}" for key in found.other(self.truth)]

    def _judge_blob(self, found: Look, data: Path, path: Path, name: str) -> None:
        """Damage to a file harms that file only, and the audit names it."""
        if found.refused is not None or found.damaged != [("file", bytes.fromhex(path.name))]:
            self.spread.append(f"{name}: {found.refused or found.damaged}")
        named = audited(data)
        if named is None or path.name not in str(named):
            self.silent.append(f"{name}: the audit says {named}")


@pytest.fixture
def trials(axis: ForkedAxis, asked: Questions, truth: Look, tmp_path: Path) -> Trials:
    return Trials(axis, asked, truth, tmp_path)


def place(data: Path, kind: str, chance: random.Random) -> Path:
    """The file to damage."""
    if kind == "blob":
        return data / chance.choice(blob_files(data))
    known = {"database": DATABASE, "log": LOG, "head": HEAD, "lock": LOCK, "shared memory": SHARED}
    return data / known[kind]


def flip(path: Path, chance: random.Random) -> str:
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    at, bit = chance.randrange(len(content)), chance.randrange(8)
    content[at] ^= 1 << bit
    path.chmod(0o600)
    path.write_bytes(content)
    return f"bit {bit} of byte {at} of {path.name}"


def flip_in_row(table: str) -> Damage:
    """Flip one bit of a row, its header included: of a thousand in the file few reach a table."""

    def damage(path: Path, chance: random.Random) -> str:
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("VACUUM")  # no older bytes of the row lie about
            row = chance.choice(connection.execute(f"SELECT * FROM {table}").fetchall())
        keys = KEYS[table]
        parts = [_stored(one) for one in row[keys:]]
        # The header has its own length and a type a column; that of a row id says nothing.
        header = 1 + keys + sum(1 + (len(part) > SHORT) for part in parts)
        content = bytearray(path.read_bytes())
        body = b"".join(parts)
        at, bit = chance.randrange(-header - keys, len(body)), chance.randrange(8)
        # Wherever it stands: rows that went to other pages while the table grew lie about, too.
        places = [found.start() for found in re.finditer(re.escape(body), content)]
        assert places
        for start in places:
            content[start + at] ^= 1 << bit
        path.write_bytes(content)
        return f"bit {bit} of byte {at} of {row[:2]} in {table}"

    return damage


def _stored(value: object) -> bytes:
    """A value as it stands in a row of SQLite's; its type tells 0 and 1."""
    if isinstance(value, str | bytes):
        return value.encode() if isinstance(value, str) else value
    assert isinstance(value, int)
    if value in (0, 1):
        return b""
    size = next(
        one for one in (1, 2, 3, 4, 6, 8) if -(2 ** (8 * one - 1)) <= value < 2 ** (8 * one - 1)
    )
    return value.to_bytes(size, "big", signed=True)


def cut(path: Path, chance: random.Random) -> str:
    """Cut the file off somewhere."""
    size = chance.randrange(path.stat().st_size)
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.truncate(size)
    return f"{path.name} cut to {size} bytes"


@pytest.mark.parametrize("kind", FLIPPED)
def test_a_flipped_bit_is_noticed_or_harmless(trials: Trials, figure: Figure, kind: str) -> None:
    found = trials.run(kind, flip, FLIPS)
    figure("D-07", wanted=f"{FLIPS} flips in the {kind}: 0 wrong, 0 silent", found=str(found))
    assert found.faults == []


@pytest.mark.parametrize("table", KEYS)
def test_a_flipped_bit_of_a_row_is_noticed(trials: Trials, figure: Figure, table: str) -> None:
    """These have checksums of their own: what the law says of a delivery is in no entry."""
    found = trials.run("database", flip_in_row(table), IN_ROWS)
    wanted = f"{IN_ROWS} flips in rows of {table}: 0 wrong, 0 silent"
    figure("D-07", wanted=wanted, found=str(found))
    assert found.faults == []
    # The type of a row id, which says nothing, may be flipped to that of another nothing.
    assert found.outcomes["harmless"] <= max(1, IN_ROWS // 100)


@pytest.mark.parametrize("kind", CUT)
def test_a_cut_file_is_noticed_or_harmless(trials: Trials, figure: Figure, kind: str) -> None:
    """No journal is ever shorter than what was acknowledged: then the node does not start."""
    found = trials.run(kind, cut, CUTS)
    figure("D-08", wanted=f"{CUTS} cuts of the {kind}: 0 wrong, 0 silent", found=str(found))
    assert found.faults == []


@pytest.mark.parametrize("name", [LOG, HEAD])
def test_a_lost_end_of_the_journal_stops_the_node(trials: Trials, name: Path) -> None:
    """Going on from an older head would be a second history."""
    data = copy_of(trials.axis.data, trials.folder / "copy")
    (data / name).unlink()
    found = look(data, trials.asked).refused
    expected = JournalRolledBack if name == LOG else RestoreUnconfirmed
    assert isinstance(found, expected), found


@pytest.mark.planted("bit rot not checked on read")
def test_reading_without_checking_would_be_caught(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unchecked(_: object, sha256: bytes, offset: int, size: int) -> Iterator[bytes]:
        [path] = (trials.folder / "copy/blobs").rglob(sha256.hex())
        yield path.read_bytes()[offset:size]

    monkeypatch.setattr(folders, "pieces", unchecked)
    assert trials.run("blob", flip, 2).wrong


@pytest.mark.planted("rows without a checksum")
@pytest.mark.parametrize("table", KEYS)
def test_rows_without_a_checksum_would_be_caught(
    trials: Trials, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(rows, "without_crc", lambda row, _: row[:-1])
    assert trials.run("database", flip_in_row(table), 24).faults


@pytest.mark.planted("rollback not detected")
def test_starting_on_a_lost_end_would_be_caught(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "check_continues", lambda *_: None)
    assert trials.run("log", cut, 2).wrong
