"""The dated table of days off and swapped working days, as a file that people edit.

The table is the authority on what applied on a day; libraries may only pre-fill it (regulations
§8). An organisation's own table names the one that it changes as its base and holds nothing but
its differences.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from attrs import Attribute, evolve, field, frozen

from lienthong.codec.toml_text import literal, parse_toml, placed
from lienthong.codec.toml_values import (
    Reader,
    calendar_day,
    exact,
    flag,
    located,
    plain_text,
    read_table,
    whole_number,
    word,
)
from lienthong.codec.toml_values import table as record
from lienthong.errors import InputError, InvalidValue, MissingField
from lienthong.model.checks import as_tuple, many, maybe, refuse, text, whole
from lienthong.model.ids import OrganId
from lienthong.model.time import parse_date
from lienthong.rules.calendar import FIRST_YEAR, DayException, DayStatus, OfficeHours, WorkCalendar
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.office import CultureDay

LAST_YEAR: Final = 2199
"""Of what a table may speak."""

CULTURE_DAY: Final = (11, 24)
"""Month and day of the Day of Vietnamese Culture (NQ 80-NQ/TW)."""

_CULTURE_YEAR: Final = 2026
_CULTURE_NAME: Final = "Ngày Văn hóa Việt Nam"
_CULTURE_BASIS: Final = "NQ 80-NQ/TW; calendar.culture_day"

_HASH_DIGITS: Final = 12
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@frozen(kw_only=True)
class CalendarTable:
    """Days of the years *first_year* to *last_year* that are not what their weekday says.

    Raises:
        InvalidValue: two exceptions concern one day, or one lies outside the years.
    """

    name: str = field(validator=text(64, required=True))
    """``[a-z0-9-]``, such as ``vietnam`` or ``h53-13``."""

    base: str = field(default="", validator=text(300))
    """The table that this one changes, by its name or file; empty when it stands alone."""

    first_year: int = field(validator=whole(FIRST_YEAR, LAST_YEAR))
    last_year: int = field(validator=whole(FIRST_YEAR, LAST_YEAR))
    official_until: date | None = field(default=None, validator=maybe(date))
    """Last day for which the plan of days off was published; None when all of it was, or in a
    table with a base: as the base says."""

    exceptions: tuple[DayException, ...] = field(
        default=(), converter=as_tuple, validator=many(DayException, most=20_000)
    )
    """Ordered by day."""

    @name.validator
    def _check_name(self, _attribute: Attribute[Any], value: str) -> None:
        if not _NAME.fullmatch(value):
            raise refuse(self, "name", found=value, expected="a-z, 0-9 and -, at most 64")

    def __attrs_post_init__(self) -> None:
        if self.last_year < self.first_year:
            expected = f"{self.first_year} or later"
            raise refuse(self, "last_year", found=self.last_year, expected=expected)
        until = self.official_until
        if until is not None and not self.first_year - 1 <= until.year <= self.last_year:
            expected = f"a day of {self.first_year - 1} to {self.last_year}"
            raise refuse(self, "official_until", found=until.isoformat(), expected=expected)
        days = set[date]()
        for exception in self.exceptions:
            self._check_day(exception.day, days)
            days.add(exception.day)
        ordered = tuple(sorted(self.exceptions, key=_day_of))
        object.__setattr__(self, "exceptions", ordered)

    @cached_property
    def version(self) -> str:
        """Name and hash of all days: equal versions decide equally."""
        until = self.official_until
        days = [[str(item.day), exception_data(item)] for item in self.exceptions]
        years = [self.first_year, self.last_year, None if until is None else until.isoformat()]
        plain = json.dumps([self.base, years, days], sort_keys=True)
        return f"{self.name}@{hashlib.sha256(plain.encode()).hexdigest()[:_HASH_DIGITS]}"

    def of_year(self, year: int) -> tuple[DayException, ...]:
        """The exceptions of one year.

        Raises:
            InvalidValue: the table does not cover the year.
        """
        if not self.first_year <= year <= self.last_year:
            covers = f"{self.first_year} to {self.last_year}, the years of {self.name}"
            raise InvalidValue(field="the year", found=year, expected=covers)
        return tuple(exception for exception in self.exceptions if exception.day.year == year)

    def _check_day(self, day: date, known: set[date]) -> None:
        name = f"exceptions.{day.isoformat()}"
        if day in known:
            raise refuse(self, name, found="there twice", expected="one exception a day")
        if not self.first_year <= day.year <= self.last_year:
            expected = f"a day of {self.first_year} to {self.last_year}"
            raise refuse(self, name, found=day.isoformat(), expected=expected)


def work_calendar(table: CalendarTable, hours: Sequence[OfficeHours]) -> WorkCalendar:
    """The working days and hours of whoever keeps these office hours.

    Raises:
        CalendarContradiction: a working day has no hours, or two kinds of hours.
    """
    return WorkCalendar(
        version=table.version,
        first_year=table.first_year,
        last_year=table.last_year,
        hours=tuple(hours),
        exceptions=table.exceptions,
        official_until=table.official_until,
    )


def calendar_of(
    table: CalendarTable, rules: RuleSet, organisation: OrganId | None = None
) -> WorkCalendar:
    """The calendar of an organisation under a rule set; without one that of everybody else.

    Raises:
        CalendarContradiction: a working day has no hours.
    """
    office = rules.office
    hours = office.hours if organisation is None else office.hours_of(organisation)
    return work_calendar(decided(table, rules.calendar.culture_day), hours)


def decided(table: CalendarTable, culture_day: CultureDay) -> CalendarTable:
    """A table in which 24 November is what a province has decided, where it is open (§13g 4)."""
    if culture_day is CultureDay.UNDECIDED:
        return table
    known = {item.day: item for item in table.exceptions}
    for year in range(max(table.first_year, _CULTURE_YEAR), table.last_year + 1):
        day = date(year, *CULTURE_DAY)
        item = known.get(day)
        if item is not None and item.status is DayStatus.OFFICIAL:
            continue
        if culture_day is CultureDay.OFF:
            known[day] = DayException(
                day=day, is_working=False, name=_CULTURE_NAME, basis=_CULTURE_BASIS
            )
        elif item is not None and not item.is_working:
            del known[day]
    return evolve(table, exceptions=tuple(known.values()))


def overridden(table: CalendarTable, other: CalendarTable) -> CalendarTable:
    """A table after an organisation's own one has changed it.

    What *other* says of a day stands in for what *table* says of it, and names that in
    ``replaces``. It may add years before or after those of *table*.

    Raises:
        InvalidValue: there would be years between them of which neither speaks.
    """
    if other.first_year > table.last_year + 1 or other.last_year < table.first_year - 1:
        found = f"{other.first_year} to {other.last_year}"
        expected = f"years that continue {table.first_year} to {table.last_year} of {table.name}"
        raise refuse(other, "first_year", found=found, expected=expected)
    known = {exception.day: exception for exception in table.exceptions}
    own = {item.day: _in_place_of(known.get(item.day), item) for item in other.exceptions}
    return CalendarTable(
        name=other.name,
        first_year=min(table.first_year, other.first_year),
        last_year=max(table.last_year, other.last_year),
        official_until=_published(table, other),
        exceptions=tuple((known | own).values()),
    )


def _published(table: CalendarTable, other: CalendarTable) -> date | None:
    """Until when the plan of both is published: *other* does not speak for years before its own."""
    if table.official_until is None or other.official_until is None:
        return other.official_until or table.official_until
    continues = date(other.first_year, 1, 1) <= table.official_until + timedelta(days=1)
    return other.official_until if continues else table.official_until


def changes(
    one: CalendarTable, other: CalendarTable
) -> tuple[tuple[date, DayException | None, DayException | None], ...]:
    """The days about which two tables disagree, in order, with what each says, if anything."""
    left = {item.day: item for item in one.exceptions}
    right = {item.day: item for item in other.exceptions}
    rows = ((day, left.get(day), right.get(day)) for day in sorted(left.keys() | right.keys()))
    return tuple(row for row in rows if row[1] != row[2])


def load_calendar(source: str, file_name: str = "calendar.toml") -> CalendarTable:
    """The table that a TOML text describes, as it stands: its base is not looked up.

    Args:
        source: the whole file.
        file_name: how errors call it.

    Raises:
        Malformed: it is no TOML.
        TooLarge: it is longer than 1 MiB.
        UnknownField: there is a key that does not exist; the nearest existing one is named.
        MissingField: a key is missing.
        NoSuchDay: a day does not exist.
        InvalidValue: a value is wrong, or a day is there twice.
    """
    table, faults = _read(source, file_name)
    if table is None:
        raise faults[0]
    return table


def calendar_faults(source: str, file_name: str = "calendar.toml") -> tuple[InputError, ...]:
    """Everything that is wrong with a calendar's file, line by line; see ``load_calendar``."""
    return tuple(_read(source, file_name)[1])


def dump_calendar(table: CalendarTable) -> str:
    """A TOML text that ``load_calendar`` reads as the same table."""
    head = {
        "name": table.name,
        "base": table.base,
        "first_year": table.first_year,
        "last_year": table.last_year,
        "official_until": table.official_until,
    }
    lines = [f"{key} = {literal(value)}" for key, value in head.items() if value not in {"", None}]
    lines += ["", "[exceptions]", *map(_line, table.exceptions)]
    return "\n".join([*lines, ""])


def exception_data(exception: DayException) -> dict[str, Any]:
    """An exception by the keys of the file, without its day and what is empty."""
    data = {
        "working": exception.is_working,
        "name": exception.name,
        "basis": exception.basis,
        "status": exception.status.name.lower(),
        "replaces": exception.replaces,
        "stands_for": exception.stands_for.isoformat() if exception.stands_for else "",
    }
    return {key: value for key, value in data.items() if value != ""}


def _read(source: str, file_name: str) -> tuple[CalendarTable | None, list[InputError]]:
    try:
        data = parse_toml(source, file_name)
    except InputError as error:
        return None, [error]
    faults: list[InputError] = []
    given = dict(_values(data, faults))
    made = None
    if not faults:
        try:
            made = CalendarTable(**given)
        except InputError as error:
            faults.append(located(error, ""))
    return made, sorted((placed(fault, source, file_name) for fault in faults), key=_line_of)


def _values(data: Mapping[str, Any], faults: list[InputError]) -> Iterator[tuple[str, Any]]:
    """What the keys of the file hold; what is wrong with them goes to *faults*."""

    def exceptions(value: object, key: str) -> tuple[DayException, ...]:
        days = exact(value, key, dict, "a table of days")
        return tuple(_exceptions(days, f"{key}.", faults))

    readers = {**_HEAD, "exceptions": exceptions}
    for key, value in data.items():
        try:
            yield from read_table({key: value}, readers, "").items()
        except InputError as error:
            faults.append(error)
    faults += _missing(data, _REQUIRED, "")


def _exceptions(
    days: Mapping[str, object], prefix: str, faults: list[InputError]
) -> Iterator[DayException]:
    """The lines ``2026-01-02 = { working = false, … }``."""
    for name, rows in days.items():
        key = f"{prefix}{name}"
        try:
            yield _exception(parse_date(name, field=key), rows, key)
        except InputError as error:
            faults.append(error)


def _exception(day: date, rows: object, key: str) -> DayException:
    def build(**given: Any) -> DayException:
        for fault in _missing(given, _EXCEPTION_REQUIRED, "DayException."):
            raise fault
        return DayException(day=day, is_working=given.pop("working"), **given)

    made: DayException = record(build, _EXCEPTION)(rows, key)
    return made


def _missing(
    given: Mapping[str, object], names: Sequence[str], prefix: str
) -> Iterator[MissingField]:
    for name in names:
        if name not in given:
            yield MissingField(field=f"{prefix}{name}", clause="the format of calendars")


_EXCEPTION: Final[Mapping[str, Reader]] = {
    "working": flag,
    "name": plain_text,
    "basis": plain_text,
    "status": word(DayStatus),
    "replaces": plain_text,
    "stands_for": calendar_day,
}
_EXCEPTION_REQUIRED: Final = ("working", "name", "basis", "status")
_HEAD: Final[Mapping[str, Reader]] = {
    "name": plain_text,
    "base": plain_text,
    "first_year": whole_number,
    "last_year": whole_number,
    "official_until": calendar_day,
}
_REQUIRED: Final = ("name", "first_year", "last_year")


def _line(exception: DayException) -> str:
    return f"{exception.day} = {literal(exception_data(exception))}"


def _line_of(fault: InputError) -> float:
    """Where it is; last where it is nowhere, as a missing key."""
    line = fault.facts.get("line")
    return line if isinstance(line, int) else math.inf


def _in_place_of(known: DayException | None, own: DayException) -> DayException:
    if known is None or known == own:
        return own
    return evolve(own, replaces=f"{known.name} ({known.basis})")


def _day_of(exception: DayException) -> date:
    return exception.day
