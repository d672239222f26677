"""``lienthong-node check-history``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lienthong_node.cli.auditing import known_key, read_key
from lienthong_node.cli.common import FAILED, json_option, reporting, show

if TYPE_CHECKING:
    from lienthong_node.history import Journal

_FILE: Final = click.Path(dir_okay=False, exists=True, path_type=Path)
_SHOWN: Final = 50
"""Findings that people are shown; programs get all."""


@click.command("check-history")
@click.argument("history", type=_FILE)
@click.option(
    "--data",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Data folder of a node that is not running, or a backup: judge against its journal.",
)
@click.option("--bundle", type=_FILE, help="An evidence bundle: judge against this case of it.")
@click.option(
    "--axis-key",
    metavar="KEY|FILE",
    help="The axis's verifier key, or a file with it; needed for backups and bundles.",
)
@click.option("--anchors", type=_FILE, help="PEM file of trusted authorities; needed for bundles.")
@json_option
@reporting
def check_history(
    history: Path,
    data: Path | None,
    bundle: Path | None,
    axis_key: str | None,
    anchors: Path | None,
    as_json: bool,
) -> None:
    """Judge a history that clients recorded: was anything lost, doubled, altered or skipped?

    HISTORY is a file of JSON lines. It is judged by itself, and against the journal with --data or
    --bundle. Ends with exit code 1 when a promise was broken.

    \b
    Example:
      lienthong-node check-history load.jsonl --data /var/lib/truc
    """
    from lienthong_node.history import judge, read_events

    if data is not None and bundle is not None:
        raise click.UsageError("--data and --bundle exclude each other")
    events = read_events(history)
    journal = _journal(data, bundle, axis_key, anchors)
    findings = judge(events, journal)
    entries = len(journal.entries) if journal is not None else 0
    if findings:
        lines = [str(finding) for finding in findings[:_SHOWN]]
        lines += [f"and {len(findings) - _SHOWN} more"] if len(findings) > _SHOWN else []
        text = "\n".join([*lines, f"BROKEN: {len(findings)} findings in {len(events)} events"])
    else:
        text = f"ok: {len(events)} events against {entries} entries, every promise kept"
    report = {
        "ok": not findings,
        "events": len(events),
        "entries": entries,
        "findings": [
            {"promise": one.promise.name, "line": one.line, "text": one.text} for one in findings
        ],
    }
    show(report, text, as_json=as_json)
    if findings:
        click.get_current_context().exit(FAILED)


def _journal(
    data: Path | None, bundle: Path | None, axis_key: str | None, anchors: Path | None
) -> Journal | None:
    from lienthong.pki.chain import TrustAnchors
    from lienthong_node.history import read_bundle, read_journal

    if data is not None:
        return read_journal(data, known_key(data, axis_key))
    if bundle is None:
        return None
    if axis_key is None or anchors is None:
        raise click.UsageError("--bundle needs --axis-key and --anchors")
    with bundle.open("rb") as source:
        trusted = TrustAnchors.from_pem(anchors.read_bytes())
        return read_bundle(source, read_key(axis_key), trusted)
