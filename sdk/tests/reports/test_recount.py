"""Reports over generated journals equal a recount by hand, by the old and the new structure."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord
from lienthong.model.report import Statement
from lienthong.reports import projection
from lienthong.reports.counting import add, count_delivery, next_turn, tally
from lienthong.reports.counts import Basis, Counts
from lienthong.reports.facts import DeliveryFacts
from lienthong.reports.metrics import evaluate
from lienthong.reports.period import Period
from lienthong.reports.rollup import with_predecessors
from lienthong.reports.values import Hours, Number, Rate, Value
from sdk.tests.reports.book import (
    CALENDAR,
    DAYS_OFF,
    NOW,
    SWAPPED,
    Book,
    terms,
    with_receiving,
)
from sdk.tests.reports.cast import JUSTICE, OLD_OFFICE, ORGANS, UBND
from sdk.tests.reports.generated import Generated, generate
from sdk.tests.reports.recount import Recount

HEIRS = {OLD_OFFICE: JUSTICE}
PERIODS = ("2026-02", "2026-Q2", "2026-Q3", "2026-H1", "2026")


@pytest.fixture(scope="module", params=[1, 2])
def journal(request: pytest.FixtureRequest) -> Generated:
    return generate(request.param, 200)


@pytest.fixture(scope="module")
def book(journal: Generated) -> Book:
    return Book.of(journal.entries)


def counted(
    journal: Generated, organs: Collection[OrganId], period: Period, book: Book | None = None
) -> dict[str, object]:
    """The metrics that a recount knows, as it writes them."""
    book = book or Book.of(journal.entries)
    sums = tally(book.deliveries.values(), book.documents.values(), as_of=NOW)
    counts = Counts.of(sums, organs, period)
    found: dict[str, object] = {}
    for result in evaluate(Basis(counts=counts, period=period, as_of=NOW, calendar=CALENDAR)):
        found[result.metric.number] = plain(result.value)
        found[f"{result.metric.number} list"] = dict(result.listed)
    return found


def plain(value: Value) -> object:
    if isinstance(value, Rate):
        return value.numerator, value.denominator
    if isinstance(value, Number):
        return value.value
    return value.minutes if isinstance(value, Hours) else None


def recount(
    journal: Generated, organs: Collection[OrganId], period: Period, **fields: Any
) -> dict[str, object]:
    return Recount(
        journal=journal,
        organs=organs,
        first=period.first,
        end=period.end,
        as_of=NOW,
        days_off=DAYS_OFF,
        swapped=SWAPPED,
        **fields,
    ).values()


@pytest.mark.parametrize("text", PERIODS)
@pytest.mark.parametrize("organs", [{UBND}, {JUSTICE}, {OLD_OFFICE}, set(ORGANS)])
def test_metrics_equal_a_recount(
    journal: Generated, book: Book, organs: Collection[OrganId], text: str
) -> None:
    period = Period.parse(text, 14 if "Q" in text else None)
    found, expected = counted(journal, organs, period, book), recount(journal, organs, period)
    assert {name: found[name] for name in expected} == expected


def test_the_recount_meets_every_metric(journal: Generated) -> None:
    """Otherwise an agreement of nothing with nothing would be shown."""
    expected = recount(journal, ORGANS, Period.parse("2026"))
    assert all(value and value != (0, 0) for value in expected.values()), expected


def test_a_report_of_the_successor_takes_in_what_was_closed(journal: Generated, book: Book) -> None:
    period = Period.parse("2026")
    organs = with_predecessors([JUSTICE], HEIRS)
    assert organs == {JUSTICE, OLD_OFFICE}
    found = counted(journal, organs, period, book)
    expected = recount(journal, organs, period)
    assert {name: found[name] for name in expected} == expected
    own = [recount(journal, {one}, period)["M2a"] for one in organs]
    assert found["M2a"] not in own, "both issued documents"


def _closing_earlier(_: Generated) -> dict[str, Any]:
    return {"closing": time(16)}


def _one_life_less(journal: Generated) -> dict[str, Any]:
    return {"journal": evolve(journal, lives=journal.lives[1:])}


def _swap_forgotten(_: Generated) -> dict[str, Any]:
    return {"swapped": ()}


def _another_instant(_: Generated) -> dict[str, Any]:
    return {"as_of": NOW - timedelta(days=45)}


@pytest.mark.parametrize(
    "planted", [_closing_earlier, _one_life_less, _swap_forgotten, _another_instant]
)
def test_a_planted_defect_is_found(planted: Callable[[Generated], dict[str, Any]]) -> None:
    journal, period = generate(4, 400), Period.parse("2026")
    values: dict[str, Any] = {
        "journal": journal,
        "organs": ORGANS,
        "first": period.first,
        "end": period.end,
        "as_of": NOW,
        "days_off": DAYS_OFF,
        "swapped": SWAPPED,
    }
    wrong = Recount(**(values | planted(journal))).values()
    found = counted(journal, ORGANS, period)
    assert {name: found[name] for name in wrong} != wrong


@pytest.mark.planted("acceptance is no arrival")
def test_an_answer_that_is_no_arrival_is_found(
    journal: Generated, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported = projection._reported

    def only_by_arrivals(before: DeliveryFacts, statement: Statement, *rest: Any) -> DeliveryFacts:
        found = reported(before, statement, *rest)
        if before.entered_at is not None or statement.event is DeliveryEvent.ARRIVE:
            return found
        return evolve(found, entered_at=None, received_at=None, noticed_at=None, forward_by=None)

    monkeypatch.setattr(projection, "_reported", only_by_arrivals)
    wrong, period = Book.of(journal.entries), Period.parse("2026")
    found, expected = counted(journal, ORGANS, period, wrong), recount(journal, ORGANS, period)
    missed = {name for name in expected if found[name] != expected[name]}
    assert missed >= {"M1c", "M5", "M6", "M19"}


def test_entries_in_another_order_of_equal_packages_give_the_same() -> None:
    journal, period = generate(5, 60), Period.parse("2026")
    packages = {life.package_id for life in journal.lives}
    chance = random.Random(1)
    order = {package: chance.random() for package in packages}
    mixed = sorted(
        journal.entries,
        key=lambda e: order.get(getattr(e.content, "target", None) or e.record.package_id, 0.0),
    )
    assert counted(journal, ORGANS, period, Book.of(mixed)) == counted(journal, ORGANS, period)


def test_counts_kept_entry_by_entry_are_those_of_all_at_once() -> None:
    """Also while time passes: nothing is counted again but what has its turn."""
    journal = generate(6, 120)
    book, kept = Book(), tally(as_of=NOW)
    turns: dict[object, tuple[datetime | None, datetime]] = {}
    for entry in journal.entries:
        now = entry.recorded_at
        for key, (turn, counted_at) in list(turns.items()):
            if turn is not None and turn < now:
                facts = book.deliveries[key]  # type: ignore[index]
                add(kept, count_delivery(facts, counted_at), -1)
                add(kept, count_delivery(facts, now))
                turns[key] = next_turn(facts, now), now
        before = dict(book.deliveries)
        for facts in book.take(entry).deliveries:
            key = facts.package_id, facts.recipient
            if key in before:
                add(kept, count_delivery(before[key], turns[key][1]), -1)
            add(kept, count_delivery(facts, now))
            turns[key] = next_turn(facts, now), now
    last = journal.entries[-1].recorded_at
    assert kept == tally(book.deliveries.values(), as_of=last)


def test_terms_that_differ_are_seen() -> None:
    """The projector uses what it was given: with more time less is not taken."""
    journal = generate(7, 60)
    strict = counted(journal, ORGANS, Period.parse("2026"))
    patient = with_receiving(escalate_after=timedelta(days=60))
    book = Book.of(journal.entries, terms(patient))
    loose = counted(journal, ORGANS, Period.parse("2026"), book)
    assert strict["M10"]
    assert str(loose["M10"]) != str(strict["M10"])


def test_a_vendor_counts_its_own_from_its_feed() -> None:
    """It sees what concerns it: packages to and from it, and the reports about its deliveries."""
    journal, period = generate(8, 120), Period.parse("2026")
    feed = [
        entry
        for entry in journal.entries
        if JUSTICE
        in (
            {entry.record.sender, *entry.record.recipients}
            if isinstance(entry.record, PackageRecord)
            else {entry.record.recipient, _sender(journal, entry.record.package_id)}
        )
    ]
    assert len(feed) < len(journal.entries)
    own = Book.of(feed, terms(own=frozenset({JUSTICE})))
    assert counted(journal, {JUSTICE}, period, own) == counted(journal, {JUSTICE}, period)
    assert all(JUSTICE in (f.sender, f.recipient) for f in own.deliveries.values())


def _sender(journal: Generated, package: PackageId) -> OrganId:
    return next(life.sender for life in journal.lives if life.package_id == package)
