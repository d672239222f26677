"""Addresses of databases: ``sqlite:/path/node.db``."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from lienthong.errors import InvalidValue

SCHEME: Final = "sqlite"


def database_path(uri: str) -> Path:
    """Read the file's path out of its address.

    Raises:
        InvalidValue: the address names a host, options or no file.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path)
    plain = not (parts.netloc or parts.query or parts.fragment)
    if parts.scheme != SCHEME or not plain or path.endswith("/") or not path or "\0" in path:
        raise InvalidValue(field="record store", found=uri, expected=f"{SCHEME}:/path/node.db")
    return Path(path)
