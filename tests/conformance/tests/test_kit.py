"""The kit's own promises: numbers, report, expected failures, a light pytest module."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lienthong_conformance
from lienthong_conformance import (
    BlobStoreContract,
    FileSignerContract,
    FileVerifierContract,
    RecordStoreContract,
    SignerContract,
    TimeSourceContract,
)

pytest_plugins = ["pytester"]

CONTRACT = Path(__file__).parents[3] / "docs" / "plugin-authors" / "contract.md"
LINE = re.compile(r"^- \*\*([A-Z]{3}-\d\d)\*\*( \(hostile\))? (.+)\.$", re.MULTILINE)
CONTRACTS = {
    "REC": RecordStoreContract,
    "BLB": BlobStoreContract,
    "SIG": SignerContract,
    "FSG": FileSignerContract,
    "VER": FileVerifierContract,
    "TIM": TimeSourceContract,
}

STORE = """
import itertools, pytest
from lienthong.testing.store import MemoryMedium, MemoryRecordStore
from lienthong_conformance import RecordStoreContract

class TestStore(RecordStoreContract):
    @pytest.fixture
    def new_uri(self):
        numbers = itertools.count()
        return lambda: f"memory:{next(numbers)}"

    @pytest.fixture
    def open_uri(self):
        media = {}
        return lambda uri: MemoryRecordStore(media.setdefault(uri, MemoryMedium()))
"""


def numbers_of(contract: type) -> list[str]:
    cases = inspect.getmembers(contract, inspect.isfunction)
    marks = [
        mark
        for name, case in cases
        if name.startswith("test_")
        for mark in getattr(case, "pytestmark", ())
    ]
    return [mark.args[0] for mark in marks if mark.name == "requirement"]


def written(kind: str) -> dict[str, bool]:
    found = LINE.findall(CONTRACT.read_text(encoding="utf-8"))
    return {number: bool(hostile) for number, hostile, _ in found if number.startswith(kind)}


@pytest.mark.parametrize(("kind", "contract"), CONTRACTS.items())
def test_list_and_tests_have_the_same_numbers(kind: str, contract: type) -> None:
    assert sorted(written(kind)) == sorted(set(numbers_of(contract)))


@pytest.mark.parametrize("kind", CONTRACTS)
def test_numbers_are_in_order_and_unique(kind: str) -> None:
    numbers = [n for n, _, _ in LINE.findall(CONTRACT.read_text("utf-8")) if n.startswith(kind)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("kind", "contract"), CONTRACTS.items())
def test_every_case_has_exactly_one_number(kind: str, contract: type) -> None:
    cases = [name for name, _ in inspect.getmembers(contract, inspect.isfunction)]
    assert len([name for name in cases if name.startswith("test_")]) == len(numbers_of(contract))
    assert len(numbers_of(contract)) == len(set(numbers_of(contract)))


@pytest.mark.parametrize("kind", CONTRACTS)
def test_at_least_half_of_the_requirements_are_hostile(kind: str) -> None:
    hostile = written(kind)
    assert sum(hostile.values()) * 2 >= len(hostile)


def test_importing_a_contract_collects_nothing() -> None:
    assert not [name for name in lienthong_conformance.__all__ if name.startswith("Test")]


@pytest.mark.parametrize("contract", [contract.__name__ for contract in CONTRACTS.values()])
def test_missing_fixtures_are_asked_for_in_a_sentence(
    pytester: pytest.Pytester, contract: str
) -> None:
    pytester.makepyfile(
        f"from lienthong_conformance import {contract}\nclass TestIt({contract}):\n    pass\n"
    )
    result = pytester.runpytest_inprocess("-q", "-p", "no:asyncio")
    assert result.parseoutcomes().get("passed", 0) == 0
    result.stdout.fnmatch_lines(["*the contract needs *"])


def test_report_gives_versions_and_verdicts(pytester: pytest.Pytester) -> None:
    broken = STORE + "\n    def test_new_store_is_empty(self):\n        assert False\n"
    broken = broken.replace(
        "    def test_new", '    @pytest.mark.requirement("REC-02")\n    def test_new'
    )
    pytester.makepyfile(broken)
    chosen = "test_new_store_is_empty or test_tiles or test_announces"
    arguments = ("-q", "-p", "no:asyncio", "--lienthong-report=report.json", "-k", chosen)
    pytester.runpytest_inprocess(*arguments)
    report = json.loads((pytester.path / "report.json").read_text("utf-8"))
    assert set(report) == {"kit", "sdk", "plugins", "contracts"}
    assert report["contracts"] == {
        "TestStore": {"REC-01": "skipped", "REC-02": "failed", "REC-29": "passed"}
    }


def test_worst_verdict_of_a_requirement_counts(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "class TestIt:\n"
        "    @pytest.mark.requirement('XYZ-01')\n"
        "    @pytest.mark.parametrize('n', [1, 2, 3])\n"
        "    def test_it(self, n):\n"
        "        assert n != 2\n"
    )
    pytester.runpytest_inprocess("-q", "-p", "no:asyncio", "--lienthong-report=report.json")
    report = json.loads((pytester.path / "report.json").read_text("utf-8"))
    assert report["contracts"] == {"TestIt": {"XYZ-01": "failed"}}


def test_expected_failures_are_strict(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(STORE)
    (pytester.path / "expected-failures.txt").write_text("REC-29  # tiles come later\n")
    result = pytester.runpytest_inprocess("-q", "-p", "no:asyncio", "-k", "test_tiles")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*XPASS(strict)*listed in expected-failures.txt*"])


def test_pytest_module_imports_nothing_of_ours() -> None:
    script = (
        "import sys, _lienthong_conformance_plugin\n"
        "print([name for name in sys.modules if name.startswith(('lienthong', 'hypothesis'))])\n"
    )
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found == "[]\n"


def test_assertions_of_the_kit_show_their_values(pytester: pytest.Pytester) -> None:
    odd = "class Odd(MemoryRecordStore):\n    def free_bytes(self):\n        return -7\n\n"
    broken = STORE.replace("class TestStore", f"{odd}class TestStore")
    broken = broken.replace("lambda uri: MemoryRecordStore", "lambda uri: Odd")
    pytester.makepyfile(broken)
    result = pytester.runpytest_subprocess("-q", "-k", "space_is_left")
    result.stdout.fnmatch_lines(["*assert -7 > 0*"])
