"""P-02: the bill of materials names exactly what is installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sbom import bill, dump, site_of

from tests.supply.conftest import Pip


def listed(pip: Pip, environment: Path) -> set[tuple[str, str]]:
    """What pip says is installed."""
    listing = pip("list", "--format=json", python=environment / "bin" / "python")
    rows = json.loads(listing.stdout)
    return {(row["name"].lower().replace("_", "-"), row["version"]) for row in rows}


def named(content: dict[str, Any]) -> set[tuple[str, str]]:
    """What a bill says is installed."""
    parts = [content["metadata"]["component"], *content["components"]]
    return {(part["name"], part["version"]) for part in parts}


def test_bill_and_pip_agree(environment: Path, pip: Pip, figure: Any) -> None:
    content = bill(environment)
    difference = named(content) ^ listed(pip, environment)
    figure(
        "P-02",
        wanted="bill and pip list differ in 0 packages",
        found=f"{len(named(content))} packages, difference {len(difference)}",
    )
    assert difference == set()


def test_bill_is_complete_and_closed(environment: Path) -> None:
    content = bill(environment)
    parts = [content["metadata"]["component"], *content["components"]]
    references = {part["bom-ref"] for part in parts}
    assert len(references) == len(parts)
    assert all(part["purl"].startswith("pkg:pypi/") and part["licenses"] for part in parts)
    edges = {row["ref"]: set(row["dependsOn"]) for row in content["dependencies"]}
    assert set().union(edges.keys(), *edges.values()) <= references
    [node] = [targets for ref, targets in edges.items() if "/lienthong-node@" in ref]
    assert any("/grpcio@" in target for target in node)
    # The build backend is pinned and installed, but nothing at run time needs it.
    assert not any("/hatchling@" in ref for ref in edges)


def test_same_environment_gives_the_same_bytes(environment: Path) -> None:
    assert dump(bill(environment)) == dump(bill(environment))
    assert dump(bill(environment)).startswith('{\n "bomFormat": "CycloneDX"')


@pytest.mark.planted("package missing from the bill")
def test_difference_would_be_found(environment: Path, pip: Pip, tmp_path: Path) -> None:
    hidden = tmp_path / "site"
    ignore = shutil.ignore_patterns("*.py", "*.so*", "structlog-*")
    shutil.copytree(site_of(environment), hidden, ignore=ignore)
    with pytest.raises(LookupError, match="structlog is needed but not installed"):
        bill(hidden)
    (hidden / "extra-1.0.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: structlog\nVersion: 0\n"
    (hidden / "extra-1.0.dist-info" / "METADATA").write_text(metadata, "utf-8")
    difference = named(bill(hidden)) ^ listed(pip, environment)
    assert {name for name, _ in difference} == {"structlog"}
    assert len(difference) == 2


def test_environment_without_a_node_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="has no lienthong-node"):
        bill(tmp_path)
