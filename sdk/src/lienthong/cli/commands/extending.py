"""``plugins list`` and ``completion``."""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text

from lienthong.cli.base import command, group, session
from lienthong.cli.output import table
from lienthong.plugins import PluginHost, describe

plugins = group("plugins", "Plugins: signers, stores, verifiers and the rest.")


@command(
    "list",
    example="lienthong plugins list --json",
    parameters=(
        click.option(
            "--no-probe", is_flag=True, help="Only what is announced; load and check nothing."
        ),
    ),
)
def list_all(no_probe: bool) -> None:
    """List installed plugins with their state; a broken one is named and harms no other."""
    current, words = session(), session().words
    with PluginHost() as host:
        found = describe(host, probe=not no_probe, language=current.language)
    keys = ("kind", "name", "state", "distribution", "version", "problem")

    def render(rows: list[Any]) -> Any:
        if not rows:
            return Text(words("no_plugins"))
        shown = [[row[key] for key in keys] for row in rows]
        return table([words(key) for key in keys], shown, long=(5,))

    current.emit_rows(iter(found), render)


plugins.add_command(list_all)


@command(
    "completion",
    example="""\
lienthong completion bash > /etc/bash_completion.d/lienthong
lienthong completion fish > ~/.config/fish/completions/lienthong.fish""",
    parameters=(click.argument("shell", type=click.Choice(["bash", "zsh", "fish"])),),
)
def completion(shell: str) -> None:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    current = session()
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - one of click's own
    root = click.get_current_context().find_root().command
    script = kind(root, {}, "lienthong", "_LIENTHONG_COMPLETE").source()
    if current.as_json:
        current.emit({"shell": shell, "script": script}, lambda: "")
    else:
        click.echo(script)
