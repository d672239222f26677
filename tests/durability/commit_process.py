"""A process that stores documents as the node does, and says which ones are acknowledged.

``python commit_process.py FOLDER DOCUMENTS [early]``: opens both stores below the folder, goes on
after what is there until there are so many documents, and appends one line to ``acknowledged`` for
each. With ``early`` it does so before the commit, which is wrong. It needs nothing but the stores,
so that ``strace`` has little to follow.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from lienthong.spi.records import Head
from lienthong.testing.samples import SENDER, journal_row, sha256
from lienthong_storage_fs import store as contents_module
from lienthong_storage_fs.store import FSBlobStore
from lienthong_storage_sqlite import store as records_module
from lienthong_storage_sqlite.store import SQLiteRecordStore

CHECKPOINT_PAGES: Final = 40


def content(number: int) -> bytes:
    return b"document %d " % number * (50 + number % 5 * 400)


def store_document(records: SQLiteRecordStore, blobs: FSBlobStore, number: int) -> None:
    """Upload a file and write the entry that names it."""
    data = content(number)
    staging = blobs.stage(f"{number:x}")
    for start in range(staging.offset, len(data), 4096):
        staging.write(data[start : start + 4096])
    staging.publish(sha256(data), len(data))
    small = b"small %d" % number
    blobs.put([(sha256(small), small)])
    with records.write() as transaction:
        transaction.add_journal([journal_row(number, envelope=sha256(data) + sha256(small))])
        transaction.add_possession(SENDER, sha256(data), len(data))
        transaction.set_head(Head(size=number + 1))


def store_documents(folder: Path, amount: int, *, early: bool = False) -> None:
    """Store the documents that are still missing."""
    records = SQLiteRecordStore(folder / "records" / "node.db")
    blobs = FSBlobStore(folder / "blobs")
    said = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with records.read() as view:
        first = view.head().size
    for number in range(first, amount):
        if early:
            os.write(said, b"%d\n" % number)
        store_document(records, blobs, number)
        if not early:
            os.write(said, b"%d\n" % number)
    os.close(said)
    blobs.close()
    records.close()


def main() -> None:
    """Run once, with few threads, and with a log so short that it is moved into the database."""
    contents_module.WRITERS = 1  # type: ignore[misc]
    records_module._CHECKPOINT_PAGES = CHECKPOINT_PAGES  # type: ignore[misc]
    store_documents(Path(sys.argv[1]), int(sys.argv[2]), early=sys.argv[3:] == ["early"])


if __name__ == "__main__":
    main()
