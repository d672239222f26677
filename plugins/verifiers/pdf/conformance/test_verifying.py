"""The published contract suite against PDF files and CMS signatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

import lienthong_verifier_pdf
from lienthong.model.file_signature import SignatureRole
from lienthong_conformance import FileVerifierContract, Specimen
from lienthong_verifier_pdf.fields import field_name
from lienthong_verifier_pdf.media import DETACHED, ENCLOSED, PDF
from plugins.verifiers.pdf.tests.signed import Office, person, plain_pdf

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CONTENT = b"Be it resolved."


@cache
def specimen(media_type: str) -> Specimen:
    office = Office.at(NOW)
    signer = person(office.pki, "An")
    made = {
        PDF: lambda: office.sign(plain_pdf(), signer, field_name(SignatureRole.SIGNER, 1)),
        DETACHED: lambda: office.sign_cms(CONTENT, signer),
        ENCLOSED: lambda: office.sign_cms(CONTENT, signer, detached=False),
    }
    before = {signer.certificate: NOW - timedelta(hours=1)}
    return Specimen(
        signed=made[media_type](),
        unsigned=plain_pdf(),
        trust=office.trust,
        at=NOW,
        evidence=office.evidence(),
        revoked=office.evidence(revoked=before),
        content=CONTENT if media_type == DETACHED else None,
    )


class FileSignatureContract(FileVerifierContract):
    plugin = lienthong_verifier_pdf

    @pytest.fixture(scope="class")
    @classmethod
    def specimen(cls) -> Specimen:
        return specimen(cls.media_type)


class TestPdf(FileSignatureContract):
    media_type = PDF


class TestDetached(FileSignatureContract):
    media_type = DETACHED


class TestEnclosed(FileSignatureContract):
    media_type = ENCLOSED
