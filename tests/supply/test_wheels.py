"""P-03: the same sources give the same wheels, wherever and whenever they are built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from tests.supply.conftest import EPOCH, ROOT

SURROUNDINGS: Final = {
    "SOURCE_DATE_EPOCH": EPOCH,
    "PYTHONHASHSEED": "7",
    "TZ": "Asia/Ho_Chi_Minh",
    "LC_ALL": "C.UTF-8",
}
SOURCES: Final = ("src", "pyproject.toml", "README.md", "LICENSE")
LATER: Final = 1_800_000_000


def copy(member: Path, target: Path) -> None:
    """The sources of a member at another place, with other times and modes of files."""
    target.mkdir(parents=True)
    for name in SOURCES:
        source = member / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target / name, ignore=ignored, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target / name)
    for path in target.rglob("*"):
        os.utime(path, (LATER, LATER))
        path.chmod(0o700 if path.is_dir() else 0o600)


def build_again(member: Path, folder: Path, **surroundings: str) -> bytes:
    """The wheel of a copy, built by the backend itself in other surroundings."""
    sources, out = folder / "sources", folder / "out"
    copy(member, sources)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    environment = os.environ | SURROUNDINGS | surroundings
    subprocess.run(
        command, cwd=sources, env=environment, check=True, capture_output=True, timeout=120
    )
    [made] = out.glob("*.whl")
    return made.read_bytes()


def different(first: Path, again: bytes) -> bool:
    return sha256(first.read_bytes()).digest() != sha256(again).digest()


def test_wheels_built_twice_are_the_same(
    wheels: dict[str, Path], tmp_path: Path, figure: Any
) -> None:
    from lock import members

    folders = {path.parent.name: path.parent for path in members()}
    assert len(folders) == len(wheels)
    unlike = []
    for name, folder in folders.items():
        again = build_again(folder, tmp_path / name)
        [first] = [path for path in wheels.values() if _project(folder) in path.name]
        if different(first, again):
            unlike.append(name)
    same = len(folders) - len(unlike)
    figure("P-03", wanted="every wheel byte-identical", found=f"{same} of {len(folders)} identical")
    assert unlike == []


@pytest.mark.planted("build time in the wheel")
def test_other_moment_would_be_found(wheels: dict[str, Path], tmp_path: Path) -> None:
    member = ROOT / "plugins" / "storage" / "fs"
    again = build_again(member, tmp_path, SOURCE_DATE_EPOCH=str(int(EPOCH) + 86_400))
    assert different(wheels["lienthong-storage-fs"], again)


def test_wheels_bear_the_moment_of_the_sources(wheels: dict[str, Path]) -> None:
    for path in wheels.values():
        assert {entry.date_time[:3] for entry in zipfile.ZipFile(path).infolist()} == {(2026, 1, 1)}


def _project(folder: Path) -> str:
    """How the wheel of a member begins."""
    import tomllib

    name: str = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    return name.replace("-", "_") + "-"
