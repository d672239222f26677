"""Time-stamp authorities: the time source ``rfc3161`` (group ``lienthong.time_sources``)."""

from __future__ import annotations

from lienthong.spi import TimeSourceCapabilities, TimeSourceFactory, hookimpl
from lienthong_time_rfc3161.address import SCHEME
from lienthong_time_rfc3161.source import RFC3161Source, open_source

SPI_VERSION = 1
CAPABILITIES = TimeSourceCapabilities(authenticated=True, stamps=True)


@hookimpl
def lienthong_time_source_factory(scheme: str) -> TimeSourceFactory | None:
    """Offer to open time-stamp authorities."""
    return open_source if scheme == SCHEME else None


__all__ = [
    "CAPABILITIES",
    "SCHEME",
    "SPI_VERSION",
    "RFC3161Source",
    "lienthong_time_source_factory",
    "open_source",
]
