"""Every query of the node goes through an index."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from lienthong_storage_sqlite import queries
from lienthong_storage_sqlite.store import SQLiteRecordStore

READS = {
    name: sql
    for name, sql in vars(queries).items()
    if name.isupper()
    and sql.startswith("SELECT")
    and name != "HEAD"
    and not name.startswith("EVERY_")
}
PAGES = {
    f"page incoming={incoming} continued={continued}": queries.delivery_page(
        incoming=incoming, continued=continued
    )
    for incoming in (True, False)
    for continued in (True, False)
}
STATES = [queries.delivery_states(incoming=incoming) for incoming in (True, False)]


@pytest.fixture
def connection(store: SQLiteRecordStore, database: Path) -> apsw.Connection:
    return apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)


def plan(connection: apsw.Connection, sql: str) -> list[str]:
    slots = 1 if "?1" in sql else sql.count("?")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * slots)
    return [row[3] for row in rows]


@pytest.mark.parametrize("sql", [*READS.values(), *PAGES.values(), *STATES])
def test_no_query_scans_a_table(connection: apsw.Connection, sql: str) -> None:
    for step in plan(connection, sql):
        assert not step.startswith("SCAN") or step in {"SCAN found", "SCAN checkpoint"}


@pytest.mark.parametrize("sql", [*READS.values(), *PAGES.values()])
def test_no_query_sorts(connection: apsw.Connection, sql: str) -> None:
    assert not [step for step in plan(connection, sql) if "TEMP B-TREE" in step]


def test_newest_checkpoint_reads_one_row_from_the_end(connection: apsw.Connection) -> None:
    connection.execute("EXPLAIN " + queries.NEWEST_CHECKPOINT)
    opcodes = {row[1] for row in connection.execute("EXPLAIN " + queries.NEWEST_CHECKPOINT)}
    assert "Last" in opcodes
    assert "SorterOpen" not in opcodes


def test_delivery_pages_use_the_index_of_their_side(connection: apsw.Connection) -> None:
    for name, sql in PAGES.items():
        index = "delivery_incoming" if "incoming=True" in name else "delivery_outgoing"
        assert f"USING INDEX {index}" in plan(connection, sql)[0]


def test_scan_would_be_noticed(connection: apsw.Connection) -> None:
    steps = plan(connection, "SELECT subject FROM delivery WHERE urgency = ?")
    assert [step for step in steps if step.startswith("SCAN delivery")]
