"""Checking a whole store against itself: entries, tree, checkpoints, tables and files.

What is checked, in this order:

1. the medium's own integrity;
2. entries are gap-free, their bytes say so, time never goes back, and each leaf hash fits;
3. each envelope is the one that its entry names, and what it says stands in the tables;
4. each checkpoint is signed by the axis and has the root of the entries so far, and each entry's
   proof leads to it;
5. deliveries are in the states that the entries' effects lead to, and there are no others;
6. tiles, organisations and credentials are those of the journal;
7. each file that a package names is stored and has its hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from lienthong.errors import DataCorrupt
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.merkle import tree_root
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.tiles import node_reader
from lienthong.model.journal import DirectoryRecord, PackageRecord
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong_node.audit_journal import JournalReplay, Read
from lienthong_node.audit_tables import (
    DirectoryReplay,
    check_package,
    check_statement,
    check_states,
    check_tiles,
)
from lienthong_node.contents import check_content
from lienthong_node.stores import hash_reader

PAGE: Final = 500


@frozen(kw_only=True)
class Audited:
    """How far an audit is."""

    entries: int
    total: int
    files: int = 0


def audit(
    store: RecordStore, key: VerifierKey, blobs: BlobStore | None = None
) -> Iterator[Audited]:
    """Check everything; without *blobs* the files are left out.

    Yields:
        Progress after each page.

    Raises:
        DataCorrupt: naming the first thing that is wrong.
    """
    store.check()
    journal, directory = JournalReplay(key), DirectoryReplay()
    files: dict[bytes, int] = {}
    with store.read() as view:
        total = view.head().size
        while rows := view.journal(journal.next_index, PAGE):
            for row in rows:
                _check_tables(view, journal.take(view, row), directory, files)
            yield Audited(entries=journal.next_index, total=total)
        journal.finish(view)
        directory.finish(view)
        check_states(view, journal.states)
        check_tiles(view, journal.size)
        if blobs is None:
            return
        for count, (sha256, size) in enumerate(files.items(), start=1):
            check_content(view, blobs, sha256, size)
            yield Audited(entries=journal.size, total=total, files=count)


def check_continues(store: RecordStore, key: VerifierKey, note: str) -> None:
    """Check that the journal begins with exactly what a checkpoint from outside covers.

    Raises:
        CheckpointInvalid: the checkpoint is not the axis's.
        DataCorrupt: the journal was cut or rewritten since.
    """
    checkpoint = open_checkpoint(note, key)
    with store.read() as view:
        size = view.head().size
        if checkpoint.size > size:
            what = f"the journal has {size} entries, the checkpoint covers {checkpoint.size}"
            raise DataCorrupt(what=what)
        root = tree_root(checkpoint.size, node_reader(checkpoint.size, hash_reader(view)))
    if root != checkpoint.root:
        raise DataCorrupt(what=f"the journal's first {checkpoint.size} entries were rewritten")


def _check_tables(
    view: ReadView, read: Read, directory: DirectoryReplay, files: dict[bytes, int]
) -> None:
    body = read.entry.body
    if isinstance(body, DirectoryRecord):
        directory.take(read, body)
    elif isinstance(body, PackageRecord):
        package = check_package(view, read, body)
        files |= {file.sha256: file.size for file in package.files}
    else:
        check_statement(view, read, body)
