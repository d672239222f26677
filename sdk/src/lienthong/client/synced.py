"""Files that are written whole and durably, or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from lienthong.errors import InvalidValue


def write_synced(path: Path, content: bytes) -> None:
    """Replace a file as a whole, durably: it is never half written.

    Raises:
        InvalidValue: the place cannot be written.
    """
    # A name of its own: others may be writing the same file.
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
        if os.name == "posix":
            _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise unusable(path, error) from error


def _sync_folder(folder: Path) -> None:
    """The new name is durable only with its folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def unusable(path: Path, error: OSError) -> InvalidValue:
    """The error of a file that cannot be read or written."""
    found = error.strerror or type(error).__name__
    return InvalidValue(field=f"the file {path}", found=found, expected="a usable file")
