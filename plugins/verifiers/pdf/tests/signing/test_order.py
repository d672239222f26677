"""Signer, then number and date, then agency; and nothing that was signed is ever changed."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from lienthong.errors import (
    EarlierSignatureBroken,
    FileUnsignable,
    FormFieldMissing,
    InvalidValue,
    KeyUnusable,
    SignerSignatureMissing,
)
from lienthong.model.file_signature import SignatureRole
from lienthong.model.ids import DocumentNumber
from lienthong.model.words import CopyForm
from lienthong.pki.certificate import Certificate
from lienthong.spi import Box, Signer
from lienthong.testing.pki import TestPKI
from lienthong.testing.signer import MemorySigner
from lienthong_verifier_pdf import signing
from lienthong_verifier_pdf.adapters import Key
from lienthong_verifier_pdf.fields import DATE, NUMBER
from lienthong_verifier_pdf.filling import written_date
from plugins.verifiers.pdf.tests.signing.parties import intact

SIGNER, AGENCY, ATTACHMENT, COPY = SignatureRole
BOX = Box(left=100_000, bottom=100_000, width=100_000, height=100_000)
NUMBER_52 = DocumentNumber("52", "2019/QĐ-UBND")


def agency_is_refused_before_the_signer(sign: Any, document: bytes) -> bool:
    try:
        sign(document, AGENCY, box=BOX)
    except SignerSignatureMissing:
        return True
    return False


def test_agency_waits_for_the_signer(sign: Any, document: bytes, seal_key: MemorySigner) -> None:
    with pytest.raises(SignerSignatureMissing, match=r"NĐ 30/2020 Đ32\.2d"):
        sign(document, AGENCY)
    assert seal_key.signed == []


@pytest.mark.planted("agency signs before the competent person")
def test_agency_that_does_not_wait_is_found(
    sign: Any, document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agency_is_refused_before_the_signer(sign, document)
    monkeypatch.setattr(signing, "check_order", lambda order, found: None)
    assert not agency_is_refused_before_the_signer(sign, document)


def test_a_second_agency_signature_is_no_signers(sign: Any, document: bytes) -> None:
    copy = sign(document, COPY, copy_form=CopyForm.SAO_Y, agency="UBND tỉnh")
    with pytest.raises(SignerSignatureMissing):
        sign(copy.content, AGENCY)


def test_signer_then_agency(sign: Any, document: bytes) -> None:
    first = sign(document)
    second = sign(first.content, AGENCY)
    assert second.content.startswith(first.content)
    assert first.content.startswith(document)
    assert second.told.earlier == ("lienthong-SIGNER-1",)
    assert intact(second.content) == ["lienthong-SIGNER-1", "lienthong-AGENCY-1"]


def test_two_signers_then_two_agencies(sign: Any, document: bytes) -> None:
    content = document
    for role in (SIGNER, SIGNER, AGENCY, AGENCY):
        content = sign(content, role).content
    assert [name.removeprefix("lienthong-") for name in intact(content)] == [
        "SIGNER-1",
        "SIGNER-2",
        "AGENCY-1",
        "AGENCY-2",
    ]


def test_attachments_and_copies_need_no_signer(sign: Any, document: bytes) -> None:
    attachment = sign(document, ATTACHMENT, number=NUMBER_52)
    assert intact(attachment.content) == ["lienthong-ATTACHMENT_AGENCY-1"]
    copy = sign(attachment.content, COPY, copy_form=CopyForm.SAO_Y, agency="UBND tỉnh")
    assert len(intact(copy.content)) == 2


@pytest.mark.parametrize("signed", [SIGNER, AGENCY])
def test_broken_earlier_signature_is_refused(
    sign: Any,
    document: bytes,
    key: MemorySigner,
    seal_key: MemorySigner,
    signed: SignatureRole,
) -> None:
    content = sign(document).content
    if signed is AGENCY:
        content = sign(content, AGENCY).content
    key.signed.clear()
    seal_key.signed.clear()
    at = content.index(b"Page") if b"Page" in content else content.index(b"endstream") - 4
    altered = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    for role in (SIGNER, AGENCY):
        with pytest.raises(EarlierSignatureBroken, match="lienthong-SIGNER-1"):
            sign(altered, role)
    assert key.signed == seal_key.signed == []


def test_changed_page_after_a_signature_is_refused(sign: Any, document: bytes) -> None:
    source = io.BytesIO(sign(document).content)
    writer = IncrementalPdfFileWriter(source)
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Rotate"] = NumberObject(90)
    writer.update_container(page)
    writer.write_in_place()
    with pytest.raises(EarlierSignatureBroken, match="changed after"):
        sign(source.getvalue(), AGENCY)


def by_another_program(
    document: bytes,
    key: Signer,
    name: str = "Signature1",
    box: tuple[int, int, int, int] | None = None,
    **more: Any,
) -> bytes:
    """A signature that names no role."""
    public_key = Certificate.load(key.chain[0]).public_key
    meta = PdfSignatureMetadata(field_name=name, **more)
    other = PdfSigner(meta, signer=Key(key, public_key), new_field_spec=SigFieldSpec(name, box=box))
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    content: bytes = other.sign_pdf(writer, bytes_reserved=20_000).getvalue()
    return content


def test_forbidden_second_signature_is_refused(sign: Any, document: bytes, key: Signer) -> None:
    content = by_another_program(document, key, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    with pytest.raises(FileUnsignable):
        sign(content)


def test_seal_that_would_break_a_certified_file_is_refused(
    sign: Any, document: bytes, key: Signer
) -> None:
    content = by_another_program(document, key, certify=True)
    with pytest.raises(EarlierSignatureBroken, match="Signature1"):
        sign(content)
    assert len(intact(sign(content, image=b"").content)) == 2


def test_persons_signature_of_another_program_counts(
    sign: Any, document: bytes, person: Signer, organisation: Signer
) -> None:
    content = by_another_program(document, person, box=(300, 200, 450, 260))
    made = sign(content, AGENCY, by=organisation)
    assert made.told.earlier == ("Signature1",)
    width = round(36 / 25.4 * 72_000)
    assert made.told.appearance.x == pytest.approx(300_000 + 50_000 - width, abs=100)


@pytest.mark.parametrize("who", ["organisation", "key"])
def test_other_signatures_of_other_programs_do_not_count(
    sign: Any, document: bytes, request: pytest.FixtureRequest, who: str
) -> None:
    """An organisation's, and one whose certificate does not say whose it is."""
    content = by_another_program(document, request.getfixturevalue(who))
    with pytest.raises(SignerSignatureMissing):
        sign(content, AGENCY, box=BOX)


def test_name_of_a_field_does_not_make_an_organisation_a_person(
    sign: Any, document: bytes, organisation: Signer
) -> None:
    content = by_another_program(document, organisation, "lienthong-SIGNER-1")
    with pytest.raises(SignerSignatureMissing):
        sign(content, AGENCY, box=BOX)


class Liar(MemorySigner):
    """Signs something else."""

    def sign(self, message: bytes) -> bytes:
        return super().sign(message + b"!")


def test_signature_that_does_not_fit_is_refused(sign: Any, document: bytes, pki: TestPKI) -> None:
    identity = pki.organisation("any")
    with pytest.raises(KeyUnusable, match="does not fit"):
        sign(document, by=Liar(identity.key, identity.chain))


def keeps_earlier_bytes(sign: Any, document: bytes) -> bool:
    try:
        content = sign(document).content
    except EarlierSignatureBroken:
        return False
    return bool(content.startswith(document))


@pytest.mark.planted("earlier bytes of a signed file rewritten")
def test_rewritten_bytes_are_found(
    sign: Any, document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keeps_earlier_bytes(sign, document)
    put = signing._put_signature

    async def rewrites(work: Any, target: Any) -> bytes:
        contents = await put(work, target)
        target.seek(12)
        target.write(b"?")
        return contents

    monkeypatch.setattr(signing, "_put_signature", rewrites)
    with pytest.raises(EarlierSignatureBroken, match="earlier bytes"):
        sign(document)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2019, 11, 22), "ngày 22 tháng 11 năm 2019"),
        (date(2026, 1, 2), "ngày 02 tháng 01 năm 2026"),
        (date(2026, 3, 9), "ngày 09 tháng 3 năm 2026"),
    ],
)
def test_date_is_written_as_the_decree_has_it(day: date, text: str) -> None:
    assert written_date(day) == text


def test_time_that_is_stated_has_vietnams_zone(sign: Any, document: bytes) -> None:
    content = sign(document).content
    signature = PdfFileReader(io.BytesIO(content)).embedded_signatures[0]
    stated = signature.self_reported_timestamp
    assert stated is not None
    assert stated.utcoffset() == timedelta(hours=7)


class TestNumberAndDate:
    """Written after the signer's signature, into fields that the document has for them."""

    @pytest.fixture
    def signed(self, sign: Any, form: bytes) -> bytes:
        content: bytes = sign(form).content
        return content

    def test_agency_fills_them_in(self, sign: Any, signed: bytes) -> None:
        more = {"number": NUMBER_52, "issued_on": date(2019, 11, 22)}
        made = sign(signed, AGENCY, **more)
        assert intact(made.content) == ["lienthong-SIGNER-1", "lienthong-AGENCY-1"]
        reader = PdfFileReader(io.BytesIO(made.content))
        fields = [one.get_object() for one in reader.root["/AcroForm"]["/Fields"]]
        values = {str(one["/T"]): str(one["/V"]) for one in fields if one["/FT"] == "/Tx"}
        assert values == {NUMBER: "52/2019/QĐ-UBND", DATE: "ngày 22 tháng 11 năm 2019"}

    def test_what_is_written_is_not_written_over(self, sign: Any, signed: bytes) -> None:
        content = sign(signed, AGENCY, number=NUMBER_52).content
        with pytest.raises(InvalidValue, match="an empty field"):
            sign(content, AGENCY, number=DocumentNumber("53", "2019/QĐ-UBND"))
        assert sign(content, AGENCY, number=NUMBER_52).told.name == "lienthong-AGENCY-2"

    def test_file_without_the_field_is_refused(
        self, sign: Any, document: bytes, seal_key: MemorySigner
    ) -> None:
        content = sign(document).content
        with pytest.raises(FormFieldMissing, match=f"no text field {NUMBER}") as caught:
            sign(content, AGENCY, number=NUMBER_52)
        assert "leave number or date out" in caught.value.next_step("en")
        assert seal_key.signed == []
