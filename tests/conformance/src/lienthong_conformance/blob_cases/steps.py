"""Contents and steps that many cases take."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

import pytest

from lienthong.errors import NotFound
from lienthong.spi import BlobStore

Opener: TypeAlias = Callable[[], BlobStore]

CHUNK = 1_000
CONTENT = bytes(number * number % 251 for number in range(20 * CHUNK + 7))
HASH = hashlib.sha256(CONTENT).digest()
EMPTY = hashlib.sha256(b"").digest()


def named(content: bytes) -> tuple[bytes, bytes]:
    """A content with its hash, as ``put`` takes it."""
    return hashlib.sha256(content).digest(), content


def stage_up_to(store: BlobStore, key: str, stop: int) -> None:
    """Send chunks until *stop*, then suspend."""
    staging = store.stage(key)
    while staging.offset < stop:
        end = min(stop, staging.offset + CHUNK)
        staging.write(CONTENT[staging.offset : end])
    staging.suspend()


def assert_absent(store: BlobStore, sha256: bytes = HASH) -> None:
    """Nothing of a content is visible."""
    assert store.size(sha256) is None
    assert sha256 not in set(store.contents())
    with pytest.raises(NotFound):
        store.read(sha256)


def assert_stored(store: BlobStore, content: bytes = CONTENT) -> None:
    """A content is there, whole."""
    sha256 = hashlib.sha256(content).digest()
    assert store.size(sha256) == len(content)
    assert store.read(sha256) == content
    assert sha256 in set(store.contents())
