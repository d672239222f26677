"""What importing costs, and that every import is declared."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

HEAVY = ("grpc", "google.protobuf", "cryptography", "lienthong_proto", "asyncio")
BROUGHT_BY = {
    # The wire contract brings its two libraries to the SDK (DESIGN section 3).
    "lienthong": {"grpc", "google"},
    "lienthong-conformance": set[str](),
}

IMPORT_NAMES = {
    "grpcio": "grpc",
    "pillow": "PIL",
    "grpcio-health-checking": "grpc_health",
    "grpcio-reflection": "grpc_reflection",
    "prometheus-client": "prometheus_client",
    "protobuf": "google",
    "python-pkcs11": "pkcs11",
}


def test_sdk_is_imported_without_the_heavy_libraries() -> None:
    code = f"import sys, lienthong; print([name for name in {HEAVY} if name in sys.modules])"
    assert _python("-c", code).strip() == "[]"


def test_every_import_is_declared(repository: Any) -> None:
    for name, folder in repository.members.items():
        project = repository.project(folder)
        extras = project.get("optional-dependencies", {}).values()
        lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
        declared = {_import_name(Requirement(line).name) for line in lines}
        declared |= BROUGHT_BY.get(name, set())
        for path in sorted((folder / "src").rglob("*.py")):
            own = {path.relative_to(folder / "src").parts[0].removesuffix(".py")}
            own |= {package.name for package in (folder / "src").iterdir()}
            undeclared = _imported(path) - declared - own - sys.stdlib_module_names
            assert undeclared == set(), f"{path.relative_to(repository.root)}: {undeclared}"


def _import_name(distribution: str) -> str:
    return IMPORT_NAMES.get(distribution, distribution.replace("-", "_"))


def _imported(path: Path) -> set[str]:
    """Top-level names that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def _python(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
