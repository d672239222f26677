"""Time sources that give time-stamps: asked for by name, and shielded with all they can do."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.errors import NotSupported, PluginFailed, TimestampRefused
from lienthong.spi import TimeStamper

STAMPER = """
from datetime import UTC, datetime
from lienthong.errors import TimestampRefused
from lienthong.spi import TimeReading, TimeSourceCapabilities, TimeStamper, hookimpl

SPI_VERSION = 1
CAPABILITIES = TimeSourceCapabilities(stamps=True)

class Stamping(TimeStamper):
    def __init__(self, uri):
        pass
    def now(self):
        return TimeReading(
            instant=datetime(2026, 11, 22, 8, tzinfo=UTC), uncertainty=0.5, source="tsa"
        )
    def stamp(self, digest, algorithm="SHA-256"):
        return algorithm.encode() + digest
    def close(self):
        pass

@hookimpl
def lienthong_time_source_factory(scheme):
    return Stamping if scheme == "tsa" else None
"""


def opened(shelf: Any, make_host: Any, source: str = STAMPER) -> Any:
    shelf.put(source, group="lienthong.time_sources", name="tsa")
    return make_host().open_time_stamper("tsa:")


def test_a_stamper_stamps_through_its_shield(shelf: Any, make_host: Any) -> None:
    stamper = opened(shelf, make_host)
    assert isinstance(stamper, TimeStamper)
    assert stamper.stamp(b"digest") == b"SHA-256digest"
    assert stamper.stamp(b"digest", "SHA-512") == b"SHA-512digest"
    assert stamper.now().source == "tsa"
    stamper.close()


def test_a_stamper_is_a_time_source_as_well(shelf: Any, make_host: Any) -> None:
    shelf.put(STAMPER, group="lienthong.time_sources", name="tsa")
    source = make_host().open_time_source("tsa:")
    assert source.now().uncertainty == 0.5
    assert not hasattr(source, "stamp")


def test_a_plain_time_source_is_refused(shelf: Any, make_host: Any) -> None:
    with pytest.raises(NotSupported, match="tsa does not support stamps"):
        opened(shelf, make_host, STAMPER.replace("stamps=True", ""))


def test_one_that_declares_stamps_and_gives_none_is_named(shelf: Any, make_host: Any) -> None:
    lying = STAMPER.replace("class Stamping(TimeStamper)", "class Stamping(TimeSource)")
    lying = lying.replace("TimeStamper,", "TimeSource,")
    with pytest.raises(PluginFailed, match="answered Stamping, expected TimeStamper"):
        opened(shelf, make_host, lying)


@pytest.mark.parametrize("answer", ["None", "'token'", "bytearray(8)", "(b'',)"])
def test_tokens_that_are_no_bytes_are_refused(shelf: Any, make_host: Any, answer: str) -> None:
    stamper = opened(shelf, make_host, STAMPER.replace("algorithm.encode() + digest", answer))
    with pytest.raises(PluginFailed, match="failed at stamp: it answered"):
        stamper.stamp(b"digest")


def test_a_refusal_passes_as_it_is(shelf: Any, make_host: Any) -> None:
    refusing = STAMPER.replace(
        "return algorithm.encode() + digest", "raise TimestampRefused(reason='no')"
    )
    with pytest.raises(TimestampRefused):
        opened(shelf, make_host, refusing).stamp(b"digest")


def test_other_errors_are_the_plugins(shelf: Any, make_host: Any) -> None:
    broken = STAMPER.replace("return algorithm.encode() + digest", "raise KeyError('x')")
    with pytest.raises(PluginFailed, match="failed at stamp: KeyError"):
        opened(shelf, make_host, broken).stamp(b"digest")
