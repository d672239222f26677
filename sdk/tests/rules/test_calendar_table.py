"""Tables of days off as files: faults are named, an organisation's own days come first."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.codec.toml_text import MAX_TOML_BYTES
from lienthong.errors import (
    CalendarContradiction,
    InputError,
    InvalidValue,
    Malformed,
    MissingField,
    NoSuchDay,
    TooLarge,
    UnknownField,
)
from lienthong.model.ids import OrganId
from lienthong.rules.calendar import DayException, DayStatus, OfficeHours, Session
from lienthong.rules.calendar_table import (
    CalendarTable,
    calendar_of,
    changes,
    decided,
    dump_calendar,
    load_calendar,
    overridden,
    work_calendar,
)
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.office import CalendarRules, CultureDay, Office, OwnHours
from sdk.tests.rules.conftest import MORNING, USUAL

SMALL = """\
name = "h53"
first_year = 2026
last_year = 2027
official_until = 2026-12-31

[exceptions]
2026-01-01 = { working = false, name = "Tết Dương lịch", basis = "Đ112.1a", status = "official" }
2026-01-02 = { working = false, name = "Hoán đổi", basis = "12729", status = "official" }
2026-01-10 = { working = true, name = "Làm bù", basis = "12729", status = "official" }
2026-11-24 = { working = false, name = "Ngày Văn hóa", basis = "NQ 80", status = "provisional" }
"""


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


def off(day: str, name: str = "Nghỉ", *, is_working: bool = False) -> DayException:
    at = date.fromisoformat(day)
    return DayException(day=at, is_working=is_working, name=name, basis=f"basis of {name}")


def made(
    name: str, *exceptions: DayException, first: int = 2026, last: int = 2026
) -> CalendarTable:
    return CalendarTable(name=name, first_year=first, last_year=last, exceptions=exceptions)


@pytest.mark.parametrize(
    ("old", "new", "error", "key", "line", "says"),
    [
        ("2026-01-02 =", "2026-02-29 =", NoSuchDay, "exceptions.2026-02-29", 8, "no such day"),
        ("2026-01-02 =", "2026-04-31 =", NoSuchDay, "exceptions.2026-04-31", 8, "no such day"),
        ("2026-01-02 =", "02/01/2026 =", Malformed, None, 8, "line 8"),
        ("2026-01-02 =", "2026-1-2 =", InvalidValue, "exceptions.2026-1-2", 8, "YYYY-MM-DD"),
        ("2026-01-02 =", "2025-01-02 =", InvalidValue, "exceptions.2025-01-02", 8, "2026 to 2027"),
        ("2026-01-02 =", "2028-01-02 =", InvalidValue, "exceptions.2028-01-02", 8, "2026 to 2027"),
        ("2026-01-02 =", "2026-01-01 =", InvalidValue, "2026-01-01", 8, "there twice"),
        ('= false, name = "H', '= 0, name = "H', InvalidValue, "exceptions.2026-01-02.working", 8,
         "true or false"),
        ('"Hoán đổi"', '""', MissingField, "exceptions.2026-01-02.name", 8, "missing"),
        ('"Hoán đổi"', "true", InvalidValue, "exceptions.2026-01-02.name", 8, "text"),
        ('"Hoán đổi"', f'"{"x" * 201}"', InvalidValue, "exceptions.2026-01-02.name", 8, "200"),
        ('name = "Hoán đổi", ', "", MissingField, "exceptions.2026-01-02.name", 8, "missing"),
        ('basis = "NQ 80", ', "", MissingField, "exceptions.2026-11-24.basis", 10, "missing"),
        ("working = true, ", "", MissingField, "exceptions.2026-01-10.working", 9, "missing"),
        (', status = "provisional"', "", MissingField, "exceptions.2026-11-24.status", 10,
         "missing"),
        ('"provisional"', '"maybe"', InvalidValue, "exceptions.2026-11-24.status", 10, "OFFICIAL"),
        ('"provisional"', '"provisonal"', InvalidValue, "exceptions.2026-11-24.status", 10,
         "PROVISIONAL?"),
        ('basis = "NQ', 'bases = "NQ', UnknownField, "exceptions.2026-11-24.bases", 10, "basis?"),
        ("first_year", "first_yaer", UnknownField, "first_yaer", 2, "first_year?"),
        ("first_year = 2026\n", "", MissingField, "first_year", None, "missing"),
        ('name = "h53"\n', "", MissingField, "name", None, "missing"),
        ("first_year = 2026", "first_year = 1975", InvalidValue, "first_year", 2, "1976"),
        ("first_year = 2026", 'first_year = "2026"', InvalidValue, "first_year", 2, "whole number"),
        ("first_year = 2026", "first_year = true", InvalidValue, "first_year", 2, "whole number"),
        ("last_year = 2027", "last_year = 2025", InvalidValue, "last_year", 3, "2026 or later"),
        ("last_year = 2027", "last_year = 2200", InvalidValue, "last_year", 3, "2199"),
        ("2026-12-31", "2026-02-29", NoSuchDay, "official_until", 4, "no such day"),
        ("2026-12-31", '"2026-04-31"', NoSuchDay, "official_until", 4, "no such day"),
        ("2026-12-31", "2026-12-31T00:00:00", InvalidValue, "official_until", 4, "YYYY-MM-DD"),
        ("2026-12-31", "2028-01-01", InvalidValue, "official_until", 4, "2025 to 2027"),
        ("2026-12-31", "true", InvalidValue, "official_until", 4, "YYYY-MM-DD"),
        ('"h53"', '"H53 Tây Ninh"', InvalidValue, "name", 1, "a-z, 0-9"),
        ("[exceptions]", "[exception]", UnknownField, "exception", 6, "exceptions?"),
        ("[exceptions]", "exceptions = []\n[base]", InvalidValue, "exceptions", 6, "of days"),
        ('{ working = true, name = "Làm bù", basis = "12729", status = "official" }', "false",
         InvalidValue, "exceptions.2026-01-10", 9, "a table"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_line_and_key(
    old: str, new: str, error: type[InputError], key: str | None, line: int | None, says: str
) -> None:
    with pytest.raises(error) as caught:
        load_calendar(changed(old, new), "lich.toml")
    assert caught.value.facts.get("key") == key
    assert caught.value.facts["line"] == line
    assert says in str(caught.value)
    assert str(caught.value).startswith("lich.toml" if line is None else "lich.toml ")


def test_a_day_that_is_there_twice_at_the_end_has_its_line() -> None:
    with pytest.raises(InvalidValue, match="lich.toml line 11: 2026-11-24 is there twice"):
        load_calendar(SMALL + SMALL.splitlines()[-1], "lich.toml")


def test_what_is_no_toml_or_too_large_is_refused() -> None:
    with pytest.raises(Malformed, match="lich.toml"):
        load_calendar("name = [", "lich.toml")
    with pytest.raises(TooLarge):
        load_calendar("#" * (MAX_TOML_BYTES + 1))


def test_one_day_has_one_exception_within_the_years() -> None:
    with pytest.raises(InvalidValue, match=r"exceptions\.2026-05-01 is 'there twice'"):
        made("h53", off("2026-05-01"), off("2026-05-01", is_working=True))
    with pytest.raises(InvalidValue, match=r"exceptions\.2027-05-01"):
        made("h53", off("2027-05-01"))
    with pytest.raises(InvalidValue, match="the year is 2027, expected 2026 to 2026"):
        made("h53").of_year(2027)


def test_reads_and_writes_the_same() -> None:
    table = load_calendar(SMALL)
    assert (table.name, table.first_year, table.last_year) == ("h53", 2026, 2027)
    assert table.official_until == date(2026, 12, 31)
    assert [item.day.day for item in table.exceptions] == [1, 2, 10, 24]
    assert table.exceptions[-1].status is DayStatus.PROVISIONAL
    assert load_calendar(dump_calendar(table)) == table
    assert dump_calendar(table) == SMALL


def test_a_swapped_day_names_the_day_it_stands_for() -> None:
    swapped = '"Làm bù", basis = "12729", status = "official"'
    text = changed(swapped, f"{swapped}, stands_for = 2026-01-02")
    table = load_calendar(text)
    assert table.exceptions[2].stands_for == date(2026, 1, 2)
    assert load_calendar(dump_calendar(table)) == table
    assert table.version != load_calendar(SMALL).version
    for wrong in ("2026-01-03", '"2026-02-29"', "true"):
        with pytest.raises(InputError, match=r"lich.toml line 9: .*stands_for") as caught:
            load_calendar(changed(swapped, f"{swapped}, stands_for = {wrong}"), "lich.toml")
        assert caught.value.facts["line"] == 9


def test_status_may_be_written_in_vietnamese() -> None:
    assert load_calendar(changed('"provisional"', '"Tạm tính"')) == load_calendar(SMALL)


_DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5


_LINES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=50
)
_TEXTS = _LINES.filter(lambda text: not text.isspace())
_EXCEPTIONS = st.booleans().flatmap(
    lambda is_working: st.builds(
        DayException,
        day=_DAYS,
        is_working=st.just(is_working),
        name=_TEXTS,
        basis=_TEXTS,
        status=st.sampled_from(DayStatus),
        replaces=_LINES,
        stands_for=st.none() | _DAYS.filter(_is_weekday) if is_working else st.none(),
    )
)
_TABLES = st.builds(
    CalendarTable,
    name=st.from_regex("[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
    base=st.sampled_from(["", "vietnam", "tinh.toml"]),
    first_year=st.just(2026),
    last_year=st.just(2028),
    official_until=st.none() | _DAYS,
    exceptions=st.lists(_EXCEPTIONS, max_size=8, unique_by=lambda item: item.day),
)


@given(_TABLES)
def test_any_table_survives_its_file(table: CalendarTable) -> None:
    again = load_calendar(dump_calendar(table))
    assert again == table
    assert again.version == table.version


@given(_TABLES, _TABLES)
def test_what_was_overridden_once_stays_so(table: CalendarTable, other: CalendarTable) -> None:
    merged = overridden(table, other)
    own = {item.day: item.is_working for item in other.exceptions}
    known = {item.day: item.is_working for item in table.exceptions}
    assert {item.day: item.is_working for item in merged.exceptions} == known | own
    assert overridden(merged, merged) == merged


def test_the_version_follows_the_content_not_the_order() -> None:
    one, two = off("2026-01-01"), off("2026-01-02")
    assert made("a", one, two).version == made("a", two, one).version
    assert made("a", one, two) == made("a", two, one)
    versions = {
        made("a", one).version,
        made("b", one).version.replace("b@", "a@"),
        made("a", two).version,
        made("a", off("2026-01-01", "Khác")).version,
        made("a", one, last=2027).version,
    }
    assert len(versions) == 4
    assert made("a", one).version.startswith("a@")
    assert len(made("a", one).version) == len("a@") + 12


def test_an_own_table_stands_in_for_the_general_one_and_says_so() -> None:
    general = made("vietnam", off("2026-01-02", "Hoán đổi"), off("2026-05-01", "Lao động"))
    own = made("h53-13", off("2026-01-02", "Trực", is_working=True), off("2026-06-01", "Riêng"))
    merged = overridden(general, own)
    assert merged.name == "h53-13"
    assert merged.version not in {general.version, own.version}
    assert [(str(item.day), item.is_working, item.replaces) for item in merged.exceptions] == [
        ("2026-01-02", True, "Hoán đổi (basis of Hoán đổi)"),
        ("2026-05-01", False, ""),
        ("2026-06-01", False, ""),
    ]
    calendar = work_calendar(merged, [USUAL])
    assert calendar.version == merged.version
    assert calendar.is_working(date(2026, 1, 2))
    assert not calendar.is_working(date(2026, 6, 1))


def test_an_own_table_may_add_years_but_leave_none_out() -> None:
    general = load_calendar(SMALL)
    merged = overridden(general, made("h53", off("2028-01-03"), first=2028, last=2028))
    assert (merged.first_year, merged.last_year) == (2026, 2028)
    assert merged.official_until == date(2026, 12, 31)
    assert work_calendar(merged, [USUAL]).is_provisional(date(2028, 1, 4), date(2028, 1, 4))
    for year in (2024, 2029):
        with pytest.raises(InvalidValue, match="years that continue 2026 to 2027 of h53"):
            overridden(general, made("h53", first=year, last=year))


def test_a_saturday_service_ends_on_holidays_and_swapped_days_are_whole() -> None:
    service = OfficeHours(sessions=[MORNING], weekdays=[5])
    table = made("h53", off("2026-05-02"), off("2026-01-10", is_working=True))
    calendar = work_calendar(table, [USUAL, service])
    assert calendar.sessions(date(2026, 5, 2)) == ()
    assert calendar.sessions(date(2026, 5, 9)) == (MORNING.span,)
    assert calendar.sessions(date(2026, 1, 10)) == USUAL.spans
    assert not calendar.is_working(date(2026, 5, 9))


def test_a_day_declared_working_keeps_the_hours_of_its_own_weekday() -> None:
    friday = OfficeHours(sessions=[MORNING], weekdays=[4])
    others = OfficeHours(sessions=USUAL.sessions, weekdays=[0, 1, 2, 3])
    calendar = work_calendar(made("h53", off("2026-01-02", is_working=True)), [others, friday])
    assert calendar.sessions(date(2026, 1, 2)) == (MORNING.span,)


def test_seasonal_hours_follow_the_season() -> None:
    early = Session(time(7), time(11))
    summer = OfficeHours(sessions=[early], season_from=(4, 16), season_to=(10, 15))
    winter = OfficeHours(sessions=[MORNING], season_from=(10, 16), season_to=(4, 15))
    calendar = work_calendar(made("h53", off("2026-08-22", is_working=True)), [summer, winter])
    assert calendar.sessions(date(2026, 4, 15)) == (MORNING.span,)
    assert calendar.sessions(date(2026, 4, 16)) == (early.span,)
    assert calendar.sessions(date(2026, 8, 22)) == (early.span,)
    with pytest.raises(CalendarContradiction, match="without office hours"):
        work_calendar(made("h53"), [summer])


@pytest.mark.parametrize(
    ("decision", "is_working", "provisional"),
    [
        (CultureDay.UNDECIDED, False, True),
        (CultureDay.OFF, False, False),
        (CultureDay.WORKING, True, False),
    ],
)
def test_a_province_decides_about_an_open_day_of_culture(
    decision: CultureDay, is_working: bool, provisional: bool
) -> None:
    table = load_calendar(SMALL)
    day = date(2026, 11, 24)
    rules = RuleSet(name="h53", title="Tỉnh", calendar=CalendarRules(culture_day=decision))
    calendar = calendar_of(table, rules)
    assert (calendar.is_working(day), calendar.is_provisional(day, day)) == (
        is_working,
        provisional,
    )
    assert (calendar.version == table.version) is (decision is CultureDay.UNDECIDED)


def test_what_was_published_about_the_day_of_culture_stays() -> None:
    table = load_calendar(changed('"provisional"', '"official"'))
    for decision in CultureDay:
        assert decided(table, decision).of_year(2026) == table.of_year(2026)


def test_the_day_of_culture_is_what_was_decided_in_every_year() -> None:
    table = load_calendar(
        changed('working = false, name = "Ngày Văn hóa', 'working = true, name = "Họp')
    )
    found = decided(table, CultureDay.OFF).exceptions
    off_days = {item.day for item in found if not item.is_working}
    assert {date(2026, 11, 24), date(2027, 11, 24)} <= off_days
    assert decided(table, CultureDay.WORKING) == table


def test_a_draft_of_a_later_year_does_not_publish_the_years_before() -> None:
    """The plan of 2027 is open; a draft of 2028, with nothing published, continues the table."""
    table, ends = load_calendar(SMALL), date(2027, 12, 31)
    draft = CalendarTable(name="draft", first_year=2028, last_year=2028, official_until=ends)
    both = work_calendar(overridden(table, draft), [USUAL])
    for year in (2027, 2028):
        assert both.is_provisional(date(year, 3, 1), date(year, 3, 1))
    plan = CalendarTable(name="plan", first_year=2027, last_year=2027, official_until=ends)
    known = work_calendar(overridden(table, plan), [USUAL])
    assert not known.is_provisional(date(2027, 3, 1), date(2027, 3, 1))


def test_an_organisation_may_have_hours_of_its_own() -> None:
    organ = OrganId("000.00.13.H53")
    short = OfficeHours(sessions=[MORNING])
    own = OwnHours(organisation=organ, hours=(short,))
    rules = RuleSet(name="h53", title="Tỉnh", office=Office(own_hours=(own,)))
    table, day = load_calendar(SMALL), date(2026, 1, 5)
    assert calendar_of(table, rules, organ).sessions(day) == (MORNING.span,)
    for other in (None, OrganId("000.00.12.H53")):
        assert calendar_of(table, rules, other).sessions(day) == USUAL.spans


def test_changes_are_those_of_the_days() -> None:
    one = made("a", off("2026-01-02"), off("2026-05-01"), off("2026-09-02"))
    other = made("b", off("2026-01-02"), off("2026-05-01", is_working=True), off("2026-03-02"))
    assert [
        (str(day), left is not None, right is not None) for day, left, right in changes(one, other)
    ] == [("2026-03-02", False, True), ("2026-05-01", True, True), ("2026-09-02", True, False)]
    assert changes(one, one) == ()
