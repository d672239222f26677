"""One set of wheels and one environment of a node, made the way the README says, for all tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

REQUIREMENTS: Final = ROOT / "requirements.txt"
OFFLINE: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|Max retries exceeded"
)
EPOCH: Final = "1767225600"
"""2026-01-01, UTC: the moment that all files in the wheels bear."""

Pip = Callable[..., subprocess.CompletedProcess[str]]


def index_options() -> list[str]:
    """Where packages come from: the store of wheels that tox has filled, or the index of pip."""
    work = os.environ.get("TOX_WORK_DIR")
    if work is None:
        return []
    from install import store

    return ["--no-index", f"--find-links={store(Path(work))}"]


@pytest.fixture(scope="session")
def pip() -> Pip:
    """Run pip for another environment; skip where there is no index."""

    def run(*arguments: str | Path, python: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pip", f"--python={python}", *map(str, arguments)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if finished.returncode and OFFLINE.search(finished.stdout + finished.stderr):
            pytest.skip("no package index can be reached")
        return finished

    return run


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One wheel a distribution, by its name."""
    from wheelhouse import build

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        return build(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with nothing in it."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def environment(
    tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path], pip: Pip
) -> Path:
    """Folder of an environment with a node: pins by hash, then our wheels."""
    folder = tmp_path_factory.mktemp("node")
    venv.create(folder)
    python = folder / "bin" / "python"
    pinned = pip(
        "install", "--quiet", "--no-compile", "--require-hashes", "--only-binary=:all:",
        *index_options(), "--requirement", REQUIREMENTS, python=python,
    )  # fmt: skip
    assert pinned.returncode == 0, pinned.stderr
    own = [path for name, path in wheels.items() if name != "lienthong-conformance"]
    ours = pip("install", "--quiet", "--no-compile", "--no-deps", "--no-index", *own, python=python)
    assert ours.returncode == 0, ours.stderr
    return folder
