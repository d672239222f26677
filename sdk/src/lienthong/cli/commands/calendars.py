"""``calendar``: days off and swapped working days, shown, exported, checked and compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.text import Text

from lienthong.cli.base import Group, Session, command, session
from lienthong.cli.commands.options import (
    CALENDAR,
    PLACE,
    calendar_option,
    read_text,
    rule_set_option,
    save,
)
from lienthong.cli.commands.working_time import TIME_COMMANDS, Office, office
from lienthong.cli.failures import ExitCode, as_fault
from lienthong.cli.output import bad, good, table
from lienthong.cli.prefilling import LAST_YEAR, prefilled
from lienthong.cli.texts import Words
from lienthong.cli.year import year_view
from lienthong.errors import LienthongError
from lienthong.plugins import PluginHost
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar import FIRST_YEAR, DayException, DayStatus
from lienthong.rules.calendar_table import (
    CalendarTable,
    calendar_faults,
    calendar_of,
    changes,
    exception_data,
)
from lienthong.rules.icalendar import dump_icalendar
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.worktime import Span

_SIDES: Final = ("one", "other")
_NOTHING: Final = dict.fromkeys(("name", "basis", "status", "replaces", "stands_for"))


class _CalendarGroup(Group):
    """Takes the time commands too, which help shows at the top only."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or TIME_COMMANDS.get(cmd_name)


calendar = _CalendarGroup(
    "calendar",
    help="""Calendars: days off and swapped working days.

    The time commands may be written here too: lienthong calendar received-at INSTANT.""",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@command(
    "show",
    example="lienthong calendar show 2026 --rule-set tay-ninh-2019",
    parameters=(click.argument("year", type=int), rule_set_option, calendar_option),
)
def show(year: int, rule_set: str, calendar: str) -> None:
    """Show a year: twelve months, and what the days off and swapped days rest on.

    With --json there is one line for each day of the year.
    """
    current, own = session(), office(rule_set, calendar)
    exceptions = own.table.of_year(year)
    rows = _days(own, year, exceptions)
    current.emit_rows(rows, lambda _: _year(current.words, own, year, exceptions))


@command(
    "export",
    example="lienthong calendar export 2026 2027 --output lich.ics",
    parameters=(
        click.argument("years", type=int, nargs=-1, required=True, metavar="YEAR..."),
        click.option("--output", type=PLACE, required=True, help="The iCalendar file to write."),
        rule_set_option,
        calendar_option,
    ),
)
def export(years: tuple[int, ...], output: Path, rule_set: str, calendar: str) -> None:
    """Write years as an iCalendar file, for calendar programs; an existing file is replaced."""
    current, own = session(), office(rule_set, calendar)
    save(output, dump_icalendar(own.table, years, made_at=datetime.now(UTC)).encode())
    count = sum(len(own.table.of_year(year)) for year in set(years))
    data = {"path": str(output), "days": count, "calendar_version": own.table.version}
    current.emit(data, lambda: good(current.words("saved", path=output)))


@command(
    "check",
    example="""\
lienthong calendar check lich-h53-13.toml
lienthong calendar check *.toml --rule-set rules.toml --json""",
    parameters=(
        click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path()),
        rule_set_option,
    ),
)
def check(files: tuple[str, ...], rule_set: str) -> None:
    """Check calendars in files: every fault with its line; exit code 3 where there is one.

    Each is checked with its base, and with the office hours of a rule set.
    """
    current = session()
    with PluginHost() as host:
        rules = find_rule_set(rule_set, host)
    rows = [_checked(Path(name), rules, current) for name in files]

    def render(found: list[dict[str, Any]]) -> Text:
        return Text("\n").join(line for row in found for line in _verdict(row, current.words))

    current.emit_rows(iter(rows), render)
    if any(row["faults"] for row in rows):
        click.get_current_context().exit(ExitCode.INPUT)


@command(
    "prefill",
    example="lienthong calendar prefill 2028 > lich-2028.toml",
    parameters=(click.argument("year", type=click.IntRange(FIRST_YEAR, LAST_YEAR)),),
)
def prefill(year: int) -> None:
    """Print a draft of a year's calendar, to be checked day by day.

    It comes from the library holidays (the extra lienthong[calendar]), whose gaps it names.
    """
    current, text = session(), prefilled(year)
    if current.as_json:
        current.emit({"calendar": text}, lambda: "")
    else:
        click.echo(text, nl=False)


@command(
    "diff",
    example="lienthong calendar diff vietnam lich-h53-13.toml",
    parameters=(
        click.argument("one", type=CALENDAR, metavar="NAME|FILE"),
        click.argument("other", type=CALENDAR, metavar="NAME|FILE"),
    ),
)
def diff(one: str, other: str) -> None:
    """Show in what two calendars differ."""
    current, words = session(), session().words
    left, right = find_calendar(one), find_calendar(other)
    rows = list(_differences(left, right))

    def render() -> RenderableType:
        if not rows:
            return good(words("calendars_equal"))
        columns = (words("key"), left.name, right.name)
        cells = [(row["key"], *(_told(words, row[side]) for side in _SIDES)) for row in rows]
        return table(columns, cells, long=(1, 2))

    current.emit({"one": left.version, "other": right.version, "differences": rows}, render)


for _command in (show, export, check, prefill, diff):
    calendar.add_command(_command)


def _days(own: Office, year: int, exceptions: tuple[DayException, ...]) -> Iterator[dict[str, Any]]:
    """Each day of a year, for scripts."""
    known = {item.day: item for item in exceptions}
    day = date(year, 1, 1)
    while day.year == year:
        found = known.get(day)
        yield {
            "day": day.isoformat(),
            "weekday": day.isoweekday(),
            "working": own.calendar.is_working(day),
            "provisional": own.calendar.is_provisional(day, day),
            "sessions": [_clock(span) for span in own.calendar.sessions(day)],
            **_NOTHING,
            **({} if found is None else exception_data(found)),
            "calendar_version": own.calendar.version,
        }
        day += timedelta(days=1)


def _clock(span: Span) -> str:
    return "-".join(f"{second // 3600:02}:{second // 60 % 60:02}" for second in span)


def _year(words: Words, own: Office, year: int, exceptions: tuple[DayException, ...]) -> Lines:
    lines = [Text(f"{own.calendar.version} · {own.rules.name}", style="dim")]
    until = own.table.official_until
    if until is not None and until.year <= year and until < date(year, 12, 31):
        lines.append(Text(words("official_until", day=words.day(until)), style="yellow"))
    return Lines(*lines, Text(), year_view(words, year, exceptions))


def _checked(path: Path, rules: RuleSet, current: Session) -> dict[str, Any]:
    version, exceptions, faults = None, tuple[DayException, ...](), _faults(path)
    if not faults:
        try:
            found = calendar_of(find_calendar(path), rules)
            version, exceptions = found.version, found.exceptions
        except LienthongError as error:
            faults = (error,)
    return {
        "file": str(path),
        "version": version,
        "provisional": [str(i.day) for i in exceptions if i.status is DayStatus.PROVISIONAL],
        "replacing": [str(i.day) for i in exceptions if i.replaces],
        "faults": [as_fault(fault, current.language) for fault in faults],
    }


def _faults(path: Path) -> tuple[LienthongError, ...]:
    try:
        return calendar_faults(read_text(path), str(path))
    except LienthongError as error:
        return (error,)


def _verdict(row: dict[str, Any], words: Words) -> list[Text]:
    faults = [bad(f"[{fault['code']}] {fault['message']}") for fault in row["faults"]]
    counts = {name: len(row[name]) for name in ("provisional", "replacing")}
    return faults or [good(words("calendar_good", **row | counts))]


def _differences(one: CalendarTable, other: CalendarTable) -> Iterator[dict[str, Any]]:
    for key in ("first_year", "last_year", "official_until"):
        left, right = getattr(one, key), getattr(other, key)
        if left != right:
            yield {"key": key, "one": _plain(left), "other": _plain(right)}
    for day, left, right in changes(one, other):
        yield {"key": day.isoformat(), "one": _plain(left), "other": _plain(right)}


def _plain(value: object) -> Any:
    if isinstance(value, DayException):
        return exception_data(value)
    return value.isoformat() if isinstance(value, date) else value


def _told(words: Words, value: Any) -> str:
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    kind = words("working_day" if value["working"] else "day_off")
    return f"{kind}: {value['name']} ({value['basis']}; {value['status']})"
