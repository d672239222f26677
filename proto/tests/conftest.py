"""The definitions, as the generated modules carry them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor

SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture(scope="session")
def files() -> list[FileDescriptor]:
    """Every definition file, through its generated module."""
    modules = [
        ".".join(path.relative_to(SOURCE).with_suffix("").parts) + "_pb2"
        for path in sorted(SOURCE.rglob("*.proto"))
    ]
    return [importlib.import_module(module).DESCRIPTOR for module in modules]
