"""D-22: a migration is cut off at every step, and programs meet stores of other versions."""

from __future__ import annotations

import functools
import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from lienthong.errors import ConfigInvalid
from lienthong.spi.records import CheckpointRow, DeliveryRow
from lienthong.testing.samples import SENDER, sha256
from lienthong_storage_sqlite import connect, queries, rows, schema, transaction
from lienthong_storage_sqlite.checksums import crc_of_stored
from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.conftest import Figure
from tests.durability.commits import DATABASE, commit, faults_of, judge, size_of
from tests.durability.medium import cuts
from tests.durability.recorder import recording
from tests.tiers import SEED, tier

EVERY: Final = tier(commit=2, nightly=1)
"""Every so-many-th step of a migration is its last one."""

BATCHES: Final = 8
FILE: Final = sha256("uploaded before the migration")

LATER: Final = """
ALTER TABLE statement ADD COLUMN later TEXT NOT NULL DEFAULT '';
CREATE TABLE later (idx INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
INSERT INTO later SELECT idx, leaf_hash FROM journal;
CREATE INDEX later_entry ON later (entry);
"""
"""A migration that rewrites much, of a version that does not exist yet."""

STEPS: Final = (*schema.migrations(), LATER)

WITH_DEADLINES: Final = 3
"""The version since which deliveries have columns for what is due."""

WITH_CHECKSUMS: Final = 5
"""The version since which deliveries and checkpoints have a checksum."""

NEWER: Final = ", deadlines, look_us, paper, legal_value"
STATEMENTS: Final[Mapping[str, str]] = {
    name: sql
    for name, sql in vars(queries).items()
    if isinstance(sql, str) and (NEWER in sql or "note, crc" in sql)
}
COLUMNS: Final = 18
"""Of a delivery, without its checksum."""

OLD_COLUMNS: Final = 14
DUMP_DELIVERY, DUMP_CHECKPOINT = rows.dump_delivery, rows.dump_checkpoint
LOAD_DELIVERY, LOAD_LISTED_DELIVERY = rows.load_delivery, rows.load_listed_delivery
LOAD_CHECKPOINT = rows.load_checkpoint


def use(monkeypatch: pytest.MonkeyPatch, steps: tuple[str, ...]) -> None:
    """Be the program that knows so many migrations, and the columns that came with them."""
    version = len(steps)
    for module in (schema, connect):
        monkeypatch.setattr(module, "migrations", lambda: steps)
    for name, sql in STATEMENTS.items():
        monkeypatch.setattr(queries, name, _statement_of(version, sql))
    for module, name, used in (
        *((transaction, name, DUMPS) for name in DUMPS),
        *((rows, name, LOADS) for name in LOADS),
    ):
        monkeypatch.setattr(module, name, functools.partial(used[name], version))


def _statement_of(version: int, sql: str) -> str:
    if version < WITH_CHECKSUMS:
        sql = sql.replace(", crc) VALUES (?, ", ") VALUES (").replace(", crc FROM", " FROM")
    if version < WITH_DEADLINES:
        more = COLUMNS - OLD_COLUMNS
        sql = sql.replace(NEWER, "").replace(", ?" * (COLUMNS - 1), ", ?" * (COLUMNS - 1 - more))
    return sql


def _dump_delivery(version: int, row: DeliveryRow) -> rows.Columns:
    columns = DUMP_DELIVERY(row)
    if version >= WITH_CHECKSUMS:
        return columns
    return columns[: COLUMNS if version >= WITH_DEADLINES else OLD_COLUMNS]


def _dump_checkpoint(version: int, row: CheckpointRow) -> rows.Columns:
    columns = DUMP_CHECKPOINT(row)
    return columns if version >= WITH_CHECKSUMS else columns[:2]


def _load_listed_delivery(version: int, row: rows.Columns) -> DeliveryRow:
    older = () if version >= WITH_DEADLINES else ("", 0, "", "")
    return LOAD_LISTED_DELIVERY((*row, *older))


def _load_delivery(version: int, row: rows.Columns) -> DeliveryRow:
    if version >= WITH_CHECKSUMS:
        return LOAD_DELIVERY(row)
    return _load_listed_delivery(version, row)


def _load_checkpoint(version: int, row: rows.Columns) -> CheckpointRow:
    if version >= WITH_CHECKSUMS:
        return LOAD_CHECKPOINT(row)
    return CheckpointRow(size=row[0], note=row[1])


DUMPS: Final[Mapping[str, Callable[..., Any]]] = {
    "dump_delivery": _dump_delivery,
    "dump_checkpoint": _dump_checkpoint,
}
LOADS: Final[Mapping[str, Callable[..., Any]]] = {
    "load_delivery": _load_delivery,
    "load_listed_delivery": _load_listed_delivery,
    "load_checkpoint": _load_checkpoint,
}


def fill(database: Path) -> int:
    """Commit some batches; the last ones stay in the log."""
    with closing(SQLiteRecordStore(database)) as store:
        for _ in range(BATCHES - 2):
            commit(store)
    store = SQLiteRecordStore(database)
    commit(store)
    size = commit(store)
    writer = store._sound_writer()
    store._writer = None
    writer.execute("INSERT INTO possession (organ, sha256, size) VALUES (?, ?, 9)", (SENDER, FILE))
    connect.discard(writer)
    store.close()
    return size


def migrate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: int, *, kill: bool
) -> tuple[int, list[str]]:
    """Migrate a store by one version and break off; says how often, and what is wrong then."""
    root = folder / "root"
    root.mkdir()
    use(monkeypatch, STEPS[:version])
    size = fill(root / DATABASE) if version else 0
    use(monkeypatch, STEPS[: version + 1])
    with recording(root) as (recorder, vfs):
        recorder.say(size)
        with closing(SQLiteRecordStore(root / DATABASE, vfs=vfs.name)) as store:
            recorder.say(size_of(store))
    faults: list[str] = []
    points = recorder.points[::EVERY]
    chance = random.Random(SEED)
    for point, (image, said) in zip(
        points, cuts(recorder.steps, points, chance, kill=kill), strict=True
    ):
        found = judge(image, root, folder / "cut", said)
        if version and not found and not has_file(folder / "cut" / DATABASE):
            found.append("what the possession table had is lost")
        shutil.rmtree(folder / "cut")
        faults += [f"seed {SEED}, step {point}: {fault}" for fault in found]
    return len(points), faults


def has_file(database: Path) -> bool:
    with closing(SQLiteRecordStore(database)) as store, store.read() as view:
        return view.possession(SENDER, FILE) == 9


def stored(database: Path) -> dict[str, bytes]:
    """The bytes of all files; the index of the log in memory is none of them."""
    files = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    return {name: content for name, content in files.items() if not name.endswith("-shm")}


@pytest.mark.parametrize("kill", [False, True], ids=["power cut", "kill"])
@pytest.mark.parametrize("version", range(len(STEPS)))
def test_migration_that_is_broken_off_loses_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure, version: int, kill: bool
) -> None:
    amount, faults = migrate(folder, monkeypatch, version, kill=kill)
    what = f"{amount} {'kills' if kill else 'power cuts'} in migration {version + 1}"
    figure("D-22", wanted="0 lost", found=f"{what}, {len(faults)} with a loss or damage")
    assert faults == []


@pytest.mark.planted("migration without a transaction")
def test_migration_without_a_transaction_would_be_caught(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(connection: apsw.Connection, database: str) -> None:
        connection.create_scalar_function("crc_of_stored", crc_of_stored)
        for number, sql in enumerate(schema.migrations(), start=1):
            if number > connection.pragma("user_version"):
                connection.execute(sql)
                connection.execute(f"PRAGMA user_version = {number}")

    monkeypatch.setattr("lienthong_storage_sqlite.store.migrate", hasty)
    _, faults = migrate(folder, monkeypatch, len(STEPS) - 1, kill=True)
    assert faults


def test_older_program_refuses_a_newer_store_and_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    database = folder / DATABASE
    use(monkeypatch, STEPS)
    size = fill(database)
    before = stored(database)
    use(monkeypatch, STEPS[:-1])
    for _ in range(2):
        with pytest.raises(ConfigInvalid, match="schema version") as refused:
            SQLiteRecordStore(database)
    after = stored(database)
    use(monkeypatch, STEPS)
    with closing(SQLiteRecordStore(database)) as store:
        faults = faults_of(store, size)
    found = f"{refused.value.code}, bytes {'as before' if after == before else 'changed'}"
    figure("D-22", wanted="CONFIG_INVALID, bytes as before", found=found)
    assert after == before
    assert faults == []
