"""L-03: an auditor with the data and one old checkpoint finds every edit of the history.

Two kinds of forgers. One has the database and repairs as much as can be computed, but cannot sign:
the audit alone finds it. The other has the node's key as well, so that it can run the node's own
code on another past: the audit finds nothing, and only what a witness has kept tells.
"""

from __future__ import annotations

import collections
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import apsw
import pytest
from attrs import frozen

from lienthong.errors import DataCorrupt
from lienthong.evidence import merkle
from lienthong.evidence.merkle import Appended, append
from lienthong.evidence.witness import Kept, dump_kept
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView, RecordStore
from lienthong.testing.store import MemoryRecordStore
from lienthong_node import audit_journal, heads
from lienthong_node.audit import audit, check_kept
from lienthong_node.audit_journal import JournalReplay, Read
from lienthong_storage_fs.store import FSBlobStore
from lienthong_storage_sqlite.store import SQLiteRecordStore
from node.tests.disk import KEY, Disk
from tests.conftest import Figure
from tests.evidence.edits import Edit, Forger
from tests.evidence.history import Batch, another_past, commit, past
from tests.tiers import SEED, tier

EDITS: Final = tier(commit=240, nightly=700)
REWRITTEN: Final = tier(commit=60, nightly=300)
LARGE_EVERY: Final = 10
"""One in so many edits is of a history with full tiles."""

PLACES: Final = (
    re.compile(r"journal entry (?P<low>\d+)"),
    re.compile(r"the entries from (?P<low>\d+) to (?P<high>\d+)"),
    re.compile(r"first (?P<end>\d+) entries were rewritten, at or after entry (?P<low>\d+)"),
    re.compile(r"the journal has (?P<low>\d+) entries"),
    re.compile(r"the head of the journal, which has (?P<low>\d+) entries"),
)
"""How the audit names a journal entry."""


@frozen(kw_only=True)
class Sound:
    """A history, the store that it made, and what a witness has kept of it."""

    batches: tuple[Batch, ...]
    path: Path
    notes: dict[int, str]
    entries: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return max(self.notes)


@frozen(kw_only=True)
class Verdict:
    """What the auditor says about an edit."""

    edit: Edit
    said: str | None
    """None when nothing was found."""

    @property
    def has_place(self) -> bool:
        """Whether there is a first wrong entry to name: a journal that ends elsewhere than its

        head says is not opened at all, and so not read.
        """
        return self.edit.first is not None and "the journal ends at" not in (self.said or "")

    @property
    def names_place(self) -> bool:
        """Whether it names the first entry that is wrong, as closely as signatures allow."""
        assert self.edit.first is not None
        for place in PLACES:
            if found := place.search(self.said or ""):
                parts = found.groupdict()
                low = int(parts["low"])
                high = int(parts.get("high") or (int(parts["end"]) - 1 if "end" in parts else low))
                return low <= self.edit.first <= high
        return False


def _made(folder: Path, packages: int) -> Sound:
    batches = tuple(past(Random(SEED), packages))
    path = folder / f"{packages}.db"
    with closing(SQLiteRecordStore(path)) as store:
        assert commit(store, batches) == []
    with closing(apsw.Connection(str(path))) as connection:
        rows: list[Any] = connection.execute("SELECT size, note FROM checkpoint").fetchall()
        notes: dict[int, str] = dict(rows)
        leaves: list[Any] = connection.execute("SELECT entry FROM journal ORDER BY idx").fetchall()
        entries: tuple[bytes, ...] = tuple(row[0] for row in leaves)
    return Sound(batches=batches, path=path, notes=notes, entries=entries)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return _made(tmp_path_factory.mktemp("small"), 9)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """Longer than a tile."""
    made = _made(tmp_path_factory.mktemp("large"), 62)
    assert made.size > 256
    return made


@contextmanager
def copied(sound: Sound, folder: Path) -> Iterator[Disk]:
    """A copy in the hands of somebody who has removed the triggers."""
    folder.mkdir()
    shutil.copy(sound.path, folder / "node.db")
    with closing(apsw.Connection(str(folder / "node.db"))) as connection:
        connection.execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")
        yield Disk.unguarded(folder, connection)


def audited(folder: Path, kept: bytes) -> str | None:
    """What ``lienthong-node audit verify --checkpoint`` says; None when all is well."""
    try:
        with (
            closing(SQLiteRecordStore(folder / "node.db")) as store,
            closing(FSBlobStore(folder / "blobs")) as blobs,
        ):
            for _ in audit(store, KEY, blobs):
                pass
            check_kept(store, KEY, kept)
    except DataCorrupt as error:
        return str(error)
    return None


def edited(small: Sound, large: Sound, folder: Path, edits: range) -> list[Verdict]:
    """Edit a copy each time, and audit it with the newest checkpoint but nothing else."""
    found = []
    for number in edits:
        sound = small if number % LARGE_EVERY else large
        place = folder / str(number)
        with copied(sound, place) as disk:
            edit = Forger(disk, Random(f"{SEED} {number}")).edit()
        kept = sound.notes[sound.size].encode()
        found.append(Verdict(edit=edit, said=audited(place, kept)))
        shutil.rmtree(place)
    return found


def missed(verdicts: list[Verdict]) -> list[str]:
    return [verdict.edit.text for verdict in verdicts if verdict.said is None]


def misplaced(verdicts: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.has_place and not verdict.names_place]


def test_every_edit_of_the_database_is_found(
    small: Sound, large: Sound, tmp_path: Path, figure: Figure
) -> None:
    for sound in (small, large):
        with copied(sound, tmp_path / f"sound {sound.size}") as disk:
            assert audited(disk.folder, sound.notes[sound.size].encode()) is None
    verdicts = edited(small, large, tmp_path, range(EDITS))
    places = sum(verdict.has_place for verdict in verdicts)
    figure(
        "L-03",
        wanted=f"{EDITS} of {EDITS} SQL edits found, first bad entry named",
        found=f"{EDITS - len(missed(verdicts))} found, {places - len(misplaced(verdicts))} of "
        f"{places} edits of entries placed",
    )
    assert missed(verdicts) == [], f"seed {SEED}"
    assert misplaced(verdicts) == [], f"seed {SEED}"


@frozen(kw_only=True)
class Rewriting:
    """Another past, signed with the node's own key."""

    first: int
    """The first entry that is another one."""

    by_audit: str | None
    by_one: str | None
    """What one old checkpoint shows."""

    by_many: str
    """What all of a witness's checkpoints show; empty when it is not where it is."""


def rewritten(sound: Sound, number: int) -> Rewriting:
    """Let the node's code make another past, and audit that."""
    dice = Random(f"{SEED} {number}")
    store, refused = MemoryRecordStore(), [Exception()]
    first = sound.size
    while refused or first >= sound.size:
        store = MemoryRecordStore()
        refused = commit(store, another_past(dice, sound.batches))
        first = next(
            (at for at, entry in enumerate(sound.entries) if _entry(store, at) != entry), sound.size
        )
    older = dice.choice([note for size, note in sound.notes.items() if size > first])
    every = b"".join(dump_kept(Kept(checkpoint=note)) for note in sound.notes.values())
    return Rewriting(
        first=first,
        by_audit=_said(lambda: collections.deque(audit(store, KEY), maxlen=0)),
        by_one=_said(lambda: check_kept(store, KEY, older.encode())),
        by_many=_said(lambda: check_kept(store, KEY, every)) or "",
    )


def _said(check: Callable[[], object]) -> str | None:
    try:
        check()
    except DataCorrupt as error:
        return str(error)
    return None


def _entry(store: RecordStore, index: int) -> bytes:
    with store.read() as view:
        found = view.journal(index, 1)
        return found[0].entry if found else b""


def test_only_a_witness_finds_what_the_key_has_signed(small: Sound, figure: Figure) -> None:
    found = [rewritten(small, number) for number in range(REWRITTEN)]
    shown = [one for one in found if one.by_one is not None]
    placed = [
        one
        for one in found
        if Verdict(edit=Edit(text="rewritten", first=one.first), said=one.by_many).names_place
    ]
    hidden = [one for one in found if one.by_audit is None]
    figure(
        "L-03",
        wanted=f"{REWRITTEN} of {REWRITTEN} pasts rewritten with the node's key found by one old "
        "checkpoint of a witness",
        found=f"{len(shown)} found, {len(placed)} placed by all kept checkpoints; "
        f"{REWRITTEN - len(hidden)} without a witness",
    )
    assert len(hidden) == REWRITTEN, "the forger is not as good as the node"
    assert len(shown) == len(placed) == REWRITTEN, f"seed {SEED}"


@pytest.mark.planted("audit trusts stored leaf hashes")
def test_an_audit_that_trusts_stored_hashes_is_noticed(
    small: Sound, large: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: dict[bytes, bytes] = {}
    inner = audit_journal.JournalReplay.take

    def take(self: JournalReplay, view: ReadView, row: JournalRow) -> Read:
        stored[row.entry] = row.leaf_hash
        return inner(self, view, row)

    def hash_of(entry: bytes) -> bytes:
        return stored[entry]

    def append_stored(frontier: Sequence[bytes], size: int, leaves: Sequence[bytes]) -> Appended:
        monkeypatch.setattr(merkle, "sha256", _Stored)
        try:
            return append(frontier, size, leaves)
        finally:
            monkeypatch.setattr(merkle, "sha256", hashlib.sha256)

    class _Stored:
        """Takes the hash of an entry from its row, and makes all others."""

        def __init__(self, data: bytes) -> None:
            self._data = data

        def digest(self) -> bytes:
            known = stored.get(self._data[1:]) if self._data[:1] == b"\0" else None
            return known or hashlib.sha256(self._data).digest()

    monkeypatch.setattr(audit_journal.JournalReplay, "take", take)
    monkeypatch.setattr(audit_journal, "leaf_hash", hash_of)
    monkeypatch.setattr(audit_journal, "append", append_stored)
    assert missed(edited(small, large, tmp_path, range(1, 25)))


@pytest.mark.planted("audit without a witness")
def test_an_audit_without_a_witness_is_noticed(
    small: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "check_continues", lambda *_: None)
    assert rewritten(small, 0).by_one is None
