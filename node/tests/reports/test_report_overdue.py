"""The list of what is late, against facts in memory and hours that are counted by hand."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import ConfigInvalid, OrganisationUnknown, OutsideCalendar
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import parse_instant
from lienthong.reports.tasks import WAITED_FOR, open_tasks
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.forms import undone_text
from lienthong_node.reports.making import Listing, make_list
from lienthong_node.reports.paper import Paper, Table
from node.tests.reports.reporting import NEW_CODE, ORGANISATIONS, RULES, at, fill
from sdk.tests.reports.book import DAYS_OFF, SWAPPED, Book
from sdk.tests.reports.cast import FINANCE, JUSTICE, NAMES, OLD_OFFICE, UBND
from sdk.tests.reports.generated import Generated, generate
from sdk.tests.reports.recount import Recount, local
from sdk.tests.reports.test_projection import package

JOURNAL = generate(21, 120)
INSIDE = (UBND, FINANCE, JUSTICE, OLD_OFFICE)
MOMENTS = ("2026-02-13", "2026-04-02", "2026-05-16", "2026-06-12", "2026-08-21")
"""Among them the last day before Tết, a Saturday, and the Friday before a Saturday that is worked.
"""

Line = tuple[str, ...]


def until(moment: datetime) -> list[Any]:
    return [entry for entry in JOURNAL.entries if entry.recorded_at <= moment]


def opened(folder: Path, moment: datetime) -> ReportBook:
    """Counts of what the journal held at an instant."""
    store = MemoryRecordStore()
    fill(store, until(moment))
    path = folder / FILE_NAME
    return open_up_to_date(path, store, RULES, moment, lambda _done, _total: None)


def listed(book: ReportBook, organ: OrganId | str = FINANCE, **fields: Any) -> Paper:
    listing = Listing(organ=str(organ), **fields)
    with book.whole(RULES.version) as as_of:
        return make_list(listing, book, RULES, as_of)


def lines(made: Paper, part: str) -> list[Line]:
    """Number, what, state, hours and clause of a part of the list."""
    titled = [one for one in made.blocks if isinstance(one, Table) and one.title.startswith(part)]
    return [
        tuple(str(row[len(row) + n]) for n in (-7, -8, -3, -2, -1))
        for one in titled
        for row in one.rows
    ]


def by_hand(moment: datetime, organs: Collection[OrganId], *, waited: bool = False) -> list[Line]:
    """Facts in memory, one by one; days and hours stepped through."""
    clock, book = recount(moment), in_memory(moment)
    tomorrow = clock.next_day(local(moment).date())
    end = datetime.combine(tomorrow + timedelta(days=1), time(0)) - timedelta(hours=7)
    found: list[Line] = []
    for facts in book.deliveries.values():
        mine = facts.recipient in organs
        if mine == waited or (waited and facts.sender not in organs):
            continue
        for kind, due in open_tasks(facts):
            if due > end.replace(tzinfo=UTC) or (waited and kind not in WAITED_FOR):
                continue
            hours = worked(clock, min(due, moment), max(due, moment))
            number = book.documents[facts.package_id].number
            state = "Quá hạn" if moment > due else "Sắp đến hạn"
            found.append((number, undone_text(kind), state, f"{hours:.1f}".replace(".", ",")))
    return sorted(found)


def recount(moment: datetime) -> Recount:
    return Recount(
        journal=Generated(),
        organs=(),
        first=date(2026, 1, 1),
        end=date(2027, 1, 1),
        as_of=moment,
        days_off=DAYS_OFF,
        swapped=SWAPPED,
    )


def in_memory(moment: datetime) -> Book:
    book, terms = Book(), RULES.terms(Directory(ORGANISATIONS))
    for entry in until(moment):
        book.take(entry, terms)
    return book


def worked(clock: Recount, start: datetime, end: datetime) -> float:
    total, day = timedelta(), local(start).date()
    while day <= local(end).date():
        for begin, close in clock.sessions(day):
            part = min(close, local(end)) - max(begin, local(start))
            total += max(part, timedelta())
        day += timedelta(days=1)
    return total / timedelta(hours=1)


def shown(made: Paper, part: str) -> list[Line]:
    return sorted(line[:4] for line in lines(made, part))


def test_an_instant_before_what_was_counted_is_refused(tmp_path: Path) -> None:
    """What has happened since cannot be taken out again."""
    with closing(opened(tmp_path, at(MOMENTS[1]))) as book:
        with pytest.raises(ConfigInvalid, match="2026-04-02T12:00:00"):
            listed(book, at=at(MOMENTS[1]) - timedelta(seconds=1))
        with pytest.raises(OutsideCalendar):
            listed(book, at=at("2090-01-02"))
        with pytest.raises(OrganisationUnknown, match="H53.99"):
            listed(book, "H53.99")


def test_the_instant_that_a_report_shows_is_accepted(tmp_path: Path) -> None:
    """It shows seconds; entries have fractions of them."""
    counted = at(MOMENTS[1]).replace(microsecond=999_999)
    with closing(opened(tmp_path, counted)) as book:
        made = listed(book)
        assert listed(book, at=parse_instant(dict(made.source)["Số liệu đến"], field="at")) == made


def test_of_an_empty_journal_nothing_is_late(tmp_path: Path) -> None:
    with closing(opened(tmp_path, at("2026-01-02"))) as book:
        made = listed(book)
    assert [one.rows for one in made.blocks if isinstance(one, Table)] == [()] * 4


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_list_is_what_is_counted_by_hand(tmp_path: Path, moment: str) -> None:
    with closing(opened(tmp_path, at(moment))) as book:
        own, all_units = listed(book), listed(book, UBND, with_units=True)
        assert shown(own, "I. ") == by_hand(at(moment), [FINANCE])
        assert shown(own, "II. ") == by_hand(at(moment), [FINANCE], waited=True)
        assert shown(all_units, "I. ") == by_hand(at(moment), INSIDE)
        assert shown(all_units, "II. ") == by_hand(at(moment), INSIDE, waited=True)
        assert shown(all_units, "I. ") != by_hand(at(moment), INSIDE[1:]), "it can fail"


JUST_LATE = [
    life.recorded + timedelta(hours=1)
    for life in JOURNAL.lives
    if life.signed and life.sent - life.signed > timedelta(days=3)
][:4]


@pytest.mark.parametrize("then", JUST_LATE)
def test_what_has_just_been_sent_late_is_told_once(tmp_path: Path, then: datetime) -> None:
    """Since the working day before began, whoever it went to."""
    clock = recount(then)
    day = local(then).date() - timedelta(days=1)
    while not clock.is_working(day):
        day -= timedelta(days=1)
    start = datetime.combine(day, time(0)).replace(tzinfo=UTC) - timedelta(hours=7)
    book = in_memory(then)
    late = {
        facts.package_id: facts
        for facts in book.deliveries.values()
        if facts.sender in INSIDE
        and facts.send_by
        and facts.sent_at
        and facts.sent_at > facts.send_by
        and facts.recorded_at
        and facts.recorded_at >= start
    }
    expected = sorted(
        (
            book.documents[facts.package_id].number,
            "Gửi trễ",
            f"{worked(clock, facts.send_by, facts.sent_at):.1f}".replace(".", ","),
            "QĐ 28/2018 Đ6.2",
        )
        for facts in late.values()
        if facts.send_by and facts.sent_at
    )
    with closing(opened(tmp_path, then)) as counted:
        made = listed(counted, UBND, with_units=True)
    found = lines(made, "III. ")
    assert sorted((number, what, hours, by) for number, what, _, hours, by in found) == expected
    assert all(state.startswith("Gửi ") for _, _, state, _, _ in found)
    assert f"từ ngày {day:%d/%m/%Y}" in made.blocks[3].title
    assert expected


@pytest.mark.parametrize("back", [2, 20, 40, 900])
def test_what_was_under_way_for_long_is_told_all_the_same(tmp_path: Path, back: int) -> None:
    """The worst cases: days, months and years after they were issued."""
    then = at(MOMENTS[4])
    issued = then - timedelta(days=back)
    sent = package(at=then, signed_at=issued - timedelta(days=10), issued_at=issued, number=777)
    store = MemoryRecordStore()
    fill(store, [*until(then), sent])
    path = tmp_path / FILE_NAME
    counted = open_up_to_date(path, store, RULES, then, lambda _done, _total: None)
    with closing(counted) as book:
        made = listed(book, UBND)
    told = [line for line in lines(made, "III. ") if "777" in line[0]]
    assert len(told) == 1


def test_both_what_is_late_and_what_comes_near_occur() -> None:
    states = [line[2] for moment in MOMENTS for line in by_hand(at(moment), INSIDE)]
    assert states.count("Sắp đến hạn") > 3
    assert states.count("Quá hạn") > 3


@pytest.mark.parametrize("hours", [1, 20, 200])
def test_a_later_instant_is_judged_by_what_is_known(tmp_path: Path, hours: int) -> None:
    """As if counted then, when nothing more has happened."""
    then, later = at(MOMENTS[2]), at(MOMENTS[2]) + timedelta(hours=hours)
    with closing(opened(tmp_path, then)) as book:
        ahead = listed(book, UBND, with_units=True, at=later)
    store = MemoryRecordStore()
    fill(store, until(then))
    other = tmp_path / "other.db"
    counted = open_up_to_date(other, store, RULES, later, lambda _done, _total: None)
    with closing(counted) as book:
        assert listed(book, UBND, with_units=True).blocks == ahead.blocks
    assert dict(ahead.source)["Số liệu đến"].startswith(MOMENTS[2])


def test_it_is_by_the_unit_that_leads_and_the_oldest_first(tmp_path: Path) -> None:
    with closing(opened(tmp_path, at(MOMENTS[3]))) as book:
        made = listed(book, NEW_CODE)
    summary, own, *_ = (block for block in made.blocks if isinstance(block, Table))
    units = [str(row[0]) for row in own.rows]
    assert units == sorted(units)
    assert {"Phòng Tổng hợp", "(chưa phân công)"} <= set(units)
    for _, unit, late, soon in summary.rows:
        if unit in units:
            states = [row[6] for row in own.rows if row[0] == unit]
            assert (late, soon) == (states.count("Quá hạn"), states.count("Sắp đến hạn"))
    days = [
        datetime.strptime(str(row[5])[-10:], "%d/%m/%Y").replace(tzinfo=UTC)
        for row in own.rows
        if row[0] == "Phòng Tổng hợp"
    ]
    assert days == sorted(days)


def test_of_several_organisations_each_line_says_whose_it_is(tmp_path: Path) -> None:
    """And what each of them has to do is what its own list says."""
    with closing(opened(tmp_path, at(MOMENTS[3]))) as book:
        together = listed(book, UBND, with_units=True, as_was=True)
        alone = {NAMES[organ]: listed(book, organ, as_was=True) for organ in INSIDE}
    [block] = [one for one in together.blocks[1:2] if isinstance(one, Table)]
    assert block.columns[0].title == "Cơ quan, đơn vị"
    for name, made in alone.items():
        [own] = [one for one in made.blocks[1:2] if isinstance(one, Table)]
        assert [row[1:] for row in block.rows if row[0] == name] == list(own.rows)
    assert len({one.title for one in together.blocks}) == 4


def test_each_line_has_its_clause(tmp_path: Path) -> None:
    with closing(opened(tmp_path, at(MOMENTS[3]))) as book:
        made = listed(book, UBND, with_units=True)
    clauses = {line[1]: line[4] for part in ("I. ", "II. ") for line in lines(made, part)}
    assert clauses["Chưa chuyển xử lý"] == "QĐ 28/2018 Đ6.2"
    assert clauses["Chưa xác nhận thu hồi"] == "QĐ 52/2019 Đ8.3"
    assert all(clauses.values())


def test_what_a_successor_took_over_is_its_own_to_do(tmp_path: Path) -> None:
    with closing(opened(tmp_path, at(MOMENTS[4]))) as book:
        taken = shown(listed(book, JUSTICE), "I. ")
        alone = shown(listed(book, JUSTICE, as_was=True), "I. ")
        assert taken == by_hand(at(MOMENTS[4]), [JUSTICE, OLD_OFFICE])
        assert alone == by_hand(at(MOMENTS[4]), [JUSTICE]) != taken
