"""Reports as bytes, for verifiers that judge in another process than the one that asked."""

from __future__ import annotations

from lienthong.codec.json import dump, load
from lienthong.spi.verifier import FileReport


def dump_report(report: FileReport) -> bytes:
    """A report as strict JSON; equal reports have equal bytes."""
    return dump(report)


def load_report(data: bytes) -> FileReport:
    """The report of such bytes, with everything in it checked anew.

    Raises:
        LienthongError: they are too large, or no report.
    """
    return load(FileReport, data)
