"""P-08: the gate on the coverage of the core sees what is not run; ``tox -e cover`` is the gate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from core_coverage import CORE, complaints, shares

from tests.supply.conftest import ROOT

FULL: Final = {
    "covered_lines": 99,
    "num_statements": 100,
    "covered_branches": 20,
    "num_branches": 20,
}


def report(**changed: dict[str, int]) -> dict[str, Any]:
    """A report with one file a part; *changed*: figures of a part."""
    files = {}
    for part, place in CORE.items():
        name = place if place.endswith(".py") else f"{place}module.py"
        files[f"sdk/src/{name}"] = {"summary": FULL | changed.get(part, {})}
    return {"files": files}


def test_well_covered_core_passes() -> None:
    assert complaints(shares(report())) == []
    assert shares(report())["flow"] == (99.0, 100.0)


@pytest.mark.planted("untested branches in the core")
@pytest.mark.parametrize("part", list(CORE))
@pytest.mark.parametrize("kind", [{"covered_lines": 94}, {"covered_branches": 18}])
def test_hole_in_any_part_is_found(part: str, kind: dict[str, int]) -> None:
    [line] = complaints(shares(report(**{part: kind})))
    assert line.startswith(f"{part}: ")


def test_part_that_was_not_measured_is_a_hole() -> None:
    assert len(complaints(shares({"files": {}}))) == len(CORE)


def test_parts_are_where_they_are_looked_for() -> None:
    for place in CORE.values():
        owner = "node" if place.startswith("lienthong_node") else "sdk"
        assert (ROOT / owner / "src" / place).exists()


def test_command_tells_and_fails(tmp_path: Path) -> None:
    path, figures = tmp_path / "coverage.json", tmp_path / "noted" / "cover.json"
    for found, code in ((report(), 0), (report(pki={"covered_lines": 1}), 1)):
        path.write_text(json.dumps(found), "utf-8")
        finished = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "core_coverage.py"), str(path), str(figures)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert finished.returncode == code
        assert ("too little: pki: 1.0 %" in finished.stdout) is bool(code)
        [row] = json.loads(figures.read_text("utf-8"))
        assert row["outcome"] == ("FAILED" if code else "ok")
