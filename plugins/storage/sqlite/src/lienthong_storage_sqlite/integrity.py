"""Looking for damage in the database."""

from __future__ import annotations

from typing import Final
from zlib import crc32

import apsw

from lienthong.errors import DataCorrupt
from lienthong_storage_sqlite import queries, rows

STRAYS: Final = {
    "package": (
        "SELECT package_id FROM package WHERE NOT EXISTS (SELECT 1 FROM journal"
        " WHERE journal.idx = package.idx AND journal.subject_id = package.package_id)"
    ),
    "statement": (
        "SELECT statement_id FROM statement WHERE NOT EXISTS (SELECT 1 FROM journal"
        " WHERE journal.idx = statement.idx AND journal.subject_id = statement.statement_id)"
    ),
    "delivery": (
        "SELECT package_id FROM delivery"
        " WHERE package_id NOT IN (SELECT package_id FROM package)"
        " OR recipient NOT IN (SELECT organ FROM organisation)"
    ),
    # A tile of level 6 covers 2^56 entries; one above it would cover more than can be counted.
    "tile": (
        "SELECT root FROM tile, head WHERE level NOT BETWEEN 0 AND 6 OR tile.idx < 0"
        " OR tile.idx >= head.size >> (8 * (level + 1))"
    ),
    "content": "SELECT sha256 FROM content WHERE sha256 NOT IN (SELECT sha256 FROM package_file)",
}
"""Rows that belong to nothing, by table."""


def check_quickly(connection: apsw.Connection) -> None:
    """Verify the file's structure and that the journal ends where the head says.

    Raises:
        DataCorrupt: naming what is damaged.
    """
    _check_pragma(connection, "quick_check")
    check_head(connection)


def check_fully(connection: apsw.Connection) -> None:
    """Verify structure, indexes, references, and every entry, checkpoint and delivery.

    Raises:
        DataCorrupt: naming what is damaged.
    """
    _check_pragma(connection, "integrity_check")
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        raise DataCorrupt(what=f"table {table}, row {row}: no {parent} that it refers to")
    check_head(connection)
    _check_journal(connection)
    for load, every in (
        (rows.load_checkpoint, queries.EVERY_CHECKPOINT),
        (rows.load_delivery, queries.EVERY_DELIVERY),
    ):
        for columns in connection.execute(every):
            load(columns)
    _check_strays(connection)


def check_head(connection: apsw.Connection) -> None:
    """Verify that the journal ends where the head says.

    Raises:
        DataCorrupt: it does not.
    """
    (size,) = _row(connection, "SELECT size FROM head")
    (last,) = _row(connection, "SELECT max(idx) FROM journal")
    entries = 0 if last is None else last + 1
    if size != entries:
        raise DataCorrupt(what=f"the head counts {size} entries, the journal ends at {entries}")


def _check_journal(connection: apsw.Connection) -> None:
    """Verify that the entries are gap-free, whole, and shown in the feeds of their parties."""
    shown = 0
    every = connection.execute(queries.JOURNAL, (0, -1))
    for expected, columns in enumerate(every):
        entry = rows.load_journal(columns)
        if entry.index != expected:
            raise DataCorrupt(what=f"journal entry {expected} is missing")
        shown += sum(_mark(organ, entry.index) for organ in set(entry.parties))
    if shown != sum(_mark(organ, index) for organ, index in connection.execute(queries.EVERY_FEED)):
        raise DataCorrupt(what="the feeds do not show what the journal has for them")


def _check_strays(connection: apsw.Connection) -> None:
    """Verify that no row says something that no journal entry has made."""
    for table, sql in STRAYS.items():
        for found in connection.execute(sql):
            raise DataCorrupt(what=f"table {table}: no entry has made the row of {found[0].hex()}")


def _mark(organ: str, index: int) -> int:
    """A number by which sums over the same pairs in any order can be compared."""
    return crc32(f"{index} {organ}".encode())


def _check_pragma(connection: apsw.Connection, name: str) -> None:
    try:
        first = _row(connection, f"PRAGMA {name}(1)")[0]
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise DataCorrupt(what=f"SQLite file: {error}") from error
    if first != "ok":
        raise DataCorrupt(what=f"SQLite file: {first}")


def _row(connection: apsw.Connection, sql: str) -> rows.Columns:
    found = connection.execute(sql).fetchall()
    if len(found) != 1:
        raise DataCorrupt(what=f"SQLite file: {len(found)} rows instead of one for {sql}")
    return found[0]
