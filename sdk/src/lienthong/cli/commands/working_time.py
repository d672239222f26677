"""Time rules for a clerk or a script: when something counts as received, by when it is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen
from rich.console import Group
from rich.text import Text

from lienthong.cli.base import Command, command, session
from lienthong.cli.commands.options import ORGAN, calendar_option, rule_set_option
from lienthong.cli.output import good, safe
from lienthong.cli.texts import Words
from lienthong.model.ids import OrganId
from lienthong.model.time import format_vietnam, parse_date, parse_instant, vietnam_date
from lienthong.model.words import Urgency
from lienthong.plugins import PluginHost
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules import deadlines, duties
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.calendar_table import CalendarTable, calendar_of, decided
from lienthong.rules.moments import Deadline, Moment
from lienthong.rules.ruleset import RuleSet

_urgency_option: Final = click.option(
    "--urgency",
    type=click.Choice([urgency.name for urgency in Urgency], case_sensitive=False),
    default=Urgency.THUONG.name,
    show_default=True,
    help="How urgent the document is.",
)


_for_option: Final = click.option(
    "--for",
    "organisation",
    type=ORGAN,
    metavar="CODE",
    help="An organisation that may have office hours of its own.",
)


@frozen
class _Further:
    """Another instant that belongs to a result."""

    name: str
    """In JSON."""

    text: str
    """Key of its line for people, which takes ``when``."""

    at: datetime


@frozen
class Office:
    """Whose rules and days are asked for."""

    rules: RuleSet
    table: CalendarTable
    """With what the rule set has decided about open days."""

    calendar: WorkCalendar

    def show(self, moment: Moment, text: str, result: date | None = None, *more: _Further) -> None:
        """Show what a rule has found.

        Args:
            moment: what it has found.
            text: key of the line for people, which takes ``when``.
            result: a day, where the rule is about days.
            more: further instants.
        """
        current = session()
        data = {
            "result": result.isoformat() if result else format_vietnam(moment.at),
            "provisional": moment.provisional,
            "in_force": self.rules.holds_on(self._day(moment, result)),
            "rule": moment.rule,
            "clause": moment.clause,
            "calendar_version": self.calendar.version,
            "rule_set": self.rules.name,
            "rule_set_version": self.rules.version,
            **{item.name: format_vietnam(item.at) for item in more},
        }
        current.emit(data, lambda: self._view(current.words, moment, text, result, more))

    def _view(
        self,
        words: Words,
        moment: Moment,
        text: str,
        result: date | None,
        more: tuple[_Further, ...],
    ) -> Group:
        shown = words.day(result) if result else words.instant(moment.at)
        basis = (moment.rule, moment.clause, self.calendar.version, self.rules.name)
        lines = [
            good(words(text, when=shown)),
            *(Text(safe(words(item.text, when=words.instant(item.at)))) for item in more),
            Text(safe(" · ".join(basis)), style="dim"),
        ]
        if moment.provisional:
            lines.append(Text(f"{words('warning')}: {words('provisional')}", style="yellow"))
        if not self.rules.holds_on(self._day(moment, result)):
            told = words("not_in_force", name=self.rules.name)
            lines.append(Text(f"{words('warning')}: {safe(told)}", style="yellow"))
        return Group(*lines)

    @staticmethod
    def _day(moment: Moment, result: date | None) -> date:
        return result or vietnam_date(moment.at)


def office(rule_set: str, calendar: str | Path, organisation: OrganId | None = None) -> Office:
    """The rule set and calendar of these names or files, as an organisation keeps them.

    Raises:
        RuleSetUnknown, CalendarUnknown: there is none of that name.
        InputError: a file is wrong.
        CalendarContradiction: they do not go together.
    """
    with PluginHost() as host:
        rules = find_rule_set(rule_set, host)
    table = decided(find_calendar(calendar), rules.calendar.culture_day)
    return Office(rules, table, calendar_of(table, rules, organisation))


def _time_command(
    name: str, example: str, *arguments: Callable[[Any], Any]
) -> Callable[[Callable[..., None]], Command]:
    """A command whose function is given the office that the common options name."""
    options = (*arguments, _for_option, rule_set_option, calendar_option)

    def decorate(function: Callable[..., None]) -> Command:
        @wraps(function)
        def run(
            *, rule_set: str, calendar: str, organisation: OrganId | None, **given: Any
        ) -> None:
            function(office(rule_set, calendar, organisation), **given)

        return command(name, example=example, parameters=options)(run)

    return decorate


def _end(deadline: Deadline) -> _Further:
    return _Further("until", "time_until", deadline.at)


@_time_command(
    "received-at",
    """\
lienthong received-at 2026-11-13T17:00:00+07:00
lienthong received-at "2026/11/13 16:59:00" --json""",
    click.argument("instant"),
)
def received_at(own: Office, instant: str) -> None:
    """When a document that entered at INSTANT counts as received.

    INSTANT has an offset or Z; edXML's yyyy/mm/dd HH:MM:SS is Vietnamese time.
    """
    entered = parse_instant(instant, field="INSTANT")
    own.show(duties.received_at(entered, own.rules, own.calendar), "time_received")


@_time_command(
    "send-by",
    """\
lienthong send-by 2026-11-13T16:50:00+07:00
lienthong send-by 2026-11-14T22:15:00+07:00 --urgency HOA_TOC""",
    click.argument("signed_at"),
    _urgency_option,
)
def send_by(own: Office, signed_at: str, urgency: str) -> None:
    """By when a document signed at SIGNED_AT must be sent.

    The target is the same day; QĐ 28/2018 allows the next working morning, NĐ 30/2020 the next
    working day. An urgent document is sent at once: within the rule set's time, at any hour.
    """
    signed = parse_instant(signed_at, field="SIGNED_AT")
    found = duties.sending_deadlines(Urgency[urgency], signed, own.rules, own.calendar)
    due = {one.name: one.moment for one in found}
    further = [
        _Further(name, text, due[known].at)
        for known, name, text in (
            ("sent_same_day", "target", "time_target"),
            ("sent_decree_30", "decree_30", "time_decree_30"),
        )
        if known in due
    ]
    own.show(due["sent"], "time_send", None, *further)


@_time_command(
    "forward-by",
    """\
lienthong forward-by 2026-11-13T16:59:00+07:00
lienthong forward-by 2026-11-16T07:30:00+07:00 --urgency KHAN --json""",
    click.argument("received_at"),
    _urgency_option,
)
def forward_by(own: Office, received_at: str, urgency: str) -> None:
    """By when a document received at RECEIVED_AT must be sent on.

    An instant outside office hours counts as received when they begin (T2).
    """
    entered = parse_instant(received_at, field="RECEIVED_AT")
    received = duties.received_at(entered, own.rules, own.calendar)
    found = duties.forwarding(Urgency[urgency], entered, own.rules, own.calendar)
    own.show(found, "time_forward", None, _Further("received_at", "time_received", received.at))


@_time_command(
    "add-working-days",
    "lienthong add-working-days 2026-02-12 3",
    click.argument("day", metavar="DATE"),
    click.argument("count", metavar="N", type=int),
)
def add_working_days(own: Office, day: str, count: int) -> None:
    """The N-th working day after DATE, which itself does not count."""
    found = deadlines.add_working_days(parse_date(day, field="DATE"), count, own.calendar)
    own.show(found, "time_due", found.day, _end(found))


@_time_command(
    "add-days",
    "lienthong add-days 2026-11-13 3",
    click.argument("day", metavar="DATE"),
    click.argument("count", metavar="N", type=int),
)
def add_days(own: Office, day: str, count: int) -> None:
    """The N-th day after DATE; on a day off the next working day."""
    found = deadlines.add_days(parse_date(day, field="DATE"), count, own.calendar)
    own.show(found, "time_due", found.day, _end(found))


@_time_command(
    "report-day",
    "lienthong report-day 2026 3",
    click.argument("year", type=int),
    click.argument("month", metavar="3|6|9|12", type=int),
)
def report_day(own: Office, year: int, month: int) -> None:
    """The day of a quarterly report.

    It is the 15th of March, June, September or December; on a day off it moves as the rule set
    says.
    """
    moved = own.rules.reports.on_day_off
    found = deadlines.report_day(year, month, own.calendar, moved)
    own.show(found, "time_report", found.day, _end(found))


TIME_COMMANDS: Final = {
    made.name: made
    for made in (received_at, send_by, forward_by, add_working_days, add_days, report_day)
}
"""The commands of this module by their names."""
