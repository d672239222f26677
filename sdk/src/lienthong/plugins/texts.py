"""Texts that people wrote, from files; a file may be anything."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from lienthong.codec.toml_text import MAX_TOML_BYTES
from lienthong.errors import InvalidValue, TooLarge

MOST_BASES: Final = 16
"""Files that build on each other, one on the next."""


def read_text(path: Path) -> str:
    """The text of a file; a byte order mark at its start is none of it.

    Raises:
        InvalidValue: it cannot be read, is no regular file or not UTF-8.
        TooLarge: it is longer than 1 MiB.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(path, "no regular file")
        with path.open("rb") as file:
            content = file.read(MAX_TOML_BYTES + 1)
        if len(content) > MAX_TOML_BYTES:
            limit = f"{MAX_TOML_BYTES} bytes"
            raise TooLarge(what=str(path), found="more", limit=limit)
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None)
        raise _unreadable(path, reason or "not UTF-8") from error


def is_path(given: str) -> bool:
    """Whether a person means a file of their own, not a name that we know."""
    return given.endswith(".toml") or "/" in given or "\\" in given


def identity(path: Path) -> str:
    """Names a file the same way however it is reached.

    Raises:
        InvalidValue: no file can be there.
    """
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreadable(path, "links that lead in a circle, or no path") from error


def _unreadable(path: Path, reason: str) -> InvalidValue:
    name = str(path).replace("\0", "?")
    return InvalidValue(
        field=name, found=f"unreadable ({reason})", expected="a text in UTF-8, at most 1 MiB"
    )
