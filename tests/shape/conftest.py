"""What the tests about the repository look at."""

from __future__ import annotations

import subprocess
import tomllib
from configparser import ConfigParser
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

MADE = {
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".venv",
    ".venv-test",
    "__pycache__",
}
"""Folders that programs make."""


def _is_made(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return bool(MADE & set(parts)) or parts[0].startswith("lienthong-demo-")


class Repository:
    """The checkout that these tests belong to."""

    root = ROOT

    @cached_property
    def files(self) -> list[Path]:
        """Everything that is, or is about to be, in version control."""
        listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        try:
            found = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            # An unpacked archive, or a machine without git.
            paths = [path for path in ROOT.rglob("*") if not _is_made(path)]
        else:
            paths = [ROOT / name for name in found.stdout.split("\0") if name]
        return sorted(path for path in paths if path.is_file())

    def sources(self, *, tests: bool = True) -> list[Path]:
        """Python modules that people write."""
        return [
            path
            for path in self.files
            if path.suffix == ".py"
            and "_pb2" not in path.name
            and (tests or "tests" not in path.relative_to(ROOT).parts[:-1] or "src" in path.parts)
        ]

    def toml(self, name: str) -> dict[str, Any]:
        return tomllib.loads((ROOT / name).read_text("utf-8"))

    @property
    def members(self) -> dict[str, Path]:
        """Folder of every distribution, by its name."""
        patterns = self.toml("pyproject.toml")["tool"]["uv"]["workspace"]["members"]
        folders = [path.parent for p in patterns for path in ROOT.glob(f"{p}/pyproject.toml")]
        return {self.project(folder)["name"]: folder for folder in sorted(folders)}

    def project(self, folder: Path) -> dict[str, Any]:
        """The ``[project]`` table of a distribution."""
        table: dict[str, Any] = self.toml(str(folder.relative_to(ROOT) / "pyproject.toml"))
        return dict(table["project"])

    @property
    def tox(self) -> ConfigParser:
        parser = ConfigParser(interpolation=None)
        parser.read(ROOT / "tox.ini", "utf-8")
        return parser

    @property
    def environments(self) -> list[str]:
        """The environments that ``tox`` runs by itself."""
        return self.tox["tox"]["env_list"].split()


@pytest.fixture(scope="session")
def repository() -> Repository:
    return Repository()
