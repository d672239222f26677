"""P-05: what security linters find in the product is either mended or reviewed, with a reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from tests.supply.conftest import ROOT

PRODUCT: Final = (
    "sdk/src",
    "node/src",
    "proto/src",
    *sorted(str(folder.relative_to(ROOT)) for folder in ROOT.glob("plugins/*/*/src")),
    "tools",
)

REVIEWED: Final[dict[tuple[str, str], tuple[int, str]]] = {
    ("node/src/lienthong_node/settings.py", "B104"): (
        1,
        "the word for every address is compared with, not bound to",
    ),
    ("plugins/storage/sqlite/src/lienthong_storage_sqlite/queries.py", "B608"): (
        19,
        "the pieces put together are constants of the module; every value is bound",
    ),
    ("sdk/src/lienthong/registers/ledger.py", "B608"): (
        3,
        "the conditions put together are constants of the module; every value is bound",
    ),
    ("sdk/src/lienthong/trust/refreshing.py", "B303"): (
        1,
        "names a certificate to a responder, as RFC 6960 has it; nothing rests on the digest",
    ),
    ("sdk/src/lienthong/testing/store.py", "B301"): (
        1,
        "a store for tests reads back the file that it wrote itself",
    ),
}
"""Findings of medium or high severity that stay: how many, by file and rule, and why."""

EXCUSE: Final = re.compile(r"noqa:[^#\n]*\bS\d{3}\b(?P<reason>[^#\n]*)")


def findings(*folders: str | Path) -> Counter[tuple[str, str]]:
    """Bandit's findings of medium or high severity, by file and rule."""
    command = [sys.executable, "-m", "bandit", "-q", "-ll", "-f", "json", "-r", *map(str, folders)]
    finished = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    report = json.loads(finished.stdout)
    assert report["errors"] == []
    assert report["metrics"]["_totals"]["nosec"] == 0, "findings are excused here, not in the code"
    return Counter((row["filename"], row["test_id"]) for row in report["results"])


def unreviewed(found: Counter[tuple[str, str]]) -> list[str]:
    """Findings that nobody has looked at, and reviews of what is not there any more."""
    reviewed = Counter({key: count for key, (count, _) in REVIEWED.items()})
    return [
        f"{path} {rule}: {found[path, rule]} found, {reviewed[path, rule]} reviewed"
        for path, rule in sorted(found.keys() | reviewed.keys())
        if found[path, rule] != reviewed[path, rule]
    ]


def test_no_finding_is_unreviewed(figure: Any) -> None:
    found = findings(*PRODUCT)
    left = unreviewed(found)
    figure(
        "P-05",
        wanted="0 medium or high findings unreviewed",
        found=f"{found.total()} findings, {len(left)} unreviewed",
    )
    assert left == []


@pytest.mark.planted("shell injection in the product")
def test_new_finding_would_be_found(tmp_path: Path) -> None:
    source = "import subprocess\ndef run(text):\n    subprocess.run(text, shell=True)\n"
    (tmp_path / "bad.py").write_text(source, "utf-8")
    found = findings(tmp_path)
    assert found[str(tmp_path / "bad.py"), "B602"] == 1
    assert any("B602: 1 found, 0 reviewed" in line for line in unreviewed(found))


def test_every_excuse_has_a_reason() -> None:
    for folder in PRODUCT:
        for path in (ROOT / folder).rglob("*.py"):
            for match in EXCUSE.finditer(path.read_text("utf-8")):
                where = f"{path.relative_to(ROOT)}: {match[0]}"
                assert len(match["reason"].strip(" ,-")) >= 10, f"{where} gives no reason"


def test_security_rules_of_ruff_are_on() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    assert {rule for rule in lint["ignore"] if re.fullmatch(r"S\d*", rule)} == {"S404", "S603"}
    for pattern, rules in lint["per-file-ignores"].items():
        security = [rule for rule in rules if re.fullmatch(r"S\d*", rule)]
        assert not security or "tests" in pattern or "conformance" in pattern or "tools" in pattern
