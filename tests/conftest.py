"""Figures: what a test of a promise has measured, printed as a table after the run.

A test notes ``figure("D-01", wanted="0 lost in 50 kills", found="0 lost in 50 kills")`` before it
asserts; the table says whether the test passed. The rows are also written to the folder
``noted-figures`` below ``TOX_WORK_DIR``, from where ``tox -e figures`` prints those of all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from tests.tiers import NIGHTLY

Figure: TypeAlias = Callable[..., None]

FOLDER: Final = "noted-figures"
_KEY: Final = "figure"
_ROWS: Final = pytest.StashKey[list[dict[str, str]]]()


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Note a figure: the identifier of the programme, what is wanted and what was found."""

    def note(test: str, *, wanted: str, found: str) -> None:
        record_property(_KEY, {"test": test, "wanted": wanted, "found": found})

    return note


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = []
    target = _target()
    if target is not None:
        # A run that ends early must not show the figures of the one before.
        target.unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the figures of a test with its outcome; one that fails before has a row too."""
    report = yield
    noted = [
        value for key, value in item.user_properties if key == _KEY and isinstance(value, dict)
    ]
    if report.failed and not noted and "figure" in getattr(item, "fixturenames", ()):
        noted = [{"test": "-", "wanted": f"a figure of {item.name}", "found": "none"}]
    elif call.when != "call":
        return report
    outcome = "ok" if report.passed else "FAILED"
    for row in noted:
        item.config.stash[_ROWS].append({**row, "outcome": outcome, "where": item.nodeid})
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = terminalreporter.config.stash[_ROWS]
    if not rows:
        return
    rows.sort(key=lambda row: row["test"])
    terminalreporter.section("figures (nightly)" if NIGHTLY else "figures")
    for row in rows:
        line = f"{row['test']:6} {row['outcome']:6} {row['found']}  (wanted: {row['wanted']})"
        terminalreporter.write_line(line)
    target = _target()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def _target() -> Path | None:
    """Where the rows of this environment go; nested runs of pytest have no name of their own."""
    folder, name = os.environ.get("TOX_WORK_DIR"), os.environ.get("TOX_ENV_NAME")
    return Path(folder, FOLDER, f"{name}.json") if folder and name else None
