"""Texts that people wrote, from files."""

from __future__ import annotations

from pathlib import Path

from lienthong.errors import InvalidValue


def read_text(path: Path) -> str:
    """The text of a file; a byte order mark at its start is none of it.

    Raises:
        InvalidValue: it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        found = f"unreadable ({reason})"
        raise InvalidValue(field=str(path), found=found, expected="a text in UTF-8") from error
