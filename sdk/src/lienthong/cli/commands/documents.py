"""``document new``."""

from __future__ import annotations

from pathlib import Path

import click

from lienthong.cli.base import Command, group, session
from lienthong.cli.commands.options import PLACE, save
from lienthong.codec.toml import document_template
from lienthong.errors import InvalidValue

document = group("document", "The data file of a document.")


@click.command(
    "new", cls=Command, example="lienthong document new > document.toml", help="Print an example."
)
@click.option("--out", type=PLACE, help="Write it to this new file instead.")
def new(out: Path | None) -> None:
    current = session()
    text = document_template()
    if out is not None:
        if out.exists():
            raise InvalidValue(field=f"the file {out}", found="there already", expected="a new one")
        save(out, text.encode())
        current.emit({"path": str(out)}, lambda: current.words("saved", path=out))
    elif current.as_json:
        current.emit({"template": text}, lambda: "")
    else:
        click.echo(text, nl=False)


document.add_command(new)
