"""What the signing side makes is found good by the reading side of the same distribution."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from attrs import evolve

from lienthong.model.file_signature import Finding, LegalValue, SignatureRole
from lienthong.model.ids import DocumentNumber, Sha256
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence, Trust
from lienthong.model.words import CopyForm
from lienthong.pki.revocation import StatusCache
from lienthong.plugins import PluginHost
from lienthong.rules.legal_facts import Facts
from lienthong.rules.legal_value import judge
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi import FileVerifier, Outcome, SignatureLevel, Signer
from lienthong_verifier_pdf import order
from lienthong_verifier_pdf.case import Case
from lienthong_verifier_pdf.judge import Judge
from lienthong_verifier_pdf.judging import Bench

SIGNER, AGENCY, ATTACHMENT, COPY = SignatureRole


@pytest.fixture(scope="module")
def verifier(trust: Trust) -> Iterator[FileVerifier]:
    with PluginHost() as host:
        opened = host.open_file_verifier("application/pdf", trust)
        yield opened
        opened.close()


@pytest.mark.parametrize("level", SignatureLevel)
def test_signer_number_date_and_agency(
    sign: Any,
    form: bytes,
    stamper: Any,
    trust: Trust,
    evidence: StatusEvidence,
    verifier: FileVerifier,
    level: SignatureLevel,
) -> None:
    more = {"stamper": stamper, "level": level, "trust": trust, "evidence": evidence}
    written = {"number": DocumentNumber("52", "2019/QĐ-UBND"), "issued_on": date(2019, 11, 22)}
    made = sign(sign(form, **more).content, AGENCY, **more, **written)
    # A long-term file carries its evidence; the others are judged with what the verifier has.
    beside = NO_EVIDENCE if level.long_term else evidence
    content, at = io.BytesIO(made.content), made.told.at
    report = verifier.verify(content, "application/pdf", at, beside)
    failed = [one for one in report.checks if one.outcome is not Outcome.PASSED]
    assert not failed
    assert [one.role for one in report.signatures] == [SIGNER, AGENCY]
    assert all(one.check is not None and one.check.good for one in report.signatures)
    told = made.told.appearance
    assert report.signatures[-1].appearance == told


def original_by_one_holder(content: bytes, at: datetime, trust: Trust, known: Any) -> bool:
    """Whether a file that one certificate signed in both roles is taken for an original."""
    case = Case(data=content, media_type="application/pdf", at=at, evidence=known)
    report = Judge(trust=trust, cache=StatusCache()).judge(case)
    told = [one for one in report.checks if one.name == "signature.role"]
    failed = [one for one in told if one.outcome is Outcome.FAILED]
    assert all("a person and an agency are two" in one.reason for one in failed)
    assert all("phải khác nhau" in one.reason_vi for one in failed)
    facts = Facts.of(signatures_found(report, report=Sha256.of(b"")))
    original = judge(facts).value is LegalValue.ORIGINAL_EQUIVALENT
    assert original is not bool(failed)
    return original


@pytest.mark.planted("one certificate counts twice")
def test_one_certificate_in_both_roles_makes_no_original(
    sign: Any,
    document: bytes,
    key: Signer,
    trust: Trust,
    evidence: StatusEvidence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a program makes it that does not refuse to."""
    monkeypatch.setattr(order, "check_parties", lambda order, own, found: None)
    made = sign(sign(document).content, AGENCY, by=key)
    judged = (made.content, made.told.at, trust, evidence)
    assert not original_by_one_holder(*judged)
    monkeypatch.setattr(Bench, "_holder", lambda self, sealed, role: Finding.GOOD)
    assert original_by_one_holder(*judged)


@pytest.mark.parametrize("role", [ATTACHMENT, COPY])
def test_words_of_attachments_and_copies_are_no_image(
    sign: Any, document: bytes, verifier: FileVerifier, role: SignatureRole
) -> None:
    more: dict[str, Any] = {"number": DocumentNumber("52", "2019/QĐ-UBND")}
    if role is COPY:
        more = {"copy_form": CopyForm.SAO_Y, "agency": "UBND tỉnh"}
    made = sign(document, role, **more)
    report = verifier.verify(io.BytesIO(made.content), "application/pdf", made.told.at, NO_EVIDENCE)
    assert report.signatures[0].appearance == evolve(made.told.appearance, text="")
