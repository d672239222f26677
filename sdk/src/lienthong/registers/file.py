"""The file of a register book: SQLite with a rollback journal, for any number of processes."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from lienthong.errors import RegisterBookFailed, RegisterBookUnusable

APPLICATION: Final = 0x4C545342
"""``LTSB``; marks the file as ours."""

VERSION: Final = 1
_MAGIC: Final = b"SQLite format 3\0"
_PRIVATE: Final = 0o600
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF

SCHEMA: Final = """
CREATE TABLE line (
    id INTEGER PRIMARY KEY,
    register TEXT NOT NULL,
    organ TEXT NOT NULL,
    year INTEGER NOT NULL,
    part INTEGER NOT NULL,
    series TEXT NOT NULL,
    number INTEGER,
    ordinal INTEGER,
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    key TEXT NOT NULL,
    written TEXT NOT NULL,
    code TEXT NOT NULL,
    rule TEXT NOT NULL,
    elsewhere INTEGER NOT NULL,
    entry BLOB NOT NULL
);
CREATE UNIQUE INDEX line_number ON line (register, organ, year, part, series, number);
CREATE UNIQUE INDEX line_ordinal ON line (register, organ, year, ordinal);
CREATE UNIQUE INDEX line_key ON line (register, organ, key) WHERE state <> 'CANCELLED';
CREATE INDEX line_any_key ON line (register, key);
CREATE UNIQUE INDEX line_issued ON line (organ, year, part, written) WHERE register = 'OUTGOING';
CREATE INDEX line_written ON line (register, organ, written);
CREATE INDEX line_code ON line (register, organ, code);
CREATE TABLE seal (
    organ TEXT NOT NULL,
    sealed_on TEXT NOT NULL,
    successor TEXT NOT NULL,
    continues INTEGER NOT NULL,
    PRIMARY KEY (organ, sealed_on)
);
"""


class BookFile:
    """Transactions on the file; foreign faults become errors of ours.

    May be shared by threads, not across a fork.
    """

    def __init__(self, path: Path, *, patience: float, begin: bool = False) -> None:
        """Open the file, or begin a new one.

        Raises:
            RegisterBookUnusable: it is no register book, is damaged or not there; or, to *begin*
                it, there already.
            RegisterBookFailed: it cannot be opened now.
        """
        self.path = path
        self._lock = threading.RLock()
        with self._faults():
            _make(path) if begin else _check(path)
            # Absolute, so that no name means something else to SQLite; it never makes a file.
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=patience,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            self._prepare(begin=begin)
        except BaseException:
            self._db.close()
            if begin:
                with suppress(OSError):
                    path.unlink()
            raise

    def close(self) -> None:
        """Close the file; what was entered is durable already."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside becomes part of the book, durably, or nothing; one writer at a time."""
        with self._lock, self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around queries."""
        with self._lock, self._faults():
            yield

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; inside ``transaction`` or ``reading``."""
        return self._db.execute(sql, values).fetchall()

    def write(self, sql: str, values: Sequence[object] = ()) -> int:
        """Change something inside ``transaction``; returns the id of a new row."""
        return self._db.execute(sql, values).lastrowid or 0

    def _prepare(self, *, begin: bool) -> None:
        with self.reading():
            # What a crash of the machine may take back is no number that somebody was told.
            self._db.execute("PRAGMA synchronous = EXTRA")
        if begin:
            with self.transaction():
                for statement in filter(str.strip, SCHEMA.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {APPLICATION}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")
        with self.reading():
            ((application,),) = self.rows("PRAGMA application_id")
            ((version,),) = self.rows("PRAGMA user_version")
        if application != APPLICATION:
            raise RegisterBookUnusable(path=self.path, reason="a database of something else")
        if version != VERSION:
            reason = f"version {version}, this software has {VERSION}"
            raise RegisterBookUnusable(path=self.path, reason=reason)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            # What the rules let through contradicts the file: a repetition would do so again.
            raise RegisterBookUnusable(path=self.path, reason=error) from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
            if code in _DAMAGE:
                raise RegisterBookUnusable(path=self.path, reason=error) from error
            raise RegisterBookFailed(path=self.path, reason=error) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RegisterBookFailed(path=self.path, reason=reason) from error


def _make(path: Path) -> None:
    """Make a new file, for its owner alone."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))
    except FileExistsError:
        raise RegisterBookUnusable(path=path, reason="it is there already") from None
    except ValueError as error:
        raise RegisterBookUnusable(path=path, reason=error) from error


def _check(path: Path) -> None:
    """Refuse what is no book: a name that is mistyped must not begin at 01 again."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise RegisterBookUnusable(path=path, reason="there is no such file") from error
    except ValueError as error:
        raise RegisterBookUnusable(path=path, reason=error) from error
    if not stat.S_ISREG(mode):
        raise RegisterBookUnusable(path=path, reason="no regular file")
    # SQLite would take an empty or very short file over as if it were new.
    if not is_database(path):
        raise RegisterBookUnusable(path=path, reason="empty, or a file of something else")


def is_database(path: Path) -> bool:
    """Whether a file begins as register books do; OSError if it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC
