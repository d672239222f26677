"""What reports say: who, in which role, when, whether it counts, and why."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

import pytest
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from lienthong.model.file_signature import (
    LegalValue,
    SignatureImage,
    SignatureKind,
    SignatureRole,
)
from lienthong.model.ids import Sha256
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi import HAS_SIGNATURES, Outcome
from lienthong.testing.pki import DAY, Identity
from lienthong.testing.tsa import TestTSA
from lienthong_verifier_pdf.fields import field_name
from plugins.verifiers.pdf.tests.judged import (
    AGENCY,
    AN,
    BAD,
    GOOD,
    NOW,
    OFFICE,
    SEAL,
    SIGNER,
    STRANGERS,
    UNKNOWN,
    both,
    checked,
    look,
    told,
    value,
)
from plugins.verifiers.pdf.tests.signed import (
    Office,
    agency,
    assembled,
    named,
    plain_pdf,
    trusting,
)

OBJECT = re.compile(rb"([0-9]+) 0 obj\n(.*?)\nendobj", re.DOTALL)


def test_person_and_agency_make_an_original() -> None:
    report = look(both())
    assert report.outcome is Outcome.PASSED
    assert [one.role for one in report.signatures] == [SignatureRole.SIGNER, SignatureRole.AGENCY]
    assert value(report) is LegalValue.ORIGINAL_EQUIVALENT


def test_every_reason_is_there_in_both_languages() -> None:
    files = [both(), plain_pdf(), both() + b"x", b"nothing", OFFICE.sign(both(), AN, "else")]
    for report in map(look, files):
        for one in report.checks:
            assert bool(one.reason) == bool(one.reason_vi)
            assert one.reason or one.outcome is Outcome.PASSED


def test_holder_tells_the_role_where_the_field_does_not() -> None:
    data = OFFICE.sign(OFFICE.sign(plain_pdf(), AN, "first"), SEAL, "second")
    report = look(data)
    assert [one.role for one in report.signatures] == [SignatureRole.SIGNER, SignatureRole.AGENCY]
    assert told(report, "signature.role") == [Outcome.PASSED, Outcome.PASSED]


def test_role_that_nobody_says_stays_undecided() -> None:
    nobody = OFFICE.pki.organisation("nobody")
    data = OFFICE.sign(plain_pdf(), nobody, "field")
    report = look(data)
    assert told(report, "signature.role") == [Outcome.INDETERMINATE]
    assert value(look(OFFICE.sign(data, SEAL, AGENCY))) is LegalValue.PENDING_CHECK


def test_one_holder_is_not_both_the_person_and_the_agency() -> None:
    """A certificate that says nothing of its holder fits either role, but not both."""
    nobody = OFFICE.pki.organisation("nobody")
    report = look(OFFICE.sign(OFFICE.sign(plain_pdf(), nobody, SIGNER), nobody, AGENCY))
    assert told(report, "signature.role") == [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED]
    assert value(report) is not LegalValue.ORIGINAL_EQUIVALENT


@pytest.mark.parametrize(("field", "who"), [(AGENCY, AN), (SIGNER, SEAL)])
def test_certificate_of_another_does_not_sign_in_the_role(field: str, who: Identity) -> None:
    report = look(OFFICE.sign(plain_pdf(), who, field))
    assert told(report, "signature.role") == [Outcome.FAILED]
    found = signatures_found(report, report=Sha256.of(b""))
    assert (found.signer, found.agency) == (BAD, BAD)


def test_certificate_that_says_both_says_nothing() -> None:
    parts = {
        NameOID.COMMON_NAME: "An",
        NameOID.GIVEN_NAME: "An",
        NameOID.ORGANIZATION_IDENTIFIER: "VATVN-0100000000",
    }
    report = look(OFFICE.sign(plain_pdf(), named(OFFICE.pki, parts), "field"))
    assert told(report, "signature.role") == [Outcome.INDETERMINATE]


def test_agency_before_the_person_is_out_of_order() -> None:
    data = OFFICE.sign(OFFICE.sign(plain_pdf(), SEAL, AGENCY), AN, SIGNER)
    report = look(data)
    assert told(report, "signature.order") == [Outcome.FAILED]
    assert value(report) is LegalValue.REVIEW


@pytest.mark.parametrize(
    ("who", "when"), [(AN, NOW), (agency(OFFICE.pki, "another agency"), NOW - 30 * DAY)]
)
def test_false_signature_over_a_good_original_leaves_none(who: Identity, when: datetime) -> None:
    """Its picture may hide what the others signed; a time-stamp over it makes it no better."""
    name = field_name(SignatureRole.COPY_AGENCY, 1)
    data = OFFICE.sign(both(), who, name, when=when, box=(0, 0, 595, 842))
    for one in (data, OFFICE.archived(data, NOW)):
        assert value(look(one)) is not LegalValue.ORIGINAL_EQUIVALENT


def test_kind_is_that_of_the_authority() -> None:
    report = look(both(), trust=trusting(OFFICE.pki, SignatureKind.CONG_CONG))
    assert {one.kind for one in report.signatures} == {SignatureKind.CONG_CONG}
    assert value(report) is LegalValue.INFORMATION_ONLY


def test_untrusted_signature_is_undecided_and_of_no_official_kind() -> None:
    report = look(both(), trust=trusting(STRANGERS))
    assert checked(report).chain is UNKNOWN
    assert {one.kind for one in report.signatures} == {SignatureKind.CONG_CONG}
    assert value(report) is LegalValue.PENDING_CHECK


def test_signature_of_a_stranger_over_changed_fields_protects_nothing() -> None:
    stranger = STRANGERS.organisation("stranger")
    report = look(OFFICE.sign(both(), stranger, "stranger"))
    assert told(report, "file.coverage") == [Outcome.INDETERMINATE]
    assert value(report) is not LegalValue.ORIGINAL_EQUIVALENT


def test_time_stamp_of_a_stranger_protects_nothing() -> None:
    other = Office(pki=OFFICE.pki, tsa=TestTSA(STRANGERS))
    report = look(other.archived(both(), NOW))
    assert told(report, "file.coverage") == [Outcome.INDETERMINATE]
    assert value(report) is not LegalValue.ORIGINAL_EQUIVALENT


def with_date_field() -> bytes:
    """A document with a field that is filled in after the competent person has signed."""
    objects = {int(number): body for number, body in OBJECT.findall(plain_pdf())}
    objects[1] = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>"
    objects[4] = objects[4].replace(b"/Parent", b"/Annots [6 0 R] /Parent")
    objects[6] = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (lienthong-DATE) /V (none) "
        b"/Rect [9 9 99 20] /P 4 0 R /F 4 >>"
    )
    return assembled(objects)


def dated(data: bytes, date: str) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    field: Any = writer.root["/AcroForm"]["/Fields"][0]
    field[pdf_name("/V")] = pdf_string(date)
    writer.update_container(field)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_date_is_filled_in_between_person_and_agency() -> None:
    data = dated(OFFICE.sign(with_date_field(), AN, SIGNER), "ngày 22 tháng 11")
    assert value(look(OFFICE.sign(data, SEAL, AGENCY))) is LegalValue.ORIGINAL_EQUIVALENT
    assert value(look(data)) is LegalValue.REFUSE


@pytest.mark.parametrize("role", [SignatureRole.ATTACHMENT_AGENCY, SignatureRole.COPY_AGENCY])
def test_what_the_agency_has_sealed_is_not_filled_in_by_others(role: SignatureRole) -> None:
    sealed = OFFICE.sign(OFFICE.sign(with_date_field(), AN, SIGNER), SEAL, AGENCY)
    other = agency(OFFICE.pki, "somebody else's agency")
    untouched = OFFICE.sign(sealed, other, field_name(role, 1))
    assert value(look(untouched)) is LegalValue.ORIGINAL_EQUIVALENT
    refilled = OFFICE.sign(dated(sealed, "ngày 1 tháng 1"), other, field_name(role, 1))
    assert value(look(refilled)) is LegalValue.REFUSE


def test_time_stamp_alone_is_no_signature() -> None:
    report = look(OFFICE.archived(plain_pdf(), NOW))
    assert told(report, HAS_SIGNATURES) == [Outcome.INDETERMINATE]
    assert report.signatures == ()
    assert value(report) is LegalValue.INFORMATION_ONLY


def test_place_is_told() -> None:
    data = OFFICE.sign(plain_pdf(3), AN, SIGNER, box=(100, 200, 200, 250))
    shown = look(data).signatures[0].appearance
    assert shown is not None
    assert (shown.page, shown.x, shown.y) == (1, 100_000, 200_000)
    assert shown.image is SignatureImage.SIGNATURE_BLUE


def test_what_only_lenient_reading_understands_never_simply_passes() -> None:
    twice = plain_pdf().replace(b"/Count 1", b"/Count 1 /Count 1")
    fixed = assembled({int(n): body for n, body in OBJECT.findall(twice)})
    report = look(OFFICE.sign(fixed, AN, SIGNER, strict=False))
    assert told(report, "file.structure") == [Outcome.INDETERMINATE]
    assert checked(report).integrity is GOOD
    assert value(report) is LegalValue.PENDING_CHECK


def test_hash_is_that_of_the_whole_file() -> None:
    data = both() + b"more"
    assert look(data).sha256 == Sha256.of(data)


def test_mixed_case_of_the_space_is_told() -> None:
    data = both()
    at = data.rindex(b"/Contents <") + 20
    letters = data[at : at + 400]
    data = data[:at] + letters.swapcase() + data[at + 400 :]
    assert Outcome.INDETERMINATE in told(look(data), "signature.contents")
