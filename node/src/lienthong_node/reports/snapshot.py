"""Reports as files: whole or not there. A frozen one is written once, with what it was made by."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from lienthong.errors import ReportFrozen
from lienthong_node.reports.paper import Paper

FOLDER: Final = "reports"
_READ_ONLY: Final = 0o444


def frozen_path(folder: Path, paper: Paper, extension: str) -> Path:
    """Where the frozen report of an organisation and period lies in a data folder."""
    name = "-".join((paper.kind, paper.organ_id, paper.period, *paper.reach))
    return folder / FOLDER / f"{name}.{extension}"


def freeze(path: Path, content: bytes, paper: Paper) -> str:
    """Write a report and beside it what proves it; returns its SHA-256.

    Raises:
        ReportFrozen: one of the two is there already; nothing was changed.
    """
    proof = path.with_name(f"{path.name}.sha256.json")
    sha256 = hashlib.sha256(content).hexdigest()
    for known in (path, proof):
        if known.exists():
            raise ReportFrozen(path=path, sha256=_hash_of(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    description = {
        "file": path.name,
        "sha256": sha256,
        "kind": paper.kind,
        "organ_id": paper.organ_id,
        "period": paper.period,
        "first": paper.first,
        "last": paper.last,
        "reach": paper.reach,
        "source": dict(paper.source),
    }
    text = json.dumps(description, ensure_ascii=False, indent=2) + "\n"
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        # Both are whole before one of them is there.
        parts = [
            _written(Path(folder), made.name, data)
            for made, data in ((proof, text.encode()), (path, content))
        ]
        try:
            proof.hardlink_to(parts[0])
            try:
                path.hardlink_to(parts[1])
            except BaseException:
                proof.unlink()
                raise
        except FileExistsError as error:
            raise ReportFrozen(path=path, sha256=_hash_of(path)) from error
    return sha256


def write_whole(path: Path, content: bytes) -> None:
    """Write a report, over another one if there is one; that one stays until this one is whole."""
    if path.exists() and not path.is_file():
        # A pipe or a device, which cannot be replaced.
        path.write_bytes(content)
        return
    # What a link points to is replaced, not the link.
    target = path.resolve()
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        part = _synced(Path(folder), target.name, content)
        if target.exists():
            part.chmod(target.stat().st_mode)
        part.replace(target)


def _written(folder: Path, name: str, content: bytes) -> Path:
    """A file that lies on the disk, read only."""
    path = _synced(folder, name, content)
    path.chmod(_READ_ONLY)
    return path


def _synced(folder: Path, name: str, content: bytes) -> Path:
    """A file that lies on the disk."""
    path = folder / name
    with path.open("xb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return path


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "?"
