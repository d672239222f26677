"""What must not pass, and what is refused."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType

import pytest

from lienthong.errors import LienthongError, NaiveTime, NotSupported
from lienthong.model.trust import NO_EVIDENCE, NOBODY
from lienthong.spi import FileReport, FileVerifier, Outcome
from lienthong_conformance.verifier_cases.specimen import Specimen

Look = Callable[..., FileReport]
_YEARS = timedelta(days=365 * 40)
_CUTS = (0.1, 0.5, 0.9, 0.99)


class DoubtCases:
    """Cases about files, moments and evidence that are not as they should be."""

    plugin: ModuleType
    media_type: str

    @pytest.mark.requirement("VER-20")
    def test_unsigned_file_is_a_report_that_does_not_pass(
        self, look: Look, specimen: Specimen
    ) -> None:
        report = look(specimen.unsigned)
        assert report.outcome is not Outcome.PASSED
        assert report.signatures == ()

    @pytest.mark.requirement("VER-21")
    def test_without_trust_nothing_passes(
        self, open_verifier: Callable[..., FileVerifier], specimen: Specimen
    ) -> None:
        stranger = open_verifier(NOBODY)
        content = None if specimen.content is None else io.BytesIO(specimen.content)
        report = stranger.verify(
            io.BytesIO(specimen.signed),
            self.media_type,
            specimen.at,
            specimen.evidence,
            content=content,
        )
        assert report.outcome is not Outcome.PASSED

    @pytest.mark.requirement("VER-22")
    def test_missing_status_is_not_taken_for_good(self, look: Look, specimen: Specimen) -> None:
        if not self.plugin.CAPABILITIES.revocation:
            pytest.skip("it does not judge revocation")
        assert look(specimen.signed, evidence=NO_EVIDENCE).outcome is Outcome.INDETERMINATE

    @pytest.mark.requirement("VER-23")
    def test_certificate_revoked_before_it_signed_fails(
        self, look: Look, specimen: Specimen
    ) -> None:
        if not self.plugin.CAPABILITIES.revocation:
            pytest.skip("it does not judge revocation")
        assert look(specimen.signed, evidence=specimen.revoked).outcome is Outcome.FAILED

    @pytest.mark.requirement("VER-24")
    @pytest.mark.parametrize("away", [-_YEARS, _YEARS])
    def test_another_moment_is_another_verdict(
        self, look: Look, specimen: Specimen, away: timedelta
    ) -> None:
        assert look(specimen.signed, at=specimen.at + away).outcome is not Outcome.PASSED

    @pytest.mark.requirement("VER-25")
    def test_file_that_was_cut_or_extended_does_not_pass(
        self, look: Look, specimen: Specimen
    ) -> None:
        whole = specimen.signed
        changed = [whole[: int(len(whole) * share)] for share in _CUTS]
        changed += [whole[:-1], whole + b"\0", whole + whole, whole + b"more of it", b"x" + whole]
        passed = [one for one in changed if look(one).outcome is Outcome.PASSED]
        assert passed == []

    @pytest.mark.requirement("VER-26")
    def test_anything_at_all_is_a_report(self, look: Look, specimen: Specimen) -> None:
        chance = random.Random(len(specimen.signed))
        odd = [b"", b"\0", b"\xff" * 1000, chance.randbytes(4096)]
        odd += [specimen.signed[:40] + chance.randbytes(4096), specimen.signed[::-1]]
        assert [one for one in odd if look(one).outcome is Outcome.PASSED] == []

    @pytest.mark.requirement("VER-27")
    def test_changed_content_does_not_pass(self, look: Look, specimen: Specimen) -> None:
        if specimen.content is None:
            pytest.skip("the content is inside the file")
        for content in (None, b"", specimen.content + b"\0", specimen.content[::-1] + b"x"):
            assert look(specimen.signed, content=content).outcome is not Outcome.PASSED

    @pytest.mark.requirement("VER-28")
    def test_undeclared_media_type_is_refused(
        self, verifier: FileVerifier, specimen: Specimen
    ) -> None:
        with pytest.raises(NotSupported):
            verifier.verify(io.BytesIO(specimen.signed), "application/x-none", specimen.at)

    @pytest.mark.requirement("VER-29")
    def test_moment_without_a_zone_is_refused(
        self, verifier: FileVerifier, specimen: Specimen
    ) -> None:
        with pytest.raises(NaiveTime):
            verifier.verify(
                io.BytesIO(specimen.signed), self.media_type, specimen.at.replace(tzinfo=None)
            )

    @pytest.mark.requirement("VER-30")
    def test_closed_verifier_refuses(
        self, open_verifier: Callable[..., FileVerifier], specimen: Specimen
    ) -> None:
        closed = open_verifier(specimen.trust)
        closed.close()
        closed.close()
        with pytest.raises(LienthongError):
            closed.verify(io.BytesIO(specimen.signed), self.media_type, specimen.at)
