"""Installed distributions for tests of allow lists: with a RECORD, as installers leave them."""

from __future__ import annotations

import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path


def install_copies(site: Path, packages: Iterable[str]) -> None:
    """Install copies of distributions that may be editable here, in a folder to put on the path.

    Args:
        site: new or empty folder, like ``site-packages``.
        packages: import packages; each is that of a distribution of the same name.
    """
    for package in packages:
        found = distribution(package.replace("_", "-"))
        spec = find_spec(package)
        assert spec is not None  # noqa: S101 - a helper of tests
        assert spec.origin is not None  # noqa: S101 - it is a package
        source = Path(spec.origin).parent
        shutil.copytree(source, site / package, ignore=shutil.ignore_patterns("__pycache__"))
        info = site / f"{package}-{found.version}.dist-info"
        info.mkdir()
        for name in ("METADATA", "entry_points.txt"):
            (info / name).write_text(found.read_text(name) or "", "utf-8")
        write_record(site, info, [site / package, info])


def write_record(site: Path, info: Path, folders: Iterable[Path]) -> None:
    """Write the RECORD of a distribution: every file in *folders*, with hash and size (PEP 376)."""
    record = info / "RECORD"
    rows = [f"{record.relative_to(site).as_posix()},,"]
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and path != record and path.suffix != ".pyc":
            content = path.read_bytes()
            digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{path.relative_to(site).as_posix()},sha256={digest},{len(content)}")
    record.write_text("\n".join(rows) + "\n", "utf-8")
