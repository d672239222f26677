"""What is kept: shared by processes and threads, whole after every accident, bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import attrs
import pytest

from lienthong.model.file_signature import Finding
from lienthong.pki.revocation import SIGNING, worst
from lienthong.testing.status import DAY
from lienthong.trust import Kept, Kind, StatusBook, StatusFolder
from lienthong.trust import folder as folder_module
from sdk.tests.trust.publisher import MINUTE, NOW, PKI, Publisher


def _hold(folder: Path, ready: object, done: object) -> None:
    with StatusFolder(folder).turn() as mine:
        ready.put(mine)  # type: ignore[attr-defined]
        done.get(timeout=30)  # type: ignore[attr-defined]


class TestFolder:
    def test_one_of_two_processes_fetches(self, publisher: Publisher) -> None:
        context = get_context("spawn")
        ready, done = context.Queue(), context.Queue()
        other = context.Process(target=_hold, args=(publisher.folder.path, ready, done))
        other.start()
        try:
            assert ready.get(timeout=60) is True
            assert publisher.refresher.refresh().busy
        finally:
            done.put(None)
            other.join()
        assert publisher.refresh() == (2, {})

    def test_the_lock_ends_with_the_process(self, publisher: Publisher) -> None:
        context = get_context("spawn")
        ready, done = context.Queue(), context.Queue()
        other = context.Process(target=_hold, args=(publisher.folder.path, ready, done))
        other.start()
        ready.get(timeout=60)
        other.kill()
        other.join()
        assert not publisher.refresher.refresh().busy

    @pytest.mark.parametrize("spoil", [Path.mkdir, lambda lock: lock.write_bytes(b"no lock" * 99)])
    def test_a_lock_that_cannot_be_used_is_told(
        self, publisher: Publisher, spoil: Callable[[Path], object]
    ) -> None:
        publisher.refresher.watch(publisher.path)
        spoil(publisher.folder.path / "lock.db")
        with pytest.raises(OSError, match=r"lock\.db"):
            publisher.refresher.refresh()

    def test_an_issuer_that_cannot_be_read_keeps_nobody_from_reading(
        self, publisher: Publisher
    ) -> None:
        content = publisher.make_list()
        url = "http://crl.example.vn/odd.crl"
        publisher.folder.put(
            Kept(kind=Kind.LIST, url=url, certificate=b"x", issuer=b"y", content=content)
        )
        assert StatusBook(publisher.folder).look()

    def test_what_is_kept_is_there_after_a_restart(self, publisher: Publisher) -> None:
        publisher.refresh()
        book = StatusBook(StatusFolder(publisher.folder.path))
        assert book.look()
        assert not book.look()
        assert worst(book.status(publisher.path, NOW, SIGNING)).finding is Finding.GOOD

    def test_evidence_of_a_path_repeats_the_answer(self, publisher: Publisher) -> None:
        publisher.refresh()
        publisher.book.look()
        evidence = publisher.book.evidence(publisher.path)
        assert (len(evidence.lists), len(evidence.responses)) == (1, 1)
        assert publisher.book.evidence([PKI.intermediate.certificate]).lists == ()

    def test_evidence_of_everything_leaves_out_the_oldest_beyond_the_limit(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.refresh()
        kept = publisher.kept(Kind.RESPONSE)
        older = attrs.evolve(kept, url=f"{kept.url}/older", confirmed_at=NOW - MINUTE, content=b"o")
        publisher.folder.put(older)
        assert set(publisher.folder.evidence().responses) == {kept.content, b"o"}
        monkeypatch.setattr("lienthong.trust.folder.MAX_EVIDENCE", 1)
        evidence = publisher.folder.evidence()
        assert evidence.responses == (kept.content,)
        assert len(evidence.lists) == 1

    def test_the_bytes_of_all_files_are_limited(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.refresh()
        size = sum(path.stat().st_size for path in publisher.folder.path.glob("*.status"))
        monkeypatch.setattr(folder_module, "MAX_KEPT_BYTES", size - 1)
        publisher.folder.trim()
        assert [one.kind for one in publisher.folder.all()] == [Kind.LIST]
        monkeypatch.setattr(folder_module, "MAX_KEPT_BYTES", 0)
        publisher.folder.trim()
        assert publisher.folder.all() == []

    def test_a_file_that_another_process_drops_meanwhile_fails_nothing(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.refresh()
        is_list = folder_module._is_list

        def late(path: Path) -> bool:
            found = is_list(path)
            path.unlink()
            return found and is_list(path)

        monkeypatch.setattr(folder_module, "_is_list", late)
        publisher.folder.trim()
        assert publisher.folder.all() == []

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: data[:40],
            lambda data: data[:-1],
            lambda data: data[:-1] + bytes([data[-1] ^ 1]),
            lambda data: b"",
            lambda data: b"[]\n" + data,
            lambda data: b"{}\n",
            lambda data: data.replace(b'"LIST"', b'"OTHER"'),
            lambda data: b"[" * 100_000 + b"\n",
            lambda data: data.replace(b'"failures": 0', b'"failures": -1'),
        ],
    )
    def test_a_damaged_file_is_fetched_again(
        self, publisher: Publisher, damage: Callable[[bytes], bytes]
    ) -> None:
        publisher.refresh()
        path = publisher.folder.path / f"{publisher.kept(Kind.LIST).key}.status"
        path.write_bytes(damage(path.read_bytes()))
        assert [one.kind for one in publisher.folder.all()] == [Kind.RESPONSE]
        publisher.refresh()
        assert publisher.refresher.watch(publisher.path) == 1
        publisher.refresh()
        assert publisher.kept(Kind.LIST).content

    def test_a_write_that_fails_leaves_what_was_there(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.refresh()
        before = publisher.kept(Kind.LIST)

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("lienthong.trust.folder.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            publisher.folder.put(attrs.evolve(before, failures=5))
        assert publisher.kept(Kind.LIST) == before
        assert not list(publisher.folder.path.glob("*.part"))

    def test_the_number_of_files_is_limited(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folder_module, "MAX_KEPT", 4)
        for place in range(10):
            url = publisher.server.url(f"/ocsp/{place}")
            publisher.folder.put(
                Kept(
                    kind=Kind.RESPONSE,
                    url=url,
                    certificate=publisher.signer.certificate,
                    issuer=publisher.root.certificate,
                )
            )
        kept = publisher.folder.all()
        assert len(kept) == 4
        assert any(one.kind is Kind.LIST for one in kept)
        assert any(one.url.endswith("/9") for one in kept)

    def test_what_is_about_expired_certificates_is_forgotten(self, publisher: Publisher) -> None:
        publisher.refresh()
        publisher.pass_time(366 * DAY)
        assert publisher.refresh() == (1, {})
        assert [one.kind for one in publisher.folder.all()] == [Kind.LIST]

    def test_threads_read_while_another_fetches(self, publisher: Publisher) -> None:
        publisher.refresh()
        wrong: list[object] = []
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                found = publisher.status()
                if found.finding is not Finding.GOOD:
                    wrong.append(found)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            publisher.refresh()
        stop.set()
        for thread in threads:
            thread.join()
        assert wrong == []
