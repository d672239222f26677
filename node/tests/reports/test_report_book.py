"""The file of reports: derived from the journal, added to, and made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    DataDirectoryInUse,
    ReportsBehind,
    ReportsUnusable,
)
from lienthong.model.organisation import Directory
from lienthong.plugins.calendars import find_calendar
from lienthong.reports.counting import ITEMS, tally
from lienthong.reports.counts import Counts
from lienthong.reports.period import Period
from lienthong.reports.projection import Changes
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.terms import Rules
from node.tests.reports.reporting import ORGANISATIONS, RULES, at, fill, filled
from sdk.tests.reports.book import Book
from sdk.tests.reports.cast import FINANCE, ORGANS
from sdk.tests.reports.generated import generate

JOURNAL = generate(21, 80)
NOW = at("2026-11-02")


def opened(
    folder: Path, store: MemoryRecordStore, now: datetime = NOW, rules: Rules = RULES
) -> ReportBook:
    return open_up_to_date(folder / FILE_NAME, store, rules, now, lambda _done, _total: None)


def expected(count: int | None = None, now: datetime = NOW) -> Counts:
    """Counted at once, in memory."""
    terms = RULES.terms(Directory(ORGANISATIONS))
    book = Book()
    for entry in JOURNAL.entries[:count]:
        book.take(entry, terms)
    sums = tally(book.deliveries.values(), book.documents.values(), as_of=now)
    counts = Counts()
    for measure, details in Counts.of(sums, ORGANS, Period.parse("2026")).sums.items():
        for detail, n in details.items():
            counts.add(measure, detail.rpartition("/")[2] if measure in ITEMS else detail, n)
    return counts


def found(book: ReportBook) -> Counts:
    return Counts.merged(book.counts(ORGANS, Period.parse("2026")).values())


@pytest.fixture(scope="module")
def store() -> MemoryRecordStore:
    return filled(JOURNAL.entries)


@pytest.fixture(scope="module")
def book(
    store: MemoryRecordStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReportBook]:
    made = opened(tmp_path_factory.mktemp("data"), store)
    yield made
    made.close()


@pytest.mark.parametrize("damage", ["cut", "garbled", "schema", "row"])
def test_a_file_that_cannot_be_used_is_made_anew(
    store: MemoryRecordStore, tmp_path: Path, damage: str
) -> None:
    opened(tmp_path, store).close()
    path = tmp_path / FILE_NAME
    if damage == "garbled":
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * 20_000)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[: 3 * 4096 + 17])
    else:
        with sqlite3.connect(path) as db:
            if damage == "schema":
                db.execute("UPDATE meta SET value = '0' WHERE name = 'schema'")
            else:
                # It is read again when the next deadline is over.
                db.execute("UPDATE delivery SET body = x'7b', turn_us = 1")
        db.close()
    made = opened(tmp_path, store)
    assert found(made) == expected()
    made.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE meta SET value = 'abc' WHERE name = 'entries'",
        "UPDATE tally SET measure = 'KHONG_CO' || measure",
        'UPDATE delivery SET body = CAST(\'{"state":"khong-co"}\' AS BLOB)',
        "UPDATE delivery SET body = CAST('[]' AS BLOB)",
    ],
)
def test_damage_is_named_where_it_is_read(
    store: MemoryRecordStore, tmp_path: Path, damage: str
) -> None:
    opened(tmp_path, store).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute(damage)
    db.close()

    def read() -> None:
        with closing(ReportBook(tmp_path / FILE_NAME)) as made, made.whole(RULES.version):
            found(made)
            list(made.registered([FINANCE], Period.parse("2026")))

    with pytest.raises(ReportsUnusable):
        read()


def test_it_is_for_its_owner_alone(store: MemoryRecordStore, tmp_path: Path) -> None:
    opened(tmp_path, store).close()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    opened(tmp_path, MemoryRecordStore()).close()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600, "made anew"


def test_a_document_is_found_by_its_code_and_else_by_its_reference(
    store: MemoryRecordStore, tmp_path: Path
) -> None:
    with closing(opened(tmp_path, store)) as made:
        issued = [document for document, _ in made.issued([FINANCE], at("2026-01-01"), NOW)]
        first, second = [document for document in issued if not document.resent][:2]
        with made.batch():
            made.keep(Changes(documents=(evolve(first, code="H53.11.2026.7"),)), NOW)
        assert made.document("", "H53.11.2026.7") == evolve(first, code="H53.11.2026.7")
        assert made.document(first.reference, "H53.11.2026.8") is None
        found = made.document(first.reference)
        assert found is not None
        assert found.code == "H53.11.2026.7"
        assert made.document(second.reference, "H53.11.2026.8") == second
        assert made.document("", "") is None


class Killed(BaseException):
    """The process ends."""


def test_of_what_is_half_read_no_report_is_made(store: MemoryRecordStore, tmp_path: Path) -> None:
    def killed(_done: int, _total: int | None) -> None:
        raise Killed

    before = MemoryRecordStore()
    fill(before, JOURNAL.entries[:100])
    opened(tmp_path, before).close()
    with pytest.raises(Killed):
        open_up_to_date(tmp_path / FILE_NAME, store, RULES, NOW, killed)
    with closing(ReportBook(tmp_path / FILE_NAME)) as half:
        assert half.stand.entries > 100
        with pytest.raises(ReportsBehind), half.whole(RULES.version):
            pass
    with closing(opened(tmp_path, store)) as made, made.whole(RULES.version) as as_of:
        assert as_of == NOW
        assert found(made) == expected()


def test_two_that_read_at_once_do_not_count_twice(store: MemoryRecordStore, tmp_path: Path) -> None:
    def other(_done: int, _total: int | None) -> None:
        opened(tmp_path, store).close()

    with pytest.raises(DataDirectoryInUse):
        open_up_to_date(tmp_path / FILE_NAME, store, RULES, NOW, other)
    with closing(opened(tmp_path, store)) as made:
        assert found(made) == expected()


def test_what_is_read_meanwhile_does_not_change(store: MemoryRecordStore, tmp_path: Path) -> None:
    opened(tmp_path, store).close()
    with closing(ReportBook(tmp_path / FILE_NAME)) as made, made.whole(RULES.version):
        with pytest.raises(DataDirectoryInUse):
            opened(tmp_path, store)
        assert found(made) == expected()


def test_making_anew_that_fails_keeps_the_old(store: MemoryRecordStore, tmp_path: Path) -> None:
    def killed(_done: int, _total: int | None) -> None:
        raise Killed

    path = tmp_path / FILE_NAME
    opened(tmp_path, store).close()
    with pytest.raises(Killed):
        open_up_to_date(path, store, RULES, NOW, killed, anew=True)
    assert list(tmp_path.iterdir()) == [path]
    with closing(ReportBook(path)) as made, made.whole(RULES.version):
        assert found(made) == expected()


def test_the_directory_of_another_axis_is_not_taken_over(tmp_path: Path) -> None:
    """As long as nothing was sent, no entry tells them apart."""
    first, second = MemoryRecordStore(), MemoryRecordStore()
    fill(first, ())
    opened(tmp_path, first).close()
    with closing(opened(tmp_path, second)) as made:
        assert FINANCE not in made.directory()


@pytest.mark.parametrize("damage", ["text", "schema"])
def test_a_file_that_cannot_be_used_is_named_where_it_cannot_be_made_anew(
    store: MemoryRecordStore, tmp_path: Path, damage: str
) -> None:
    opened(tmp_path, store).close()
    path = tmp_path / FILE_NAME
    if damage == "text":
        path.write_text("không phải cơ sở dữ liệu")
    else:
        with sqlite3.connect(path) as db:
            db.execute("UPDATE meta SET value = '0' WHERE name = 'schema'")
        db.close()
    with pytest.raises(ReportsUnusable, match=FILE_NAME):
        ReportBook(path)


@pytest.mark.parametrize("content", [b"thong bao cua co quan khac" * 9, b"SQLite format 3\0" * 99])
def test_a_file_of_somebody_else_is_left_alone(
    store: MemoryRecordStore, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(ReportsUnusable):
        opened(tmp_path, store)
    assert path.read_bytes() == content


def test_a_file_that_another_report_is_made_from_is_left_alone(
    store: MemoryRecordStore, tmp_path: Path
) -> None:
    opened(tmp_path, store).close()
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataDirectoryInUse):
        opened(tmp_path, store)
    other.execute("ROLLBACK")
    other.close()
    made = opened(tmp_path, store)
    assert found(made) == expected()
    made.close()


def test_the_journal_of_another_axis_is_not_added_to(
    store: MemoryRecordStore, tmp_path: Path
) -> None:
    other = MemoryRecordStore()
    fill(other, generate(22, 30).entries)
    opened(tmp_path, other).close()
    made = opened(tmp_path, store)
    assert found(made) == expected()
    made.close()


def test_other_rules_count_anew(store: MemoryRecordStore, tmp_path: Path) -> None:
    opened(tmp_path, store).close()
    receiving = evolve(RULES.rule_set.receiving, settle_working_days=5)
    other = evolve(RULES.rule_set, receiving=receiving)
    rules = Rules.for_all(other, find_calendar("vietnam"))
    made = opened(tmp_path, store, rules=rules)
    assert made.stand.rules == rules.version
    assert found(made) != expected()
    made.close()


def test_the_counts_are_those_of_all_facts_at_once(book: ReportBook) -> None:
    assert found(book) == expected()
    assert book.stand.entries == len(JOURNAL.entries)


def test_a_planted_miscount_is_found(store: MemoryRecordStore, tmp_path: Path) -> None:
    made = opened(tmp_path, store)
    made.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("UPDATE tally SET n = n + 1 WHERE measure = 'SENT_INSIDE'")
    db.close()
    made = opened(tmp_path, store)
    assert found(made) != expected()
    made.close()


def test_batches_and_days_give_the_same_as_all_at_once(tmp_path: Path) -> None:
    """Entries come in parts, and deadlines pass between them."""
    store, entries = MemoryRecordStore(), JOURNAL.entries
    for start in range(0, len(entries), 97):
        part = entries[start : start + 97]
        fill(store, part)
        opened(tmp_path, store, part[-1].recorded_at).close()
    made = opened(tmp_path, store)
    assert found(made) == expected()
    made.close()


def test_nothing_of_a_batch_that_fails_is_kept(store: MemoryRecordStore, tmp_path: Path) -> None:
    made = opened(tmp_path, store)
    before, facts = found(made), next(made.registered([FINANCE], Period.parse("2026")))[0]

    def fail() -> None:
        with made.batch():
            made.keep(_changes(facts), NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert found(made) == before
    made.close()


def _changes(facts: Any) -> Any:
    from lienthong.reports.projection import Changes

    return Changes(deliveries=(evolve(facts, completed_at=None, refused_at=NOW),))
