"""What a report says of a file that is as it should be."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest

from lienthong.model.ids import Sha256
from lienthong.spi import SPI_VERSION, FileReport, FileVerifier, FileVerifierCapabilities, Outcome
from lienthong_conformance.verifier_cases.specimen import Specimen

Look = Callable[..., FileReport]
_THREADS = 6


class ReportCases:
    """Cases about sound files."""

    plugin: ModuleType
    media_type: str

    @pytest.mark.requirement("VER-01")
    def test_announces_itself(self) -> None:
        assert self.plugin.SPI_VERSION == SPI_VERSION
        assert isinstance(self.plugin.CAPABILITIES, FileVerifierCapabilities)
        hook = self.plugin.lienthong_file_verifier_factory
        assert callable(hook(media_type=self.media_type))
        for foreign in ("", "application/x-lienthong-no-such-type", self.media_type.upper()):
            assert hook(media_type=foreign) is None

    @pytest.mark.requirement("VER-02")
    def test_sound_file_passes_and_its_signatures_are_good(
        self, look: Look, specimen: Specimen
    ) -> None:
        report = look(specimen.signed)
        assert report.outcome is Outcome.PASSED, report.checks
        assert report.signatures
        assert all(one.check is not None and one.check.good for one in report.signatures)

    @pytest.mark.requirement("VER-03")
    def test_report_says_what_it_is_about(self, look: Look, specimen: Specimen) -> None:
        report = look(specimen.signed)
        assert report.sha256 == Sha256.of(specimen.signed)
        beside = specimen.content
        assert report.content_sha256 == (None if beside is None else Sha256.of(beside))
        assert (report.media_type, report.at) == (self.media_type, specimen.at)
        assert report.verifier

    @pytest.mark.requirement("VER-04")
    def test_signature_is_of_the_kind_that_its_authority_makes(
        self, look: Look, specimen: Specimen
    ) -> None:
        kinds = {one.kind for one in specimen.trust.authorities}
        report = look(specimen.signed)
        assert {one.kind for one in report.signatures} <= kinds

    @pytest.mark.requirement("VER-05")
    def test_evidence_of_a_report_repeats_it(self, look: Look, specimen: Specimen) -> None:
        first = look(specimen.signed)
        again = look(specimen.signed, evidence=first.evidence)
        assert again == first

    @pytest.mark.requirement("VER-06")
    def test_streams_stay_open(self, verifier: FileVerifier, specimen: Specimen) -> None:
        stream = io.BytesIO(specimen.signed)
        content = None if specimen.content is None else io.BytesIO(specimen.content)
        verifier.verify(stream, self.media_type, specimen.at, specimen.evidence, content=content)
        assert not stream.closed
        assert content is None or not content.closed

    @pytest.mark.requirement("VER-07")
    def test_many_threads_verify_at_once(self, look: Look, specimen: Specimen) -> None:
        files = [specimen.signed, specimen.unsigned] * _THREADS
        expected = [look(one) for one in files[:2]] * _THREADS
        with ThreadPoolExecutor(_THREADS) as threads:
            assert list(threads.map(look, files)) == expected
