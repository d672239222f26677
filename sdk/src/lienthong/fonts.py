"""A font with Vietnamese letters: one that is installed, or that somebody names; none is shipped.

NĐ 30/2020 PL I wants Times New Roman; Liberation Serif has the same widths and a free licence.
Whoever draws brings along reportlab, which reads the fonts; it is imported only then.
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
    ("Tinos-Regular.ttf", "Tinos-Bold.ttf"),
    ("NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf"),
    ("FreeSerif.ttf", "FreeSerifBold.ttf"),
    ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
)
"""Regular and bold, the best first."""

_LETTERS: Final = "ĂẠỄỢỰỸđ"
"""That a font without Vietnamese lacks, whatever its family."""


@frozen
class Font:
    """Files of one family."""

    regular: Path
    bold: Path


def find_font(given: Path | None = None, folders: Sequence[Path] = _FOLDERS) -> Font:
    """The font that was named, or the best one with all letters that is installed.

    Raises:
        FontMissing: the file is not there or lacks letters, or nothing is installed.
    """
    if given is not None:
        if not _is_vietnamese(given):
            raise FontMissing(looked_for=given)
        return Font(given, given)
    installed = {
        path.name.lower(): path
        for folder in folders
        for path in sorted(folder.expanduser().rglob("*.ttf"), reverse=True)
    }
    for regular, bold in _FAMILIES:
        found = installed.get(regular.lower())
        if found is not None and _is_vietnamese(found):
            other = installed.get(bold.lower(), found)
            return Font(found, other if _is_vietnamese(other) else found)
    raise FontMissing(looked_for=", ".join(regular for regular, _ in _FAMILIES))


def _is_vietnamese(path: Path) -> bool:
    """Whether it is a font that has all letters; the same family may lack them elsewhere."""
    from reportlab.pdfbase.ttfonts import TTFontFile

    try:
        known = TTFontFile(str(path)).charToGlyph
    except Exception:  # noqa: BLE001 - what cannot be read is no font
        return False
    return all(ord(letter) in known for letter in _LETTERS)
