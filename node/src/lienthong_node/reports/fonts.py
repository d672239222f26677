"""A font with Vietnamese letters: one that is installed, or that somebody names; none is shipped.

NĐ 30/2020 PL I wants Times New Roman; Liberation Serif has the same widths and a free licence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from lienthong.errors import FontMissing

_FOLDERS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts/Supplemental"),
    Path("C:/Windows/Fonts"),
)
_FAMILIES: Final = (
    ("times.ttf", "timesbd.ttf"),
    ("Times New Roman.ttf", "Times New Roman Bold.ttf"),
    ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf"),
    ("NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf"),
    ("FreeSerif.ttf", "FreeSerifBold.ttf"),
    ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
)
"""Regular and bold, the best first."""


@frozen
class Font:
    """Files of one family."""

    regular: Path
    bold: Path


def find_font(given: Path | None = None, folders: Sequence[Path] = _FOLDERS) -> Font:
    """The font that was named, or the best one that is installed.

    Raises:
        FontMissing: the file is not there, or nothing is installed.
    """
    if given is not None:
        if not given.is_file():
            raise FontMissing(looked_for=given)
        return Font(given, given)
    installed = {
        path.name.lower(): path
        for folder in folders
        for path in sorted(folder.expanduser().rglob("*.ttf"), reverse=True)
    }
    for regular, bold in _FAMILIES:
        found = installed.get(regular.lower())
        if found is not None:
            return Font(found, installed.get(bold.lower(), found))
    raise FontMissing(looked_for=", ".join(regular for regular, _ in _FAMILIES))
