"""``lienthong-node demo``: the main job."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from lienthong_node.cli.common import json_option, language, reporting


@click.command()
@click.option(
    "--file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The document to send; a sample of ours without it.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="New or empty folder for the evidence; lienthong-demo-… here without it.",
)
@json_option
@reporting
def demo(file: Path | None, out: Path | None, as_json: bool) -> None:
    """Play one document's whole life on a real node on this machine, and prove it offline.

    Four organisations of Tây Ninh get credentials; A sends a document to B, C and D; B handles
    it, C refuses, D accepts and is recalled, a replacement follows. Then the node stops and a
    separate process verifies the evidence.

    \b
    Example:
      lienthong-node demo --file decision.pdf --out evidence
    """
    from lienthong.model.time import vietnam_date
    from lienthong_node.demo import view
    from lienthong_node.demo.play import ANCHORS, BUNDLE, KEY, perform
    from lienthong_node.demo.timeline import Line, Timeline
    from lienthong_node.demo.words import Speech

    if file is not None and not file.is_file():
        raise click.UsageError(f"{file} is no regular file")
    now = datetime.now(UTC)
    folder = out or Path(f"lienthong-demo-{now:%Y%m%dT%H%M%SZ}")
    speech = Speech(language())

    def say(text: str) -> None:
        click.echo(f"… {text}", err=True)

    def show_line(line: Line) -> None:
        say(f"{line.who.label}: {line.what}")

    timeline = Timeline(show=show_line)
    outcome = perform(file, folder, timeline, say, speech, vietnam_date(now))
    if as_json:
        report = {
            "package_id": str(outcome.package_id),
            "timeline": timeline.data(),
            "bundle": str(folder / BUNDLE),
            "verified": outcome.verified,
        }
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    command = view.verify_command(folder / BUNDLE, folder / KEY, folder / ANCHORS)
    view.show(timeline, outcome.verified, command, speech)
