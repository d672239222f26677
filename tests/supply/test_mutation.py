"""P-08: the tests of machines, rights and proofs notice small defects in them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import Any, Final

import pytest

from tests.supply.conftest import ROOT
from tests.supply.mutants import OPERATORS, mutants, mutated
from tests.supply.targets import EQUIVALENT, TARGETS
from tests.tiers import SEED, tier

LEAST: Final = 0.80


def judged(*arguments: object) -> dict[str, Any]:
    """What the mutation runner says."""
    command = [sys.executable, "-m", "tests.supply.mutation", *map(str, arguments)]
    finished = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=4 * 3600
    )
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def test_small_defects_are_noticed(figure: Any) -> None:
    found = judged("--sample", tier(commit=48, nightly=0), "--seed", SEED)
    share = found["noticed"] / max(1, found["judged"])
    figure(
        "P-08",
        wanted=f"at least {LEAST:.0%} of mutants noticed",
        found=f"{found['noticed']} of {found['judged']} noticed ({share:.0%}), "
        f"drawn from {found['population']}",
    )
    assert found["trusted"], found["doubts"]
    assert share >= LEAST, f"seed {SEED}: {found['survivors']}"


@pytest.mark.planted("mutant runner that never applies its mutant")
def test_runner_that_changes_nothing_is_found() -> None:
    found = judged(
        "--only", "authorisation", "--controls", 1, "--sample", 1, "--planted", "never-applied"
    )
    assert not found["trusted"]
    assert found["judged"] == 0


@pytest.mark.parametrize("planted", ["endless", "fatal"])
def test_mutant_with_which_tests_never_begin_is_noticed(planted: str) -> None:
    found = judged("--planted", planted, "--controls", 1, "--cpu-seconds", 15)
    assert found["trusted"], found["doubts"]
    assert (found["judged"], found["noticed"]) == (1, 1)


SAMPLE: Final = """
def f(a, b):
    if a < 1 and not b:
        g(a, b)
        raise ValueError(f"{a + 1}")
    return {1, True}
"""


def test_mutants_are_small_defects_each(tmp_path: Any) -> None:
    (tmp_path / "m.py").write_text(SAMPLE, "utf-8")
    found = mutants(tmp_path, "m.py")
    sources = {mutated(tmp_path, mutant) for mutant in found}
    assert len(sources) == len(found)
    assert ast.unparse(ast.parse(SAMPLE)) not in sources
    texts = {(mutant.operator, mutant.before) for mutant in found}
    assert texts >= {
        ("compare", "a < 1"),
        ("and-or", "a < 1 and (not b)"),
        ("not", "not b"),
        ("constant+1", "1"),
        ("drop", "g(a, b)"),
        ("swap", "g(a, b)"),
        ("return", "return {1, True}"),
        ("item", "{1, True}"),
        ("constant", "True"),
    }
    assert not any("a - 1" in source for source in sources), "texts of errors stay"
    assert len(OPERATORS) == 7


def test_equivalents_are_still_there_and_explained() -> None:
    keys = {m.key for target in TARGETS for path in target.paths for m in mutants(ROOT, path)}
    assert EQUIVALENT.keys() <= keys, EQUIVALENT.keys() - keys
    assert all(len(reason) >= 20 for reason in EQUIVALENT.values())


def test_targets_exist() -> None:
    for target in TARGETS:
        for path in (*target.paths, *target.tests):
            assert (ROOT / path).exists(), path
