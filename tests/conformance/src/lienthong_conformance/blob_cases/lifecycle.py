"""Opening, closing, being told apart."""

from __future__ import annotations

from types import ModuleType

import pytest

from lienthong.errors import DataDirectoryInUse, LienthongError
from lienthong.spi import BlobStore, BlobStoreCapabilities
from lienthong_conformance.announcing import check_announcement, process, read_line
from lienthong_conformance.blob_cases.steps import (
    CONTENT,
    HASH,
    Opener,
    assert_absent,
    assert_stored,
    named,
)

UPLOADER = """
import hashlib, importlib, os, sys
plugin, uri = importlib.import_module(sys.argv[1]), sys.argv[2]
store = plugin.lienthong_blob_store_factory(scheme=uri.partition(":")[0])(uri)
number = 0
while True:
    batch = [os.urandom(3_000) for _ in range(4)]
    store.put([(hashlib.sha256(content).digest(), content) for content in batch])
    staging = store.stage(f"{os.getpid():x}-{number:x}")
    content = os.urandom(100_000)
    for at in range(0, len(content), 1_000):
        staging.write(content[at : at + 1_000])
    staging.publish(hashlib.sha256(content).digest(), len(content))
    print(*(hashlib.sha256(content).hexdigest() for content in (*batch, content)), flush=True)
    number += 1
"""


class BlobLifecycleCases:
    """Cases about the store as a thing."""

    plugin: ModuleType | None

    @pytest.mark.requirement("BLB-01")
    def test_announces_itself(self, uri: str) -> None:
        if self.plugin is None:
            pytest.skip("the store has no plugin module")
        check_announcement(self.plugin, "lienthong_blob_store_factory", uri, BlobStoreCapabilities)

    @pytest.mark.requirement("BLB-02")
    def test_new_store_is_empty(self, store: BlobStore) -> None:
        assert list(store.contents()) == []
        assert_absent(store)
        store.delete(HASH)
        assert store.drop_staging(idle_seconds=0) == 0

    @pytest.mark.requirement("BLB-03")
    def test_closed_store_refuses_every_call(self, store: BlobStore) -> None:
        store.put([named(CONTENT)])
        store.close()
        store.close()
        for call in (
            lambda: store.stage("a"),
            lambda: store.put([named(CONTENT)]),
            lambda: store.size(HASH),
            lambda: store.read(HASH),
            lambda: list(store.contents()),
            lambda: store.delete(HASH),
        ):
            with pytest.raises(LienthongError):
                call()

    @pytest.mark.requirement("BLB-04")
    def test_second_opener_is_treated_as_declared(
        self, opener: Opener, capabilities: BlobStoreCapabilities
    ) -> None:
        first = opener()
        if capabilities.shared:
            opener().put([named(CONTENT)])
        else:
            with pytest.raises(DataDirectoryInUse):
                opener()
            first.put([named(CONTENT)])
        assert_stored(first)

    @pytest.mark.requirement("BLB-05")
    def test_killed_process_leaves_whole_contents_only(self, opener: Opener, uri: str) -> None:
        if self.plugin is None:
            pytest.skip("a store without a plugin module cannot be opened by another process")
        acknowledged: set[str] = set()
        for lines in (1, 3, 12):
            with process(UPLOADER, self.plugin.__name__, uri) as running:
                for _ in range(lines):
                    acknowledged.update(read_line(running).split())
                running.kill()
            store = opener()
            stored = set(store.contents())
            assert acknowledged <= {sha256.hex() for sha256 in stored}
            for sha256 in stored:
                assert len(store.read(sha256)) == store.size(sha256)
            store.close()

    @pytest.mark.requirement("BLB-06")
    def test_says_how_much_space_is_left(self, store: BlobStore) -> None:
        assert store.free_bytes() > 0
