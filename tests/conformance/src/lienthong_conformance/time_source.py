"""The contract of time sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TypeAlias, cast

import pytest

from lienthong.pki.chain import TrustAnchors
from lienthong.spi import TimeSource, TimeStamper
from lienthong_conformance.announcing import factory_of, missing
from lienthong_conformance.time_cases.readings import HOOK, ReadingCases
from lienthong_conformance.time_cases.stamps import StampCases

SourceOpener: TypeAlias = Callable[[str], TimeSource]


class TimeSourceContract(ReadingCases, StampCases):
    """Inherit it, name the plugin module, override the fixtures::

    class TestAcmeTime(TimeSourceContract):
        plugin = lienthong_time_acme

        @pytest.fixture
        def uri(self, server):
            return f"acme:{server.address}"

        @pytest.fixture
        def unreachable_uris(self):
            return ["acme:127.0.0.1:1"]
    """

    plugin: ModuleType
    """The module that the entry point names."""

    @pytest.fixture
    def uri(self) -> str:
        """The URI of a source that answers."""
        missing("the fixture uri: the URI of a source that answers")

    @pytest.fixture
    def unreachable_uris(self) -> Sequence[str]:
        """Well-formed URIs at which nobody answers, or not in time."""
        missing("the fixture unreachable_uris: well-formed URIs at which nobody answers")

    @pytest.fixture
    def misled_uris(self) -> Sequence[str]:
        """URIs at which somebody answers what must not be believed; none by default."""
        return []

    @pytest.fixture
    def anchors(self) -> Sequence[bytes]:
        """Certificates (DER) that time-stamps lead to; for plugins that declare ``stamps``."""
        missing("the fixture anchors: certificates that time-stamps lead to")

    @pytest.fixture
    def open_source(self, uri: str) -> Iterator[SourceOpener]:
        """A function that opens a source through the plugin's hook; closed in the end."""
        opened: list[TimeSource] = []
        factory = factory_of(self.plugin, HOOK, uri)

        def open_source(address: str) -> TimeSource:
            opened.append(cast("TimeSource", factory(address)))
            return opened[-1]

        yield open_source
        for source in opened:
            source.close()

    @pytest.fixture
    def source(self, open_source: SourceOpener, uri: str) -> TimeSource:
        """The source at ``uri``, open."""
        return open_source(uri)

    @pytest.fixture
    def stamper(self, source: TimeSource) -> TimeStamper:
        """The same, where ``stamps`` is declared."""
        if not self.plugin.CAPABILITIES.stamps:
            pytest.skip("the plugin does not declare stamps")
        assert isinstance(source, TimeStamper)
        return source

    @pytest.fixture
    def trusted(self, anchors: Sequence[bytes]) -> TrustAnchors:
        """The anchors, read."""
        return TrustAnchors(anchors)
