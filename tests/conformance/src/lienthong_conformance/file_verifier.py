"""The contract of file verifiers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from types import ModuleType
from typing import cast

import pytest

from lienthong.model.trust import StatusEvidence, Trust
from lienthong.spi import FileReport, FileVerifier
from lienthong_conformance.announcing import missing
from lienthong_conformance.verifier_cases.doubts import DoubtCases
from lienthong_conformance.verifier_cases.reports import ReportCases
from lienthong_conformance.verifier_cases.specimen import Specimen

HOOK = "lienthong_file_verifier_factory"
_AS_GIVEN = b"as the specimen says"


class FileVerifierContract(ReportCases, DoubtCases):
    """Inherit it, name the plugin module and its media type, override the fixture::

    class TestAcmeFiles(FileVerifierContract):
        plugin = lienthong_files_acme
        media_type = "application/x-acme"

        @pytest.fixture(scope="class")
        @classmethod
        def specimen(cls):
            return Specimen(signed=..., unsigned=..., trust=..., at=..., evidence=..., revoked=...)
    """

    plugin: ModuleType
    """The module that the entry point names."""

    media_type: str
    """What it verifies, in lower case."""

    @pytest.fixture(scope="class")
    @classmethod
    def specimen(cls) -> Specimen:
        """A file that passes every check, and what it passes by."""
        missing("the fixture specimen: a signed file and what it is judged by")

    @pytest.fixture(scope="class")
    @classmethod
    def open_verifier(cls) -> Iterator[Callable[[Trust], FileVerifier]]:
        """Makes a verifier through the plugin's hook; closed in the end."""
        opened: list[FileVerifier] = []

        def open_verifier(trust: Trust) -> FileVerifier:
            factory = getattr(cls.plugin, HOOK)(media_type=cls.media_type)
            if not callable(factory):
                pytest.fail(f"{cls.plugin.__name__}.{HOOK} offers nothing for {cls.media_type}")
            opened.append(cast("FileVerifier", factory(trust)))
            return opened[-1]

        yield open_verifier
        for one in opened:
            one.close()

    @pytest.fixture(scope="class")
    @classmethod
    def verifier(
        cls, specimen: Specimen, open_verifier: Callable[[Trust], FileVerifier]
    ) -> FileVerifier:
        """A verifier that trusts whom the specimen names; one for all cases, as in a program."""
        return open_verifier(specimen.trust)

    @pytest.fixture
    def look(self, verifier: FileVerifier, specimen: Specimen) -> Callable[..., FileReport]:
        """Verify a file held in memory; everything else as the specimen says."""

        def look(
            data: bytes,
            *,
            at: datetime = specimen.at,
            evidence: StatusEvidence = specimen.evidence,
            content: bytes | None = _AS_GIVEN,
        ) -> FileReport:
            beside = specimen.content if content is _AS_GIVEN else content
            stream = None if beside is None else io.BytesIO(beside)
            return verifier.verify(io.BytesIO(data), self.media_type, at, evidence, content=stream)

        return look
