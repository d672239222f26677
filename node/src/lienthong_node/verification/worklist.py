"""Which packages wait to be verified, and how far the journal was read for more of them.

What stands here follows from the journal: a list that was lost or damaged is made anew, and what
was told before is not told again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from attrs import define, field, frozen

from lienthong.errors import ConfigInvalid

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = timedelta(minutes=15)
LONGEST_PAUSE: Final = timedelta(days=1)
GIVEN_UP: Final = timedelta(days=90)
GIVEN_UP_TRIES: Final = 90
"""Nobody looks by itself at what could not be decided for so long, in so many tries: what a node
that was down has let wait is not given up at its first look."""

STEP: Final = 500
"""Entries after which it is noted how far the journal was read, at the latest."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS place (next_index INTEGER NOT NULL, law INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS waiting (
    package_id BLOB PRIMARY KEY,
    since_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL,
    tries INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting_due ON waiting (tries > 0, due_us);
INSERT INTO place SELECT 0, 0 WHERE NOT EXISTS (SELECT * FROM place);
"""


@frozen(kw_only=True)
class Waiting:
    """One package that waits; instants in microseconds since 1970, UTC."""

    package_id: bytes
    since_us: int
    due_us: int
    tries: int


@define(eq=False)
class Worklist:
    """The list; for one thread at a time."""

    _db: sqlite3.Connection
    place: int
    """Index of the first entry of the journal that was not read yet."""

    law: int
    """Version of the rule sets by which it was read."""

    _noted: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._noted = self.place

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a list, or begin one; one that cannot be read is begun anew.

        Raises:
            ConfigInvalid: the place cannot be written to.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                return cls._opened(path)
            except sqlite3.Error as error:
                log.warning("the list of packages to verify is damaged and made anew: %s", error)
                path.unlink(missing_ok=True)
                return cls._opened(path)
        except (OSError, sqlite3.Error) as error:
            raise ConfigInvalid(
                file=path, key="the place", found=error, expected="one that can be written to"
            ) from error

    @classmethod
    def _opened(cls, path: Path) -> Self:
        # The worker's thread is not the one that opens; they never use it at once.
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            db.executescript(_SCHEMA)
            [(found,)] = db.execute("PRAGMA quick_check(1)").fetchall()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            [(place, law)] = db.execute("SELECT next_index, law FROM place").fetchall()
        except BaseException:
            db.close()
            raise
        return cls(db, place, law)

    def read_anew(self, law: int) -> None:
        """Read the journal from its beginning, by these rule sets; what waits stays."""
        self._db.execute("UPDATE place SET next_index = 0, law = ?", (law,))
        self.place, self.law, self._noted = 0, law, 0

    def take(self, packages: Sequence[bytes], place: int, now_us: int) -> None:
        """Take in what the journal's entries up to *place* name; those known already stay."""
        if not packages and place - self._noted < STEP:
            self.place = place
            return
        self._db.execute("BEGIN")
        try:
            self._db.executemany(
                "INSERT OR IGNORE INTO waiting VALUES (?, ?, ?, 0)",
                [(package, now_us, now_us) for package in packages],
            )
            self._db.execute("UPDATE place SET next_index = ?", (place,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.rollback()
            raise
        self.place = self._noted = place

    def next(self, now_us: int) -> Waiting | None:
        """What is due, new ones first; what a clock that was wrong has put off counts as due."""
        latest_us = now_us + _us(LONGEST_PAUSE)
        with closing(
            self._db.execute(
                "SELECT package_id, since_us, due_us, tries FROM waiting"
                " WHERE due_us <= ? OR due_us > ? ORDER BY tries > 0, due_us LIMIT 1",
                (now_us, latest_us),
            )
        ) as found:
            row = found.fetchone()
        if row is None:
            return None
        return Waiting(package_id=row[0], since_us=row[1], due_us=row[2], tries=row[3])

    def put_off(self, waiting: Waiting, now_us: int) -> bool:
        """Have something looked at again after a pause; whether it is still worth it."""
        is_old = now_us - waiting.since_us > _us(GIVEN_UP)
        if is_old and waiting.tries >= GIVEN_UP_TRIES:
            self.drop(waiting.package_id)
            return False
        pause_us = min(_us(FIRST_PAUSE) * 2 ** min(waiting.tries, 20), _us(LONGEST_PAUSE))
        self._db.execute(
            "UPDATE waiting SET due_us = ?, tries = tries + 1 WHERE package_id = ?",
            (now_us + pause_us, waiting.package_id),
        )
        return True

    def drop(self, package_id: bytes) -> None:
        """Forget what is done."""
        self._db.execute("DELETE FROM waiting WHERE package_id = ?", (package_id,))

    def wake(self, now_us: int) -> None:
        """Have everything looked at now that waits."""
        self._db.execute("UPDATE waiting SET due_us = ? WHERE due_us > ?", (now_us, now_us))

    def count(self) -> int:
        """How many packages wait."""
        [(count,)] = self._db.execute("SELECT count(*) FROM waiting").fetchall()
        return int(count)

    def close(self) -> None:
        self._db.close()


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
