"""Limits and tolerances of this axis, as one value."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen


@frozen(kw_only=True)
class Policy:
    """What the axis accepts; sizes in bytes."""

    axis: str
    """Name of the axis: audience of packages, origin of checkpoints."""

    max_files: int = 20
    max_file_bytes: int = 5 * 1024**3
    max_package_bytes: int = 10 * 1024**3
    max_recipients: int = 500
    max_clock_ahead: timedelta = timedelta(minutes=5)
    """How far a creation time may lie in the future (QĐ 52/2019 Đ10.3)."""

    max_age: timedelta = timedelta(days=7)
    """How old signed content may be when it is first handed over."""
