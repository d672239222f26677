"""Signed files for tests, made on the spot with keys of the test."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from asn1crypto import cms as asn1_cms
from asn1crypto import crl as asn1_crl
from asn1crypto import keys, tsp, x509
from attrs import frozen
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import StatusEvidence, Trust, TrustedAuthority, TrustPurpose
from lienthong.testing.pki import DAY, Identity, KeyKind, TestPKI, make_key, signing_extensions
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong.testing.tsa import TestTSA

NOBODY_REVOKED: Mapping[bytes, datetime] = MappingProxyType({})
LEGAL = frozenset({TrustPurpose.FILES, TrustPurpose.TIME_STAMPS})


def plain_pdf(pages: int = 1, text: str = "Van ban") -> bytes:
    """A small file with *pages* pages and nothing else."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(pages))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
    }
    for number in range(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text} {number + 1}) Tj ET".encode()
        objects[4 + 2 * number] = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        ).encode()
        objects[5 + 2 * number] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
    return assembled(objects)


def assembled(objects: dict[int, bytes]) -> bytes:
    """A file of these objects, the first one its catalog, with a cross-reference table."""
    out, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number in sorted(objects):
        out += b"%010d 00000 n \n" % offsets[number]
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


class Stamper(TimeStamper):
    """Lets pyHanko have its tokens from the authority of the tests."""

    def __init__(self, tsa: TestTSA, clock: Callable[[], datetime]) -> None:
        _untyped(super().__init__)()
        self._tsa, self._clock = tsa, clock

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> Any:
        raise NotImplementedError

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
        name = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}[md_algorithm]
        token = self._tsa.issue(message_digest, algorithm=name, gen_time=self._clock())
        return asn1_cms.ContentInfo.load(token)

    async def async_dummy_response(self, md_algorithm: str) -> Any:
        return await self.async_timestamp(bytes(hashes.SHA256().digest_size), "sha256")


class SignerAt(signers.PdfSigner):
    """pyHanko's own, with a clock that a test sets."""

    def __init__(self, metadata: signers.PdfSignatureMetadata, when: datetime, **rest: Any) -> None:
        super().__init__(metadata, **rest)
        self._when = when

    def init_signing_session(self, *args: Any, **rest: Any) -> Any:
        session = super().init_signing_session(*args, **rest)
        session.system_time = self._when
        return session


def _untyped(made: Any) -> Any:
    """What a library has not annotated."""
    return made


def certificate(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der)


def signer_of(identity: Identity) -> signers.SimpleSigner:
    """pyHanko's signer with the key of an identity."""
    key = identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = _untyped(SimpleCertificateStore)()
    store.register_multiple([certificate(der) for der in identity.chain])
    return signers.SimpleSigner(
        signing_cert=certificate(identity.certificate),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=store,
    )


@frozen(kw_only=True)
class Office:
    """Everybody that signs in tests, at one moment, with the status of their certificates."""

    pki: TestPKI
    tsa: TestTSA

    @classmethod
    def at(cls, now: datetime) -> Office:
        pki = TestPKI(now)
        return cls(pki=pki, tsa=TestTSA(pki))

    @property
    def now(self) -> datetime:
        return self.pki.now

    @property
    def trust(self) -> Trust:
        return trusting(self.pki)

    def evidence(
        self, made: datetime | None = None, revoked: Mapping[bytes, datetime] = NOBODY_REVOKED
    ) -> StatusEvidence:
        """Lists of both authorities; *revoked*: certificates (DER) with the instants."""
        made = made or self.now - timedelta(minutes=10)
        entries = {serial_of(der): Revoked(at=instant) for der, instant in revoked.items()}
        authorities = (self.pki.root, self.pki.intermediate)
        return StatusEvidence(lists=[make_list(one, entries, at=made) for one in authorities])

    def stamper(self, when: datetime | None = None) -> Stamper:
        return Stamper(self.tsa, lambda: when or self.now)

    def sign(
        self,
        data: bytes,
        identity: Identity,
        field: str = "lienthong-SIGNER-1",
        *,
        when: datetime | None = None,
        stamped: datetime | None = None,
        box: tuple[int, int, int, int] | None = None,
        certify: fields.MDPPerm | None = None,
        strict: bool = True,
        reserved: int | None = None,
    ) -> bytes:
        """Sign a PDF; with a time-stamp where *stamped* says when."""
        writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=strict)
        metadata = signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=certify is not None,
            docmdp_permissions=certify or fields.MDPPerm.FILL_FORMS,
        )
        pdf_signer = SignerAt(
            metadata,
            when=when or self.now,
            signer=signer_of(identity),
            timestamper=self.stamper(stamped) if stamped else None,
            new_field_spec=fields.SigFieldSpec(field, box=box) if box else None,
        )
        out = io.BytesIO()
        asyncio.run(pdf_signer.async_sign_pdf(writer, output=out, bytes_reserved=reserved))
        return out.getvalue()

    def sign_cms(
        self,
        content: bytes,
        identity: Identity,
        *,
        detached: bool = True,
        when: datetime | None = None,
        stamped: datetime | None = None,
    ) -> bytes:
        """A CMS signature, DER, with the content inside or beside."""
        attributes = PdfCMSSignedAttributes(signing_time=when or self.now)
        made = signer_of(identity).async_sign_general_data(
            content,
            "sha256",
            detached=detached,
            timestamper=self.stamper(stamped) if stamped else None,
            signed_attr_settings=attributes,
        )
        return bytes(asyncio.run(made).dump())

    def with_store(self, data: bytes, evidence: StatusEvidence) -> bytes:
        """The file after an update with validation data (B-LT)."""
        out = io.BytesIO(data)
        DocumentSecurityStore.add_dss(
            out,
            None,
            certs=[certificate(self.pki.intermediate.certificate)],
            crls=[asn1_crl.CertificateList.load(one) for one in evidence.lists],
        )
        return out.getvalue()

    def archived(self, data: bytes, when: datetime) -> bytes:
        """The file after a document time-stamp (B-LTA)."""
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        stamper = signers.PdfTimeStamper(self.stamper(when))
        out = stamper.timestamp_pdf(writer, "sha256")
        return bytes(out.getvalue())


def person(pki: TestPKI, given_name: str) -> Identity:
    """Somebody whose certificate says that it is a person's."""
    return named(pki, {NameOID.COMMON_NAME: given_name, NameOID.GIVEN_NAME: given_name})


def agency(pki: TestPKI, name: str) -> Identity:
    """An organisation whose certificate says what it is by its number (MST)."""
    return named(pki, {NameOID.COMMON_NAME: name, NameOID.USER_ID: "MST:0100000000"})


def named(
    pki: TestPKI,
    names: Mapping[pyca.ObjectIdentifier, str],
    period: tuple[datetime, datetime] | None = None,
) -> Identity:
    """An identity below the intermediate authority with a subject of these parts."""
    key, above = make_key(KeyKind.P256), pki.intermediate
    issuer = pyca.load_der_x509_certificate(above.certificate).subject
    begins, ends = period or (pki.now - DAY, pki.now + 365 * DAY)
    builder = (
        pyca.CertificateBuilder()
        .subject_name(pyca.Name([pyca.NameAttribute(*one) for one in names.items()]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(pyca.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    for extension, critical in signing_extensions():
        builder = builder.add_extension(extension, critical=critical)
    der = builder.sign(above.key, hashes.SHA256()).public_bytes(Encoding.DER)
    return Identity(name=next(iter(names.values())), key=key, chain=(der, *above.links))


def trusting(pki: TestPKI, kind: SignatureKind = SignatureKind.CONG_VU) -> Trust:
    """Trust in the root of a test."""
    authority = TrustedAuthority(
        certificate=pki.root.certificate, label="CA thử nghiệm", kind=kind, purposes=LEGAL
    )
    return Trust(authorities=[authority])
