"""The file ``reports.db``: facts and counts derived from the journal, added to batch by batch.

It is never part of what must not be lost: when it is missing, damaged, older than this software, or
not of this journal or these rules, it is made anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from lienthong.codec.json import dump
from lienthong.errors import DataDirectoryInUse, ReportsBehind, ReportsUnusable
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.time import from_us, to_us
from lienthong.reports.counting import (
    ITEMS,
    Tally,
    add,
    count_check,
    count_delivery,
    count_document,
    next_turn,
)
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.projection import Changes
from lienthong_node.core.law import Law
from lienthong_node.reports.reading import Reading
from lienthong_node.reports.stand import Stand
from lienthong_node.reports.terms import dump_law, load_law

_ADD: Final = """
    INSERT INTO tally (organ, measure, detail, day, n) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n
"""
_CLEAR: Final = """
    DELETE FROM tally WHERE organ = ? AND measure = ? AND detail = ? AND day = ? AND n = 0
"""
_NEW_ITEM: Final = "INSERT OR IGNORE INTO item VALUES (?, ?, ?, ?, ?)"
_OLD_ITEM: Final = """
    DELETE FROM item
    WHERE organ = ? AND measure = ? AND day = ? AND package_id = ? AND recipient = ?
"""

FILE_NAME: Final = "reports.db"
_PAGE: Final = 500
_RECENT: Final = 50_000
"""Deliveries that are kept in memory, since most of what is new concerns what is young."""

_CACHE_KIB: Final = 64 * 1024
_PRIVATE: Final = 0o600
"""It says what the records say, which are for the node alone."""


@frozen
class _Counted:
    """Facts, and as of when their counts are in the tally."""

    facts: DeliveryFacts
    as_of: datetime


class ReportBook(Reading):
    """Facts and counts in a file; for one thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            ReportsUnusable: it is damaged, or of another version.
        """
        self.path = path
        try:
            if not path.exists():
                path.touch(mode=_PRIVATE)
            self._db = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise ReportsUnusable(path=path, reason=error) from error
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise
        self._changed: Tally = Counter()
        self._recent: dict[tuple[bytes, str], _Counted] = {}
        self._unwritten: set[tuple[bytes, str]] = set()

    def _prepare(self) -> None:
        schema = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
        current = hashlib.sha256(schema.encode()).hexdigest()
        with self._named_faults():
            # A rollback journal: the file has one writer, and readers wait for it.
            self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._db.execute("PRAGMA synchronous = NORMAL")
            if not self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                self._db.executescript(f"BEGIN; {schema} COMMIT;")
                self._put_meta(schema=current)
            version = self._meta("schema")
        if version != current:
            raise ReportsUnusable(path=self.path, reason=f"version {version or 'unknown'}")

    @property
    def stand(self) -> Stand:
        with self._named_faults(), self._named_damage():
            return Stand(
                entries=int(self._meta("entries") or 0),
                leaf_hash=self._meta("leaf_hash"),
                rules=self._meta("rules"),
                directory_version=int(self._meta("directory_version") or 0),
                as_of_us=int(self._meta("as_of_us") or 0),
            )

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Everything inside becomes part of the file, or nothing."""
        with self._named_faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._write()
            except BaseException:
                self._forget()
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            if len(self._recent) > _RECENT:
                self._forget()

    @contextmanager
    def whole(self, rules: str) -> Iterator[datetime]:
        """Everything inside reads one state, that of the instant it gives.

        Raises:
            ReportsBehind: it was not made by these rules, or not all of it was.
        """
        with self._named_faults():
            self._db.execute("BEGIN")
            try:
                stand = self.stand
                if stand.rules != rules or not stand.as_of_us:
                    raise ReportsBehind(path=self.path)
                yield from_us(stand.as_of_us)
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def note(self, stand: Stand, *, after: Stand) -> None:
        """Remember where the journal stands; inside a batch.

        Raises:
            DataDirectoryInUse: another report has taken it further than ``after``.
        """
        if self.stand != after:
            raise DataDirectoryInUse(path=self.path)
        self._put_meta(
            entries=str(stand.entries),
            leaf_hash=stand.leaf_hash,
            rules=stand.rules,
            directory_version=str(stand.directory_version),
            as_of_us=str(stand.as_of_us),
        )

    def keep(self, changes: Changes, as_of: datetime) -> None:
        """Keep facts and count them as of an instant; inside a batch."""
        for delivery in changes.deliveries:
            known = self._counted(delivery.package_id, delivery.recipient)
            if known is not None:
                add(self._changed, count_delivery(known.facts, known.as_of), -1)
            self._count(delivery, as_of)
        for check in changes.checks:
            add(self._changed, count_check(check))
        for document in changes.documents:
            before = self.brought_by(document.package_id)
            if before is not None:
                add(self._changed, count_document(before), -1)
            add(self._changed, count_document(document))
            self._db.execute(
                "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?)",
                (
                    document.package_id.bytes,
                    document.sender.value,
                    to_us(document.issued_at),
                    document.reference,
                    document.code or None,
                    dump(document),
                ),
            )

    def turn(self, as_of: datetime) -> int:
        """Count anew whose deadline is over by now; inside a batch. Returns how many."""
        turned = 0
        query = "SELECT body, counted_us FROM delivery WHERE turn_us < ? LIMIT ?"
        while rows := self._db.execute(query, (to_us(as_of), _PAGE)).fetchall():
            for body, counted_us in rows:
                facts = self._load(DeliveryFacts, body)
                add(self._changed, count_delivery(facts, from_us(counted_us)), -1)
                self._count(facts, as_of)
            self._write()
            turned += len(rows)
        return turned

    def keep_organisations(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep organisations of the directory; inside a batch."""
        self._db.executemany("INSERT OR REPLACE INTO organisation VALUES (?, ?)", rows)

    def keep_law(self, law: Law) -> None:
        """Keep the law by which it is counted; inside a batch."""
        self._put_meta(law=dump_law(law))

    def law(self) -> Law:
        """The law by which it was counted.

        Raises:
            ReportsBehind: nothing was counted yet.
        """
        with self._named_faults(), self._named_damage():
            if text := self._meta("law"):
                return load_law(text)
        raise ReportsBehind(path=self.path)

    def keep_states(self, rows: Iterable[tuple[int, int, int, bytes]]) -> None:
        """Keep what an entry made of organisations; inside a batch.

        Args:
            rows: directory version, index of the entry, its instant and the organisation.
        """
        self._db.executemany("INSERT OR REPLACE INTO organisation_state VALUES (?, ?, ?, ?)", rows)

    def delivery(self, package_id: PackageId, recipient: OrganId) -> DeliveryFacts | None:
        found = self._counted(package_id, recipient)
        return None if found is None else found.facts

    def document(self, reference: str, code: str = "") -> DocumentFacts | None:
        """As it was sent first, by its code or, where one of the two has none, by its reference."""
        query = """
            SELECT body FROM document
            WHERE code = ?1 OR (reference = ?2 AND (code IS NULL OR ?1 IS NULL))
            ORDER BY issued_us LIMIT 1
        """
        row = self._db.execute(query, (code or None, reference)).fetchone()
        return None if row is None else self._load(DocumentFacts, row[0])

    def brought_by(self, package_id: PackageId) -> DocumentFacts | None:
        query = "SELECT body FROM document WHERE package_id = ?"
        row = self._db.execute(query, (package_id.bytes,)).fetchone()
        return None if row is None else self._load(DocumentFacts, row[0])

    def close(self) -> None:
        self._db.close()

    def _count(self, facts: DeliveryFacts, as_of: datetime) -> None:
        add(self._changed, count_delivery(facts, as_of))
        name = facts.package_id.bytes, facts.recipient.value
        self._recent[name] = _Counted(facts, as_of)
        self._unwritten.add(name)

    def _counted(self, package_id: PackageId, recipient: OrganId) -> _Counted | None:
        name = package_id.bytes, recipient.value
        if name not in self._recent:
            query = "SELECT body, counted_us FROM delivery WHERE package_id = ? AND recipient = ?"
            with self._named_faults():
                row = self._db.execute(query, name).fetchone()
            if row is None:
                return None
            self._recent[name] = _Counted(self._load(DeliveryFacts, row[0]), from_us(row[1]))
        return self._recent[name]

    def _write(self) -> None:
        rows = [_row(self._recent[name]) for name in self._unwritten]
        self._db.executemany(
            "INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        self._unwritten.clear()
        self._write_tally()

    def _forget(self) -> None:
        """Drop what is kept in memory; the file has it, or must not."""
        self._recent.clear()
        self._unwritten.clear()
        self._changed.clear()

    def _write_tally(self) -> None:
        sums: Counter[tuple[str, str, str, str]] = Counter()
        for key, n in self._changed.items():
            place, day, detail = (
                (key.organ.value, key.measure.value),
                key.day.isoformat(),
                key.detail,
            )
            if key.measure in ITEMS:
                package, _, detail = detail.rpartition("/")
                item = (*place, day, PackageId.parse(package).bytes, detail)
                self._db.execute(_NEW_ITEM if n > 0 else _OLD_ITEM, item)
            sums[*place, detail, day] += n
        rows = [(*key, n) for key, n in sums.items() if n]
        self._db.executemany(_ADD, rows)
        self._db.executemany(_CLEAR, [row[:-1] for row in rows if row[-1] < 0])
        self._changed.clear()

    def _meta(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def _put_meta(self, **values: str) -> None:
        rows: list[Any] = list(values.items())
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)


def _row(counted: _Counted) -> tuple[object, ...]:
    facts, turn = counted.facts, next_turn(counted.facts, counted.as_of)
    day = facts.register_day
    return (
        facts.package_id.bytes,
        facts.recipient.value,
        None if day is None else day.isoformat(),
        facts.register_number,
        to_us(counted.as_of),
        None if turn is None else to_us(turn),
        None if facts.recorded_at is None or not facts.is_sent_late else to_us(facts.recorded_at),
        dump(facts),
    )
