"""Blob store in a folder: ``fs:/path/blobs``; one folder, one node."""

from __future__ import annotations

from typing import Final

from lienthong.spi import BlobStore, BlobStoreCapabilities, BlobStoreFactory, hookimpl
from lienthong_storage_fs.address import SCHEME, folder_path

SPI_VERSION: Final = 1
CAPABILITIES: Final = BlobStoreCapabilities(shared=False)


@hookimpl
def lienthong_blob_store_factory(scheme: str) -> BlobStoreFactory | None:
    """Offer the folder store for ``fs:`` addresses."""
    return open_store if scheme == SCHEME else None


def open_store(uri: str) -> BlobStore:
    """Open or create the store at an address.

    Raises:
        InvalidValue: the address is wrong.
        LienthongError: as ``FSBlobStore`` says.
    """
    from lienthong_storage_fs.store import FSBlobStore

    return FSBlobStore(folder_path(uri))
