"""Files that the address of a key names, relative to the settings that hold the address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_PATHS: Final = frozenset({"softkey"})
"""Schemes whose address is itself the path of a file."""

_FILES: Final[Mapping[str, str]] = {"softkey": "cert", "pkcs11": "cert", "csc": "ca"}
"""By scheme, the parameter that names a file of ours; libraries of devices lie where they are."""


def anchored(uri: str, folder: Path) -> str:
    """The address of a key, with relative paths in it starting in *folder*.

    Addresses of schemes that are not known here stay as they are.
    """
    scheme, colon, rest = uri.partition(":")
    path, mark, query = rest.partition("?")
    if scheme in _PATHS:
        path = _in(folder, path)
    file = _FILES.get(scheme)
    parts = [_anchored_part(part, file, folder) for part in query.split("&")]
    return f"{scheme}{colon}{path}{mark}{'&'.join(parts)}"


def _anchored_part(part: str, file: str | None, folder: Path) -> str:
    name, equals, value = part.partition("=")
    return f"{name}={_in(folder, value)}" if name == file and equals else part


def _in(folder: Path, path: str) -> str:
    """A path as it stands in a URI: only the signs that mean something there are encoded."""
    text = str(folder / unquote(path))
    for sign in "%?#& ":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
