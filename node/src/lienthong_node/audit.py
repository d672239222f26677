"""Checking a whole store against itself: entries, tree, checkpoints, tables and files.

What is checked, in this order:

1. entries are gap-free, their bytes say so, time never goes back, and each leaf hash fits;
2. each envelope is the one that its entry names, and what it says stands in the tables;
3. each checkpoint is signed by the axis and has the root of the entries so far, and each entry's
   proof leads to it;
4. deliveries are what the delivery machine makes of the entries, and there are no others; what was
   told of their deadlines is in the journal, while the instants themselves are not computed again;
5. tiles, organisations, credentials and the law are those of the journal, in every field;
6. the medium's own integrity, which cannot say as well where history was changed;
7. each file that a package names is stored and has its hash, and so is each report on files that
   an entry names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from lienthong.client.filereports import ReportFolder
from lienthong.errors import DataCorrupt, FileReportDamaged, JournalRolledBack
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.witness import load_kept
from lienthong.model.journal import (
    DeadlineRecord,
    DirectoryRecord,
    ExpiryRecord,
    InterconnectionRecord,
    PackageRecord,
    StatementRecord,
    VerificationRecord,
)
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong_node import heads
from lienthong_node.audit_deliveries import DeliveryReplay
from lienthong_node.audit_journal import JournalReplay, Read
from lienthong_node.audit_tables import (
    DirectoryReplay,
    check_interconnection,
    check_package,
    check_statement,
    check_tiles,
)
from lienthong_node.contents import check_content

PAGE: Final = 500


@frozen(kw_only=True)
class Audited:
    """How far an audit is."""

    entries: int
    total: int
    files: int = 0


def audit(
    store: RecordStore,
    key: VerifierKey,
    blobs: BlobStore | None = None,
    reports: ReportFolder | None = None,
) -> Iterator[Audited]:
    """Check everything; without *blobs* the files are left out, without *reports* those on files.

    Yields:
        Progress after each page.

    Raises:
        DataCorrupt: naming the first thing that is wrong.
    """
    journal, directory, deliveries = JournalReplay(key), DirectoryReplay(), DeliveryReplay()
    files: dict[bytes, int] = {}
    with store.read() as view:
        total = view.head().size
        while rows := view.journal(journal.next_index, PAGE):
            for row in rows:
                read = journal.take(view, row)
                _check_tables(view, read, directory, deliveries, files)
                if reports is not None:
                    _check_report(read, reports)
            yield Audited(entries=journal.next_index, total=total)
        journal.finish(view)
        directory.finish(view)
        deliveries.finish(view)
        check_tiles(view, journal.size)
        store.check()
        if blobs is None:
            return
        for count, (sha256, size) in enumerate(files.items(), start=1):
            check_content(view, blobs, sha256, size)
            yield Audited(entries=journal.size, total=total, files=count)


def check_kept(store: RecordStore, key: VerifierKey, kept: bytes) -> None:
    """Check that the journal begins with exactly what a witness has kept.

    Whoever holds the node's key can write another history that passes ``audit``. Only what others
    have kept shows it; the more of it, the closer the first rewritten entry is named.

    Args:
        store: the journal.
        key: of the axis.
        kept: a file of ``lienthong witness keep``, or one published checkpoint.

    Raises:
        CheckpointInvalid: a checkpoint is not the axis's.
        JournalRolledBack, DataCorrupt: the journal was cut or rewritten since.
        Malformed: the file is neither.
    """
    notes = [item.checkpoint for item in load_kept(kept)]
    checkpoints = sorted((open_checkpoint(note, key) for note in notes), key=lambda one: one.size)
    good = 0
    with store.read() as view:
        for checkpoint in checkpoints:
            try:
                heads.check_continues(view, checkpoint, "the checkpoint")
            except JournalRolledBack:
                raise
            except DataCorrupt as error:
                what = f"{error.facts['what']}, at or after entry {good}"
                raise DataCorrupt(what=what) from error
            good = checkpoint.size


def check_head_file(store: RecordStore, key: VerifierKey, folder: Path) -> None:
    """Check that the journal continues the newest head that was signed here.

    A backup has no such file; there is nothing to compare with then.

    Raises:
        JournalRolledBack, DataCorrupt: it does not, or the file holds no head.
    """
    if (folder / heads.FILE_NAME).exists():
        with store.read() as view:
            heads.HeadFile.opened(folder, key, view)


def _check_report(read: Read, reports: ReportFolder) -> None:
    """What the axis says to have found is kept, with what it rests on."""
    body = read.entry.body
    if isinstance(body, VerificationRecord):
        try:
            reports.read(body.package_id, body.found.report)
        except FileReportDamaged as error:
            raise DataCorrupt(what=f"{read.name}: {error}") from error


def _check_tables(
    view: ReadView,
    read: Read,
    directory: DirectoryReplay,
    deliveries: DeliveryReplay,
    files: dict[bytes, int],
) -> None:
    body = read.entry.body
    if isinstance(body, DirectoryRecord):
        directory.take(read, body)
    elif isinstance(body, PackageRecord):
        package, manifest = check_package(view, read, body)
        deliveries.package(read, body, manifest)
        files |= {file.sha256: file.size for file in package.files}
    elif isinstance(body, StatementRecord):
        deliveries.report(read, body, *check_statement(view, read, body))
    elif isinstance(body, DeadlineRecord):
        deliveries.deadline(read, body)
    elif isinstance(body, VerificationRecord):
        deliveries.verification(read, body)
    elif isinstance(body, ExpiryRecord):
        directory.expiry(read, body)
    elif isinstance(body, InterconnectionRecord):
        check_interconnection(read, body)
