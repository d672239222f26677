"""Where things are: newcomers and tools find every part in the same place."""

from __future__ import annotations

import re
from typing import Any

TOP = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "changes",
    "constraints.txt",
    "docs",
    "node",
    "plugins",
    "proto",
    "pyproject.toml",
    "requirements.txt",
    "sdk",
    "tests",
    "tools",
    "tox.ini",
}

PACKAGES = {
    "lienthong": "lienthong",
    "lienthong-conformance": "lienthong_conformance",
    "lienthong-node": "lienthong_node",
    "lienthong-proto": "lienthong_proto",
    "lienthong-signer-csc": "lienthong_signer_csc",
    "lienthong-signer-pkcs11": "lienthong_signer_pkcs11",
    "lienthong-signer-softkey": "lienthong_signer_softkey",
    "lienthong-storage-fs": "lienthong_storage_fs",
    "lienthong-storage-sqlite": "lienthong_storage_sqlite",
    "lienthong-time-ntp": "lienthong_time_ntp",
    "lienthong-time-rfc3161": "lienthong_time_rfc3161",
    "lienthong-verifier-pdf": "lienthong_verifier_pdf",
}

KINDS = {"added", "changed", "deprecated", "removed", "fixed", "security"}


def test_top_level_is_as_designed(repository: Any) -> None:
    found = {path.relative_to(repository.root).parts[0] for path in repository.files}
    assert found - TOP == set()
    assert {"README.md", "tox.ini", "pyproject.toml", "LICENSE", ".ci"} <= found


def test_ci_needs_only_one_command(repository: Any) -> None:
    script = repository.root / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text("utf-8")


def test_every_distribution_is_known_and_complete(repository: Any) -> None:
    assert repository.members.keys() == PACKAGES.keys()
    for name, folder in repository.members.items():
        package = folder / "src" / PACKAGES[name]
        missing = [
            path
            for path in (folder / "README.md", package / "__init__.py", package / "py.typed")
            if not path.is_file()
        ]
        assert missing == []
        assert (folder / "LICENSE").read_bytes() == (repository.root / "LICENSE").read_bytes()


def test_distributions_are_released_together(repository: Any) -> None:
    projects = [repository.project(folder) for folder in repository.members.values()]
    [version] = {project["version"] for project in projects}
    major, minor, _ = map(int, version.split("."))
    expected = f">={major}.{minor},<{major}.{minor + 1}"
    for project in projects:
        for line in project["dependencies"]:
            if line.startswith("lienthong"):
                assert line.endswith(expected), f"{project['name']} wants {line}"


def test_every_distribution_says_why_it_needs_what_it_needs(repository: Any) -> None:
    for name, folder in repository.members.items():
        project = repository.project(folder)
        extras = project.get("optional-dependencies", {})
        lines = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
        readme = (folder / "README.md").read_text("utf-8")
        for line in lines:
            [dependency] = re.findall(r"^[A-Za-z0-9-]+", line)
            assert dependency in readme, f"README of {name} does not name {dependency}"


def test_changelog_fragments_name_distribution_and_kind(repository: Any) -> None:
    fragments = [p for p in (repository.root / "changes").iterdir() if p.name != ".gitignore"]
    for path in fragments:
        assert re.fullmatch(rf"\d+\.({'|'.join(KINDS)})(\.\d+)?\.md", path.name), path.name
        first = re.match(r"`([a-z0-9-]+)`", path.read_text("utf-8"))
        assert first is not None, f"{path.name} does not begin with a distribution"
        assert first.group(1) in PACKAGES


def test_uv_does_not_lock_beside_our_pins(repository: Any) -> None:
    assert [path for path in repository.files if path.name == "uv.lock"] == []
