"""Revocation lists and OCSP responses for tests: good ones, and one for every way to be bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.pki import der
from lienthong.pki.algorithms import PrivateKey
from lienthong.testing.pki import Authority, Identity, extended_key_usage, key_usage

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@frozen(kw_only=True)
class Revoked:
    """That a certificate was revoked."""

    at: datetime
    reason: x509.ReasonFlags | None = None
    invalid_since: datetime | None = None
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    """Others, each with its criticality."""


def serial_of(certificate: bytes) -> int:
    """Serial number of a certificate, DER."""
    return x509.load_der_x509_certificate(certificate).serial_number


def make_list(
    authority: Authority,
    revoked: Mapping[int, Revoked] | None = None,
    *,
    at: datetime,
    next_update: datetime | None = None,
    number: int = 1,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: PrivateKey | None = None,
) -> bytes:
    """A revocation list, DER.

    Args:
        authority: whose name it bears.
        revoked: by serial number.
        at: when it is made (thisUpdate).
        next_update: a day later without.
        number: of the list.
        extensions: beside its number, each with its criticality.
        key: that signs it; the authority's without.
    """
    issuer = x509.load_der_x509_certificate(authority.certificate).subject
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=issuer,
        last_update=at,
        next_update=next_update or at + DAY,
        revoked_certificates=[_entry(*one) for one in (revoked or {}).items()],
    )
    for extension, critical in ((x509.CRLNumber(number), False), *extensions):
        builder = builder.add_extension(extension, critical=critical)
    signer = key or authority.key
    return builder.sign(signer, _digest(signer)).public_bytes(Encoding.DER)


def make_responder(
    authority: Authority,
    name: str = "responder",
    *,
    no_check: bool = True,
    certified: bool = True,
    period: tuple[datetime, datetime] | None = None,
) -> Identity:
    """A key that answers for an authority.

    Args:
        authority: whom it answers for.
        name: its common name.
        no_check: whether its own status need not be asked.
        certified: whether it may sign responses (id-kp-OCSPSigning).
        period: first and last instant; from yesterday for a year without.
    """
    purpose = ExtendedKeyUsageOID.OCSP_SIGNING if certified else ExtendedKeyUsageOID.CLIENT_AUTH
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (key_usage(digital_signature=True), True),
        (extended_key_usage(purpose), False),
    ]
    if no_check:
        extensions.append((x509.OCSPNoCheck(), False))
    return authority.issue(name, extensions=extensions, period=period)


@frozen(kw_only=True)
class Answer:
    """What a responder says about one certificate."""

    certificate: bytes = field(repr=False)
    """DER."""

    revoked: Revoked | None = None
    known: bool = True
    this_update: datetime
    next_update: datetime | None = None
    """None for no word of it."""

    identified_by: hashes.HashAlgorithm = field(factory=hashes.SHA1)
    """Digest of the certID."""


def make_response(
    authority: Authority,
    *answers: Answer,
    responder: Identity | None = None,
    produced_at: datetime | None = None,
    enclosed: bool = True,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """An OCSP response, DER.

    Args:
        authority: who issued the certificates.
        answers: one for each certificate.
        responder: who signs; the authority itself without.
        produced_at: the first answer's moment without.
        enclosed: whether the responder's certificate is in it.
        extensions: each with its criticality.
    """
    issuer = x509.load_der_x509_certificate(authority.certificate)
    signer = x509.load_der_x509_certificate(responder.certificate) if responder else issuer
    key = responder.key if responder else authority.key
    name = x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest
    said = [_extension(*one) for one in extensions]
    data = der.sequence(
        der.element(der.context(2), der.octets(name)),
        der.time(produced_at or answers[0].this_update),
        der.sequence(*(_single(one, issuer) for one in answers)),
        der.element(der.context(1), der.sequence(*said)) if said else b"",
    )
    algorithm, signature = _signed(key, data)
    certificates = [responder.certificate] if responder and enclosed else []
    basic = der.sequence(
        data,
        algorithm,
        der.element(der.BIT_STRING, b"\x00", signature),
        der.element(der.context(0), der.sequence(*certificates)) if certificates else b"",
    )
    return refusal(0, der.element(der.context(0), der.sequence(der.oid(_BASIC), der.octets(basic))))


def refusal(status: int, content: bytes = b"") -> bytes:
    """An OCSP response with this status (RFC 6960 4.2.1); 3 is tryLater, 6 unauthorized."""
    return der.sequence(der.integer(status, _ENUMERATED), content)


_ENUMERATED: Final = 0x0A
_BASIC: Final = "1.3.6.1.5.5.7.48.1.1"
_REASONS: Final = (
    x509.ReasonFlags.unspecified,
    x509.ReasonFlags.key_compromise,
    x509.ReasonFlags.ca_compromise,
    x509.ReasonFlags.affiliation_changed,
    x509.ReasonFlags.superseded,
    x509.ReasonFlags.cessation_of_operation,
    x509.ReasonFlags.certificate_hold,
)
"""By their numbers (RFC 5280 5.3.1)."""


def _single(answer: Answer, issuer: x509.Certificate) -> bytes:
    certificate = x509.load_der_x509_certificate(answer.certificate)
    digest = answer.identified_by
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, digest).build()
    until = answer.next_update
    return der.sequence(
        der.sequence(
            der.sequence(der.oid(_DIGESTS[digest.name]), der.element(der.NULL)),
            der.octets(asked.issuer_name_hash),
            der.octets(asked.issuer_key_hash),
            der.integer(asked.serial_number),
        ),
        _status(answer),
        der.time(answer.this_update),
        der.element(der.context(0), der.time(until)) if until else b"",
    )


_DIGESTS: Final = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}


def _status(answer: Answer) -> bytes:
    if answer.revoked is None:
        return der.element(der.context(0 if answer.known else 2, constructed=False))
    why = answer.revoked.reason
    number = der.integer(_REASONS.index(why), _ENUMERATED) if why else b""
    reason = der.element(der.context(0), number) if why else b""
    return der.element(der.context(1), der.time(answer.revoked.at), reason)


def _extension(extension: x509.ExtensionType, critical: bool) -> bytes:  # noqa: FBT001 - a pair
    mark = der.boolean(value=critical) if critical else b""
    return der.sequence(
        der.oid(extension.oid.dotted_string), mark, der.octets(extension.public_bytes())
    )


def _signed(key: PrivateKey, data: bytes) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and signature."""
    if isinstance(key, Ed25519PrivateKey):
        return der.sequence(der.oid("1.3.101.112")), key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        name = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.element(der.NULL))
        return name, key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return der.sequence(der.oid("1.2.840.10045.4.3.2")), key.sign(data, ec.ECDSA(hashes.SHA256()))


def _entry(serial: int, revoked: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(serial, revoked.at)
    if revoked.reason is not None:
        builder = builder.add_extension(x509.CRLReason(revoked.reason), critical=False)
    if revoked.invalid_since is not None:
        since = x509.InvalidityDate(revoked.invalid_since)
        builder = builder.add_extension(since, critical=False)
    for extension, critical in revoked.extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


def _digest(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256()
