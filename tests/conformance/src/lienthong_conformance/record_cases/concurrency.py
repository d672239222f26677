"""Many threads at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import evolve

from lienthong.spi import RecordStore
from lienthong.testing.following import Following, check_following
from lienthong.testing.samples import journal_row
from lienthong_conformance.record_cases.steps import append, indexes, journal, size

_SECONDS = 20.0


class ConcurrencyCases:
    """Cases about writers and readers that run against each other."""

    @pytest.mark.requirement("REC-40")
    def test_followers_never_miss_an_entry(self, store: RecordStore) -> None:
        check_following(store, Following())
        store.check()

    @pytest.mark.requirement("REC-41")
    def test_writers_take_turns(self, store: RecordStore) -> None:
        inside = threading.Semaphore(1)

        def write() -> None:
            for _ in range(10):
                with store.write() as transaction:
                    assert inside.acquire(blocking=False), "two write transactions are open"
                    head = transaction.head()
                    time.sleep(0.001)  # whoever can come in, comes in
                    transaction.add_journal([journal_row(head.size)])
                    transaction.set_head(evolve(head, size=head.size + 1))
                    inside.release()

        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(write) for _ in range(6)]:
                done.result(_SECONDS)
        assert size(store) == 60
        assert indexes(journal(store)) == list(range(60))

    @pytest.mark.requirement("REC-42")
    def test_readers_never_wait_for_the_writer(self, store: RecordStore) -> None:
        append(store, count=3)
        with store.write() as transaction, ThreadPoolExecutor(4) as pool:
            transaction.add_journal([journal_row(3)])
            looks = [pool.submit(size, store) for _ in range(8)]
            try:
                assert [look.result(_SECONDS) for look in looks] == [3] * 8
            except TimeoutError:
                pytest.fail("a reader waits for the writer")

    @pytest.mark.requirement("REC-43")
    def test_writer_never_waits_for_readers(self, store: RecordStore) -> None:
        append(store)
        with store.read() as first, store.read() as second, ThreadPoolExecutor(1) as pool:
            assert first.head() == second.head()
            for _ in range(30):
                pool.submit(append, store).result(_SECONDS)
            assert first.head().size == second.head().size == 1
        assert size(store) == 31

    @pytest.mark.requirement("REC-44")
    def test_failing_writer_lets_the_next_one_in(self, store: RecordStore) -> None:
        def fail() -> None:
            with store.write() as transaction:
                transaction.add_journal([journal_row(0, entry=b"never")])
                raise ZeroDivisionError

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(fail) for _ in range(12)]:
                with pytest.raises(ZeroDivisionError):
                    done.result(_SECONDS)
            pool.submit(append, store).result(_SECONDS)
        assert journal(store) == [journal_row(0)]
