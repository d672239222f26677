"""The one write transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn

import apsw

from lienthong.errors import LienthongError, StoreFailed
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
)
from lienthong.spi.storage import WriteTransaction
from lienthong_storage_sqlite import queries
from lienthong_storage_sqlite.faults import is_suspect, translate
from lienthong_storage_sqlite.rows import (
    Columns,
    dump_checkpoint,
    dump_delivery,
    dump_files,
    dump_head,
    dump_journal,
    dump_package,
    dump_stamp,
    dump_statement,
)
from lienthong_storage_sqlite.view import SQLiteReadView


class SQLiteWriteTransaction(SQLiteReadView, WriteTransaction):
    """Writes through the writing connection; used by the thread that opened it.

    Once a call has failed the transaction can only be rolled back: SQLite may have undone it
    already, and later statements would then commit one by one.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self._failure: LienthongError | None = None
        self.suspect = False
        """Whether the connection met an error after which it must not be used again."""

    def begin(self) -> None:
        """Take SQLite's write lock."""
        self._all("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make everything durable.

        Raises:
            DiskFull: the medium is full.
            StoreFailed: it could not be made durable, or an earlier call had failed.
        """
        if self._failure is not None:
            raise self._failure
        self._all("COMMIT")

    def roll_back(self) -> None:
        """Undo everything that is not undone yet; never raises."""
        connection = self._open()
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except apsw.Error:
            self.suspect = True

    def _failed(self, error: apsw.Error) -> NoReturn:
        errno = self._open().system_errno
        self.suspect = self.suspect or is_suspect(error, errno)
        self._failure = translate(error, errno)
        raise self._failure from error

    def _all(self, sql: str, *values: bytes | int | str) -> list[Columns]:
        if self._failure is not None:
            raise StoreFailed(reason="an earlier call of this transaction failed")
        return super()._all(sql, *values)

    def _put(self, sql: str, batch: Iterable[Columns]) -> None:
        if self._failure is not None:
            raise StoreFailed(reason="an earlier call of this transaction failed")
        connection = self._open()
        try:
            connection.executemany(sql, batch)
        except apsw.Error as error:
            self._failed(error)
        except Exception as error:
            self._failure = StoreFailed(reason=f"a row cannot be stored: {error}")
            raise

    def add_journal(self, rows: Sequence[JournalRow]) -> None:
        self._put(queries.ADD_JOURNAL, map(dump_journal, rows))
        shown = [(organ, row.index) for row in rows for organ in dict.fromkeys(row.parties)]
        self._put(queries.ADD_FEED, shown)

    def add_checkpoint(self, row: CheckpointRow) -> None:
        self._put(queries.ADD_CHECKPOINT, map(dump_checkpoint, [row]))

    def add_stamp(self, row: StampRow) -> None:
        self._put(queries.ADD_STAMP, map(dump_stamp, [row]))

    def add_tiles(self, rows: Sequence[TileRow]) -> None:
        columns = [(row.level, row.index, row.root, row.hashes) for row in rows]
        self._put(queries.ADD_TILE, columns)

    def set_head(self, head: Head) -> None:
        self._put(queries.SET_HEAD, map(dump_head, [head]))

    def add_package(self, row: PackageRow) -> None:
        self._put(queries.ADD_PACKAGE, [dump_package(row)])
        self._put(queries.ADD_PACKAGE_FILE, dump_files(row))

    def put_deliveries(self, rows: Sequence[DeliveryRow]) -> None:
        self._put(queries.PUT_DELIVERY, map(dump_delivery, rows))

    def add_statement(self, row: StatementRow) -> None:
        self._put(queries.ADD_STATEMENT, [dump_statement(row)])

    def add_possession(
        self, organ_id: str, sha256: bytes, size: int, unused_since_us: int | None = None
    ) -> None:
        self._put(queries.ADD_POSSESSION, [(organ_id, sha256, size, unused_since_us)])

    def drop_possession(self, organ_id: str, sha256: bytes, before_us: int) -> bool:
        self._put(queries.DROP_POSSESSION, [(organ_id, sha256, before_us)])
        return bool(self._all(queries.POSSESSED, sha256))

    def add_contents(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        self._put(queries.ADD_CONTENT, contents)

    def put_organisation(self, row: OrganisationRow) -> None:
        self._put(queries.PUT_ORGANISATION, [(row.organ_id, row.version, row.body)])

    def put_credential(self, row: CredentialRow) -> None:
        columns = (row.fingerprint, row.organ_id, row.version, row.body)
        self._put(queries.PUT_CREDENTIAL, [columns])

    def put_law(self, row: LawRow) -> None:
        columns = (row.subject, row.organ_id, row.name, row.version, row.body)
        self._put(queries.PUT_LAW, [columns])
