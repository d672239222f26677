"""The published contract suite against the folder store."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

import lienthong_storage_fs
from lienthong_conformance import BlobStoreContract


class TestFSBlobStore(BlobStoreContract):
    plugin = lienthong_storage_fs

    @pytest.fixture
    def new_uri(self, tmp_path: Path) -> Callable[[], str]:
        numbers = itertools.count()
        return lambda: f"fs:{tmp_path}/{next(numbers)}"

    @pytest.fixture
    def damage(self, uri: str) -> Callable[[bytes], None]:
        def damage(sha256: bytes) -> None:
            (file,) = Path(uri.removeprefix("fs:")).rglob(sha256.hex())
            content = file.read_bytes()
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

        return damage
