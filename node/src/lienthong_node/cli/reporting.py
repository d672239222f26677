"""``lienthong-node report``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lienthong.errors import ConfigInvalid, DataDirectoryInUse, PeriodNotOver, ReportsBehind
from lienthong.model.time import from_us, vietnam_date
from lienthong_node.cli.common import data_argument, json_option, progress, reporting

if TYPE_CHECKING:
    from lienthong.reports.period import Period
    from lienthong_node.reports.book import ReportBook
    from lienthong_node.reports.making import Kind
    from lienthong_node.reports.paper import Paper
    from lienthong_node.reports.terms import Rules

KINDS: Final = ("monthly", "quarterly", "half-year", "year", "cchc", "registers")
FORMATS: Final = ("table", "csv", "xlsx", "pdf", "json")
_EXTENSIONS: Final = {"table": "txt"}
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@data_argument
@click.option("--org", "organ", required=True, metavar="CODE", help="Whose report it is.")
@click.option("--with-units", is_flag=True, help="Also of all organisations under it.")
@click.option("--as-was", is_flag=True, help="Without what it took over from closed ones.")
@click.option("--period", "asked", metavar="2026-Q3", help="Else the newest that is over.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=_FILE, help="File to write; else stdout.")
@click.option("--figures", type=_FILE, help="TOML file with figures that only people know.")
@click.option("--rule-set", default="tay-ninh-2019", show_default=True, metavar="NAME|FILE")
@click.option("--calendar", default="vietnam", show_default=True, metavar="NAME|FILE")
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
    asked: str | None,
    form: str,
    output: Path | None,
    figures: Path | None,
    rule_set: str,
    calendar: str,
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
      lienthong-node report monthly /mnt/backup/2026-11-22 --org H53.13 --counts /srv/reports.db
    """
    from lienthong_node.opening import utc_now
    from lienthong_node.reports.book import FILE_NAME
    from lienthong_node.reports.figures import Figures, load_figures
    from lienthong_node.reports.making import Kind, Request, make

    rules, now = _rules(data, rule_set, calendar), utc_now()
    period = _period(Kind(kind), asked, rules, now)
    if freeze and period.end > vietnam_date(now):
        raise PeriodNotOver(period=period, last=period.end, today=vietnam_date(now))
    known = load_figures(figures) if figures else Figures()
    path = counts or data / FILE_NAME
    book, as_of = _open(data, path, rules, now, rebuild=rebuild)
    wanted = Request(
        kind=Kind(kind),
        organ=organ,
        period=period,
        with_units=with_units,
        as_was=as_was,
        figures=known,
    )
    with closing(book):
        paper = make(wanted, book, rules, as_of)
    _write(paper, "json" if as_json and form == "table" else form, output, data, font, freeze)


def _rules(data: Path, rule_set: str, calendar: str) -> Rules:
    from lienthong.plugins.calendars import find_calendar
    from lienthong.plugins.rule_sets import find_rule_set
    from lienthong_node.opening import plugin_host
    from lienthong_node.reports.terms import Rules
    from lienthong_node.settings import load_settings

    host = plugin_host(data, load_settings(data))
    return Rules(rule_set=find_rule_set(rule_set, host), table=find_calendar(calendar))


def _period(kind: Kind, asked: str | None, rules: Rules, now: datetime) -> Period:
    """The period that was asked for, or the newest that is over.

    Raises:
        InvalidValue: it is no period.
        ConfigInvalid: it does not fit the kind of report.
    """
    from lienthong.reports.period import Period, PeriodKind

    cut_off = rules.rule_set.reports.cutoff_day

    def cut(found: PeriodKind) -> int | None:
        return cut_off if found is PeriodKind.QUARTER else None

    if asked is None:
        return Period.ended_before(vietnam_date(now), kind.usual, cut(kind.usual))
    period = Period.parse(asked)
    if period.kind not in kind.periods:
        expected = f"a {kind.usual.name.lower().replace('_', ' ')}"
        raise ConfigInvalid(file="options", key="--period", found=asked, expected=expected)
    return Period.parse(asked, cut(period.kind))


def _open(
    data: Path, path: Path, rules: Rules, now: datetime, *, rebuild: bool
) -> tuple[ReportBook, datetime]:
    """The counts, and as of when they are.

    While a node has the records in use, the counts are those of the last time.

    Raises:
        ReportsBehind: a node has the records in use, and there are no counts by these rules.
    """
    from lienthong_node.opening import plugin_host, under
    from lienthong_node.reports.book import ReportBook
    from lienthong_node.reports.following import open_up_to_date
    from lienthong_node.settings import load_settings

    settings = load_settings(data)
    try:
        store = plugin_host(data, settings).open_record_store(under(data, settings.records))
    except DataDirectoryInUse:
        if rebuild or not path.is_file():
            raise ReportsBehind(path=data) from None
        book = ReportBook(path)
        stand = book.stand
        if stand.rules != rules.version:
            book.close()
            raise ReportsBehind(path=data) from None
        return book, from_us(stand.as_of_us)
    try:
        if rebuild:
            path.unlink(missing_ok=True)
        with progress("entries", total=None) as update:
            return open_up_to_date(path, store, rules, now, update), now
    finally:
        store.close()


def _write(
    paper: Paper, form: str, output: Path | None, data: Path, font: Path | None, frozen: bool
) -> None:
    from lienthong_node.reports.snapshot import freeze, frozen_path

    content = _writer(form, font)(paper)
    if frozen:
        path = output or frozen_path(data, paper, _EXTENSIONS.get(form, form))
        sha256 = freeze(path, content, paper)
        click.echo(json.dumps({"file": str(path), "sha256": sha256}, ensure_ascii=False))
    elif output is not None:
        output.write_bytes(content)
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
