"""The command ``lienthong-node``: each command's work is imported when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

COMMANDS: Final = {
    "init": ("setup", "Make the data folder of a new node."),
    "serve": ("serving", "Run a node."),
    "status": ("serving", "Ask a running node how it is."),
    "org": ("organisations", "Organisations of the axis."),
    "credential": ("credentials", "Certificates bound to organisations."),
    "rules": ("rule_sets", "Rule sets that the axis keeps."),
    "calendar": ("calendars", "Work calendars that the axis keeps."),
    "audit": ("auditing", "Check what a node has stored."),
    "check-history": ("histories", "Judge what clients recorded: lost, doubled, altered, skipped?"),
    "report": ("reporting", "Reports and registers that the regulations want."),
    "backup": ("auditing", "Copy records and files, also while the node runs."),
    "file-report": ("file_reports", "What the node found of the signatures in a package's files."),
    "timestamps": ("timestamps", "Time-stamps of the journal: how they stand, renewing them."),
    "restore": ("restoring", "Let a node sign on from records that were restored."),
    "plugins": ("extending", "The plugins that the node may load."),
    "demo": ("demonstration", "Play one document's whole life, and prove it offline."),
    "completion": ("completion", "Print the completion script for a shell."),
}
"""Module of each command inside this package, and its summary: help imports none of them."""


class LazyGroup(click.Group):
    """Loads a command when it is needed, so that ``--help`` and ``--version`` stay quick."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run; what is wrong with the options themselves is told as JSON too, if that is wanted."""
        arguments = list(sys.argv[1:] if args is None else args)
        if "--json" not in arguments:
            return super().main(arguments, *rest, **extra)
        try:
            code = super().main(arguments, *rest, **(extra | {"standalone_mode": False}))
        except click.ClickException as error:
            from lienthong_node.cli.common import fail_usage

            fail_usage(error)
        except click.Abort:
            code = 1
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _ = COMMANDS.get(cmd_name, (None, None))
        if module is None:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"lienthong_node.cli.{module}"), cmd_name.replace("-", "_")
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    package_name="lienthong-node", prog_name="lienthong-node", message="%(prog)s %(version)s"
)
def cli() -> None:
    """Operate an axis (trục liên thông) for signed official documents.

    \b
    First steps:
      lienthong-node demo                        see the whole of it
      lienthong-node init DATA --axis NAME       make a node
      lienthong-node serve DATA                  run it

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """


def main() -> None:
    """Entry point of the console script."""
    cli(prog_name="lienthong-node")
