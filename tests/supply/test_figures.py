"""The table of figures shows what failed, also before it measured anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import FOLDER
from tests.supply.conftest import ROOT

TESTS = """
import pytest

def test_good(figure):
    figure("D-98", wanted="0 lost", found="0 lost")

def test_bad(figure):
    figure("D-99", wanted="0 lost", found="1 lost")
    assert False

def test_early(figure):
    assert False

@pytest.fixture
def broken():
    raise OSError

def test_never_begun(broken, figure):
    figure("D-97", wanted="0 lost", found="0 lost")
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The rows of those tests, by the name of the test."""
    folder = tmp_path_factory.mktemp("figures")
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    env = {**os.environ, "TOX_WORK_DIR": str(folder), "TOX_ENV_NAME": "some"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", f"--rootdir={folder}"]
    command += ["-c", os.devnull, str(folder)]
    subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, timeout=120)
    found = json.loads((folder / FOLDER / "some.json").read_text(encoding="utf-8"))
    return {row["where"].rpartition(":")[2]: row for row in found}


def test_outcome_stands_beside_the_figure(rows: dict[str, dict[str, Any]]) -> None:
    assert (rows["test_good"]["outcome"], rows["test_good"]["test"]) == ("ok", "D-98")
    assert (rows["test_bad"]["outcome"], rows["test_bad"]["found"]) == ("FAILED", "1 lost")


@pytest.mark.planted("test that fails before it measures")
@pytest.mark.parametrize("name", ["test_early", "test_never_begun"])
def test_what_fails_early_has_a_row(rows: dict[str, dict[str, Any]], name: str) -> None:
    assert (rows[name]["outcome"], rows[name]["found"]) == ("FAILED", "none")
