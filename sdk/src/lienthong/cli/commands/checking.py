"""``check``: look whether the interconnection works, record it, list what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import define, field
from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli.base import command, group, session
from lienthong.cli.commands.options import (
    PLACE,
    calendar_option,
    read_cursor,
    rule_set_option,
)
from lienthong.cli.failures import ExitCode, as_fault
from lienthong.cli.output import bad, good, safe, table
from lienthong.cli.texts import Words
from lienthong.cli.views import check_name
from lienthong.codec.json import to_data
from lienthong.errors import InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.journal import MISSED_TOLD_WITHIN, InterconnectionRecord
from lienthong.model.time import VIETNAM, vietnam_date
from lienthong.reports.counting import Tally, add, count_check
from lienthong.reports.counts import Basis, Counts
from lienthong.reports.facts import CheckFacts
from lienthong.reports.formulas import checked_days, missed_days
from lienthong.reports.period import Period, PeriodKind
from lienthong.reports.values import Ratio
from lienthong.rules.sections.reports import CheckDays

if TYPE_CHECKING:
    from lienthong.cli.commands.working_time import Office
    from lienthong.client import Looked
    from lienthong.model.journal import FeedItem

_UNCOUNTED: Final[Mapping[str, Any]] = {
    "days_complete": None,
    "days_to_check": None,
    "lacking": [],
}

check = group("check", "Checks of the interconnection: look and record, list them.")


@command(
    "run",
    example="""\
lienthong check run --witness /var/lib/lienthong/truc.jsonl
lienthong check run --dry-run --json""",
    parameters=(
        click.option("--dry-run", is_flag=True, help="Only look; record nothing."),
        click.option(
            "--witness",
            type=PLACE,
            metavar="FILE",
            help="File of kept checkpoints, with which the newest one is compared.",
        ),
        click.option(
            "--cursor",
            type=PLACE,
            metavar="FILE",
            help="Where 'watch' goes on: the feed is read from there. It is not written.",
        ),
    ),
)
@click.pass_context
def run(ctx: click.Context, dry_run: bool, witness: Path | None, cursor: Path | None) -> None:
    """Look whether everything works, and record it in the axis's journal.

    Looked at are the certificates, the clock, the directory, the journal, the feed, a receipt and
    what waits. The exit code is 1 when something failed, which is recorded all the same. When the
    axis cannot be reached nothing is recorded and the exit code is 5.
    """
    current = session()
    after = None if cursor is None else read_cursor(cursor)
    with current.client() as client:
        looked = client.check_interconnection(witness=witness, after=after)
        results = [one.result for one in looked]
        receipt = None if dry_run else client.record_check(results)
    passed = all(one.passed for one in results)
    found = {
        "passed": passed,
        "results": [to_data(one) for one in results],
        "faults": [as_fault(one.error, current.language) for one in looked if one.error],
        "index": None if receipt is None else receipt.index,
    }
    index = None if receipt is None else receipt.index
    current.emit(found, lambda: _shown(current.words, looked, index))
    if not passed:
        ctx.exit(ExitCode.REFUSED)


def _shown(words: Words, looked: Sequence[Looked], index: int | None) -> RenderableType:
    rows = [
        (
            check_name(words, one.result.name),
            good(words("check_good")) if one.result.passed else bad(words("check_bad")),
            one.error.message(words.language) if one.error else one.result.note,
        )
        for one in looked
    ]
    columns = [words(key) for key in ("what", "status", "value")]
    end = words("check_dry") if index is None else words("check_recorded", index=index)
    return Group(table(columns, rows, long=(2,)), Text(safe(end)))


@command(
    "list",
    example="""\
lienthong check list
lienthong check list --month 2026-11 --json""",
    parameters=(
        click.option("--month", metavar="YYYY-MM", help="Which month; the current one by default."),
        rule_set_option,
        calendar_option,
    ),
)
def list_checks(month: str | None, rule_set: str, calendar: str) -> None:
    """List the checks of a month, day by day, and those that were missed.

    They are read from the own feed: an organisation that operates the axis sees those of all. A day
    is complete with as many checks as the rule set has check times (M11); of others, that is only
    counted where they have missed a check.
    """
    from lienthong.cli.commands.working_time import office

    current, now = session(), datetime.now(UTC)
    period = _month(month, now)
    start, end = (datetime.combine(day, time(), VIETNAM) for day in (period.first, period.end))
    settings = office(rule_set, calendar)
    with current.client() as client:
        items = client.checks(start, end + MISSED_TOLD_WITHIN)
        own = client.organisation().organ_id
    shown = [one.data(settings, now, own) for one in _by_organ(items, period)]
    current.emit_rows(iter(shown), lambda rows: _listed(current.words, rows))


check.add_command(run)
check.add_command(list_checks)


@define(eq=False)
class _Month:
    """The checks of one organisation in one month."""

    organ: OrganId
    period: Period
    items: list[FeedItem] = field(factory=list)

    def data(self, settings: Office, now: datetime, own: OrganId) -> dict[str, Any]:
        """As ``--json`` prints it.

        Nobody says whether others must check; those who missed a check must.
        """
        days = sorted({self._day(item) for item in self.items})
        is_counted = self.organ == own or any(map(_is_missed, self.items))
        return {
            "organ_id": str(self.organ),
            "month": str(self.period),
            **(self._complete(settings, now) if is_counted else _UNCOUNTED),
            "days": [{"day": day.isoformat(), **self._of_day(day)} for day in days],
        }

    def _complete(self, settings: Office, now: datetime) -> dict[str, Any]:
        basis = self._basis(settings, now)
        share, lacking = checked_days(basis), missed_days(basis)
        assert isinstance(share, Ratio)  # noqa: S101 - there are checks
        return {
            "days_complete": share.numerator,
            "days_to_check": share.denominator,
            "lacking": [name.partition("/")[2] for name in lacking],
        }

    def _of_day(self, day: date) -> dict[str, Any]:
        made, missed = [], []
        for item in self.items:
            body = item.entry.body
            if not isinstance(body, InterconnectionRecord) or self._day(item) != day:
                continue
            if body.missed_at is not None:
                missed.append(_clock(body.missed_at))
            else:
                failed = [one.name for one in body.results if not one.passed]
                at = _clock(item.entry.recorded_at)
                made.append({"at": at, "passed": body.passed, "failed": failed})
        return {"made": made, "missed": missed}

    @staticmethod
    def _day(item: FeedItem) -> date:
        """The day that it counts for: a missed one is told later than it was due."""
        return vietnam_date(_at(item))

    def _basis(self, settings: Office, now: datetime) -> Basis:
        reports, found = settings.rules.reports, Tally()
        for item in self.items:
            missed = _is_missed(item)
            facts = CheckFacts(organ_id=self.organ, checked_at=_at(item), missed=missed)
            add(found, count_check(facts))
        counts = Counts.of(found, [self.organ], self.period)
        return Basis(
            counts=counts,
            period=self.period,
            as_of=now,
            calendar=settings.calendar,
            checks={self.organ: counts},
            checks_a_day=max(1, len(reports.check_times)),
            checks_every_day=reports.check_days is CheckDays.EVERY_DAY,
        )


def _month(text: str | None, now: datetime) -> Period:
    if text is None:
        today = vietnam_date(now)
        return Period(kind=PeriodKind.MONTH, year=today.year, number=today.month)
    period = Period.parse(text)
    if period.kind is not PeriodKind.MONTH:
        raise InvalidValue(field="--month", found=text, expected="a month as YYYY-MM")
    return period


def _by_organ(items: Iterable[FeedItem], period: Period) -> list[_Month]:
    found: dict[OrganId, _Month] = {}
    for item in items:
        body = item.entry.body
        if isinstance(body, InterconnectionRecord) and vietnam_date(_at(item)) in period:
            month = found.setdefault(body.organ_id, _Month(body.organ_id, period))
            month.items.append(item)
    return [found[organ] for organ in sorted(found)]


def _is_missed(item: FeedItem) -> bool:
    body = item.entry.body
    return isinstance(body, InterconnectionRecord) and body.missed_at is not None


def _at(item: FeedItem) -> datetime:
    """When a check was made, or was due that nobody made."""
    body = item.entry.body
    missed_at = body.missed_at if isinstance(body, InterconnectionRecord) else None
    return missed_at or item.entry.recorded_at


def _clock(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M}"


def _listed(words: Words, months: Sequence[dict[str, Any]]) -> RenderableType:
    if not months:
        return Text(words("no_checks"))
    return Group(*(part for month in months for part in _month_view(words, month)))


def _month_view(words: Words, month: dict[str, Any]) -> Iterator[RenderableType]:
    columns = [words(key) for key in ("day", "check", "check_lacking")]
    rows = [
        (
            words.day(date.fromisoformat(day["day"])),
            ", ".join(_made(words, one) for one in day["made"]),
            ", ".join(day["missed"]),
        )
        for day in month["days"]
    ]
    yield Text(safe(month["organ_id"]), style="bold")
    yield table(columns, rows, long=(1,))
    complete, due = month["days_complete"], month["days_to_check"]
    if complete is not None:
        yield Text(words("checks_complete", complete=complete, due=due))


def _made(words: Words, one: dict[str, Any]) -> str:
    names = ", ".join(check_name(words, name) for name in one["failed"])
    return f"{one['at']} ({words('check_failed')}: {names})" if names else one["at"]
