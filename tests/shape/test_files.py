"""What must never be in the repository: hosts, machine paths, keys, foreign data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

REGISTRIES = re.compile(
    "|".join(
        rf"{name}\.{end}"
        for name, end in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("deb\\.debian", "org"),
            ("registry\\.yarnpkg", "com"),
        )
    )
)

FOREIGN = {".edxml", ".key", ".p12", ".pem", ".pfx", ".jks", ".db", ".sqlite"}

LARGEST = 512 * 1024
"""Bytes; more belongs into a release, not into the history."""


def machine_paths(repository: Any) -> re.Pattern[str]:
    """Paths that only exist where this checkout happens to be."""
    places = {str(repository.root), str(Path.home())} - {"/"}
    return re.compile("|".join(rf"{re.escape(place)}/[\w.-]+" for place in sorted(places)))


def texts(repository: Any) -> dict[Path, str]:
    found = {}
    for path in repository.files:
        try:
            found[path] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_names_a_registry_or_a_machine(repository: Any) -> None:
    machine = machine_paths(repository)
    for path, text in texts(repository).items():
        for pattern in (REGISTRIES, machine):
            found = pattern.findall(text)
            assert not found, f"{path.relative_to(repository.root)} names {found}"


@pytest.mark.parametrize("host", [("files", "pythonhosted", "org"), ("pypi", "org")])
def test_registry_would_be_found(host: tuple[str, ...]) -> None:
    assert REGISTRIES.search("https://" + ".".join(host) + "/simple")


def test_no_keys_databases_or_foreign_data(repository: Any) -> None:
    assert [path for path in repository.files if path.suffix.lower() in FOREIGN] == []
    for path, text in texts(repository).items():
        assert not re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]", text), path


def test_no_file_is_large(repository: Any) -> None:
    large = [path for path in repository.files if path.stat().st_size > LARGEST]
    assert large == []
