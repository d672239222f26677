"""Opening, closing, being told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from lienthong.errors import DataDirectoryInUse, LienthongError
from lienthong.spi import RecordStore, RecordStoreCapabilities
from lienthong.spi.records import Head
from lienthong.testing.samples import RECIPIENT, package_id, sha256
from lienthong_conformance.announcing import check_announcement
from lienthong_conformance.record_cases.steps import Opener, append, journal, size


class LifecycleCases:
    """Cases about the store as a thing."""

    plugin: ModuleType | None

    @pytest.mark.requirement("REC-01")
    def test_announces_itself(self, uri: str) -> None:
        if self.plugin is None:
            pytest.skip("the store has no plugin module")
        hook = "lienthong_record_store_factory"
        check_announcement(self.plugin, hook, uri, RecordStoreCapabilities)

    @pytest.mark.requirement("REC-02")
    def test_new_store_is_empty(self, store: RecordStore) -> None:
        with store.read() as view:
            assert view.head() == Head()
            assert view.package(package_id(1)) is None
            assert view.statement(package_id(1)) is None
            assert view.possession(RECIPIENT, sha256("")) is None
            assert view.checkpoint() is None
            assert view.checkpoint(0) is None
            assert view.tile(0, 0) is None
            assert view.last_stamp("checkpoint") is None
            assert view.stamp_covering(0) is None
            assert view.stamps_end(0) is None
            for rows in (
                view.deliveries(package_id(1)),
                view.statements(package_id(1), RECIPIENT),
                view.journal(0, 10),
                view.journal_of(package_id(1)),
                view.feed(RECIPIENT, 0, 10),
                view.list_deliveries(RECIPIENT, incoming=True, states=(), before=None, limit=10),
                view.tile_roots(0, 0, 10),
                view.leaf_hashes(0, 10),
                view.organisations(0, 10),
                view.credentials(),
                view.laws(),
                view.stamps(0, 10),
                view.watched_deliveries(2**62, None, 10),
            ):
                assert list(rows) == []

    @pytest.mark.requirement("REC-03")
    def test_ended_look_and_transaction_refuse_every_call(self, store: RecordStore) -> None:
        with store.read() as view:
            view.head()
        with store.write() as transaction:
            transaction.set_head(Head())
        for call in (view.head, lambda: view.journal(0, 1), transaction.head):
            with pytest.raises(LienthongError):
                call()
        with pytest.raises(LienthongError):
            transaction.set_head(Head(size=9))
        assert size(store) == 0

    @pytest.mark.requirement("REC-04")
    def test_closed_store_refuses_every_call(self, store: RecordStore) -> None:
        store.close()
        store.close()
        with pytest.raises(LienthongError), store.read():
            pass
        with pytest.raises(LienthongError), store.write():
            pass
        with pytest.raises(LienthongError):
            store.check()

    @pytest.mark.requirement("REC-05")
    def test_second_opener_is_treated_as_declared(
        self, opener: Opener, capabilities: RecordStoreCapabilities
    ) -> None:
        first = opener()
        if capabilities.shared:
            second = opener()
            append(first)
            append(second)
            append(first)
            assert journal(first) == journal(second)
        else:
            with pytest.raises(DataDirectoryInUse):
                opener()
            append(first, count=3)
        assert size(first) == 3

    @pytest.mark.requirement("REC-06")
    def test_sound_store_passes_its_own_check(self, store: RecordStore) -> None:
        store.check()
        append(store, count=30)
        store.check()

    @pytest.mark.requirement("REC-07")
    def test_backup_is_a_consistent_copy_of_a_store_in_use(
        self,
        store: RecordStore,
        open_backup: Callable[[str], RecordStore],
        tmp_path: Path,
    ) -> None:
        append(store, count=5)
        with store.write() as transaction:
            transaction.set_head(Head(size=99))
            store.backup(tmp_path / "backup")
        append(store, count=1)
        copy = open_backup(str(tmp_path / "backup"))
        try:
            assert size(copy) == 5
            assert journal(copy) == journal(store)[:5]
            copy.check()
        finally:
            copy.close()

    @pytest.mark.requirement("REC-08")
    def test_backup_never_overwrites(self, store: RecordStore, tmp_path: Path) -> None:
        target = tmp_path / "backup"
        target.write_bytes(b"precious")
        with pytest.raises(LienthongError):
            store.backup(target)
        assert target.read_bytes() == b"precious"

    @pytest.mark.requirement("REC-09")
    def test_says_how_much_space_is_left(self, store: RecordStore) -> None:
        assert store.free_bytes() > 0
