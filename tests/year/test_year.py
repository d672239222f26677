"""A year of a province through a real node: reports and deadlines are what a recount finds."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve, frozen

from lienthong.codec.signed import load_entry
from lienthong.model.ids import OrganId
from lienthong.model.journal import (
    DeadlineRecord,
    JournalEntry,
    PackageRecord,
    StatementRecord,
)
from lienthong.reports.counts import Basis, Counts
from lienthong.reports.metrics import evaluate
from lienthong.reports.period import Period
from lienthong.reports.values import Hours, Number, Rate, Value
from lienthong.spi.storage import ReadView, RecordStore
from lienthong_node.opening import open_folder
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.terms import Rules
from lienthong_storage_sqlite.store import SQLiteRecordStore
from sdk.tests.reports.recount import Recount
from tests.conftest import Figure
from tests.tiers import SEED, tier
from tests.year import direct
from tests.year.oracle import Oracle, Told
from tests.year.play import ENTERED_AT, play, rules_of_the_year
from tests.year.province import (
    COMMUNES,
    DAYS_OFF,
    DEPARTMENTS,
    HEIRS,
    ORGANS,
    SWAPPED,
    UBND,
    calendar,
)
from tests.year.story import LAST, Story, tell

PACKAGES: Final = {"served": tier(130, 6_000), "behind": tier(600, 175_000)}
"""By how the year is played; about 1.7 deliveries each."""

STEP: Final = timedelta(minutes=tier(1, 10))
SMALL: Final = 12
PERIODS: Final = ("2026-02", "2026-Q3", "2026-H1", "2026")
FORMER: Final = tuple(HEIRS)
NEW: Final = DEPARTMENTS[0]
"""It has taken over its neighbour."""


@frozen(kw_only=True)
class Year:
    """What was told of the year, and what the node has made of it."""

    story: Story
    entries: int
    told: Counter[Told]
    book: ReportBook
    rules: Rules


@pytest.fixture(scope="module", params=PACKAGES)
def year(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Year]:
    """Through TLS by clients, and in larger numbers behind the node's doors."""
    folder, way = tmp_path_factory.mktemp("year"), request.param
    story = tell(SEED, PACKAGES[way], STEP)
    rules = Rules.for_all(rules_of_the_year(), calendar())
    with played(folder, story, way) as store:
        with store.read() as view:
            size = view.head().size
            known = Counter(told(journal(view)))
        path = folder / FILE_NAME
        book = open_up_to_date(path, store, rules, LAST, lambda _done, _total: None)
    with closing(book):
        yield Year(story=story, entries=size, told=known, book=book, rules=rules)


@contextmanager
def played(folder: Path, story: Story, way: str = "served") -> Iterator[RecordStore]:
    """The records after the story was played."""
    if way == "behind":
        direct.play(folder / "year.db", story)
        with closing(SQLiteRecordStore(folder / "year.db")) as store:
            yield store
        return
    axis = asyncio.run(play(folder, story))
    opened = open_folder(axis.data)
    try:
        yield opened.store
    finally:
        opened.close()


def journal(view: ReadView) -> Iterator[JournalEntry]:
    start = 0
    while rows := view.journal(start, 1000):
        yield from (load_entry(row.entry) for row in rows)
        start += len(rows)


def recount(story: Story, organs: Collection[OrganId], period: Period, **fields: Any) -> Recount:
    values: dict[str, Any] = {
        "journal": story.truth,
        "organs": organs,
        "first": period.first,
        "end": period.end,
        "as_of": LAST,
        "days_off": DAYS_OFF,
        "swapped": SWAPPED,
    }
    return Recount(**(values | fields))


def metrics(year: Year, organs: Collection[OrganId], period: Period) -> dict[str, object]:
    """What the node's reports say, as a recount writes it."""
    counts = Counts.merged(year.book.counts(organs, period).values())
    work = year.rules.calendar(UBND, year.book.directory(), LAST.date())
    basis = Basis(counts=counts, period=period, as_of=LAST, calendar=work)
    found: dict[str, object] = {}
    for result in evaluate(basis):
        found[result.metric.number] = plain(result.value)
        found[f"{result.metric.number} list"] = dict(result.listed)
    return found


def plain(value: Value) -> object:
    if isinstance(value, Rate):
        return value.numerator, value.denominator
    if isinstance(value, Number):
        return value.value
    return value.minutes if isinstance(value, Hours) else None


def told(entries: Iterable[JournalEntry]) -> Iterator[Told]:
    """What the axis has told of deadlines."""
    for entry in entries:
        body = entry.body
        if isinstance(body, DeadlineRecord):
            yield Told(
                str(body.package_id),
                str(body.recipient),
                body.kind.value,
                body.stage.value,
                body.due_at,
                entry.recorded_at,
            )


def expected(story: Story, **fields: Any) -> Counter[Told]:
    """What it must have told."""
    work = recount(story, ORGANS, Period.parse("2026"), **fields)
    instants = sorted({*story.instants, ENTERED_AT, LAST})
    return Counter(Oracle(work, instants).told())


@pytest.mark.parametrize("text", PERIODS)
@pytest.mark.parametrize(
    "organs",
    [ORGANS, (UBND,), (NEW, DEPARTMENTS[1]), COMMUNES, FORMER],
    ids=["province", "UBND", "heir", "communes", "former"],
)
def test_reports_equal_a_recount(year: Year, organs: Collection[OrganId], text: str) -> None:
    period = Period.parse(text, 14 if "Q" in text else None)
    found, wanted = metrics(year, organs, period), recount(year.story, organs, period).values()
    assert {name: found[name] for name in wanted} == wanted


def test_the_year_meets_every_metric(year: Year) -> None:
    wanted = recount(year.story, ORGANS, Period.parse("2026")).values()
    assert all(value and value != (0, 0) for value in wanted.values()), wanted


def test_deadlines_equal_the_oracle(year: Year, figure: Figure) -> None:
    found, wanted = year.told, expected(year.story)
    figure(
        "YEAR",
        wanted="all deadlines and reports as recounted",
        found=f"{sum(found.values())} told of {len(year.story.truth.lives)} deliveries,"
        f" {sum((found - wanted).values())} too many, {sum((wanted - found).values())} missing,"
        f" {year.entries} entries, seed {SEED}",
    )
    assert found == wanted
    assert {one.kind for one in wanted} == {
        "NOTICED",
        "TAKEN",
        "FORWARDED",
        "SETTLED",
        "REPLIED",
        "RECALL_CONFIRMED",
    }


def test_documents_cross_the_merger(year: Year) -> None:
    """Otherwise July would have changed nothing."""
    forwarded = [
        act for act in year.story.acts if act.addressed and not {*act.addressed}.isdisjoint(HEIRS)
    ]
    later = [act for act in year.story.acts if act.by != act.recipient and act.recipient in HEIRS]
    assert forwarded
    assert later


@pytest.mark.parametrize("way", PACKAGES)
def test_the_same_seed_is_the_same_year(tmp_path: Path, way: str) -> None:
    one, other = (said(tmp_path / name, way) for name in ("one", "other"))
    assert one == other
    assert one


def said(folder: Path, way: str) -> list[str]:
    with played(folder, tell(SEED, SMALL), way) as store, store.read() as view:
        return story_of(journal(view))


def test_another_seed_is_another_year() -> None:
    assert tell(SEED, SMALL) == tell(SEED, SMALL)
    assert tell(SEED, SMALL) != tell(SEED + 1, SMALL)


def story_of(entries: Iterable[JournalEntry]) -> list[str]:
    """What entries say, without what chance makes anew each time; of one instant in any order."""
    return sorted(
        " ".join(
            str(part)
            for part in (
                entry.recorded_at,
                type(entry.body).__name__,
                getattr(entry.body, "package_id", ""),
                getattr(entry.body, "recipient", ""),
                getattr(entry.body, "event", getattr(entry.body, "kind", "")),
                getattr(entry.body, "effects", getattr(entry.body, "stage", "")),
            )
        )
        for entry in entries
        if isinstance(entry.body, PackageRecord | StatementRecord | DeadlineRecord)
    )


def test_a_recount_by_other_hours_is_noticed(year: Year) -> None:
    period = Period.parse("2026")
    wrong = recount(year.story, ORGANS, period, closing=time(16)).values()
    found = metrics(year, ORGANS, period)
    assert {name: found[name] for name in wrong} != wrong
    assert expected(year.story, closing=time(16)) != year.told


def test_a_forgotten_swap_is_noticed(year: Year) -> None:
    assert expected(year.story, swapped=()) != year.told


def test_a_life_that_is_left_out_is_noticed(year: Year) -> None:
    chance = random.Random(SEED)
    lives = year.story.truth.lives
    less = evolve(year.story.truth, lives=chance.sample(lives, len(lives) - 1))
    period = Period.parse("2026")
    wrong = recount(year.story, ORGANS, period, journal=less).values()
    found = metrics(year, ORGANS, period)
    assert {name: found[name] for name in wrong} != wrong
