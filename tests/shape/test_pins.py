"""What is installed is what was tested."""

from __future__ import annotations

import re
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(repository: Any, name: str) -> dict[str, str]:
    text = (repository.root / name).read_text("utf-8")
    return {canonicalize_name(found): version for found, version in PIN.findall(text)}


def wanted(repository: Any) -> list[Requirement]:
    """What members and the root's groups name, without the self-pinned generator."""
    groups = repository.toml("pyproject.toml")["dependency-groups"]
    lines = [line for name, group in groups.items() if name != "proto" for line in group]
    for folder in repository.members.values():
        project = repository.project(folder)
        lines += project["dependencies"]
        lines += [line for e in project.get("optional-dependencies", {}).values() for line in e]
    requirements = map(Requirement, lines)
    return [found for found in requirements if not found.name.startswith("lienthong")]


def test_every_wanted_package_is_pinned_within_its_bounds(repository: Any) -> None:
    pinned = pins(repository, "constraints.txt")
    for requirement in wanted(repository):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is not pinned: tox -e lock"
        assert requirement.specifier.contains(pinned[name], prereleases=True), f"{requirement}"


def test_node_runs_on_the_tested_versions_with_hashes(repository: Any) -> None:
    runtime, tested = pins(repository, "requirements.txt"), pins(repository, "constraints.txt")
    assert runtime.items() <= tested.items()
    text = (repository.root / "requirements.txt").read_text("utf-8")
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]
    needed = repository.project(repository.members["lienthong-node"])["dependencies"]
    for line in needed:
        name = canonicalize_name(Requirement(line).name)
        assert name.startswith("lienthong") or name in runtime, f"{name}: tox -e lock"
    assert "hatchling" in runtime, "the members are built without isolation"


def test_floors_of_the_wire_contract_are_the_generators_versions(repository: Any) -> None:
    group = repository.toml("pyproject.toml")["dependency-groups"]["proto"]
    generator = {Requirement(line).name: Requirement(line) for line in group}
    floors = {
        Requirement(line).name: Requirement(line)
        for line in repository.project(repository.members["lienthong-proto"])["dependencies"]
    }
    assert floors.keys() == {"grpcio", "protobuf"}
    for name, floor in floors.items():
        [pin] = generator[name].specifier
        [bound] = floor.specifier
        assert (pin.operator, bound.operator) == ("==", ">=")
        assert Version(pin.version).release[:2] == Version(bound.version).release[:2]
    [tools] = generator["grpcio-tools"].specifier
    assert generator["grpcio"].specifier.contains(tools.version)


def test_other_distributions_never_fall_below_those_floors(repository: Any) -> None:
    proto = repository.project(repository.members["lienthong-proto"])
    floors = {Requirement(line).name: str(Requirement(line)) for line in proto["dependencies"]}
    for name, folder in repository.members.items():
        for line in repository.project(folder)["dependencies"]:
            found = Requirement(line)
            assert str(found) == floors.get(found.name, str(found)), f"{name}: {line}"
