"""Record store on SQLite: ``sqlite:/path/node.db``; one file, one node."""

from __future__ import annotations

from typing import Final

from lienthong.spi import RecordStore, RecordStoreCapabilities, RecordStoreFactory, hookimpl
from lienthong_storage_sqlite.address import SCHEME, database_path

SPI_VERSION: Final = 1
CAPABILITIES: Final = RecordStoreCapabilities(shared=False)


@hookimpl
def lienthong_record_store_factory(scheme: str) -> RecordStoreFactory | None:
    """Offer the SQLite store for ``sqlite:`` addresses."""
    return open_store if scheme == SCHEME else None


def open_store(uri: str) -> RecordStore:
    """Open or create the store at an address.

    Raises:
        InvalidValue: the address is wrong.
        LienthongError: as ``SQLiteRecordStore`` says.
    """
    from lienthong_storage_sqlite.store import SQLiteRecordStore

    return SQLiteRecordStore(database_path(uri))
