"""What the SDK brings along, and what naming it loads."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires
from typing import Final

import pytest
from packaging.requirements import Requirement

import lienthong

SIX: Final = {"attrs", "cattrs", "pluggy", "cryptography", "grpcio", "protobuf"}
CLI: Final = {"click", "rich"}
HEAVY: Final = ("grpc", "google.protobuf", "cryptography", "lienthong_proto", "click", "rich")
MOST_MODULES: Final = 60
"""Modules that ``import lienthong`` may load; what costs time is loading modules."""

WITHOUT_WIRE: Final = sorted(
    set(lienthong.__all__)
    - {"AsyncClient", "Client", "Direction", "FileSource", "Profile", "Progress"}
    - {"RetryPolicy", "Sending"}
)
LOADED: Final = """
import sys
before = set(sys.modules)
{code}
print(*sorted(set(sys.modules) - before))
"""


def loaded_by(code: str) -> set[str]:
    """Modules that a fresh interpreter loads for *code*."""
    finished = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)], capture_output=True, text=True, check=True
    )
    return set(finished.stdout.split())


def declared(distribution: str, *, extra: str = "") -> set[str]:
    """Names that the metadata of an installed distribution demands, always or for an extra."""
    wanted = [Requirement(line) for line in requires(distribution) or ()]
    always = {
        one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})
    }
    if not extra:
        return always
    found = {one.name for one in wanted if one.marker and one.marker.evaluate({"extra": extra})}
    return found - always


def test_six_dependencies_and_no_more() -> None:
    direct, wire = declared("lienthong"), declared("lienthong-proto")
    assert wire == {"grpcio", "protobuf"}
    assert (direct - {"lienthong-proto"}) | wire == SIX


def test_command_line_is_an_extra() -> None:
    assert declared("lienthong", extra="cli") == CLI
    assert not CLI & declared("lienthong")


def test_naming_the_sdk_loads_next_to_nothing() -> None:
    found = loaded_by("import lienthong")
    assert not found & set(HEAVY)
    assert len(found) < MOST_MODULES


def test_measure_would_see_a_heavy_import() -> None:
    found = loaded_by("import lienthong; lienthong.Client")
    assert {"grpc", "google.protobuf", "cryptography"} <= found
    assert len(found) > MOST_MODULES


@pytest.mark.parametrize("name", WITHOUT_WIRE)
def test_only_clients_load_grpc(name: str) -> None:
    assert "grpc" not in loaded_by(f"from lienthong import {name}")


def test_every_public_name_is_there() -> None:
    code = "import lienthong; [getattr(lienthong, name) for name in lienthong.__all__]"
    assert "lienthong.client" in loaded_by(code)
    with pytest.raises(AttributeError):
        lienthong.__getattr__("Clown")
