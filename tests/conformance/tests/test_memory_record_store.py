"""The oracle keeps the contract that it is the oracle of."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.spi import RecordStore
from lienthong.testing.store import MemoryMedium, MemoryRecordStore
from lienthong_conformance import RecordStoreContract


class TestMemoryRecordStore(RecordStoreContract):
    @pytest.fixture
    def new_uri(self) -> Callable[[], str]:
        numbers = itertools.count()
        return lambda: f"memory:{next(numbers)}"

    @pytest.fixture
    def open_uri(self) -> Callable[[str], RecordStore]:
        media: dict[str, MemoryMedium] = {}
        return lambda uri: MemoryRecordStore(media.setdefault(uri, MemoryMedium()))

    @pytest.fixture
    def open_backup(self) -> Callable[[str], RecordStore]:
        return lambda path: MemoryRecordStore.restore(Path(path))
