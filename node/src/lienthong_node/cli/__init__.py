"""The command ``lienthong-node``: each command's work is imported when it is called."""

from __future__ import annotations

import importlib
from typing import Final

import click

COMMANDS: Final = {
    "init": "setup",
    "serve": "serving",
    "status": "serving",
    "org": "organisations",
    "credential": "credentials",
    "audit": "auditing",
    "backup": "auditing",
    "demo": "demonstration",
    "completion": "completion",
}
"""Module of each command, inside this package."""


class LazyGroup(click.Group):
    """Loads a command when it is needed, so that ``--help`` and ``--version`` stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"lienthong_node.cli.{module}"), cmd_name
        )
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lienthong-node", prog_name="lienthong-node")
def cli() -> None:
    """Operate an axis (trục liên thông) for signed official documents.

    \b
    First steps:
      lienthong-node demo                        see the whole of it, in a temporary folder
      lienthong-node init DATA --axis NAME       make a node
      lienthong-node serve DATA                  run it

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """


def main() -> None:
    """Entry point of the console script."""
    cli(prog_name="lienthong-node")
