"""Where in its data folder a node keeps what it verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lienthong.client.filereports import ReportFolder

FOLDER: Final = Path("verification")
WORKLIST: Final = FOLDER / "worklist.db"
REPORTS: Final = FOLDER / "reports"
_KEPT: Final = ("*/*.json", "*/*.der")
"""Reports before what they rest on, which was there before them: none is copied without it."""


def report_folder(data: Path) -> ReportFolder:
    """The reports that the node of a data folder keeps."""
    return ReportFolder(data / REPORTS)


def report_files(data: Path) -> Iterator[Path]:
    """The files in which they are kept, with what they rest on; relative to the data folder."""
    for pattern in _KEPT:
        for path in (data / REPORTS).glob(pattern):
            yield path.relative_to(data)
