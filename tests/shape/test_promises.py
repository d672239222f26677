"""Promises, their tests and the defects that these must find belong together."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.planted import PLANTED
from tests.shape.conftest import ROOT

TEST_ID: Final = re.compile(r"\b[DLSNP]-[0-9]{2}\b")
LEAST_PLANTED: Final = 24
PAGES: Final = ("promises.md", "security.md")


def _simulated() -> Iterator[str]:
    """The keys of the simulation's own list; importing it would need the node."""
    path = ROOT / "tests/simulation/planted.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Dict):
            for key in node.value.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value


SIMULATED: Final = frozenset(_simulated())


def _modules() -> Iterator[ast.Module]:
    for folder in ("tests", "sdk/tests", "node/tests", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def _first_texts(name: str) -> Counter[str]:
    """The first argument, if it is a text, of all calls of this name."""
    found: Counter[str] = Counter()
    for module in _modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and node.args:
                called = node.func
                own = (
                    called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                )
                first = node.args[0]
                if own == name and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[first.value] += 1
    return found


def test_every_planted_defect_has_a_test_and_the_other_way_round() -> None:
    tested = {*_first_texts("planted"), *SIMULATED}
    assert tested == set(PLANTED), (tested ^ set(PLANTED), "in one of the two only")
    assert len(PLANTED) >= LEAST_PLANTED


def test_every_planted_defect_breaks_a_promise() -> None:
    assert set(PLANTED.values()) <= {f"P{number}" for number in range(1, 11)}


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_notes_a_figure(page: str) -> None:
    named = set(TEST_ID.findall((ROOT / "docs/explanation" / page).read_text(encoding="utf-8")))
    assert named - set(_first_texts("figure")) == set()
