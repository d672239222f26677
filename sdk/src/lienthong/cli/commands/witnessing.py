"""``witness``: keeping the axis's checkpoints, comparing them, checking evidence of a fork."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Group
from rich.text import Text

from lienthong.cli.base import command, group, session
from lienthong.cli.commands.keys import key_option, read_key, read_limited
from lienthong.cli.commands.options import EXISTING, PLACE
from lienthong.cli.failures import ExitCode
from lienthong.cli.output import facts, good, local_time
from lienthong.cli.texts import Words
from lienthong.codec.json import to_data
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.fork import MAX_FORK_BYTES, load_fork, verify_fork
from lienthong.evidence.parts import unverified_checkpoint
from lienthong.evidence.witness import MAX_WITNESS_BYTES, Comparison, Kept, load_kept
from lienthong.evidence.witness import compare as compare_kept

witness = group("witness", "Keep and compare the axis's checkpoints.")

_evidence_option = click.option(
    "--evidence", type=PLACE, help="Where evidence of a fork goes; FILE.fork.json by default."
)


@command(
    "keep",
    example="lienthong witness keep /var/lib/witness/truc.jsonl",
    parameters=(click.argument("file", type=PLACE), _evidence_option),
)
def keep(file: Path, evidence: Path | None) -> None:
    """Ask for the newest checkpoint, prove that it continues those kept in FILE, and keep it.

    Run it every hour or so. When the axis does not continue what it has signed, FILE stays as it
    is, the evidence is written, and the exit code is 6.
    """
    current, words = session(), session().words
    with current.client() as client:
        done = client.witness(file, evidence=evidence)
    found = {"added": done.added, "kept": done.kept, **_checkpoint_data(done.checkpoint)}
    text = words(
        "checkpoint_added" if done.added else "checkpoint_known",
        axis=done.checkpoint.origin,
        size=done.checkpoint.size,
    )
    current.emit(found, lambda: good(text))


@command(
    "compare",
    example="""\
lienthong witness compare truc.jsonl from-h53-13.jsonl
lienthong witness compare truc.jsonl gazette.txt --axis-key axis.key --offline""",
    parameters=(
        click.argument("files", type=EXISTING, nargs=-1, required=True, metavar="FILE..."),
        key_option,
        click.option("--offline", is_flag=True, help="Do not ask the axis for missing proofs."),
        _evidence_option,
    ),
)
@click.pass_context
def compare(
    ctx: click.Context,
    files: tuple[Path, ...],
    axis_key: str | None,
    offline: bool,
    evidence: Path | None,
) -> None:
    """Compare what several witnesses have kept, or published checkpoints.

    Two histories are shown as such, with evidence, and exit code 6. With a profile the axis is
    asked for the proofs that the files do not hold; without, or with --offline, the exit code is 5
    when such proofs are missing.
    """
    current = session()
    if current.profile is None or offline or axis_key is not None:
        found = _compare_offline(files, axis_key, evidence)
    else:
        with current.client() as client:
            found = client.compare_witnesses(files, evidence=evidence)
    current.emit(_comparison_data(found), lambda: _comparison_view(current.words, found))
    if not found.agreed:
        ctx.exit(ExitCode.ENVIRONMENT)


@command(
    "verify",
    example="lienthong witness verify truc.jsonl.fork.json --axis-key axis.key",
    parameters=(
        click.argument("file", metavar="EVIDENCE", type=EXISTING),
        key_option,
    ),
)
def verify(file: Path, axis_key: str | None) -> None:
    """Verify evidence of a fork offline, with nothing but the axis's public key."""
    current, words = session(), session().words
    found = verify_fork(load_fork(read_limited(file, MAX_FORK_BYTES)), read_key(axis_key))
    kind = found.fork.kind
    proves = kind.proves[current.language]
    shown = {
        "verified": True,
        "kind": kind.value,
        "conclusive": kind.conclusive,
        "proves": proves,
        "found_at": to_data(found.fork.found_at),
        "older": _checkpoint_data(found.older),
        "newer": _checkpoint_data(found.newer),
    }
    rows = [
        (words("axis"), found.older.origin),
        (words("kind"), kind.value),
        (words("time"), local_time(found.fork.found_at)),
        (words("checkpoint"), f"{found.older.size}  {found.older.root.hex()}"),
        (words("checkpoint"), f"{found.newer.size}  {found.newer.root.hex()}"),
    ]
    text = words("evidence_holds", proves=proves)
    current.emit(shown, lambda: Group(facts(rows), Text(), good(text)))


witness.add_command(keep)
witness.add_command(compare)
witness.add_command(verify)


def _compare_offline(
    files: tuple[Path, ...], axis_key: str | None, evidence: Path | None
) -> Comparison:
    """Compare what the files hold by itself.

    Raises:
        JournalForked: the axis has signed two histories; the evidence was written.
    """
    key = read_key(axis_key)
    from lienthong.client.witnessing import check_kept, evidence_path, forked, write_evidence

    kept: list[Kept] = []
    for file in files:
        own = load_kept(read_limited(file, MAX_WITNESS_BYTES))
        check_kept(file, own)
        kept += own
    found = compare_kept(kept, key, at=datetime.now(UTC))
    if found.fork is not None:
        place = write_evidence(found.fork, evidence_path(files[0], evidence))
        raise forked(found.fork, key.name, place)
    return found


def _checkpoint_data(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"axis": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}


def _comparison_data(found: Comparison) -> dict[str, Any]:
    return {
        "agreed": found.agreed,
        "checkpoints": len(found.sizes),
        "size": found.sizes[-1],
        "unproven": [unverified_checkpoint(item.checkpoint).size for item in found.unproven],
    }


def _comparison_view(words: Words, found: Comparison) -> Text:
    if found.agreed:
        return good(words("checkpoints_agree", count=len(found.sizes), size=found.sizes[-1]))
    sizes = ", ".join(str(size) for size in _comparison_data(found)["unproven"])
    return Text(words("checkpoints_open", size=found.sizes[-1], sizes=sizes))
