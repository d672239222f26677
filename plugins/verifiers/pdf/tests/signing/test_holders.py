"""Who counts as the competent person and as the agency, and whose keys sign for neither."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509.oid import NameOID

from lienthong.errors import (
    CertificateExpired,
    CertificateUnfit,
    EarlierSignatureBroken,
    KeyUnusable,
    SignerSignatureMissing,
)
from lienthong.model.file_signature import SignatureRole
from lienthong.model.ids import DocumentNumber
from lienthong.model.trust import StatusEvidence, Trust
from lienthong.model.words import CopyForm
from lienthong.spi import Box, Signer
from lienthong.testing.pki import KeyKind, TestPKI, make_key
from lienthong.testing.signer import MemorySigner
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong_verifier_pdf import found, order
from plugins.verifiers.pdf.tests.signing.parties import intact, named

SIGNER, AGENCY, ATTACHMENT, COPY = SignatureRole
BOX = Box(left=100_000, bottom=100_000, width=100_000, height=100_000)
NUMBER_52 = DocumentNumber("52", "2019/QĐ-UBND")


def test_key_of_another_holder_is_refused(
    sign: Any, document: bytes, person: Signer, organisation: Signer
) -> None:
    with pytest.raises(KeyUnusable, match="of an organisation"):
        sign(document, by=organisation)
    content = sign(document, by=person).content
    with pytest.raises(KeyUnusable, match="of a person"):
        sign(content, AGENCY, by=person)
    assert len(intact(sign(content, AGENCY, by=organisation).content)) == 2


def signs_in_both_roles(sign: Any, document: bytes, key: MemorySigner) -> bool:
    """Whether one key makes the signature of the person, and then that of the agency."""
    content = sign(document, by=key).content
    try:
        sign(content, AGENCY, by=key)
    except KeyUnusable:
        return False
    return True


@pytest.mark.planted("one certificate counts twice")
def test_one_certificate_is_not_two_parties(
    sign: Any, document: bytes, key: MemorySigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not signs_in_both_roles(sign, document, key)
    assert len(key.signed) == 1
    monkeypatch.setattr(order, "check_parties", lambda order, own, found: None)
    assert signs_in_both_roles(sign, document, key)


def test_one_holder_is_not_two_parties_with_two_keys(
    sign: Any, document: bytes, pki: TestPKI
) -> None:
    kinds = (KeyKind.P256, KeyKind.P384)
    first, second = (pki.organisation("the same", kind).signer() for kind in kinds)
    content = sign(document, by=first).content
    with pytest.raises(
        KeyUnusable, match=r"has signed lienthong-SIGNER-1 as SIGNER \(NĐ 30/2020 Đ5\.1"
    ):
        sign(content, AGENCY, by=second)
    assert second.signed == []


def test_one_key_is_not_two_parties_with_two_certificates(
    sign: Any, document: bytes, pki: TestPKI
) -> None:
    one = make_key(KeyKind.P256)
    first, second = (
        named(pki, (NameOID.COMMON_NAME, name), key=one) for name in ("Chủ tịch", "UBND tỉnh")
    )
    content = sign(document, by=first).content
    with pytest.raises(KeyUnusable, match="has signed lienthong-SIGNER-1 as SIGNER"):
        sign(content, AGENCY, by=second)


@pytest.mark.parametrize("role", [ATTACHMENT, COPY])
def test_agency_that_has_signed_is_no_competent_person(
    sign: Any, document: bytes, seal_key: MemorySigner, role: SignatureRole
) -> None:
    more: dict[str, Any] = {"number": NUMBER_52}
    if role is COPY:
        more = {"copy_form": CopyForm.SAO_Y, "agency": "UBND tỉnh"}
    content = sign(document, role, **more).content
    seal_key.signed.clear()
    with pytest.raises(KeyUnusable, match=f"as {role.value}"):
        sign(content, by=seal_key)
    assert seal_key.signed == []


def test_digest_that_can_be_forged_is_refused(
    sign: Any, document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sign(document).content
    monkeypatch.setattr(found, "DIGESTS", frozenset({"sha512"}))
    with pytest.raises(EarlierSignatureBroken, match="sha256, which can be forged"):
        sign(content)


def test_trusted_signer_counts(sign: Any, document: bytes, trust: Trust) -> None:
    content = sign(document).content
    assert len(intact(sign(content, AGENCY, trust=trust).content)) == 2


def test_signer_whom_nobody_trusts_does_not_count(
    sign: Any, document: bytes, pki: TestPKI, trust: Trust
) -> None:
    content = sign(document, by=pki.foreign().signer()).content
    with pytest.raises(SignerSignatureMissing, match="not trusted"):
        sign(content, AGENCY, trust=trust)


@pytest.mark.parametrize("since", [-1, 1])
def test_signer_who_was_revoked_before_signing_does_not_count(
    sign: Any, document: bytes, pki: TestPKI, trust: Trust, since: int
) -> None:
    person = pki.organisation("person")
    content = sign(document, by=person.signer()).content
    revoked = Revoked(at=pki.now + timedelta(minutes=since))
    later = pki.now + timedelta(minutes=2)
    lists = [make_list(pki.intermediate, {serial_of(person.certificate): revoked}, at=later)]
    more = {"trust": trust, "evidence": StatusEvidence(lists=lists), "at": later}
    if since > 0:
        assert len(intact(sign(content, AGENCY, **more).content)) == 2
        return
    with pytest.raises(SignerSignatureMissing, match="was revoked on"):
        sign(content, AGENCY, **more)


def test_key_without_certificate_is_refused(sign: Any, document: bytes) -> None:
    with pytest.raises(KeyUnusable, match="no certificate"):
        sign(document, by=MemorySigner.checkpoint())


@pytest.mark.parametrize("make", ["expired", "not_yet_valid"])
def test_certificate_that_is_not_in_force_is_refused(
    sign: Any, document: bytes, pki: TestPKI, make: str
) -> None:
    by = getattr(pki, make)().signer()
    with pytest.raises(CertificateExpired):
        sign(document, by=by)
    assert by.signed == []


def test_certificate_for_other_purposes_is_refused(
    sign: Any, document: bytes, pki: TestPKI
) -> None:
    with pytest.raises(CertificateUnfit):
        sign(document, by=pki.wrong_usage().signer())
