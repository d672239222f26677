"""``register``: the registers of an office whose system has none."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli.base import Command, group, session
from lienthong.cli.commands.options import (
    DATE,
    ORGAN,
    PLACE,
    REGISTER,
    loaded_rule_set,
    rule_set_option,
    save,
)
from lienthong.cli.output import good, safe, table
from lienthong.codec.json import to_data
from lienthong.errors import InvalidValue, LineUnknown
from lienthong.model.ids import OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.time import vietnam_date
from lienthong.registers import Line, Register, RegisterBook
from lienthong.registers.columns import (
    FollowUpRow,
    IncomingRow,
    OutgoingRow,
    Row,
    as_csv,
    cells,
    titles,
)
from lienthong.registers.file import is_database
from lienthong.registers.lines import follow_up_row, incoming_row, outgoing_row
from lienthong.registers.numbering import written_code
from lienthong.rules.sections.numbering import Numbering

register = group("register", "Registers of documents and their numbers.")


class Printed(enum.Enum):
    """What can be printed."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    FOLLOW_UP = "follow-up"


_FORMS: Final[dict[Printed, tuple[Register, type[Row], Callable[[Line], Row]]]] = {
    Printed.OUTGOING: (Register.OUTGOING, OutgoingRow, outgoing_row),
    Printed.INCOMING: (Register.INCOMING, IncomingRow, incoming_row),
    Printed.FOLLOW_UP: (Register.INCOMING, FollowUpRow, follow_up_row),
}
_LONG: Final = (2, 4, 5)

_book_option: Final = click.option(
    "--register",
    "book",
    type=REGISTER,
    metavar="BOOK",
    required=True,
    envvar="LIENTHONG_REGISTER",
    show_envvar=True,
    help='The register book; "lienthong register new" begins one.',
)
_for_option: Final = click.option(
    "--for",
    "organ",
    type=ORGAN,
    metavar="CODE",
    help="Whose register; that of the profile's organisation by default.",
)
_which: Final = click.argument("which", type=click.Choice([one.value for one in Printed]))
_year_option: Final = click.option("--year", type=click.IntRange(1900, 9998), help="Only of it.")


@click.command(
    "new",
    cls=Command,
    example="lienthong register new registers.db",
    help="Begin a register book in a new file.",
)
@click.argument("path", type=PLACE, metavar="BOOK")
def new(path: Path) -> None:
    current = session()
    with RegisterBook.create(path):
        current.emit({"path": str(path)}, lambda: good(current.words("saved", path=path)))


@click.command(
    "number",
    cls=Command,
    example="""\
lienthong register number draft-17 --kind QUYET_DINH --notation QĐ-UBND --for H53""",
    help="""Take the next number for a document.

KEY names the document in your system: asking again gives the same number. The number is reserved
until "lienthong send --register" has used it, or "register cancel" gives it up.""",
)
@click.argument("key", metavar="KEY")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in DocumentKind], case_sensitive=False),
    required=True,
    metavar="KIND",
    help="Kind of document: QUYET_DINH, CONG_VAN …",
)
@click.option("--notation", required=True, metavar="TEXT", help="Ký hiệu, such as QĐ-UBND.")
@click.option("--date", "day", type=DATE, help="Day of the number; today in Vietnam.")
@click.option(
    "--body", default="", metavar="NAME", help="The council, board or other body that issues it."
)
@_for_option
@_book_option
@rule_set_option
def number(
    key: str,
    kind: str,
    notation: str,
    day: date | None,
    body: str,
    organ: OrganId | None,
    book: Path,
    rule_set: str,
) -> None:
    rules, now = loaded_rule_set(rule_set).numbering, datetime.now(UTC)
    with RegisterBook(book, rules) as opened:
        line = opened.take_number(
            key,
            organ=_own(organ),
            kind=DocumentKind(kind),
            notation=notation,
            on=now,
            day=day,
            body=body,
        )
    _show(line, rules)


@click.command(
    "list",
    cls=Command,
    example="""\
lienthong register list outgoing --year 2026
lienthong register list incoming --for H53.13 --json""",
    help="Show a register, also what is reserved or cancelled.",
)
@_which
@_for_option
@_year_option
@_book_option
def list_lines(which: str, organ: OrganId | None, year: int | None, book: Path) -> None:
    current = session()
    lines, kind, row_of = _found(which, organ, year, book)
    current.emit_rows(
        (to_data(line) for line in lines), lambda _: _as_table(kind, map(row_of, lines))
    )


@click.command(
    "export",
    cls=Command,
    example="lienthong register export incoming --year 2026 --out 2026.csv",
    help="Write a register as CSV, with the columns of NĐ 30/2020 PL IV.",
)
@_which
@_for_option
@click.option("--year", type=click.IntRange(1900, 9998), help="This year by default.")
@click.option("--out", type=PLACE, required=True, help="The file to write.")
@_book_option
def export(which: str, organ: OrganId | None, year: int | None, out: Path, book: Path) -> None:
    current = session()
    _check_place(out)
    wanted = year or vietnam_date(datetime.now(UTC)).year
    lines, kind, row_of = _found(which, organ, wanted, book)
    save(out, as_csv(kind, map(row_of, lines)))
    data = {"path": str(out), "lines": len(lines)}
    current.emit(data, lambda: good(current.words("saved", path=out)))


@click.command(
    "cancel",
    cls=Command,
    example='lienthong register cancel draft-17 --reason "không ban hành"',
    help="""Give a reserved number up; its line stays in the register, with the reason.

Only that of a document to be issued: what became of an arrival number "lienthong accept" finds out
when it is repeated.""",
)
@click.argument("key", metavar="KEY")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@_for_option
@_book_option
def cancel(key: str, reason: str, organ: OrganId | None, book: Path) -> None:
    with RegisterBook(book) as opened:
        line = opened.find(Register.OUTGOING, key, _own(organ))
        if line is None:
            raise LineUnknown(what=key)
        done = opened.cancel(line, reason)
    _show(done, Numbering())


@click.command(
    "seal",
    cls=Command,
    example="lienthong register seal --for H53.12 --on 2025-07-01 --successor H53.14",
    help="""Close the registers of an organisation that ends, from a day on.

The successor's begin at 01, unless the rule set denies numbering.reset_on_reorganisation. An
organisation that keeps its code through a merger is its own successor.""",
)
@click.option("--for", "organ", type=ORGAN, metavar="CODE", required=True, help="Whose registers.")
@click.option("--on", "day", type=DATE, required=True, help="First day without them.")
@click.option("--successor", type=ORGAN, metavar="CODE", help="Who takes over.")
@_book_option
@rule_set_option
def seal(organ: OrganId, day: date, successor: OrganId | None, book: Path, rule_set: str) -> None:
    current = session()
    with RegisterBook(book, loaded_rule_set(rule_set).numbering) as opened:
        opened.seal(organ, day, successor)
    data = {"organ": str(organ), "sealed_on": day.isoformat(), "successor": str(successor or "")}
    current.emit(data, lambda: good(current.words("register_sealed", organ=organ, day=day)))


@click.command(
    "unseal",
    cls=Command,
    example="lienthong register unseal --for H53.12",
    help="Take the last seal of an organisation back, while nothing was entered from its day on.",
)
@click.option("--for", "organ", type=ORGAN, metavar="CODE", required=True, help="Whose registers.")
@_book_option
def unseal(organ: OrganId, book: Path) -> None:
    current = session()
    with RegisterBook(book) as opened:
        opened.unseal(organ)
    current.emit(
        {"organ": str(organ)}, lambda: good(current.words("register_unsealed", organ=organ))
    )


for _command in (new, number, list_lines, export, cancel, seal, unseal):
    register.add_command(_command)


def _own(organ: OrganId | None) -> OrganId:
    return session().load_profile().organ if organ is None else organ


def _check_place(out: Path) -> None:
    """A register book, or any other database, is never written over.

    Raises:
        InvalidValue: the place is one.
    """
    with suppress(OSError):
        if is_database(out):
            found, expected = "a register book or other database", "another file"
            raise InvalidValue(field=f"the file {out}", found=found, expected=expected)


def _found(
    which: str, organ: OrganId | None, year: int | None, book: Path
) -> tuple[tuple[Line, ...], type[Row], Callable[[Line], Row]]:
    kept, kind, row_of = _FORMS[Printed(which)]
    with closing(RegisterBook(book)) as opened:
        lines = opened.lines(kept, _own(organ), year)
    if kind is FollowUpRow:
        lines = tuple(line for line in lines if line.number is not None)
    return lines, kind, row_of


def _show(line: Line, rules: Numbering) -> None:
    current = session()
    code = "" if line.code is None else written_code(line.code, rules)
    data: dict[str, Any] = {"number": str(line.entry.written or line.number), "code": code}

    def view() -> RenderableType:
        state = current.words.label(line.state)
        more = " · ".join(filter(None, (code, f"{line.day:%d/%m/%Y}", state)))
        return Group(good(str(data["number"])), Text(safe(more), style="dim"))

    current.emit(data | {"line": to_data(line)}, view)


def _as_table(kind: type[Row], rows: Iterable[Row]) -> RenderableType:
    shown = [tuple(map(str, cells(row))) for row in rows]
    return table(titles(kind), shown, long=_LONG)
