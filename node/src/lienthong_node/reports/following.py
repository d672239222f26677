"""Bringing the file of reports up to date with the journal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import evolve

from lienthong.codec.signed import load_entry, load_envelope, load_manifest, load_statement
from lienthong.errors import ReportsUnusable
from lienthong.model.journal import (
    DirectoryRecord,
    InterconnectionRecord,
    PackageRecord,
    StatementRecord,
)
from lienthong.model.time import to_us
from lienthong.reports.projection import project_check, project_package, project_statement
from lienthong.reports.terms import Terms
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView, RecordStore
from lienthong_node.reports.book import ReportBook
from lienthong_node.reports.stand import Stand, is_ours
from lienthong_node.reports.terms import Rules

_PAGE: Final = 1000
_DIRECTORY_PAGE: Final = 1000

Progress = Callable[[int, int | None], None]


def open_up_to_date(
    path: Path,
    store: RecordStore,
    rules: Rules,
    now: datetime,
    progress: Progress,
    *,
    anew: bool = False,
) -> ReportBook:
    """The file of reports, with everything that the journal says.

    A file that cannot be used, or that does not fit the journal or the rules, is made anew. The
    old one stays until the new one is whole.

    Args:
        path: of the file.
        store: the node's records.
        rules: by which deadlines are computed.
        now: deadlines before it are over.
        progress: told how many entries of how many were read.
        anew: make it anew in any case.

    Raises:
        ReportsUnusable: the file is no file of reports; it is left as it is.
        DataDirectoryInUse: another report is being made from it.
    """
    try:
        book = ReportBook(path)
        try:
            with store.read() as view:
                if not anew and _fits(book.stand, view, rules):
                    bring_up_to_date(book, view, rules, now, progress)
                    return book
        except BaseException:
            book.close()
            raise
        book.close()
    except ReportsUnusable:
        # Whatever is wrong with it, the journal has it all; a file of somebody else stays.
        if not is_ours(path):
            raise
    _make(path, store, rules, now, progress)
    return ReportBook(path)


def _make(path: Path, store: RecordStore, rules: Rules, now: datetime, progress: Progress) -> None:
    """Derive the file from the whole journal, and put it in the place of the old one."""
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        part = Path(folder) / path.name
        with closing(ReportBook(part)) as book, store.read() as view:
            bring_up_to_date(book, view, rules, now, progress)
        # What SQLite would still take back belongs to the old file.
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        part.replace(path)


def bring_up_to_date(
    book: ReportBook, view: ReadView, rules: Rules, now: datetime, progress: Progress
) -> None:
    """Read what the journal has more, and look at the deadlines that have passed since.

    Raises:
        DataDirectoryInUse: another report does the same.
    """
    size, stand = view.head().size, _keep_directory(book, view, rules)
    terms = rules.terms(book.directory())
    while rows := view.journal(stand.entries, _PAGE):
        with book.batch():
            for row in rows:
                _take(row, book, terms, now)
            last, before = rows[-1], stand
            stand = evolve(stand, entries=last.index + 1, leaf_hash=last.leaf_hash.hex())
            book.note(stand, after=before)
        progress(stand.entries, size)
    with book.batch():
        book.turn(now)
        book.note(evolve(stand, as_of_us=to_us(now)), after=stand)


def _fits(stand: Stand, view: ReadView, rules: Rules) -> bool:
    """Whether it was derived by these rules, from what the journal begins with."""
    if not stand.entries:
        # Of what is empty nothing else tells whose it is.
        return stand == Stand()
    if stand.rules != rules.version or stand.entries > view.head().size:
        return False
    [leaf_hash] = view.leaf_hashes(stand.entries - 1, 1)
    return leaf_hash.hex() == stand.leaf_hash


def _keep_directory(book: ReportBook, view: ReadView, rules: Rules) -> Stand:
    """From here on, until everything was read, no report is made from the file."""
    with book.batch():
        before = book.stand
        since = before.directory_version
        while rows := view.organisations(since, _DIRECTORY_PAGE):
            book.keep_organisations((row.organ_id, row.body) for row in rows)
            since = rows[-1].version
        if before.rules != rules.version:
            book.keep_law(rules.law)
        stand = evolve(before, rules=rules.version, directory_version=since, as_of_us=0)
        book.note(stand, after=before)
    return stand


def _take(row: JournalRow, book: ReportBook, terms: Terms, now: datetime) -> None:
    """What an entry says; deadlines that the axis tells are in no report: they are computed."""
    entry = load_entry(row.entry)
    body, at = entry.body, entry.recorded_at
    if isinstance(body, PackageRecord):
        manifest = load_manifest(load_envelope(row.envelope).payload)
        book.keep(project_package(body, manifest, at, book, terms), now)
    elif isinstance(body, StatementRecord):
        statement = load_statement(load_envelope(row.envelope).payload)
        book.keep(project_statement(body, statement, at, book, terms), now)
    elif isinstance(body, InterconnectionRecord):
        book.keep(project_check(body, at), now)
    elif isinstance(body, DirectoryRecord) and body.subject == "organisation":
        lines = row.envelope.split(b"\n")
        first = body.version - len(lines) + 1
        book.keep_states(
            (first + place, row.index, row.recorded_us, line) for place, line in enumerate(lines)
        )
