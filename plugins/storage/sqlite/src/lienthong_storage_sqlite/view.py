"""A consistent look at the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

import apsw

from lienthong.errors import Closed, DataCorrupt
from lienthong.spi.records import (
    CheckpointRow,
    CredentialRow,
    DeliveryRow,
    Head,
    JournalRow,
    LawRow,
    OrganisationRow,
    PackageRow,
    StampRow,
    StatementRow,
    TileRow,
    UnusedFileRow,
)
from lienthong.spi.storage import ReadView
from lienthong_storage_sqlite import queries, rows
from lienthong_storage_sqlite.faults import translate
from lienthong_storage_sqlite.rows import Columns

Row = TypeVar("Row")


class SQLiteReadView(ReadView):
    """Reads through one connection that is inside a transaction; used by one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection: apsw.Connection | None = connection

    def end(self) -> None:
        """Let go of the connection; later calls are refused."""
        self._connection = None

    def _open(self) -> apsw.Connection:
        if self._connection is None:
            raise Closed(what="the look at the record store")
        return self._connection

    def _failed(self, error: apsw.Error) -> NoReturn:
        raise translate(error, self._open().system_errno) from error

    def _all(self, sql: str, *values: bytes | int | str) -> list[Columns]:
        connection = self._open()
        try:
            return connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            self._failed(error)
        except UnicodeDecodeError as error:
            raise DataCorrupt(what="a text in the SQLite file") from error

    def _one(self, sql: str, *values: bytes | int | str) -> Columns | None:
        found = self._all(sql, *values)
        return found[0] if found else None

    def _many(
        self, load: Callable[[Columns], Row], sql: str, *values: bytes | int | str
    ) -> tuple[Row, ...]:
        return tuple(map(load, self._all(sql, *values)))

    def head(self) -> Head:
        row = self._one(queries.HEAD)
        if row is None:
            raise DataCorrupt(what="the head of the journal is missing")
        return rows.load_head(row)

    def package(self, package_id: bytes) -> PackageRow | None:
        row = self._one(queries.PACKAGE, package_id)
        if row is None:
            return None
        return rows.load_package(row, self._all(queries.PACKAGE_FILES, package_id))

    def followers(self, package_id: bytes) -> Sequence[PackageRow]:
        found = self._all(queries.FOLLOWERS, package_id)
        packages = [self.package(name) for (name,) in found]
        return tuple(package for package in packages if package is not None)

    def deliveries(self, package_id: bytes) -> Sequence[DeliveryRow]:
        return self._many(rows.load_delivery, queries.DELIVERIES, package_id)

    def delivery(self, package_id: bytes, recipient: str) -> DeliveryRow | None:
        row = self._one(queries.DELIVERY, package_id, recipient)
        return None if row is None else rows.load_delivery(row)

    def statement(self, statement_id: bytes) -> StatementRow | None:
        row = self._one(queries.STATEMENT, statement_id)
        return None if row is None else rows.load_statement(row)

    def statements(self, package_id: bytes, recipient: str) -> Sequence[StatementRow]:
        return self._many(rows.load_statement, queries.STATEMENTS, package_id, recipient)

    def possession(self, organ_id: str, sha256: bytes) -> int | None:
        row = self._one(queries.POSSESSION, organ_id, sha256)
        return None if row is None else int(row[0])

    def unused_bytes(self, organ_id: str) -> int:
        return int(self._all(queries.UNUSED_BYTES, organ_id)[0][0])

    def unused_files(self, before_us: int, limit: int) -> Sequence[UnusedFileRow]:
        return self._many(rows.load_unused, queries.UNUSED_FILES, before_us, max(limit, 0))

    def content(self, sha256: bytes) -> bytes | None:
        row = self._one(queries.CONTENT, sha256)
        return None if row is None else bytes(row[0])

    def journal(self, start: int, limit: int) -> Sequence[JournalRow]:
        return self._many(rows.load_journal, queries.JOURNAL, start, max(limit, 0))

    def journal_of(self, package_id: bytes) -> Sequence[JournalRow]:
        return self._many(rows.load_journal, queries.JOURNAL_OF, package_id)

    def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
        return self._many(rows.load_journal, queries.FEED, organ_id, start, max(limit, 0))

    def list_deliveries(
        self,
        organ_id: str,
        *,
        incoming: bool,
        states: Sequence[str],
        before: tuple[int, bytes, str] | None,
        limit: int,
    ) -> Sequence[DeliveryRow]:
        # Without their checksums: damage that can still be read takes no others from a list.
        # One ordered run of the index a state, merged: a rare state is as quick as a common one.
        page = queries.delivery_page(incoming=incoming, continued=before is not None)
        limit = max(limit, 0)
        found: list[Columns] = []
        for state in dict.fromkeys(states or self._states(organ_id, incoming=incoming)):
            found += self._all(page, organ_id, state, *(before or ()), limit)
        newest = sorted(found, key=rows.delivery_key, reverse=True)[:limit]
        return tuple(map(rows.load_listed_delivery, newest))

    def watched_deliveries(
        self, before_us: int, after: tuple[int, bytes, str] | None, limit: int
    ) -> Sequence[DeliveryRow]:
        page = queries.WATCHED if after is None else queries.WATCHED_AFTER
        return self._many(rows.load_listed_delivery, page, before_us, *(after or ()), max(limit, 0))

    def _states(self, organ_id: str, *, incoming: bool) -> list[str]:
        found = self._all(queries.delivery_states(incoming=incoming), organ_id)
        return [state for (state,) in found]

    def checkpoint(self, size: int | None = None) -> CheckpointRow | None:
        if size is None:
            row = self._one(queries.NEWEST_CHECKPOINT)
        else:
            row = self._one(queries.CHECKPOINT, size)
        return None if row is None else rows.load_checkpoint(row)

    def stamps(self, after: int, limit: int, kind: str = "") -> Sequence[StampRow]:
        page = (queries.STAMPS_OF, after, kind) if kind else (queries.STAMPS, after)
        return self._many(rows.load_stamp, *page, max(limit, 0))

    def last_stamp(self, kind: str) -> StampRow | None:
        row = self._one(queries.LAST_STAMP, kind)
        return None if row is None else rows.load_stamp(row)

    def stamp_covering(self, size: int) -> StampRow | None:
        row = self._one(queries.STAMP_COVERING, size)
        return None if row is None else rows.load_stamp(row)

    def stamps_end(self, after: int) -> int | None:
        row = self._one(queries.STAMPS_END, after)
        return None if row is None else row[0]

    def tile(self, level: int, index: int) -> TileRow | None:
        row = self._one(queries.TILE, level, index)
        if row is None:
            return None
        return TileRow(level=row[0], index=row[1], hashes=row[2], root=row[3])

    def tile_roots(self, level: int, start: int, limit: int) -> Sequence[bytes]:
        return self._many(rows.load_single, queries.TILE_ROOTS, level, start, max(limit, 0))

    def leaf_hashes(self, start: int, limit: int) -> Sequence[bytes]:
        return self._many(rows.load_single, queries.LEAF_HASHES, start, max(limit, 0))

    def organisations(self, since_version: int, limit: int) -> Sequence[OrganisationRow]:
        return self._many(
            rows.load_organisation, queries.ORGANISATIONS, since_version, max(limit, 0)
        )

    def credentials(self, since_version: int = 0) -> Sequence[CredentialRow]:
        return self._many(rows.load_credential, queries.CREDENTIALS, since_version)

    def laws(self, since_version: int = 0) -> Sequence[LawRow]:
        return self._many(rows.load_law, queries.LAWS, since_version)
