"""Checks that a file makes many of do not crowd out those of the file as a whole."""

from __future__ import annotations

import pytest
from asn1crypto import cms

from lienthong.model.file_signature import LegalValue
from lienthong.pki import der
from lienthong.spi import FileCheck, Outcome
from lienthong.spi.verifier import MAX_CHECKS
from lienthong_verifier_pdf.pdf import open_pdf
from lienthong_verifier_pdf.words import Findings
from plugins.verifiers.pdf.tests.judged import both, look, told, value

STAMPS = "1.2.840.113549.1.9.16.2.14"
"""Signature time-stamps (RFC 3161 appendix A)."""

TAIL = b"\n% shown by readers that rebuild the file\n"


def crowded(data: bytes, tokens: int) -> bytes:
    """With so many worthless time-stamps in the last signature, which is over none of them."""
    hole = open_pdf(data).signatures[-1].hole
    values = der.element(der.SET, *[der.sequence(der.element(der.NULL))] * tokens)
    attribute = der.sequence(der.oid(STAMPS), values)
    message = cms.ContentInfo.load(hole.message)
    signer = message["content"]["signer_infos"][0]
    signer["unsigned_attrs"] = cms.CMSAttributes.load(der.element(der.SET, attribute))
    digits = bytes(message.dump()).hex().encode().ljust(hole.end - hole.start - 2, b"0")
    return data[: hole.start + 1] + digits + data[hole.end - 1 :]


ROOMY = both(reserved=16_384)
"""Signed with more space than needed, as many programs do."""


def check_tail_is_told() -> None:
    report = look(crowded(ROOMY, MAX_CHECKS) + TAIL)
    assert told(report, "file.coverage") == [Outcome.FAILED]
    assert value(report) is LegalValue.REFUSE


def test_worthless_time_stamps_leave_a_signature_as_it_is() -> None:
    report = look(crowded(ROOMY, 2))
    assert told(report, "file.structure") == [Outcome.PASSED]
    assert value(report) is LegalValue.ORIGINAL_EQUIVALENT


def test_what_stands_behind_the_last_seal_is_told_however_much_else_is() -> None:
    check_tail_is_told()


@pytest.mark.planted("last checks of a long report left out")
def test_a_report_that_leaves_out_its_last_checks_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keep(self: Findings, check: FileCheck) -> None:
        if len(self.checks) < MAX_CHECKS:
            self.checks.append(check)

    monkeypatch.setattr(Findings, "_keep", keep)
    assert value(look(crowded(ROOMY, MAX_CHECKS) + TAIL)) is LegalValue.ORIGINAL_EQUIVALENT
    with pytest.raises(AssertionError):
        check_tail_is_told()


def test_report_that_leaves_something_out_says_so() -> None:
    report = look(crowded(ROOMY, MAX_CHECKS))
    assert len(report.checks) <= MAX_CHECKS
    assert told(report, "file.structure") == [Outcome.PASSED, Outcome.INDETERMINATE]
    assert value(report) is LegalValue.PENDING_CHECK
