"""``lienthong-node audit`` and ``backup``."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from lienthong.errors import ConfigInvalid
from lienthong.evidence.note import VerifierKey
from lienthong_node.cli.common import (
    checkpoint_option,
    data_argument,
    json_option,
    progress,
    reporting,
    show,
)
from lienthong_node.settings import load_settings


@click.group()
def audit() -> None:
    """Check a node's store against itself and against published checkpoints."""


@audit.command()
@data_argument
@click.option("--files/--no-files", default=True, show_default=True, help="Read every file too.")
@checkpoint_option
@click.option(
    "--axis-key",
    metavar="KEY|FILE",
    help="The axis's verifier key, or a file with it; needed for backups, which hold no keys.",
)
@json_option
@reporting
def verify(
    data: Path, files: bool, checkpoints: tuple[Path, ...], axis_key: str | None, as_json: bool
) -> None:
    """Verify the store of DATA (of a node that is not running, or of a backup).

    Entries, Merkle tree, checkpoint signatures, envelopes, states of deliveries, files: the first
    thing that is wrong is named.

    \b
    Example:
      lienthong-node audit verify /var/lib/truc --checkpoint published.txt
    """
    from lienthong_node.audit import Audited, check_head_file, check_kept
    from lienthong_node.audit import audit as run_audit
    from lienthong_node.opening import open_for_audit
    from lienthong_node.verification.places import report_folder

    with (
        open_for_audit(data, known_key(data, axis_key)) as (store, blobs, key),
        progress("entries", total=None) as update,
    ):
        done = Audited(entries=0, total=0)
        reports = report_folder(data) if files else None
        for done in run_audit(store, key, blobs if files else None, reports):
            update(done.entries, done.total)
        check_head_file(store, key, data)
        for checkpoint in checkpoints:
            check_kept(store, key, checkpoint.read_bytes())
    show(
        {"entries": done.entries, "files": done.files, "ok": True},
        f"ok: {done.entries} entries and {done.files} files verified",
        as_json=as_json,
    )


@audit.command("log")
@data_argument
@click.option("--known", metavar="HASH", default="", help="A newest hash that was noted before.")
@json_option
@reporting
def log_(data: Path, known: str, as_json: bool) -> None:
    """Verify the chain of the security log of DATA, also while the node runs.

    Note the newest hash outside of this machine: given as --known next time, it shows whether the
    end of the log was cut off or written anew.

    \b
    Example:
      lienthong-node audit log /var/lib/truc
    """
    from lienthong_node.security_log import FILE_NAME, check_log

    load_settings(data)
    found = check_log(data / FILE_NAME, known=known)
    show(
        {"lines": found.lines, "newest": found.newest, "ok": True},
        f"ok: {found.lines} lines, newest hash {found.newest}",
        as_json=as_json,
    )


def known_key(data: Path, given: str | None) -> str | None:
    """The key that was given, if it is one of this axis; None where the folder has its own.

    Raises:
        ConfigInvalid: there is none, or another axis's would make sound data look damaged.
    """
    settings = load_settings(data)
    if given is None:
        if settings.checkpoint_key.startswith("softkey:keys/") and not (data / "keys").exists():
            expected = "the axis's verifier key: this folder holds no keys, as backups do not"
            raise ConfigInvalid(file=data, key="--axis-key", found="missing", expected=expected)
        return None
    key = read_key(given)
    if key.name != settings.axis:
        expected = f"a key of {settings.axis}"
        raise ConfigInvalid(file=data, key="--axis-key", found=key.name, expected=expected)
    return str(key)


def read_key(given: str) -> VerifierKey:
    """A verifier key, or the one in a file.

    Raises:
        InvalidValue: it is no key.
    """
    text = Path(given).read_text("utf-8", errors="replace") if _is_file(given) else given
    return VerifierKey.parse(text.strip())


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:
        # A key's text may be longer than a file's name can be.
        return False


@click.command()
@data_argument
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="New folder; else DATA/backups/…"
)
@json_option
@reporting
def backup(data: Path, target: Path | None, as_json: bool) -> None:
    """Copy records and files of DATA, also while the node runs. Keys are not copied.

    \b
    Example:
      lienthong-node backup /var/lib/truc --to /mnt/backup/2026-11-22
    """
    from lienthong_node.admin_port import administration

    if target is not None and target.exists():
        raise ConfigInvalid(file=target, key="--to", found="there already", expected="a new folder")
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    with administration(data) as admin, progress("files", total=None) as update:
        made = Path()
        for files, path in admin.backup(name):
            update(files, None)
            made = path or made
    if target is not None:
        shutil.move(made, target)
        made = target
    show({"backup": str(made)}, f"backup written to {made}", as_json=as_json)
