"""The oracle keeps the contract that it is the oracle of."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from lienthong.spi import BlobStore
from lienthong.testing.blobs import BlobMedium, MemoryBlobStore
from lienthong_conformance import BlobStoreContract

Media = dict[str, BlobMedium]


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    def new_uri(self) -> Callable[[], str]:
        numbers = itertools.count()
        return lambda: f"memory:{next(numbers)}"

    @pytest.fixture
    def media(self) -> Media:
        return {}

    @pytest.fixture
    def open_uri(self, media: Media) -> Callable[[str], BlobStore]:
        return lambda uri: MemoryBlobStore(media.setdefault(uri, BlobMedium()))

    @pytest.fixture
    def damage(self, media: Media, uri: str) -> Callable[[bytes], None]:
        def damage(sha256: bytes) -> None:
            media[uri].contents[sha256] = b"?" + media[uri].contents[sha256][1:]

        return damage
