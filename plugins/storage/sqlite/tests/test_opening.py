"""Who may open the database, and as what."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

import lienthong_storage_sqlite as plugin
from lienthong.errors import (
    Closed,
    ConfigInvalid,
    DataCorrupt,
    DataDirectoryInUse,
    DiskFull,
    InvalidValue,
    LienthongError,
    StoreFailed,
)
from lienthong_storage_sqlite.address import database_path
from lienthong_storage_sqlite.connect import open_reader, open_writer
from lienthong_storage_sqlite.folder import check_local
from lienthong_storage_sqlite.schema import migrations
from lienthong_storage_sqlite.store import SQLiteRecordStore

Opener = Callable[[], SQLiteRecordStore]


def test_second_opener_in_this_process_is_refused(open_store: Opener) -> None:
    store = open_store()
    for _ in range(100):
        with pytest.raises(DataDirectoryInUse):
            open_store()
    store.close()
    open_store()


def test_second_process_is_refused(open_store: Opener, database: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from lienthong.errors import DataDirectoryInUse\n"
        "from lienthong_storage_sqlite.store import SQLiteRecordStore\n"
        "refused = 0\n"
        "for _ in range(100):\n"
        "    try:\n"
        "        SQLiteRecordStore(pathlib.Path(sys.argv[1]))\n"
        "    except DataDirectoryInUse:\n"
        "        refused += 1\n"
        "print(refused)\n"
    )
    open_store()
    command = [sys.executable, "-c", script, str(database)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "100\n"


def test_second_opener_under_another_name_is_refused(open_store: Opener, database: Path) -> None:
    open_store()
    alias = database.parent.parent / "alias"
    alias.symlink_to(database.parent)
    with pytest.raises(DataDirectoryInUse):
        SQLiteRecordStore(alias / database.name)


def test_refused_opener_leaves_the_first_one_working(open_store: Opener) -> None:
    store = open_store()
    with pytest.raises(DataDirectoryInUse):
        open_store()
    with store.write() as transaction:
        transaction.set_head(transaction.head())
    store.check()


def test_refuses_a_newer_schema(open_store: Opener, database: Path) -> None:
    open_store().close()
    newer = len(migrations()) + 1
    with apsw.Connection(str(database)) as connection:
        connection.execute(f"PRAGMA user_version = {newer}")
    connection.close()
    with pytest.raises(ConfigInvalid, match="schema version"):
        open_store()


def test_refuses_a_database_of_another_application(open_store: Opener, database: Path) -> None:
    database.parent.mkdir()
    connection = apsw.Connection(str(database))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = database.read_bytes()
    for _ in range(2):
        with pytest.raises(ConfigInvalid, match="application_id"):
            open_store()
    assert database.read_bytes() == before


def test_leaves_the_log_of_another_application_alone(open_store: Opener, database: Path) -> None:
    database.parent.mkdir()
    connection = apsw.Connection(str(database))
    connection.pragma("journal_mode", "wal")
    connection.execute("CREATE TABLE theirs (x)")
    log = Path(f"{database}-wal")
    inode = log.stat().st_ino
    with pytest.raises(ConfigInvalid, match="application_id"):
        open_store()
    assert log.stat().st_ino == inode
    connection.execute("INSERT INTO theirs VALUES (1)")
    assert connection.execute("SELECT * FROM theirs").fetchall() == [(1,)]
    connection.close()


def test_says_with_a_code_what_the_operating_system_refuses(
    database: Path, open_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **named: object) -> int:
        raise OSError(code, os.strerror(code))

    for code, expected in [(errno.EIO, StoreFailed), (errno.ENOSPC, DiskFull)]:
        for call in ("mkdir", "open", "pwrite", "fsync"):
            with monkeypatch.context() as patch:
                patch.setattr(os, call, broken)
                with pytest.raises(expected):
                    SQLiteRecordStore(database.parent / f"{call}-{code}" / "node.db")
    open_store()


def test_names_of_all_folders_that_it_made_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()

    def fsync(descriptor: int) -> None:
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", fsync)
    SQLiteRecordStore(tmp_path / "a" / "b" / "node.db").close()
    assert {tmp_path, tmp_path / "a", tmp_path / "a" / "b"} <= synced


def test_refuses_a_file_that_is_no_database(open_store: Opener, database: Path) -> None:
    database.parent.mkdir()
    database.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(DataCorrupt):
        open_store()


@pytest.mark.parametrize("lose", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_refuses_to_begin_anew_where_a_journal_was(
    open_store: Opener, database: Path, lose: object
) -> None:
    open_store().close()
    assert callable(lose)
    lose(database)
    with pytest.raises(DataCorrupt, match="created before"):
        open_store()


def test_refused_opening_gives_the_lock_back(open_store: Opener, database: Path) -> None:
    open_store().close()
    content = database.read_bytes()
    database.write_bytes(b"")
    with pytest.raises(DataCorrupt):
        open_store()
    database.write_bytes(content)
    open_store()


def test_refuses_network_file_systems(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    point = str(tmp_path.resolve()).replace(" ", r"\040")
    mounts.write_text(
        f"21 1 0:19 / / rw - ext4 /dev/vda rw\n22 21 0:20 / {point} rw - nfs4 host:/ rw\n"
    )
    with pytest.raises(ConfigInvalid, match="nfs4"):
        check_local(tmp_path, mounts)
    mounts.write_text("21 1 0:19 / / rw - ext4 /dev/vda rw\n")
    check_local(tmp_path, mounts)
    check_local(tmp_path, tmp_path / "absent")


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:",
        "sqlite://host/node.db",
        "sqlite:/a/",
        "sqlite:/a?mode=ro",
        "fs:/a",
        "sqlite:/a%00",
    ],
)
def test_refuses_addresses_that_are_not_a_file(uri: str) -> None:
    with pytest.raises(InvalidValue):
        database_path(uri)


def test_reads_addresses() -> None:
    assert database_path("sqlite:/var/lib/n.db") == Path("/var/lib/n.db")
    assert database_path("sqlite:///var/lib/n.db") == Path("/var/lib/n.db")
    assert database_path("sqlite:/srv/h%E1%BB%93%20s%C6%A1/n.db") == Path("/srv/hồ sơ/n.db")


def test_connections_have_the_settings_that_durability_rests_on(
    open_store: Opener, database: Path
) -> None:
    store = open_store()
    writer = store._sound_writer()
    reader = open_reader(str(database), None)
    names = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
    assert [writer.pragma(name) for name in names] == ["wal", 2, 1, 0]
    assert [reader.pragma(n) for n in ("query_only", "wal_autocheckpoint")] == [1, 0]
    for connection in (writer, reader):
        assert connection.pragma("trusted_schema") == 0
        assert connection.pragma("cell_size_check") == 1
        assert connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, -1) == 1
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("DELETE FROM head")
    reader.close()


def test_files_are_readable_for_the_owner_only(open_store: Opener, database: Path) -> None:
    store = open_store()
    with store.write() as transaction:
        transaction.set_head(transaction.head())
    for path in database.parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_migration_that_was_cut_off_is_repeated(open_store: Opener, database: Path) -> None:
    database.parent.mkdir()
    os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))
    connection = open_writer(str(database), None)
    connection.execute("BEGIN")
    connection.execute(migrations()[0])
    connection.execute("ROLLBACK")
    connection.close()
    open_store().check()


def test_journal_cannot_be_rewritten_by_hand(open_store: Opener) -> None:
    from lienthong.testing.samples import journal_row

    store = open_store()
    with store.write() as transaction:
        transaction.add_journal([journal_row(0)])
    writer = store._sound_writer()
    for sql in ("UPDATE journal SET entry = x'00'", "DELETE FROM journal"):
        with pytest.raises(apsw.ConstraintError, match="append-only"):
            writer.execute(sql)


def test_closed_store_refuses_every_call(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()
    store.close()
    store.close()
    with pytest.raises(Closed), store.write():
        pass
    with pytest.raises(Closed), store.read():
        pass
    with pytest.raises(LienthongError):
        store.backup(tmp_path / "copy.db")


def test_hook_offers_the_store_for_its_scheme_only(database: Path) -> None:
    factory = plugin.lienthong_record_store_factory(scheme="sqlite")
    assert factory is not None
    store = factory(f"sqlite:{database}")
    store.check()
    store.close()
    assert plugin.lienthong_record_store_factory(scheme="postgresql") is None
    assert plugin.SPI_VERSION == 1
    assert not plugin.CAPABILITIES.shared
