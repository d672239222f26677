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
from attrs import define, field

from tests.tiers import NIGHTLY

Figure: TypeAlias = Callable[..., None]

FOLDER: Final = "noted-figures"
_KEY: Final = "figure"


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Note a figure: the identifier of the programme, what is wanted and what was found."""

    def note(test: str, *, wanted: str, found: str) -> None:
        record_property(_KEY, {"test": test, "wanted": wanted, "found": found})

    return note


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Figures())
    target = _target()
    if target is not None and not _is_worker(config):
        # A run that ends early must not show the figures of the one before.
        target.unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails before it has noted its figure has a row all the same."""
    report = yield
    noted = any(key == _KEY for key, _ in report.user_properties)
    if report.failed and not noted and "figure" in getattr(item, "fixturenames", ()):
        row = {"test": "-", "wanted": f"a figure of {item.name}", "found": "none"}
        report.user_properties.append((_KEY, row))
    return report


@define(eq=False)
class _Figures:
    """Gathers the figures of all reports, those of the processes that share a run, too."""

    _known: dict[str, list[dict[str, str]]] = field(factory=dict)
    """By test: one whose end fails after it has passed has failed."""

    @property
    def rows(self) -> list[dict[str, str]]:
        """Of all tests, ordered by what they are of."""
        found = [row for rows in self._known.values() for row in rows]
        return sorted(found, key=lambda row: row["test"])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the figures of a test with its outcome."""
        if report.when != "call" and not report.failed:
            return
        outcome = "ok" if report.passed else "FAILED"
        noted = [
            {**value, "outcome": outcome, "where": report.nodeid}
            for key, value in report.user_properties
            if key == _KEY and isinstance(value, dict)
        ]
        if noted:
            self._known[report.nodeid] = noted

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, and write it down."""
        found = self.rows
        if not found:
            return
        terminalreporter.section("figures (nightly)" if NIGHTLY else "figures")
        for row in found:
            line = f"{row['test']:6} {row['outcome']:6} {row['found']}  (wanted: {row['wanted']})"
            terminalreporter.write_line(line)
        target = _target()
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = json.dumps(found, ensure_ascii=False, indent=1)
            target.write_text(rows, encoding="utf-8")


def _is_worker(config: pytest.Config) -> bool:
    """Whether this process only runs tests for another one."""
    return hasattr(config, "workerinput")


def _target() -> Path | None:
    """Where the rows of this environment go; nested runs of pytest have no name of their own."""
    folder, name = os.environ.get("TOX_WORK_DIR"), os.environ.get("TOX_ENV_NAME")
    return Path(folder, FOLDER, f"{name}.json") if folder and name else None
