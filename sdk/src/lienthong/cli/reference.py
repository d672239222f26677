"""The reference page of the command line, made from the commands themselves.

``python -m lienthong.cli.reference`` prints it; a test keeps ``docs/reference/cli.md`` fresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from lienthong.cli.app import application
from lienthong.cli.failures import ExitCode

_HEAD: Final = """\
# Command line `lienthong`

Installed with the extra: `pip install 'lienthong[cli]'`. Generated from the commands; do not edit.

`--profile`, `--json` and `--lang` may stand before or after a command's name. With `--json` the
result is one JSON object, or one a line where there are several, on standard output and nothing
else; errors are one JSON object on standard error. Without it, colours are off when the output is
no terminal or `NO_COLOR` is set, times are Vietnamese, and progress goes to standard error.

## Exit codes

| code | meaning | ý nghĩa |
|---:|---|---|"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([_HEAD, *_exit_codes(), "", "## Commands", *_commands()])


def _exit_codes() -> Iterator[str]:
    for code in ExitCode:
        english, vietnamese = code.meaning
        yield f"| {code.value} | {english} | {vietnamese} |"


def _commands() -> Iterator[str]:
    for context in walk(root_context()):
        yield f"\n### `{context.command_path}`\n"
        yield "```text"
        yield context.get_help()
        yield "```"


def root_context() -> click.Context:
    """The context in which all commands are found."""
    names = ["-h", "--help"]
    return click.Context(
        application, info_name="lienthong", max_content_width=100, help_option_names=names
    )


def walk(parent: click.Context) -> Iterator[click.Context]:
    """Contexts of all commands that do something, in the order of the help."""
    group = parent.command
    assert isinstance(group, click.Group)  # noqa: S101 - only groups are walked
    for name in group.list_commands(parent):
        found = group.get_command(parent, name)
        if found is None:
            continue
        context = click.Context(
            found, parent=parent, info_name=name, terminal_width=100, max_content_width=100
        )
        if isinstance(found, click.Group):
            yield from walk(context)
        else:
            yield context


if __name__ == "__main__":
    print(page())
