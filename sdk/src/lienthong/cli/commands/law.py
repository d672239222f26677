"""``law``: what the axis keeps for an organisation, to be computed with."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lienthong.cli.base import command, session
from lienthong.cli.commands.options import DATE, save
from lienthong.cli.output import facts
from lienthong.errors import InvalidValue
from lienthong.rules.calendar_table import dump_calendar
from lienthong.rules.writing import dump_resolved

if TYPE_CHECKING:
    from lienthong.rules.law import Held

RULE_SET_FILE: Final = "rule-set.toml"
CALENDAR_FILE: Final = "calendar.toml"


@command(
    "law",
    example="""\
lienthong law
lienthong law H53.13 --save luat
lienthong forward-by 2026-11-20T15:00+07:00 --rule-set luat/rule-set.toml \\
  --calendar luat/calendar.toml""",
    parameters=(
        click.argument("code", required=False, metavar="[CODE]"),
        click.option("--on", type=DATE, metavar="DATE", help="The day; today by default."),
        click.option(
            "--save",
            "folder",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="FOLDER",
            help=f"Write them there as {RULE_SET_FILE} and {CALENDAR_FILE}.",
        ),
    ),
)
def law(code: str | None, on: date | None, folder: Path | None) -> None:
    """Show the rule set and calendar that the axis keeps.

    For an organisation, your own by default, with what it takes over from above it. Saved, they
    are files for --rule-set and --calendar of every other command.
    """
    current, words = session(), session().words
    with current.client() as client:
        organ = code or str(client.organ)
        held = client.law(organ, on)
    paths = {} if folder is None else _save(folder, held)
    data = {
        "organ": organ,
        "rule_set": held.rules.version if held.rules else None,
        "calendar": held.table.version if held.table else None,
        "version": held.version,
        **{name: str(path) for name, path in paths.items()},
    }
    rows = [(words(name), data[name]) for name in ("rule_set", "calendar")]
    saved = [("", words("saved", path=path)) for path in paths.values()]
    current.emit(data, lambda: facts([(words("code"), organ), *rows, *saved]))


def _save(folder: Path, held: Held) -> dict[str, Path]:
    """Write what there is; the files by their keys in JSON."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = "a folder, or a new one"
        raise InvalidValue(field=str(folder), found=error.strerror, expected=expected) from error
    paths = {}
    if held.rules is not None:
        paths["rule_set_path"] = folder / RULE_SET_FILE
        save(paths["rule_set_path"], dump_resolved(held.rules).encode())
    if held.table is not None:
        paths["calendar_path"] = folder / CALENDAR_FILE
        save(paths["calendar_path"], dump_calendar(held.table).encode())
    return paths
