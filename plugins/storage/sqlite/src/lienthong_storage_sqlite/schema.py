"""Numbered migrations, read from ``schema.sql``."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

import apsw

from lienthong.errors import ConfigInvalid, DataCorrupt
from lienthong_storage_sqlite.checksums import crc_of_stored

APPLICATION_ID: Final = 0x4C544844
_SECTION: Final = re.compile(r"^-- migration (\d+)$", re.MULTILINE)


def migrations() -> tuple[str, ...]:
    """The SQL of every migration, the first one first."""
    text = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    parts = _SECTION.split(text)[1:]
    numbers = [int(number) for number in parts[::2]]
    if numbers != list(range(1, len(numbers) + 1)):
        raise AssertionError(f"schema.sql numbers its migrations {numbers}")
    return tuple(parts[1::2])


def migrate(connection: apsw.Connection, database: str) -> None:
    """Bring a database to the newest schema, each step in a transaction.

    Raises:
        ConfigInvalid: the file belongs to another application or to a newer version.
        DataCorrupt: what is in it cannot be brought there.
    """
    connection.create_scalar_function("crc_of_stored", crc_of_stored)
    steps = migrations()
    version = check_known(connection, database, newest=len(steps))
    for number, sql in enumerate(steps[version:], start=version + 1):
        try:
            with connection:
                connection.execute(sql)
                connection.execute(f"PRAGMA user_version = {number}")
        except (apsw.SQLError, apsw.ConstraintError) as error:
            raise DataCorrupt(what=f"SQLite file, migration {number}: {error}") from error


def check_known(connection: apsw.Connection, database: str, *, newest: int) -> int:
    """Return the schema version of a database, 0 for an empty one.

    Raises:
        ConfigInvalid: the file belongs to another application or to a newer version.
    """
    application = int(connection.pragma("application_id"))
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    version = int(connection.pragma("user_version"))
    if application != APPLICATION_ID and (application or tables or version):
        raise ConfigInvalid(
            file=database, key="application_id", found=application, expected=APPLICATION_ID
        )
    if version > newest:
        raise ConfigInvalid(
            file=database, key="schema version", found=version, expected=f"at most {newest}"
        )
    return version
