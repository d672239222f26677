"""The record store on one SQLite file."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import apsw

from lienthong.errors import Closed, DataCorrupt
from lienthong.spi.storage import ReadView, RecordStore, WriteTransaction
from lienthong_storage_sqlite import integrity
from lienthong_storage_sqlite.backup import copy_database
from lienthong_storage_sqlite.connect import BUSY_MS, discard, open_writer
from lienthong_storage_sqlite.faults import is_suspect, translate
from lienthong_storage_sqlite.folder import DataFolder
from lienthong_storage_sqlite.log import renew_log
from lienthong_storage_sqlite.readers import Readers
from lienthong_storage_sqlite.schema import migrate
from lienthong_storage_sqlite.transaction import SQLiteWriteTransaction
from lienthong_storage_sqlite.view import SQLiteReadView

_CHECKPOINT_PAGES: Final = 4_000
_LONG_WAL_PAGES: Final = 12_000
_RESTART_WAIT_MS: Final = 500


class SQLiteRecordStore(RecordStore):
    """Keeps all records in one SQLite file in WAL mode; may be shared between threads.

    Exactly one connection writes and checkpoints; readers are separate, read-only connections.
    Exactly one process may have the file open.
    """

    def __init__(self, database: Path, *, vfs: str | None = None) -> None:
        """Open or create the database.

        Args:
            database: the file; its folder is made where missing.
            vfs: name of a registered SQLite VFS, for fault injection.

        Raises:
            DataDirectoryInUse: another opener has it.
            ConfigInvalid: it belongs to another application or a newer version, or is on a
                network file system.
            DataCorrupt: it is damaged.
            StoreFailed: it cannot be opened durably.
        """
        self._database = database.resolve()
        self._vfs = vfs
        self._turn = threading.Lock()
        self._closed = False
        self._folder = DataFolder(self._database)
        self._readers = Readers(str(self._database), vfs)
        self._wal_pages = 0
        self._restart_at = _LONG_WAL_PAGES
        self._writer: apsw.Connection | None = None
        try:
            self._writer = self._open_writer()
            self._folder.note_created()
        except BaseException:
            self.close()
            raise

    def _open_writer(self) -> apsw.Connection:
        """Open the writing connection on a current schema and an undamaged head."""
        if self._folder.is_ours:
            renew_log(self._database)
        # One that was lent since the last retirement may have the old log open.
        self._readers.retire()
        try:
            connection = open_writer(str(self._database), self._vfs)
        except apsw.Error as error:
            raise translate(error, 0) from error
        try:
            migrate(connection, str(self._database))
            integrity.check_head(connection)
            # What a killed process had written without syncing is in the database from now on,
            # unless somebody still looks at an older state, such as a backup: then it stays in the
            # log, which is durable since it was renewed.
            connection.set_busy_timeout(_RESTART_WAIT_MS)
            with suppress(apsw.BusyError):
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
            connection.set_busy_timeout(BUSY_MS)
        except apsw.Error as error:
            errno = connection.system_errno
            discard(connection)
            raise translate(error, errno) from error
        except BaseException:
            discard(connection)
            raise
        connection.set_wal_hook(self._note_wal)
        return connection

    def _note_wal(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        if pages < self._wal_pages:
            self._restart_at = _LONG_WAL_PAGES
        self._wal_pages = pages
        return apsw.SQLITE_OK

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._turn:
            connection = self._sound_writer()
            transaction = SQLiteWriteTransaction(connection)
            try:
                transaction.begin()
                yield transaction
                transaction.commit()
            except BaseException:
                transaction.roll_back()
                raise
            finally:
                transaction.end()
                if transaction.suspect:
                    self._drop_writer(connection)
            self._checkpoint(connection)

    def _sound_writer(self) -> apsw.Connection:
        """Give the writing connection; after a failure, a new one on a verified file."""
        if self._closed:
            raise Closed(what="the record store")
        if self._writer is None:
            connection = self._open_writer()
            try:
                integrity.check_quickly(connection)
            except BaseException as error:
                discard(connection)
                if isinstance(error, apsw.Error):
                    raise translate(error, 0) from error
                raise
            self._writer = connection
        return self._writer

    def _drop_writer(self, connection: apsw.Connection) -> None:
        """Forget a connection after an I/O error: its next sync could lie."""
        self._writer = None
        self._readers.retire()
        discard(connection)

    def _checkpoint(self, connection: apsw.Connection) -> None:
        """Move committed pages into the database file when the log has grown.

        Readers that overlap for ever would keep a passive checkpoint from starting the log anew,
        so a long log waits for them a moment. The commit stands whatever happens here.
        """
        if self._wal_pages < _CHECKPOINT_PAGES:
            return
        long = self._wal_pages >= self._restart_at
        mode = apsw.SQLITE_CHECKPOINT_RESTART if long else apsw.SQLITE_CHECKPOINT_PASSIVE
        try:
            connection.set_busy_timeout(_RESTART_WAIT_MS)
            connection.wal_checkpoint(mode=mode)
        except apsw.BusyError:
            # Somebody reads for long, such as a backup: not every commit is to wait for it.
            self._restart_at = self._wal_pages + _CHECKPOINT_PAGES
        except apsw.Error as error:
            if is_suspect(error, connection.system_errno):
                self._drop_writer(connection)
                return
        connection.set_busy_timeout(BUSY_MS)

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        with self._snapshot() as connection:
            view = SQLiteReadView(connection)
            try:
                yield view
            finally:
                view.end()

    @contextmanager
    def _snapshot(self) -> Iterator[apsw.Connection]:
        """Lend a connection inside a read transaction that has begun."""
        if self._closed:
            raise Closed(what="the record store")
        try:
            with self._readers.lend() as connection:
                connection.execute("BEGIN")
                # BEGIN alone takes no snapshot; the first read does.
                connection.execute("SELECT 1 FROM head").fetchall()
                try:
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
        except apsw.Error as error:
            raise translate(error, 0) from error

    def backup(self, target: Path) -> None:
        with self._snapshot() as connection:
            copy_database(connection, target)

    def check(self) -> None:
        with self._snapshot() as connection:
            try:
                integrity.check_fully(connection)
            except (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError) as error:
                raise DataCorrupt(what=f"SQLite file: {error}") from error

    def free_bytes(self) -> int:
        volume = os.statvfs(self._database.parent)
        return volume.f_bavail * volume.f_frsize

    def close(self) -> None:
        """Close every connection and give the lock back; repeating it is no error."""
        with self._turn:
            self._closed = True
            self._readers.retire()
            if self._writer is not None:
                self._writer.close(force=True)
                self._writer = None
            self._folder.close()
