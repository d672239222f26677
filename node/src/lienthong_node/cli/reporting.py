"""``lienthong-node report``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lienthong.errors import (
    ConfigInvalid,
    DataDirectoryInUse,
    PeriodNotOver,
    ReportsBehind,
    ReportsUnusable,
)
from lienthong.model.time import from_us, vietnam_date
from lienthong_node.cli.common import data_argument, json_option, progress, reporting

if TYPE_CHECKING:
    from lienthong.reports.period import Period, PeriodKind
    from lienthong.spi.storage import RecordStore
    from lienthong_node.core.credentials import Credentials
    from lienthong_node.reports.book import ReportBook
    from lienthong_node.reports.making import Kind
    from lienthong_node.reports.paper import Paper
    from lienthong_node.reports.terms import Rules

    Answer = Callable[[ReportBook, datetime], Paper]

OVERDUE: Final = "overdue"
KINDS: Final = (
    *("monthly", "quarterly", "half-year", "year", "cchc", "registers", "codes"),
    OVERDUE,
)
FORMATS: Final = ("table", "csv", "xlsx", "pdf", "json")
_EXTENSIONS: Final = {"table": "txt"}
_UNFIT: Final = {
    OVERDUE: ("--period", "--figures", "--freeze"),
    "codes": ("--as-of", "--as-was", "--figures"),
    "registers": ("--as-of", "--figures"),
}
"""Options that a kind of report has no use for; of the others ``--as-of`` alone."""

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@data_argument
@click.option("--org", "organ", required=True, metavar="CODE", help="Whose report it is.")
@click.option("--with-units", is_flag=True, help="Also of all organisations under it.")
@click.option("--as-was", is_flag=True, help="Without what it took over from closed ones.")
@click.option("--period", metavar="2026-Q3", help="Else the newest that is over.")
@click.option("--as-of", metavar="INSTANT", help="For overdue: now; else the newest entry.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=_FILE, help="File to write; else stdout.")
@click.option("--figures", type=_FILE, help="TOML file with figures that only people know.")
@click.option("--rule-set", metavar="NAME|FILE", help="For everybody; else what the axis keeps.")
@click.option("--calendar", metavar="NAME|FILE", help="For everybody; else what the axis keeps.")
@click.option("--font", type=_FILE, help="TrueType file for pdf; else one that is installed.")
@click.option(
    "--counts", type=_FILE, help="File that the counts are kept in; else DATA/reports.db."
)
@click.option("--freeze", is_flag=True, help="Write it once, with its SHA-256, read only.")
@click.option("--rebuild", is_flag=True, help="Derive the counts from the whole journal anew.")
@json_option
@reporting
def report(
    kind: str,
    data: Path,
    organ: str,
    with_units: bool,
    as_was: bool,
    period: str | None,
    as_of: str | None,
    form: str,
    output: Path | None,
    figures: Path | None,
    rule_set: str | None,
    calendar: str | None,
    font: Path | None,
    counts: Path | None,
    freeze: bool,
    rebuild: bool,
    as_json: bool,
) -> None:
    """Print a report of an organisation from the records of DATA.

    Beside a running node on SQLite, report on a backup, and name the same file with --counts each
    time: then only what is new is read.

    \b
    Examples:
      lienthong-node report quarterly /var/lib/truc --org H53.13 --format pdf --output q3.pdf
      lienthong-node report year /var/lib/truc --org H53 --with-units
      lienthong-node report registers /var/lib/truc --org H53.13 --format xlsx --output so.xlsx
      lienthong-node report codes /var/lib/truc --org H53 --period 2026-07 --output ma.txt
      lienthong-node report overdue /mnt/backup/2026-11-22 --org H53.13 --counts /srv/reports.db
    """
    from lienthong_node.opening import utc_now
    from lienthong_node.reports.book import FILE_NAME
    from lienthong_node.reports.checks import credentials_of
    from lienthong_node.reports.kept import rules_for

    _refuse_unfit(kind, click.get_current_context().params)
    now = utc_now()
    path = counts or data / FILE_NAME
    rules = rules_for(data, path, organ, rule_set, calendar, now)
    whose = {"organ": organ, "with_units": with_units or kind == "codes", "as_was": as_was}
    answer: Answer
    if kind == OVERDUE:
        answer = _list_of(whose, as_of, rules)
    else:
        answer = _report_of(kind, whose, period, figures, freeze, rules, credentials_of(data))

    def made(*, anew: bool) -> Paper:
        book = _open(data, path, rules, now, anew=anew)
        with closing(book), book.whole(rules.version) as counted:
            return answer(book, counted)

    paper = _again_when_damaged(made, anew=rebuild)
    _write(paper, "json" if as_json and form == "table" else form, output, data, font, freeze)


def _refuse_unfit(kind: str, given: Mapping[str, object]) -> None:
    """Raises ConfigInvalid for an option that this kind of report has no use for."""
    for option in _UNFIT.get(kind, ("--as-of",)):
        if given[option.removeprefix("--").replace("-", "_")]:
            found, expected = f"given for {kind}", "only for other kinds of reports"
            raise ConfigInvalid(file="options", key=option, found=found, expected=expected)


def _list_of(whose: Mapping[str, Any], as_of: str | None, rules: Rules) -> Answer:
    """How to make the list of what is late.

    Raises:
        InvalidValue: the instant is none, or has no time zone.
    """
    from lienthong.model.time import parse_instant
    from lienthong_node.reports.making import Listing, make_list

    listing = Listing(**whose, at=None if as_of is None else parse_instant(as_of, field="--as-of"))
    return lambda book, counted: make_list(listing, book, rules, counted)


def _report_of(
    kind: str,
    whose: Mapping[str, Any],
    asked: str | None,
    figures: Path | None,
    freeze: bool,
    rules: Rules,
    credentials: Credentials,
) -> Answer:
    """How to make the report of a period.

    Raises:
        InvalidValue: it is no period.
        ConfigInvalid: it does not fit the kind of report, or the file of figures is wrong.
    """
    from lienthong_node.reports.figures import Figures, load_figures
    from lienthong_node.reports.making import Kind, Request, make

    named = _named_period(Kind(kind), asked, rules)
    known = load_figures(figures) if figures else Figures()

    def answer(book: ReportBook, counted: datetime) -> Paper:
        period = named or _newest_period(Kind(kind), rules, counted)
        if freeze:
            _require_over(period, counted)
        wanted = Request(**whose, kind=Kind(kind), period=period, figures=known)
        return make(wanted, book, rules, counted, credentials)

    return answer


def _again_when_damaged(made: Callable[..., Paper], *, anew: bool) -> Paper:
    """Some damage is only seen where it is read.

    Raises:
        ReportsUnusable: the counts cannot be made anew, or were so just now.
    """
    try:
        return made(anew=anew)
    except ReportsUnusable as damage:
        if anew:
            raise
        try:
            return made(anew=True)
        except ReportsBehind:
            raise damage from None


def _named_period(kind: Kind, asked: str | None, rules: Rules) -> Period | None:
    """The period that was asked for.

    Raises:
        InvalidValue: it is no period.
        ConfigInvalid: it does not fit the kind of report.
    """
    from lienthong.reports.period import Period

    if asked is None:
        return None
    period = Period.parse(asked)
    if period.kind not in kind.periods:
        expected = f"a {kind.usual.name.lower().replace('_', ' ')}"
        raise ConfigInvalid(file="options", key="--period", found=asked, expected=expected)
    return Period.parse(asked, _cut(period.kind, rules))


def _newest_period(kind: Kind, rules: Rules, as_of: datetime) -> Period:
    """The newest one that is over."""
    from lienthong.reports.period import Period

    return Period.ended_before(vietnam_date(as_of), kind.usual, _cut(kind.usual, rules))


def _cut(kind: PeriodKind, rules: Rules) -> int | None:
    return rules.rule_set.reports.cutoff_day if kind.name == "QUARTER" else None


def _require_over(period: Period, as_of: datetime) -> None:
    """Raises PeriodNotOver unless everything up to the end of a period was counted."""
    today = vietnam_date(as_of)
    if period.end > today:
        raise PeriodNotOver(period=period, last=period.end - timedelta(days=1), today=today)


def _open(data: Path, path: Path, rules: Rules, now: datetime, *, anew: bool) -> ReportBook:
    """The counts; while a node has the records in use, those of the last time.

    Raises:
        ReportsBehind: a node has the records in use, and there are no counts, or they were to be
            made anew.
    """
    from lienthong_node.opening import plugin_host, under
    from lienthong_node.reports.book import ReportBook
    from lienthong_node.reports.following import open_up_to_date
    from lienthong_node.settings import load_settings

    settings = load_settings(data)
    try:
        store = plugin_host(data, settings).open_record_store(under(data, settings.records))
    except DataDirectoryInUse:
        if anew or not path.is_file():
            raise ReportsBehind(path=path) from None
        return ReportBook(path)
    try:
        as_of = _vouched(store, now)
        with progress("entries", total=None) as update:
            return open_up_to_date(path, store, rules, as_of, update, anew=anew)
    finally:
        store.close()


def _vouched(store: RecordStore, now: datetime) -> datetime:
    """Up to when records say what happened: what came after a backup is not in it."""
    with store.read() as view:
        head = view.head()
    return from_us(head.recorded_us) if head.size else now


def _write(
    paper: Paper, form: str, output: Path | None, data: Path, font: Path | None, frozen: bool
) -> None:
    from lienthong_node.reports.snapshot import freeze, frozen_path, write_whole

    content = _writer(form, font)(paper)
    if frozen:
        path = output or frozen_path(data, paper, _EXTENSIONS.get(form, form))
        sha256 = freeze(path, content, paper)
        click.echo(json.dumps({"file": str(path), "sha256": sha256}, ensure_ascii=False))
    elif output is not None:
        write_whole(output, content)
    elif form in {"xlsx", "pdf"} and sys.stdout.isatty():
        raise ConfigInvalid(file="options", key="--output", found="missing", expected="a file")
    else:
        click.echo(content, nl=False)


def _writer(form: str, font: Path | None) -> Callable[[Paper], bytes]:
    from lienthong_node.reports import plain

    if form == "xlsx":
        from lienthong_node.reports.xlsx import as_xlsx

        return as_xlsx
    if form == "pdf":
        from lienthong_node.reports.pdf import as_pdf

        return lambda paper: as_pdf(paper, font)
    writers: dict[str, Callable[[Paper], bytes]] = {
        "table": plain.as_text,
        "csv": plain.as_csv,
        "json": plain.as_json,
    }
    return writers[form]
