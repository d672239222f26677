"""``document new``."""

from __future__ import annotations

from pathlib import Path

import click

from lienthong.cli.base import Command, group, session
from lienthong.cli.commands.options import PLACE, save
from lienthong.codec.toml import document_template

document = group("document", "The data file of a document.")


@click.command(
    "new", cls=Command, example="lienthong document new > document.toml", help="Print an example."
)
@click.option("--out", type=PLACE, help="Write it to this file instead.")
def new(out: Path | None) -> None:
    current = session()
    text = document_template()
    if out is not None:
        save(out, text.encode())
        current.emit({"path": str(out)}, lambda: current.words("saved", path=out))
    elif current.as_json:
        current.emit({"template": text}, lambda: "")
    else:
        click.echo(text, nl=False)


document.add_command(new)
