"""Network time: the time source ``ntp`` (entry-point group ``lienthong.time_sources``)."""

from __future__ import annotations

from lienthong.spi import TimeSourceCapabilities, TimeSourceFactory, hookimpl
from lienthong_time_ntp.address import SCHEME
from lienthong_time_ntp.source import NTPSource, open_source

SPI_VERSION = 1
CAPABILITIES = TimeSourceCapabilities()


@hookimpl
def lienthong_time_source_factory(scheme: str) -> TimeSourceFactory | None:
    """Offer to open NTP servers."""
    return open_source if scheme == SCHEME else None


__all__ = [
    "CAPABILITIES",
    "SCHEME",
    "SPI_VERSION",
    "NTPSource",
    "lienthong_time_source_factory",
    "open_source",
]
