# ruff: noqa: S608 - statements are put together from constants of this file
"""What the checksums of derived rows and checkpoints tell."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import apsw
import pytest

from lienthong.errors import DataCorrupt
from lienthong.spi.records import CheckpointRow, Head
from lienthong.testing.samples import (
    RECIPIENT,
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
)
from lienthong_storage_sqlite.store import SQLiteRecordStore

CHANGES: Final = (
    "kind = 'REPLACE'",
    "state = 'COMPLETED'",
    "has_lead = 1 - has_lead",
    "sent_us = sent_us + 64",
    "subject = subject || ' '",
    "deadlines = '[]'",
    "look_us = look_us + 64",
    "paper = '[]'",
    "legal_value = '[]'",
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


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_delivery_is_named(
    filled: SQLiteRecordStore, database: Path, change: str
) -> None:
    run(database, f"UPDATE delivery SET {change}")
    with pytest.raises(DataCorrupt, match=f"the delivery of .* to {RECIPIENT}"):
        filled.check()


def test_a_changed_checkpoint_is_never_given_out(filled: SQLiteRecordStore, database: Path) -> None:
    run(database, "UPDATE checkpoint SET note = 'tvo' WHERE size = 2")
    with filled.read() as view:
        for size in (2, None):
            with pytest.raises(DataCorrupt, match="checkpoint of size 2"):
                view.checkpoint(size)
        assert view.checkpoint(1) == CheckpointRow(size=1, note="one")


def test_rows_of_before_have_no_checksum_and_get_one(
    filled: SQLiteRecordStore, database: Path
) -> None:
    run(database, "UPDATE delivery SET crc = NULL", "UPDATE checkpoint SET crc = NULL")
    filled.check()
    with filled.write() as transaction:
        assert transaction.checkpoint(2) == CheckpointRow(size=2, note="two")
        [row] = transaction.deliveries(package_id(1))
        transaction.put_deliveries([row])
    run(database, "UPDATE delivery SET subject = 'khác'")
    with pytest.raises(DataCorrupt, match=package_id(1).hex()):
        filled.check()
