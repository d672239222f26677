"""The contract of record stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import cast

import pytest

from lienthong.spi import RecordStore, RecordStoreCapabilities
from lienthong_conformance.announcing import factory_of, missing
from lienthong_conformance.record_cases.concurrency import ConcurrencyCases
from lienthong_conformance.record_cases.durability import DurabilityCases
from lienthong_conformance.record_cases.lifecycle import LifecycleCases
from lienthong_conformance.record_cases.oracle import OracleCases
from lienthong_conformance.record_cases.paging import PagingCases
from lienthong_conformance.record_cases.rows import RowCases
from lienthong_conformance.record_cases.stamps import StampCases
from lienthong_conformance.record_cases.transactions import TransactionCases

HOOK = "lienthong_record_store_factory"


class RecordStoreContract(
    LifecycleCases,
    RowCases,
    StampCases,
    PagingCases,
    TransactionCases,
    ConcurrencyCases,
    DurabilityCases,
    OracleCases,
):
    """Inherit it, name the plugin module, override ``new_uri``::

    class TestAcmeStore(RecordStoreContract):
        plugin = lienthong_storage_acme

        @pytest.fixture
        def new_uri(self, tmp_path):
            numbers = itertools.count()
            return lambda: f"acme:{tmp_path}/{next(numbers)}"
    """

    plugin: ModuleType | None = None
    """The module that the entry point names."""

    @pytest.fixture
    def new_uri(self) -> Callable[[], str]:
        """A function that gives, at each call, the URI of a store that does not exist yet."""
        missing("the fixture new_uri: a function giving URIs of stores that do not exist yet")

    @pytest.fixture
    def open_uri(self) -> Callable[[str], RecordStore]:
        """A function that opens the store at a URI; by default through the plugin's hook."""
        module = self.plugin
        if module is None:
            missing("the class attribute plugin: the module that the entry point names")
        return lambda uri: cast("RecordStore", factory_of(module, HOOK, uri)(uri))

    @pytest.fixture
    def open_backup(self, open_uri: Callable[[str], RecordStore]) -> Callable[[str], RecordStore]:
        """A function that opens the file that ``backup`` wrote, by its path.

        Override it where a backup is not opened by ``<scheme>:<path>``.
        """
        module = self.plugin
        if module is None:
            missing("the fixture open_backup: a function that opens a backup by its path")
        scheme = module.__name__.rpartition("_")[2]
        return lambda path: open_uri(f"{scheme}:{path}")

    @pytest.fixture
    def capabilities(self) -> RecordStoreCapabilities:
        """What the plugin declares."""
        if self.plugin is None:
            return RecordStoreCapabilities()
        return cast("RecordStoreCapabilities", self.plugin.CAPABILITIES)

    @pytest.fixture
    def uri(self, new_uri: Callable[[], str]) -> str:
        """The URI of this test's store."""
        return new_uri()

    @pytest.fixture
    def opener(
        self, uri: str, open_uri: Callable[[str], RecordStore]
    ) -> Iterator[Callable[[], RecordStore]]:
        """A function that opens this test's store; whatever is open in the end is closed."""
        opened: list[RecordStore] = []

        def open_again() -> RecordStore:
            opened.append(open_uri(uri))
            return opened[-1]

        yield open_again
        for store in opened:
            store.close()

    @pytest.fixture
    def store(self, opener: Callable[[], RecordStore]) -> RecordStore:
        """This test's store, new and empty."""
        return opener()
