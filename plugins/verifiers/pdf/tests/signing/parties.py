"""Certificates of persons and agencies, and which signatures are intact."""

from __future__ import annotations

import io
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader

from lienthong.pki.algorithms import PrivateKey
from lienthong.spi import Signer
from lienthong.testing.pki import KeyKind, TestPKI, make_key, signing_extensions
from lienthong.testing.signer import MemorySigner
from lienthong_verifier_pdf.found import intact_signatures


def intact(content: bytes) -> list[str]:
    return [one.name for one in intact_signatures(PdfFileReader(io.BytesIO(content)))]


def named(
    pki: TestPKI, *parts: tuple[x509.ObjectIdentifier, str], key: PrivateKey | None = None
) -> Signer:
    """A key whose certificate says more of its holder than a name."""
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    key, issuer = key or make_key(KeyKind.P256), pki.intermediate
    above = x509.load_der_x509_certificate(issuer.certificate).subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(pki.now - timedelta(days=1))
        .not_valid_after(pki.now + timedelta(days=1))
    )
    for extension, critical in signing_extensions():
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
    return MemorySigner(key, (made, issuer.certificate))
