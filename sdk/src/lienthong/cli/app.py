"""The root command and the places of all others."""

from __future__ import annotations

from typing import Final

import click

from lienthong import __version__
from lienthong.cli.base import Application

PLACES: Final = {
    "send": "sending:send",
    "inbox": "lists:inbox",
    "show": "lists:show",
    "accept": "reports:accept",
    "refuse": "reports:refuse",
    "forward": "reports:forward",
    "start": "reports:start",
    "complete": "reports:complete",
    "reopen": "reports:reopen",
    "take-back": "requests:take_back",
    "recall": "requests:recall",
    "update": "requests:update",
    "replace": "sending:replace",
    "watch": "feeds:watch",
    "history": "lists:history",
    "download": "feeds:download",
    "organisation": "directory:organisation",
    "organisations": "directory:organisations",
    "receipt": "evidence:receipt",
    "bundle": "evidence:bundle",
    "document": "documents:document",
    "plugins": "extending:plugins",
    "completion": "extending:completion",
}
"""Each command with its module and name below ``lienthong.cli.commands``."""

_HELP: Final = """\
Send and receive signed official documents through an axis (trục liên thông).

Every receipt, signature and file is verified before it is shown as good.
"""
_EXAMPLE: Final = """\
export LIENTHONG_PROFILE=/etc/lienthong/h53-13
lienthong inbox
lienthong send document.toml --file main.pdf --to 000.00.13.H53"""

application: Final = Application(
    "lienthong",
    places=PLACES,
    help=_HELP,
    example=_EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
application.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=lambda ctx, _, value: _show_version(ctx) if value else None,
        help="Show the version.",
    )
)


def _show_version(ctx: click.Context) -> None:
    click.echo(f"lienthong {__version__}")
    ctx.exit()
