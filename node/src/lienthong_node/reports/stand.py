"""What a file of reports is, and up to where it has come."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

_APPLICATION: Final = 68
_OURS: Final = b"LTRP"
"""The application id, and where SQLite's header has it."""


@frozen(kw_only=True)
class Stand:
    """Up to where the journal was read, and by which rules."""

    entries: int = 0
    """Entries that were read."""

    leaf_hash: str = ""
    """Of the last one, hexadecimal: the journal that it goes on with is the same one."""

    rules: str = ""
    """What decides what the same journal gives: version of projection and law."""

    directory_version: int = 0
    as_of_us: int = 0
    """Up to when deadlines were looked at; 0 while not everything up to then was read."""


def is_ours(path: Path) -> bool:
    """Whether a file was made as a file of reports, whatever has become of it since."""
    try:
        with path.open("rb") as file:
            head = file.read(_APPLICATION + len(_OURS))
    except OSError:
        return False
    return head[_APPLICATION:] == _OURS
