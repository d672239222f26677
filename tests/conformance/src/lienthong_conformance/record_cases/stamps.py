"""Time-stamps of the journal are kept for good, and the first one that covers an entry is found."""

from __future__ import annotations

import pytest

from lienthong.spi import RecordStore
from lienthong.spi.records import StampRow
from lienthong.testing.samples import stamp_row
from lienthong_conformance.record_cases.steps import Opener

STAMPS = (
    stamp_row(1, size=3),
    stamp_row(2, size=3),
    stamp_row(3, size=7, kind="renewal", blocks=bytes(range(256))),
    stamp_row(4, size=9, token=b"\0" * 70_000, stamped_us=-5, until_us=2**63 - 1),
)


def add(store: RecordStore, *rows: StampRow) -> None:
    """Commit time-stamps."""
    with store.write() as transaction:
        for row in rows:
            transaction.add_stamp(row)


class StampCases:
    """Cases about time-stamps."""

    @pytest.mark.requirement("REC-65")
    def test_stamps_are_read_back_in_order_by_kind(self, opener: Opener) -> None:
        store = opener()
        add(store, *STAMPS[::-1])
        store.close()
        with opener().read() as view:
            assert list(view.stamps(0, 9)) == list(STAMPS)
            assert list(view.stamps(1, 2)) == list(STAMPS[1:3])
            assert list(view.stamps(1, 9, "checkpoint")) == [STAMPS[1], STAMPS[3]]
            assert list(view.stamps(0, 0)) == []
            assert view.last_stamp("checkpoint") == STAMPS[3]
            assert view.last_stamp("renewal") == STAMPS[2]

    @pytest.mark.requirement("REC-66")
    def test_first_stamp_that_covers_a_size_is_found(self, store: RecordStore) -> None:
        add(store, *STAMPS)
        with store.read() as view:
            found = [view.stamp_covering(size) for size in (0, 3, 4, 9, 10)]
        assert found == [STAMPS[0], STAMPS[0], STAMPS[3], STAMPS[3], None]

    @pytest.mark.requirement("REC-67")
    def test_stamp_with_a_number_that_is_taken_is_refused(self, store: RecordStore) -> None:
        add(store, STAMPS[0])
        with pytest.raises(Exception):  # noqa: B017, PT011 - which error is the store's own business
            add(store, stamp_row(1, size=5, token=b"another"))
        with store.read() as view:
            assert list(view.stamps(0, 9)) == [STAMPS[0]]

    @pytest.mark.requirement("REC-68")
    def test_first_end_of_later_stamps_is_told(self, store: RecordStore) -> None:
        ends = [30, 10, 20]
        add(store, *(stamp_row(number, until_us=end) for number, end in enumerate(ends, start=1)))
        with store.read() as view:
            assert [view.stamps_end(after) for after in range(4)] == [10, 10, 20, None]
