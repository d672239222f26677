from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lienthong_storage_fs.store import FSBlobStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def open_store(folder: Path) -> Iterator[Callable[[], FSBlobStore]]:
    opened: list[FSBlobStore] = []

    def opener() -> FSBlobStore:
        opened.append(FSBlobStore(folder))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], FSBlobStore]) -> FSBlobStore:
    return open_store()
