"""``lienthong-node calendar``: the work calendars that the axis keeps."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from lienthong.errors import NotFound
from lienthong.plugins.calendars import find_calendar, read_calendar
from lienthong.plugins.texts import is_path
from lienthong.rules.calendar import DayException
from lienthong.rules.calendar_table import CalendarTable, changes, dump_calendar, exception_data
from lienthong.rules.icalendar import dump_icalendar
from lienthong_node.cli.common import data_argument, json_option, reporting, show
from lienthong_node.cli.laws import (
    Books,
    books,
    dry_run_option,
    expected_option,
    given_argument,
    org_option,
    sentence,
    show_all,
    show_entered,
    show_held,
)
from lienthong_node.core.law import Law, Subject
from lienthong_node.opening import utc_now


@click.group()
def calendar() -> None:
    """Work calendars of the axis; works while the node runs and while it does not."""


@calendar.command()
@data_argument
@given_argument
@org_option
@expected_option
@dry_run_option
@json_option
@reporting
def put(
    data: Path,
    given: str,
    organ: str,
    expected_version: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Enter a calendar, or change it; open deadlines are computed anew, passed ones never.

    One of an organisation with a base holds only its own days, and follows the calendar above it,
    whatever that is called. Of several of one owner the one entered last holds; the one that holds
    entered once more changes nothing.

    \b
    Examples:
      lienthong-node calendar put /var/lib/truc lich-2027.toml --dry-run
      lienthong-node calendar put /var/lib/truc le-hoi-nui-ba.toml --org H53.13
    """
    with books(data) as known:
        change = known.change(_read(given, organ), organ, expected_version)
        days = _days(_held(known.law, known, organ), _held(change.after, known, organ))
        told = change.told(dry_run=dry_run, expected=expected_version)
    show(
        told | {"days": [day.data() for day in days]},
        "\n".join([sentence(told), *(day.line() for day in days)]),
        as_json=as_json,
    )


@calendar.command(name="list")
@data_argument
@json_option
@reporting
def list_(data: Path, as_json: bool) -> None:
    """List the calendars that the axis keeps, and whose they are.

    \b
    Example:
      lienthong-node calendar list /var/lib/truc
    """
    show_all(data, Subject.CALENDAR, "calendars", as_json=as_json)


@calendar.command(name="show")
@data_argument
@click.argument("name", required=False)
@org_option
@json_option
@reporting
def show_(data: Path, name: str | None, organ: str, as_json: bool) -> None:
    """Print the calendar that holds today, as TOML; with NAME the text that was entered so.

    \b
    Examples:
      lienthong-node calendar show /var/lib/truc --org H53.13
      lienthong-node calendar show /var/lib/truc vietnam > vietnam.toml
    """
    with books(data) as known:
        if name is not None:
            show_entered(known.find(Subject.CALENDAR, organ, name), as_json=as_json)
        else:
            table = _required(known, organ)
            show_held(known, organ, table, dump_calendar(table), as_json=as_json)


@calendar.command()
@data_argument
@click.argument("years", type=int, nargs=-1, required=True, metavar="YEAR...")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@org_option
@json_option
@reporting
def export(data: Path, years: tuple[int, ...], output: Path, organ: str, as_json: bool) -> None:
    """Write years of the calendar that holds today as an iCalendar file.

    \b
    Example:
      lienthong-node calendar export /var/lib/truc 2026 2027 --org H53.13 --output lich.ics
    """
    with books(data) as known:
        table = _required(known, organ)
    output.write_bytes(dump_icalendar(table, years, made_at=utc_now()).encode())
    days = sum(len(table.of_year(year)) for year in set(years))
    told = {"path": str(output), "days": days, "content_version": table.version}
    show(told, f"wrote {days} days of {table.version} to {output}", as_json=as_json)


@calendar.command()
@data_argument
@given_argument
@org_option
@json_option
@reporting
def diff(data: Path, given: str, organ: str, as_json: bool) -> None:
    """Show on which days a calendar differs from the one that holds today.

    \b
    Example:
      lienthong-node calendar diff /var/lib/truc lich-2027.toml
    """
    with books(data) as known:
        change = known.change(_read(given, organ), organ, None)
        days = _days(_held(known.law, known, organ), _held(change.after, known, organ))
    lines = [day.line() for day in days] or ["no day differs"]
    show({"days": [day.data() for day in days]}, "\n".join(lines), as_json=as_json)


@frozen(kw_only=True)
class _Day:
    """A day on which two calendars disagree."""

    day: date
    before: DayException | None
    after: DayException | None

    def data(self) -> dict[str, Any]:
        return {
            "day": self.day.isoformat(),
            "before": None if self.before is None else exception_data(self.before),
            "after": None if self.after is None else exception_data(self.after),
        }

    def line(self) -> str:
        return f"{self.day:%a %d/%m/%Y}: {_told(self.before)} -> {_told(self.after)}"


def _days(before: CalendarTable | None, after: CalendarTable | None) -> list[_Day]:
    if after is None:
        return []
    nothing = CalendarTable(name="none", first_year=after.first_year, last_year=after.last_year)
    found = changes(before or nothing, after)
    return [_Day(day=day, before=left, after=right) for day, left, right in found]


def _told(exception: DayException | None) -> str:
    if exception is None:
        return "as its weekday"
    kind = "working" if exception.is_working else "off"
    return f"{kind}, {exception.name} ({exception.basis}; {exception.status.name.lower()})"


def _read(given: str, organ: str) -> CalendarTable:
    """A calendar of the whole axis with the days of its base; an organisation's as it stands."""
    return read_calendar(Path(given)) if organ and is_path(given) else find_calendar(given)


def _held(law: Law, known: Books, organ: str) -> CalendarTable | None:
    return law.table(known.organ(organ), known.directory, known.today)


def _required(known: Books, organ: str) -> CalendarTable:
    table = _held(known.law, known, organ)
    if table is None:
        raise NotFound(what="a calendar; enter one with: lienthong-node calendar put")
    return table
