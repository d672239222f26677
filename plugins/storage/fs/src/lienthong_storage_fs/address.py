"""Addresses of blob folders: ``fs:/path/blobs``."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from lienthong.errors import InvalidValue

SCHEME: Final = "fs"


def folder_path(uri: str) -> Path:
    """Read the folder's path out of its address.

    Raises:
        InvalidValue: the address names a host, options or no folder.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path)
    plain = not (parts.netloc or parts.query or parts.fragment)
    if parts.scheme != SCHEME or not plain or not path or "\0" in path:
        raise InvalidValue(field="blob store", found=uri, expected=f"{SCHEME}:/path/blobs")
    return Path(path)
