"""A run of the record store as the node makes it, and what must be there after any cut.

Every row follows from its index, and every batch from where it begins, so that a store that was
cut off can be judged without knowing how far the run had come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

from lienthong.errors import LienthongError
from lienthong.spi.records import CheckpointRow, FileRow, Head, PackageRow
from lienthong.testing.samples import (
    RECIPIENT,
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
    sha256,
)
from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.durability.medium import Image, write_image
from tests.durability.recorder import Recorder

Opener: TypeAlias = Callable[[], SQLiteRecordStore]

DATABASE: Final = Path("data", "node.db")
CHECKPOINT_PAGES: Final = 50
"""A log so short that a short run moves it into the database more than once."""


def batch_of(start: int) -> range:
    """The entries of the batch that begins with an entry."""
    return range(start, start + 1 + start % 4)


def envelope(index: int) -> bytes:
    return b"%d " % index * (index * 131 % 700)


def content(index: int) -> bytes:
    return b"file %d " % index * (index * 17 % 300)


def package(index: int) -> PackageRow:
    data = content(index)
    file = FileRow(sha256=sha256(data), size=len(data), name="Công văn.pdf", role="MAIN")
    return package_row(index, files=(file,))


def commit(store: SQLiteRecordStore) -> int:
    """Write the next batch; returns the size of the journal that is acknowledged with it."""
    with store.write() as transaction:
        indexes = batch_of(transaction.head().size)
        transaction.add_journal([journal_row(i, envelope=envelope(i)) for i in indexes])
        if indexes.start == 0:
            transaction.put_organisation(organisation_row(RECIPIENT, 1))
        for index in indexes:
            transaction.add_package(package(index))
            transaction.add_contents([(sha256(content(index)), content(index))])
        transaction.put_deliveries([delivery_row(index) for index in indexes])
        transaction.add_checkpoint(CheckpointRow(size=indexes.stop, note=f"{indexes.stop}"))
        transaction.set_head(Head(size=indexes.stop))
    return indexes.stop


def size_of(store: SQLiteRecordStore) -> int:
    with store.read() as view:
        return view.head().size


def run(opener: Opener, recorder: Recorder, batches: int, *, early: bool = False) -> None:
    """Commit batches, opening the store anew now and then; says every acknowledgement.

    Args:
        opener: opens the store.
        recorder: is told what was acknowledged.
        batches: how many.
        early: acknowledge each batch before it is committed, which is wrong.
    """
    store = opener()
    for number in range(batches):
        size = size_of(store)
        recorder.say(batch_of(size).stop if early else size)
        recorder.say(commit(store))
        if number % 9 == 8:
            store.close()
            store = opener()
    store.close()


def judge(image: Image, root: Path, target: Path, said: Sequence[object]) -> list[str]:
    """Open what a power cut left, and say what is wrong with it."""
    write_image(image, root, target)
    acknowledged = max((size for size in said if isinstance(size, int)), default=0)
    try:
        with closing(SQLiteRecordStore(target / DATABASE)) as store:
            return faults_of(store, acknowledged)
    except LienthongError as error:
        return [f"{acknowledged} entries acknowledged, but {error}"]


def faults_of(store: SQLiteRecordStore, acknowledged: int) -> list[str]:
    """Say what is wrong with a store that had acknowledged so many entries."""
    store.check()
    size = size_of(store)
    faults = [f"{size} of {acknowledged} acknowledged entries"] if size < acknowledged else []
    start = 0
    while start < size:
        start = batch_of(start).stop
    if start != size:
        faults.append(f"a part of the batch before entry {start}")
    faults += [f"entry {index} is not as written" for index in wrong_entries(store, size)]
    return faults + ([] if commit(store) == batch_of(size).stop else ["does not go on"])


def wrong_entries(store: SQLiteRecordStore, size: int) -> list[int]:
    with store.read() as view:
        rows = view.journal(0, size + 1)
        return [
            index
            for index in range(max(size, len(rows)))
            if index >= len(rows)
            or rows[index] != journal_row(index, envelope=envelope(index))
            or view.package(package_id(index)) != package(index)
            or view.content(sha256(content(index))) != content(index)
            or [row.recipient for row in view.deliveries(package_id(index))] != [RECIPIENT]
        ]
