"""Pages: nothing skipped, nothing twice, nobody else's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lienthong.spi import RecordStore
from lienthong.spi.records import DeliveryRow, TileRow
from lienthong.testing.samples import RECIPIENT, SENDER, delivery_row, journal_row, sha256
from lienthong_conformance.record_cases.steps import append, indexes, put

MOST = 1_000


def pages(
    store: RecordStore, organ: str, *, incoming: bool, states: Sequence[str] = (), limit: int
) -> list[DeliveryRow]:
    """All deliveries of a list, page by page."""
    found: list[DeliveryRow] = []
    before: tuple[int, bytes, str] | None = None
    with store.read() as view:
        while page := view.list_deliveries(
            organ, incoming=incoming, states=states, before=before, limit=limit
        ):
            assert len(page) <= limit
            found += page
            assert len(found) <= MOST, "the pages never end"
            before = (page[-1].updated_index, page[-1].package_id, page[-1].recipient)
    return found


def newest_first(rows: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """The order that the contract asks for."""
    key = lambda row: (row.updated_index, row.package_id, row.recipient)  # noqa: E731
    return sorted(rows, key=key, reverse=True)


class PagingCases:
    """Cases about lists."""

    @pytest.mark.requirement("REC-20")
    def test_feed_shows_the_partys_entries_from_a_start(self, store: RecordStore) -> None:
        parties = {True: (SENDER, RECIPIENT), False: (RECIPIENT,)}
        append(store, *(journal_row(i, parties=parties[i % 3 == 0]) for i in range(20)))
        with store.read() as view:
            assert indexes(view.feed(SENDER, 0, 100)) == [0, 3, 6, 9, 12, 15, 18]
            assert indexes(view.feed(SENDER, 3, 2)) == [3, 6]
            assert indexes(view.feed(SENDER, 4, 2)) == [6, 9]
            assert indexes(view.feed(SENDER, 18, 5)) == [18]
            assert indexes(view.feed(SENDER, 19, 5)) == []
            assert indexes(view.feed(RECIPIENT, 0, 100)) == list(range(20))
            assert list(view.feed(SENDER, 6, 1)) == list(view.journal(6, 1))

    @pytest.mark.requirement("REC-21")
    def test_feed_in_pages_is_the_whole_feed(self, store: RecordStore) -> None:
        append(store, *(journal_row(i, parties=(SENDER,) * (i % 2)) for i in range(40)))
        for limit in (1, 3, 20, 21):
            seen: list[int] = []
            with store.read() as view:
                while page := view.feed(SENDER, seen[-1] + 1 if seen else 0, limit):
                    assert len(page) <= limit
                    seen += indexes(page)
                    assert len(seen) <= MOST, "the pages never end"
            assert seen == list(range(1, 40, 2))

    @pytest.mark.requirement("REC-22")
    def test_feed_never_shows_what_concerns_others(self, store: RecordStore) -> None:
        organs = ("H05", "H05.1", "H05.10", "H0", "h05", "H05%", "H_5", "H05 ", "")
        append(store, *(journal_row(i, parties=(organ,)) for i, organ in enumerate(organs)))
        with store.read() as view:
            for index, organ in enumerate(organs):
                assert indexes(view.feed(organ, 0, 100)) == [index]
            assert list(view.feed("H", 0, 100)) == []

    @pytest.mark.requirement("REC-23")
    def test_party_that_is_named_twice_sees_an_entry_once(self, store: RecordStore) -> None:
        row = journal_row(0, parties=(SENDER, RECIPIENT, SENDER))
        append(store, row)
        with store.read() as view:
            assert list(view.feed(SENDER, 0, 9)) == [row]

    @pytest.mark.requirement("REC-24")
    def test_journal_is_read_from_any_index(self, store: RecordStore) -> None:
        append(store, count=12)
        with store.read() as view:
            assert indexes(view.journal(0, 5)) == [0, 1, 2, 3, 4]
            assert indexes(view.journal(10, 5)) == [10, 11]
            assert indexes(view.journal(12, 5)) == []
            assert indexes(view.journal(2**62, 5)) == []
            assert indexes(view.journal(3, 0)) == []
            hashes = [row.leaf_hash for row in view.journal(0, 99)]
            assert list(view.leaf_hashes(0, 99)) == hashes
            assert list(view.leaf_hashes(4, 3)) == hashes[4:7]
            assert list(view.leaf_hashes(12, 3)) == []

    @pytest.mark.requirement("REC-25")
    def test_entries_of_a_package_are_its_own(self, store: RecordStore) -> None:
        ids = [b"a" * 16, b"b" * 16, b"a" * 16, b"", b"a" * 15, b"a" * 17, b"A" * 16, b"a" * 16]
        append(store, *(journal_row(i, package_id=name) for i, name in enumerate(ids)))
        with store.read() as view:
            assert indexes(view.journal_of(b"a" * 16)) == [0, 2, 7]
            assert indexes(view.journal_of(b"c" * 16)) == []
            assert indexes(view.journal_of(b"")) == []

    @pytest.mark.requirement("REC-26")
    def test_deliveries_are_listed_newest_first_without_gap_or_repetition(
        self, store: RecordStore
    ) -> None:
        rows = [
            delivery_row(number, recipient=organ, updated_index=number // 5, state=state)
            for number in range(30)
            for organ, state in (("H05", "SENT"), (RECIPIENT, "ARRIVED"), ("A1", "SENT"))
        ]
        put(store, *rows)
        put(store, delivery_row(99, sender="B7", recipient="A1"))
        for limit in (1, 7, 90, 91):
            assert pages(store, SENDER, incoming=False, limit=limit) == newest_first(rows)
            own = [row for row in rows if row.recipient == RECIPIENT]
            assert pages(store, RECIPIENT, incoming=True, limit=limit) == newest_first(own)

    @pytest.mark.requirement("REC-27")
    def test_deliveries_are_filtered_by_state_and_side(self, store: RecordStore) -> None:
        states = ("SENT", "ARRIVED", "REFUSED", "SENT")
        rows = [delivery_row(number, state=states[number % 4]) for number in range(40)]
        put(store, *rows)
        for wanted in (("SENT",), ("REFUSED", "ARRIVED"), ("SENT", "SENT"), ("sent",), ("", "%")):
            expected = newest_first([row for row in rows if row.state in wanted])
            found = pages(store, RECIPIENT, incoming=True, states=wanted, limit=4)
            assert found == expected
        assert pages(store, RECIPIENT, incoming=False, limit=4) == []
        assert pages(store, SENDER, incoming=True, limit=4) == []

    @pytest.mark.requirement("REC-28")
    def test_changed_delivery_moves_to_the_front(self, store: RecordStore) -> None:
        put(store, *(delivery_row(number) for number in range(5)))
        put(store, delivery_row(1, state="ARRIVED", updated_index=50))
        with store.read() as view:
            listed = view.list_deliveries(SENDER, incoming=False, states=(), before=None, limit=99)
        assert [row.updated_index for row in listed] == [50, 4, 3, 2, 0]

    @pytest.mark.requirement("REC-63")
    def test_watched_deliveries_are_paged_earliest_first(self, store: RecordStore) -> None:
        rows = [
            delivery_row(number, recipient=organ, look_us=(number % 4) * 10)
            for number in range(12)
            for organ in ("H05", "A1")
        ]
        put(store, *rows)
        put(store, delivery_row(3, recipient="A1", look_us=0))
        watched = [row for row in rows if row.look_us and row != rows[7]]
        assert rows[7].recipient == "A1"
        for before_us in (10, 11, 30, 2**62):
            wanted = sorted((row for row in watched if row.look_us < before_us), key=watch_key)
            for limit in (1, 5, 99):
                assert watched_pages(store, before_us, limit) == wanted

    @pytest.mark.requirement("REC-29")
    def test_tiles_and_their_roots(self, store: RecordStore) -> None:
        tiles = [
            TileRow(level=level, index=index, hashes=b"%d" % index, root=sha256(f"{level}/{index}"))
            for level in (0, 1, 2)
            for index in range(4 - level)
        ]
        with store.write() as transaction:
            transaction.add_tiles(tiles[::-1])
        with store.read() as view:
            assert [view.tile(row.level, row.index) for row in tiles] == tiles
            assert view.tile(0, 4) is None
            assert view.tile(3, 0) is None
            assert list(view.tile_roots(0, 0, 99)) == [row.root for row in tiles[:4]]
            assert list(view.tile_roots(0, 1, 2)) == [row.root for row in tiles[1:3]]
            assert list(view.tile_roots(1, 3, 9)) == []


def watch_key(row: DeliveryRow) -> tuple[int, bytes, str]:
    """What orders watched deliveries."""
    return row.look_us, row.package_id, row.recipient


def watched_pages(store: RecordStore, before_us: int, limit: int) -> list[DeliveryRow]:
    """All watched deliveries, read in pages."""
    found: list[DeliveryRow] = []
    with store.read() as view:
        while page := view.watched_deliveries(
            before_us, watch_key(found[-1]) if found else None, limit
        ):
            found.extend(page)
    return found
