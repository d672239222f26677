"""The head file: what was signed is not signed again in another way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from lienthong.errors import (
    DataCorrupt,
    JournalRolledBack,
    LienthongError,
    RestoreUnconfirmed,
    StoreFailed,
)
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.heads import FILE_NAME, SLOT, HeadFile, read_head, write_head
from node.tests.committing import KEY, ask, filled, make, receipt, started
from node.tests.support import manifest, submit


def opened(folder: Path, store: MemoryRecordStore) -> HeadFile:
    with store.read() as view:
        return HeadFile.opened(folder, KEY, view)


def confirmed(folder: Path, store: MemoryRecordStore) -> None:
    """Write the file as ``restore`` does."""
    with store.read() as view:
        newest = view.checkpoint()
    write_head(folder, newest.note if newest else "")


def at_work(folder: Path, batches: int) -> MemoryRecordStore:
    """A store with so many batches since its head file was written."""
    store = filled()
    confirmed(folder, store)
    with started(make(store, heads=opened(folder, store))) as committer:
        for _ in range(batches):
            receipt(ask(committer, submit(manifest()))[0])
    return store


def test_a_new_node_gets_a_file_that_says_nothing_was_signed(tmp_path: Path) -> None:
    assert opened(tmp_path, MemoryRecordStore()).newest.size == 0
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_crash_after_the_first_commit_needs_no_operator(tmp_path: Path) -> None:
    """The journal may be ahead of the file, never behind it."""
    opened(tmp_path, MemoryRecordStore())
    assert opened(tmp_path, filled()).newest.size == 0


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_the_newest_head_is_kept_before_the_receipt(tmp_path: Path, batches: int) -> None:
    store = at_work(tmp_path, batches)
    head = read_head(tmp_path, KEY)
    assert head is not None
    assert head.size == 1 + batches
    assert opened(tmp_path, store).newest == head
    assert (tmp_path / FILE_NAME).stat().st_size == 2 * SLOT


def test_one_damaged_slot_leaves_the_head_before(tmp_path: Path) -> None:
    """What a crash in the middle of writing leaves is no reason not to start."""
    store = at_work(tmp_path, 3)
    path = tmp_path / FILE_NAME
    whole = path.read_bytes()
    sizes = set()
    for slot in (0, SLOT):
        path.write_bytes(whole[:slot] + bytes([whole[slot] ^ 1]) + whole[slot + 1 :])
        sizes.add(opened(tmp_path, store).newest.size)
    assert sizes == {3, 4}


SPOILT: Final[dict[str, Callable[[Path], object]]] = {
    "is missing": Path.unlink,
    "holds no head": lambda path: path.write_bytes(b""),
    "no head that the axis has signed": lambda path: path.write_bytes(bytes(2 * SLOT)),
}


@pytest.mark.parametrize("reason", SPOILT)
def test_without_a_head_somebody_must_confirm(tmp_path: Path, reason: str) -> None:
    store = at_work(tmp_path, 3)
    SPOILT[reason](tmp_path / FILE_NAME)
    assert read_head(tmp_path, KEY) is None
    with pytest.raises(RestoreUnconfirmed, match=reason) as caught:
        opened(tmp_path, store)
    assert str(tmp_path) in caught.value.next_step("en")
    confirmed(tmp_path, store)
    assert opened(tmp_path, store).newest.size == 4


def test_an_older_journal_is_refused(tmp_path: Path) -> None:
    older = at_work(tmp_path, 1)
    at_work(tmp_path, 2)
    with pytest.raises(JournalRolledBack, match="2 entries, the head file covers 3"):
        opened(tmp_path, older)


@pytest.mark.parametrize("entries", [2, 3])
def test_another_history_is_refused(tmp_path: Path, entries: int) -> None:
    """Of the same length, and longer."""
    other = at_work(tmp_path, entries)
    at_work(tmp_path, 2)
    with pytest.raises(DataCorrupt, match="first 3 entries were rewritten"):
        opened(tmp_path, other)


def test_no_receipt_without_the_head(tmp_path: Path) -> None:
    """It is durable all the same; when the file can be written again, repeating gives it."""
    store = at_work(tmp_path, 1)
    path = tmp_path / FILE_NAME
    with started(make(store, heads=opened(tmp_path, store))) as committer:
        path.rename(tmp_path / "away")
        command = submit(manifest())
        for refused in (command, command, submit(manifest())):
            [outcome] = ask(committer, refused)
            assert isinstance(outcome, StoreFailed)
            assert outcome.retryable
        (tmp_path / "away").rename(path)
        index, *_ = receipt(ask(committer, command)[0])
        head = read_head(tmp_path, KEY)
    assert index == 2
    assert head is not None
    assert head.size == 3


def test_a_head_of_another_axis_counts_for_nothing(tmp_path: Path) -> None:
    store = at_work(tmp_path, 1)
    text = (tmp_path / FILE_NAME).read_bytes().replace(b"axis.test", b"axis.tesd")
    (tmp_path / FILE_NAME).write_bytes(text)
    with pytest.raises(LienthongError):
        opened(tmp_path, store)
