from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lienthong_storage_sqlite.store import SQLiteRecordStore

Opener = Callable[[], SQLiteRecordStore]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "node.db"


@pytest.fixture
def open_store(database: Path) -> Iterator[Opener]:
    opened: list[SQLiteRecordStore] = []

    def opener() -> SQLiteRecordStore:
        opened.append(SQLiteRecordStore(database))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Opener) -> SQLiteRecordStore:
    return open_store()
