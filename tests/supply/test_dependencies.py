"""P-07: few direct dependencies, each with an owner, a reason and a way out."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply.conftest import REQUIREMENTS, ROOT

PAGE: Final = ROOT / "docs" / "reference" / "dependencies.md"
BUDGET: Final = 15
COLUMNS: Final = ("package", "needed by", "owner", "reason", "way out")
SHORTEST: Final = 20
"""Characters of a reason or a way out; less says nothing."""

KIT: Final = "lienthong-conformance"
NODE: Final = "lienthong-node"
EXTRA: Final = "testing"
"""What only tests of plugins install."""

CHOSEN: Final = frozenset({"calendar", "fonts", "reports"})
"""Extras that no other distribution asks for: whoever wants what they add installs them."""


def direct(*, chosen: bool = True) -> dict[str, set[str]]:
    """The distributions that need a package at run time, by the package's name.

    Args:
        chosen: with what somebody has to choose: extras, and plugins that come with nothing else.
    """
    from lock import members, read

    left_out = {EXTRA} if chosen else {EXTRA, *CHOSEN}
    projects = [read(path)["project"] for path in members()]
    brought = {Requirement(line).name for one in projects for line in one["dependencies"]}

    found: dict[str, set[str]] = {}
    for project in projects:
        if not chosen and project["name"] not in {NODE, *brought}:
            continue
        extras = project.get("optional-dependencies", {})
        lines = list(project["dependencies"])
        lines += [line for name, extra in extras.items() if name not in left_out for line in extra]
        for line in lines if project["name"] != KIT else ():
            name = canonicalize_name(Requirement(line).name)
            if not name.startswith("lienthong"):
                found.setdefault(name, set()).add(project["name"])
    return found


def table(text: str) -> list[dict[str, str]]:
    """The rows of the page's first table."""
    lines = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    assert tuple(cells[0]) == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells[2:]]


def complaints(text: str, wanted: dict[str, set[str]]) -> list[str]:
    """What the page does not say as it has to."""
    rows = {row["package"]: row for row in table(text)}
    found = [f"{name} is not on the page" for name in sorted(wanted.keys() - rows.keys())]
    found += [f"nobody needs {name} any more" for name in sorted(rows.keys() - wanted.keys())]
    for name in sorted(rows.keys() & wanted.keys()):
        row = rows[name]
        if set(row["needed by"].split(", ")) != wanted[name]:
            found.append(f"{name} is needed by {', '.join(sorted(wanted[name]))}")
        if not row["owner"]:
            found.append(f"{name} has no owner")
        found += [
            f"{name} has no {column}"
            for column in ("reason", "way out")
            if len(row[column]) < SHORTEST
        ]
    return found


def test_every_dependency_has_owner_reason_and_way_out(figure: Any) -> None:
    wanted, plain = direct(), direct(chosen=False)
    found = complaints(PAGE.read_text("utf-8"), wanted)
    figure(
        "P-07",
        wanted=f"at most {BUDGET} direct dependencies, each with owner, reason, way out",
        found=f"{len(plain)}, {len(wanted) - len(plain)} more to choose, {len(found)} complaints",
    )
    assert found == []
    assert 0 < len(plain) <= BUDGET


@pytest.mark.planted("dependency without a reason")
def test_dependency_without_a_reason_is_found() -> None:
    text, wanted = PAGE.read_text("utf-8"), direct()
    assert complaints(text, wanted | {"leftpad": {"lienthong"}}) == ["leftpad is not on the page"]
    assert complaints(text, wanted | {"rich": {"lienthong"}}) == ["rich is needed by lienthong"]
    [row] = [line for line in text.splitlines() if line.startswith("| uvloop |")]
    bare = "| uvloop | lienthong-node |  | fast | none |"
    assert complaints(text.replace(row, bare), wanted) == [
        "uvloop has no owner",
        "uvloop has no reason",
        "uvloop has no way out",
    ]
    gone = {name: by for name, by in wanted.items() if name != "uvloop"}
    assert complaints(text, gone) == ["nobody needs uvloop any more"]


def test_every_dependency_is_pinned_for_running() -> None:
    text = REQUIREMENTS.read_text("utf-8")
    assert direct(chosen=False).keys() <= set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def test_members_are_those_of_the_workspace() -> None:
    from lock import members

    root = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert len(members()) >= len(root["tool"]["uv"]["workspace"]["members"])
