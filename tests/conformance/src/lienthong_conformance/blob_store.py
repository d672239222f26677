"""The contract of blob stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import cast

import pytest

from lienthong.spi import BlobStore, BlobStoreCapabilities
from lienthong_conformance.announcing import factory_of, missing
from lienthong_conformance.blob_cases.contents import ContentCases
from lienthong_conformance.blob_cases.lifecycle import BlobLifecycleCases
from lienthong_conformance.blob_cases.oracle import BlobOracleCases
from lienthong_conformance.blob_cases.uploads import UploadCases

HOOK = "lienthong_blob_store_factory"


class BlobStoreContract(BlobLifecycleCases, ContentCases, UploadCases, BlobOracleCases):
    """Inherit it, name the plugin module, override ``new_uri`` and ``damage``::

    class TestAcmeBlobs(BlobStoreContract):
        plugin = lienthong_storage_acme

        @pytest.fixture
        def new_uri(self, tmp_path):
            numbers = itertools.count()
            return lambda: f"acme:{tmp_path}/{next(numbers)}"

        @pytest.fixture
        def damage(self, uri):
            return lambda sha256: flip_a_bit_of(uri, sha256)
    """

    plugin: ModuleType | None = None
    """The module that the entry point names."""

    @pytest.fixture
    def new_uri(self) -> Callable[[], str]:
        """A function that gives, at each call, the URI of a store that does not exist yet."""
        missing("the fixture new_uri: a function giving URIs of stores that do not exist yet")

    @pytest.fixture
    def damage(self) -> Callable[[bytes], None]:
        """A function that changes a stored content behind the store's back."""
        missing("the fixture damage: a function that changes a stored content, given its hash")

    @pytest.fixture
    def open_uri(self) -> Callable[[str], BlobStore]:
        """A function that opens the store at a URI; by default through the plugin's hook."""
        module = self.plugin
        if module is None:
            missing("the class attribute plugin: the module that the entry point names")
        return lambda uri: cast("BlobStore", factory_of(module, HOOK, uri)(uri))

    @pytest.fixture
    def capabilities(self) -> BlobStoreCapabilities:
        """What the plugin declares."""
        if self.plugin is None:
            return BlobStoreCapabilities()
        return cast("BlobStoreCapabilities", self.plugin.CAPABILITIES)

    @pytest.fixture
    def uri(self, new_uri: Callable[[], str]) -> str:
        """The URI of this test's store."""
        return new_uri()

    @pytest.fixture
    def opener(
        self, uri: str, open_uri: Callable[[str], BlobStore]
    ) -> Iterator[Callable[[], BlobStore]]:
        """A function that opens this test's store; whatever is open in the end is closed."""
        opened: list[BlobStore] = []

        def open_again() -> BlobStore:
            opened.append(open_uri(uri))
            return opened[-1]

        yield open_again
        for store in opened:
            store.close()

    @pytest.fixture
    def store(self, opener: Callable[[], BlobStore]) -> BlobStore:
        """This test's store, new and empty."""
        return opener()
