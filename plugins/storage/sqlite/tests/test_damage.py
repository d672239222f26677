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
from lienthong.spi.records import CheckpointRow, Head, JudgementRow
from lienthong.testing.samples import (
    RECIPIENT,
    SENDER,
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
)
from lienthong_storage_sqlite import checksums, connect, rows, schema
from lienthong_storage_sqlite.store import SQLiteRecordStore

Opener = Callable[[], SQLiteRecordStore]

TEXTS: Final = (
    *("recipient", "sender", "kind", "state", "resume_state", "subject", "number", "urgency"),
    *("deadlines", "paper", "legal_value"),
)
NUMBERS: Final = ("has_lead", "sent_us", "updated_us", "updated_index", "look_us", "crc")
OCTETS: Final = ("package_id", "pending_package_id")
READABLE: Final = {
    "deadlines": "'[]'",
    "paper": """'["E_ONLY", [9], ""]'""",
    "legal_value": """'["PENDING_CHECK", [11], ""]'""",
}
"""What stands in these columns is more than a text."""

CHANGES: Final = (
    *(f"{name} = {name} || ' '" for name in TEXTS if name not in READABLE),
    *(f"{name} = {value}" for name, value in READABLE.items()),
    *(f"{name} = 1 - {name}" for name in NUMBERS),
    *(f"{name} = x'{bytes(range(16)).hex()}'" for name in OCTETS),
)


JUDGED: Final = [
    delivery_row(
        index,
        subject="Về việc",
        look_us=7,
        pending_package_id=package_id(2),
        paper=JudgementRow(value="E_ONLY", rows=(9,), rule_set="một"),
        legal_value=JudgementRow(value="PENDING_CHECK", rows=(11,), rule_set="", by_axis=True),
    )
    for index in range(2)
]
OF_THE_SECOND: Final = f"package_id = x'{package_id(1).hex()}'"


def named(number: int) -> str:
    return re.escape(f"the delivery of {package_id(number).hex()} to {RECIPIENT}")


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
    run(database, f"UPDATE delivery SET {change} WHERE {OF_THE_SECOND}")
    with pytest.raises(DataCorrupt, match=": the delivery of "):
        filled.check()
    with filled.read() as view:
        [other] = view.deliveries(package_id(0))
        assert other == delivery_row(0)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_not_utf8_is_noticed(
    filled: SQLiteRecordStore, database: Path, name: str
) -> None:
    run(database, f"UPDATE delivery SET {name} = CAST(x'ff' AS TEXT) WHERE {OF_THE_SECOND}")
    with pytest.raises(DataCorrupt, match="can't decode"):
        filled.check()


@pytest.mark.parametrize("name", READABLE)
def test_a_list_names_what_cannot_be_read(
    filled: SQLiteRecordStore, database: Path, name: str
) -> None:
    run(database, f"UPDATE delivery SET {name} = '[' WHERE {OF_THE_SECOND}")
    with filled.read() as view, pytest.raises(DataCorrupt, match=named(1)):
        view.list_deliveries(RECIPIENT, incoming=True, states=(), before=None, limit=9)


def test_a_changed_delivery_is_named_and_not_decided_on(
    filled: SQLiteRecordStore, database: Path
) -> None:
    """Else its next change would give the damage a checksum that fits."""
    run(database, "UPDATE delivery SET paper = '[]'")
    with filled.write() as transaction:
        with pytest.raises(DataCorrupt, match=named(1)):
            transaction.delivery(package_id(1), RECIPIENT)
        with pytest.raises(DataCorrupt, match=named(1)):
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
    crc = checksums.crc_of(2, "two")
    assert rows.load_checkpoint((2, "two", crc)).note == "two"
    with pytest.raises(DataCorrupt):
        rows.load_checkpoint((*row, crc)[:3])


def test_checksums_are_stored_as_they_were() -> None:
    """Another way to compute them would make every store a damaged one."""
    assert checksums.crc_of(2, "Quyết định 'số' \"52\"\n", b"\0\xff", -1, "") == 2763480549


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


@pytest.fixture
def older(open_store: Opener, database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database without checksums, with a checkpoint and two deliveries."""
    before = schema.migrations()[:4]
    with monkeypatch.context() as patch:
        for module in (schema, connect):
            patch.setattr(module, "migrations", lambda: before)
        with closing(open_store()) as store, store.write() as transaction:
            transaction.add_journal([journal_row(index) for index in range(2)])
            transaction.put_organisation(organisation_row(RECIPIENT, 1))
            for index in range(2):
                transaction.add_package(package_row(index))
            transaction.set_head(Head(size=2))
    with closing(apsw.Connection(str(database))) as connection:
        connection.execute("INSERT INTO checkpoint VALUES (2, 'một')")
        for row in JUDGED:
            columns = rows.dump_delivery(row)[:-1]
            marks = ", ".join("?" * len(columns))
            connection.execute(f"INSERT INTO delivery VALUES ({marks})", columns)
    return database


def test_rows_of_an_older_schema_get_their_checksums(open_store: Opener, older: Path) -> None:
    store = open_store()
    with store.read() as view:
        assert view.checkpoint() == CheckpointRow(size=2, note="một")
        assert [*view.deliveries(package_id(0)), *view.deliveries(package_id(1))] == JUDGED
    store.check()


@pytest.mark.parametrize("name", TEXTS)
def test_a_damaged_text_of_an_older_schema_keeps_no_store_shut(
    open_store: Opener, older: Path, name: str
) -> None:
    run(older, f"UPDATE delivery SET {name} = CAST(x'ff' AS TEXT) WHERE {OF_THE_SECOND}")
    store = open_store()
    with store.read() as view:
        assert view.checkpoint() == CheckpointRow(size=2, note="một")
        assert list(view.deliveries(package_id(0))) == JUDGED[:1]
        with pytest.raises(DataCorrupt):
            view.deliveries(package_id(1))
    with pytest.raises(DataCorrupt):
        store.check()


def test_a_damaged_note_of_an_older_schema_keeps_no_store_shut(
    open_store: Opener, older: Path
) -> None:
    run(older, "UPDATE checkpoint SET note = CAST(x'ff' AS TEXT)")
    store = open_store()
    with store.read() as view:
        assert list(view.deliveries(package_id(0))) == JUDGED[:1]
        with pytest.raises(DataCorrupt):
            view.checkpoint()


def test_a_damaged_type_of_an_older_schema_is_said_to_be_damage(
    open_store: Opener, older: Path
) -> None:
    """The header of a row makes its package identifier a text: SQLite adds no column."""
    content = older.read_bytes()
    types = bytes([12 + 2 * 16, 13 + 2 * len(RECIPIENT), 13 + 2 * len(SENDER)])
    assert types in content
    older.write_bytes(content.replace(types, bytes([types[0] ^ 1]) + types[1:]))
    with pytest.raises(DataCorrupt, match="migration 5"):
        open_store()
