"""``lienthong-node plugins``: which plugins the node may load."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click

from lienthong.errors import ConfigInvalid
from lienthong.plugins import AllowList, discover
from lienthong_node.cli.common import data_argument, json_option, reporting, show
from lienthong_node.opening import plugin_host
from lienthong_node.settings import ALLOW_LIST, FILE_NAME, load_settings


@click.group()
def plugins() -> None:
    """Allow list of plugins, by digest of all their files."""


@plugins.command()
@data_argument
@json_option
@reporting
def lock(data: Path, as_json: bool) -> None:
    """Write the allow list: the installed plugins as they are now, which you have reviewed.

    The setting plugin_allow_list names the file; while it is empty, nothing is refused.

    \b
    Example:
      lienthong-node plugins lock /var/lib/truc
    """
    named = load_settings(data).plugin_allow_list
    target = data / (named or ALLOW_LIST)
    allowed = AllowList.of(discover())
    _replace(target, allowed.dump())
    lines = [f"{e.sha256} {e.distribution} {e.version}" for e in allowed.entries]
    lines.append(f"locked {len(allowed.entries)} distributions in {target}")
    if not named:
        lines.append(f'next: write plugin_allow_list = "{ALLOW_LIST}" into {data / FILE_NAME}')
    entries = [
        {"distribution": e.distribution, "version": e.version, "sha256": e.sha256}
        for e in allowed.entries
    ]
    outcome = {"file": str(target), "locked": entries, "in_force": bool(named)}
    show(outcome, "\n".join(lines), as_json=as_json)


@plugins.command()
@data_argument
@json_option
@reporting
def check(data: Path, as_json: bool) -> None:
    """Check installed plugins against the allow list; nothing of them is imported.

    The first one that the node would refuse is named, and the exit code is 1.

    \b
    Example:
      lienthong-node plugins check /var/lib/truc
    """
    settings = load_settings(data)
    if not settings.plugin_allow_list:
        expected = "the file that 'lienthong-node plugins lock' writes"
        raise ConfigInvalid(
            file=data / FILE_NAME, key="plugin_allow_list", found="empty", expected=expected
        )
    with plugin_host(data, settings) as host:
        found = host.listing()
    for info in found:
        if info.problem is not None:
            raise info.problem
    named = [f"{i.kind.name.lower()}:{i.name} of {i.distribution} {i.version}" for i in found]
    text = "\n".join([*named, f"ok: {len(found)} plugins are as they were locked"])
    show({"plugins": named, "ok": True}, text, as_json=as_json)


def _replace(target: Path, text: str) -> None:
    """Write a file whole or not at all: half a list would keep the node from starting."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_text(text, "utf-8")
        fresh.replace(target)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
