"""The published contract suite against the SQLite store."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

import lienthong_storage_sqlite
from lienthong_conformance import RecordStoreContract


class TestSQLiteRecordStore(RecordStoreContract):
    plugin = lienthong_storage_sqlite

    @pytest.fixture
    def new_uri(self, tmp_path: Path) -> Callable[[], str]:
        numbers = itertools.count()
        return lambda: f"sqlite:{tmp_path}/{next(numbers)}/node.db"
