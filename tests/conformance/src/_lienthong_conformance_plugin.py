"""The pytest side of the contract suites: marker, report, expected failures.

It is a module of its own, and imports nothing else of ours, because pytest loads it in every run of
the environment that it is installed in.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Generator
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Final

import pytest

MARKER: Final = "requirement"
EXPECTED_FAILURES: Final = "expected-failures.txt"
_REPORT: Final = pytest.StashKey["Report"]()
_WORDS: Final = {"failed": 3, "skipped": 2, "passed": 1}

pytest.register_assert_rewrite("lienthong_conformance")


class Report:
    """Collects the verdict on each requirement, for each contract class that ran."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._verdicts: dict[str, dict[str, str]] = defaultdict(dict)

    def add(self, contract: str, requirement: str, outcome: str) -> None:
        """Note an outcome; the worst one of a requirement counts."""
        known = self._verdicts[contract].get(requirement, "passed")
        worst = max(known, outcome, key=lambda word: _WORDS.get(word, 0))
        self._verdicts[contract][requirement] = worst

    def write(self) -> None:
        """Write the report as JSON."""
        report = {
            "kit": _version("lienthong-conformance"),
            "sdk": _version("lienthong"),
            "plugins": _plugins(),
            "contracts": {
                name: dict(sorted(found.items())) for name, found in sorted(self._verdicts.items())
            },
        }
        text = json.dumps(report, indent=2, ensure_ascii=False)
        self._file.write_text(text + "\n", encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the report."""
    parser.getgroup("lienthong").addoption(
        "--lienthong-report",
        metavar="FILE",
        type=Path,
        help="write the verdict on every requirement of the contracts as JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the report where one is asked for."""
    line = f"{MARKER}(id): the numbered requirement of the plugin contract that a test proves"
    config.addinivalue_line("markers", line)
    if file := config.getoption("--lienthong-report"):
        config.stash[_REPORT] = Report(file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the requirements that the author's file lists as expected to fail, strictly."""
    for item in items:
        marker = item.get_closest_marker(MARKER)
        if marker and marker.args[0] in _expected_failures(item.path.parent):
            reason = f"listed in {EXPECTED_FAILURES}"
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take the outcome over into the report."""
    outcome = yield
    report = item.config.stash.get(_REPORT, None)
    marker = item.get_closest_marker(MARKER)
    if report and marker and (call.when == "call" or outcome.outcome != "passed"):
        contract = item.nodeid.split("::")[-2]
        report.add(contract, marker.args[0], outcome.outcome)
    return outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report."""
    if report := session.config.stash.get(_REPORT, None):
        report.write()


def _expected_failures(folder: Path) -> set[str]:
    file = folder / EXPECTED_FAILURES
    if not file.is_file():
        return set()
    lines = (line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return {line for line in lines if line}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _plugins() -> dict[str, str]:
    """Versions of the distributions that announce plugins."""
    return {
        distribution.name: distribution.version
        for distribution in distributions()
        if any(point.group.startswith("lienthong.") for point in distribution.entry_points)
    }
