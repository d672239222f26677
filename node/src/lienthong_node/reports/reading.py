"""What the file ``reports.db`` tells: questions of reports, and where it is damaged."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from lienthong.codec.json import load
from lienthong.errors import DataDirectoryInUse, LienthongError, ReportsUnusable
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation
from lienthong.model.time import from_us, to_us
from lienthong.reports.codes import State
from lienthong.reports.counting import Measure
from lienthong.reports.counts import Counts
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.period import Period

T = TypeVar("T")


class Reading:
    """Questions to an open file; ask them inside ``ReportBook.whole``."""

    path: Path
    _db: sqlite3.Connection

    def directory(self) -> Directory:
        """The organisations as they were when the journal was read."""
        with self._named_faults():
            rows = self._db.execute("SELECT body FROM organisation ORDER BY organ").fetchall()
        return Directory(tuple(self._load(Organisation, body) for (body,) in rows))

    def counts(self, organs: Iterable[OrganId], period: Period) -> dict[OrganId, Counts]:
        """What happened in a period, by organisation; deliveries are named by recipient only."""
        query = """
            SELECT measure, detail, sum(n) FROM tally
            WHERE organ = ? AND day >= ? AND day < ? GROUP BY measure, detail
        """
        days = (period.first.isoformat(), period.end.isoformat())
        found = {}
        with self._named_faults(), self._named_damage():
            for organ in organs:
                found[organ] = Counts()
                for measure, detail, n in self._db.execute(query, (organ.value, *days)):
                    found[organ].add(Measure(measure), detail, n)
        return found

    def open_items(
        self, organs: Iterable[OrganId], measure: Measure, period: Period, limit: int
    ) -> list[tuple[DeliveryFacts, DocumentFacts]]:
        """The deliveries that a measure of ``ITEMS`` names, the oldest first."""
        query = """
            SELECT day, package_id, recipient FROM item
            WHERE organ = ? AND measure = ? AND day >= ? AND day < ? ORDER BY day LIMIT ?
        """
        span = (measure.value, period.first.isoformat(), period.end.isoformat(), limit)
        body = """
            SELECT delivery.body, document.body FROM delivery JOIN document USING (package_id)
            WHERE package_id = ? AND recipient = ?
        """
        with self._named_faults():
            found = sorted(
                row for organ in organs for row in self._db.execute(query, (organ.value, *span))
            )
            return [
                (self._load(DeliveryFacts, delivery), self._load(DocumentFacts, document))
                for _, *name in found[:limit]
                for delivery, document in self._db.execute(body, name)
            ]

    def with_tasks(
        self, organs: Iterable[OrganId], until: datetime
    ) -> Iterator[tuple[DeliveryFacts, DocumentFacts]]:
        """Deliveries to or from organisations, of which something is to be done by an instant."""
        query = """
            SELECT delivery.body, document.body FROM (
                SELECT package_id, recipient FROM item
                UNION SELECT package_id, recipient FROM delivery WHERE turn_us <= ?2
            )
            JOIN delivery USING (package_id, recipient) JOIN document USING (package_id)
            WHERE recipient IN (SELECT value FROM json_each(?1))
            OR document.sender IN (SELECT value FROM json_each(?1))
        """
        codes = json.dumps([organ.value for organ in organs])
        with self._named_faults():
            for delivery, document in self._db.execute(query, (codes, to_us(until))):
                yield self._load(DeliveryFacts, delivery), self._load(DocumentFacts, document)

    def organisation_states(self) -> Iterator[State]:
        """What the journal has made of organisations, in its order."""
        query = "SELECT entry, entered_us, body FROM organisation_state ORDER BY version"
        with self._named_faults():
            for entry, entered_us, body in self._db.execute(query):
                organisation = self._load(Organisation, body)
                yield State(organisation=organisation, entered_at=from_us(entered_us), entry=entry)

    def registered(
        self, organs: Iterable[OrganId], period: Period
    ) -> Iterator[tuple[DeliveryFacts, DocumentFacts]]:
        """What organisations entered in their registers in a period, by year and number."""
        query = """
            SELECT delivery.body, document.body FROM delivery JOIN document USING (package_id)
            WHERE recipient = ? AND register_day >= ? AND register_day < ?
            ORDER BY substr(register_day, 1, 4), register_no, register_day
        """
        days = period.first.isoformat(), period.end.isoformat()
        with self._named_faults():
            for organ in sorted(organs):
                for delivery, document in self._db.execute(query, (organ.value, *days)):
                    yield self._load(DeliveryFacts, delivery), self._load(DocumentFacts, document)

    def issued(
        self, organs: Iterable[OrganId], start: datetime, end: datetime
    ) -> Iterator[tuple[DocumentFacts, Sequence[DeliveryFacts]]]:
        """The documents that organisations issued, in order, with their deliveries."""
        query = """
            SELECT package_id, body FROM document
            WHERE sender = ? AND issued_us >= ? AND issued_us < ? ORDER BY issued_us
        """
        yield from self._documents(query, organs, start, end)

    def sent_late(
        self, organs: Iterable[OrganId], start: datetime, end: datetime
    ) -> Iterator[tuple[DocumentFacts, Sequence[DeliveryFacts]]]:
        """Those that organisations sent late and the axis had in that time, however old."""
        # What was late is little: sought first.
        query = """
            SELECT package_id, document.body FROM delivery CROSS JOIN document USING (package_id)
            WHERE sender = ? AND late_us >= ? AND late_us < ?
            GROUP BY package_id ORDER BY issued_us
        """
        yield from self._documents(query, organs, start, end)

    def _documents(
        self, query: str, organs: Iterable[OrganId], start: datetime, end: datetime
    ) -> Iterator[tuple[DocumentFacts, Sequence[DeliveryFacts]]]:
        own = "SELECT body FROM delivery WHERE package_id = ? ORDER BY recipient"
        with self._named_faults():
            for organ in sorted(organs):
                span = organ.value, to_us(start), to_us(end)
                for package_id, body in self._db.execute(query, span):
                    rows = self._db.execute(own, (package_id,))
                    yield (
                        self._load(DocumentFacts, body),
                        [self._load(DeliveryFacts, row[0]) for row in rows],
                    )

    @contextmanager
    def _named_faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                # Whole as it is; another report is being made from it.
                raise DataDirectoryInUse(path=self.path) from error
            raise ReportsUnusable(path=self.path, reason=error) from error

    @contextmanager
    def _named_damage(self) -> Iterator[None]:
        """Around what only takes apart what the file holds."""
        try:
            yield
        except (LienthongError, ValueError, LookupError, TypeError) as error:
            raise ReportsUnusable(path=self.path, reason=error) from error

    def _load(self, kind: type[T], body: bytes) -> T:
        with self._named_damage():
            return load(kind, body)
