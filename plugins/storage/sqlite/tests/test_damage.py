# ruff: noqa: S608 - statements are put together from constants of this file
"""What the checksums of derived rows and checkpoints tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from lienthong.errors import DataCorrupt, StoreFailed
from lienthong.spi.records import CheckpointRow, Head
from lienthong.testing.samples import (
    RECIPIENT,
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
)
from lienthong_storage_sqlite import connect, rows, schema
from lienthong_storage_sqlite.store import SQLiteRecordStore

Opener = Callable[[], SQLiteRecordStore]

TEXTS: Final = (
    *("recipient", "sender", "kind", "state", "resume_state", "subject", "number", "urgency"),
    *("deadlines", "paper", "legal_value"),
)
NUMBERS: Final = ("has_lead", "sent_us", "updated_us", "updated_index", "look_us", "crc")
OCTETS: Final = ("package_id", "pending_package_id")
CHANGES: Final = (
    *(f"{name} = {name} || ' '" for name in TEXTS),
    *(f"{name} = CAST(x'ff' AS TEXT)" for name in TEXTS),
    *(f"{name} = 1 - {name}" for name in NUMBERS),
    *(f"{name} = x'{bytes(range(16)).hex()}'" for name in OCTETS),
)


def run(database: Path, *statements: str) -> None:
    with closing(apsw.Connection(str(database))) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def filled(store: SQLiteRecordStore) -> SQLiteRecordStore:
    """Two packages, their deliveries and the checkpoint over both."""
    with store.write() as transaction:
        transaction.add_journal([journal_row(index) for index in range(2)])
        transaction.put_organisation(organisation_row(RECIPIENT, 1))
        for index in range(2):
            transaction.add_package(package_row(index))
        transaction.put_deliveries([delivery_row(index) for index in range(2)])
        transaction.add_checkpoint(CheckpointRow(size=1, note="one"))
        transaction.add_checkpoint(CheckpointRow(size=2, note="two"))
        transaction.set_head(Head(size=2))
    store.check()
    return store


def test_every_column_is_changed(filled: SQLiteRecordStore, database: Path) -> None:
    with closing(apsw.Connection(str(database))) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(delivery)")]
    assert sorted(names) == sorted((*TEXTS, *NUMBERS, *OCTETS))


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_delivery_is_noticed(
    filled: SQLiteRecordStore, database: Path, change: str
) -> None:
    run(database, f"UPDATE delivery SET {change} WHERE package_id = x'{package_id(1).hex()}'")
    with pytest.raises(DataCorrupt):
        filled.check()
    with filled.read() as view:
        [other] = view.deliveries(package_id(0))
        assert other == delivery_row(0)


def test_a_changed_delivery_is_named_and_not_decided_on(
    filled: SQLiteRecordStore, database: Path
) -> None:
    """Else its next change would give the damage a checksum that fits."""
    run(database, "UPDATE delivery SET paper = '[]'")
    named = re.escape(f"the delivery of {package_id(1).hex()} to {RECIPIENT}")
    with filled.write() as transaction:
        with pytest.raises(DataCorrupt, match=named):
            transaction.delivery(package_id(1), RECIPIENT)
        with pytest.raises(DataCorrupt, match=named):
            transaction.deliveries(package_id(1))


def test_a_changed_checkpoint_is_never_given_out(filled: SQLiteRecordStore, database: Path) -> None:
    run(database, "UPDATE checkpoint SET note = 'tvo' WHERE size = 2")
    with filled.read() as view:
        for size in (2, None):
            with pytest.raises(DataCorrupt, match="checkpoint of size 2"):
                view.checkpoint(size)
        assert view.checkpoint(1) == CheckpointRow(size=1, note="one")
    with pytest.raises(DataCorrupt, match="checkpoint of size 2"):
        filled.check()


@pytest.mark.parametrize("size", [0, 3])
def test_a_moved_checkpoint_is_named(filled: SQLiteRecordStore, database: Path, size: int) -> None:
    run(database, f"UPDATE checkpoint SET size = {size} WHERE size = 2")
    with pytest.raises(DataCorrupt, match=f"checkpoint of size {size}"):
        filled.check()


@pytest.mark.parametrize("row", [(2, b"two"), (2, None), (2, 2), (True, "two"), (2, "two", None)])
def test_a_checksum_holds_types_too(row: tuple[Any, ...]) -> None:
    """One flipped bit of a record's header makes a text of the same length octets, or nothing."""
    crc = rows.crc_of(2, "two")
    assert rows.load_checkpoint((2, "two", crc)).note == "two"
    with pytest.raises(DataCorrupt):
        rows.load_checkpoint((*row, crc)[:3])


def test_checksums_are_stored_as_they_were() -> None:
    """Another way to compute them would make every store a damaged one."""
    assert rows.crc_of(2, "Quyết định 'số' \"52\"\n", b"\0\xff", -1, "") == 2763480549


def test_a_checkpoint_that_cannot_be_stored_undoes_the_transaction(
    store: SQLiteRecordStore,
) -> None:
    with pytest.raises(StoreFailed), store.write() as transaction:  # noqa: PT012 - what is caught inside is the point
        transaction.add_journal([journal_row(0)])
        with suppress(UnicodeEncodeError):
            transaction.add_checkpoint(CheckpointRow(size=1, note="\ud800"))
        transaction.set_head(Head(size=1))
    with store.read() as view:
        assert view.head().size == 0


def test_rows_of_an_older_schema_get_their_checksums(
    open_store: Opener, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = schema.migrations()[:4]
    with monkeypatch.context() as patch:
        for module in (schema, connect):
            patch.setattr(module, "migrations", lambda: older)
        open_store().close()
    checkpoint, delivery = CheckpointRow(size=1, note="một"), delivery_row(0, subject="Về việc")
    with closing(apsw.Connection(str(database))) as connection:
        connection.execute("INSERT INTO checkpoint VALUES (1, 'một')")
        columns = rows.dump_delivery(delivery)[:-1]
        connection.execute(
            f"INSERT INTO delivery VALUES ({', '.join('?' * len(columns))})", columns
        )
    with open_store().read() as view:
        assert view.checkpoint() == checkpoint
        assert view.deliveries(package_id(0)) == (delivery,)
