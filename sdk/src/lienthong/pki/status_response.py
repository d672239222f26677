"""OCSP responses (RFC 6960): what a responder says about one certificate.

The responder is the issuer itself or somebody whom the issuer certified for that alone
(id-kp-OCSPSigning). SHA-1 only tells certificates apart here; no signature is made with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final, Self, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from lienthong.errors import LienthongError, Malformed, TooLarge
from lienthong.model.trust import MAX_RESPONSE_BYTES
from lienthong.pki.algorithms import PublicKey, check_public_key
from lienthong.pki.certificate import Certificate, is_accepted_signature
from lienthong.pki.status import Reason, Statement

IsGood: TypeAlias = Callable[[x509.Certificate, datetime], bool]
"""Whether a responder's certificate was not revoked at a moment, by lists of its issuer."""

ABOUT_NONE: Final = -1
"""Instead of a serial number: no certificate has a negative one."""

_SHA256: Final = SHA256()
_IDENTIFIED_BY: Final = (SHA1, SHA256)


@frozen(kw_only=True, eq=False)
class StatusResponse:
    """A response that was read; may be shared between threads."""

    digest: bytes = field(repr=bytes.hex)
    """SHA-256 of the DER form."""

    serial: int
    """Of the certificate that it is about, or ``ABOUT_NONE``."""

    this_update: datetime | None
    nonce: bytes | None = field(repr=False)
    """Of the question that it answers, if it says so."""

    unusable: Reason
    """Why it says nothing; ``NONE`` where it can be used."""

    _parsed: ocsp.OCSPResponse = field(repr=False)
    _signed_by: dict[bytes, bool] = field(factory=dict, init=False, repr=False)
    """By the certificate of who may have signed it."""

    @classmethod
    def load(cls, der: bytes) -> Self:
        """Read a response; whether it is genuine is asked with each certificate.

        Raises:
            Malformed: it cannot be read.
            TooLarge: it has more than 64 KiB.
        """
        if len(der) > MAX_RESPONSE_BYTES:
            found, limit = f"{len(der)} bytes", f"{MAX_RESPONSE_BYTES} bytes"
            raise TooLarge(what="an OCSP response", found=found, limit=limit)
        try:
            return cls._read(der)
        except Exception as error:
            raise Malformed(what="an OCSP response", reason="it is no OCSP response") from error

    @classmethod
    def _read(cls, der: bytes) -> Self:
        parsed = ocsp.load_der_ocsp_response(der)
        digest = sha256(der).digest()
        successful = parsed.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
        # Nobody asks about several at once here, and their extensions could not be read.
        about_one = successful and len(list(parsed.responses)) == 1
        return cls(
            digest=digest,
            serial=parsed.serial_number if about_one else ABOUT_NONE,
            this_update=parsed.this_update_utc if about_one else None,
            nonce=_nonce(parsed) if about_one else None,
            unusable=_unusable(parsed) if about_one else Reason.NOT_SUCCESSFUL,
            parsed=parsed,
        )

    def says_of(
        self,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        others: Iterable[bytes],
        is_good: IsGood,
    ) -> Statement | Reason:
        """What it says of a certificate, or why it says nothing.

        Args:
            certificate: whose status is asked.
            issuer: of the certificate.
            others: certificates, DER, among which the responder's may be beside its own.
            is_good: asks for the status of a responder that is not free of it.
        """
        if self.unusable:
            return self.unusable
        parsed = self._parsed
        if not _is_about(parsed, certificate, issuer):
            return Reason.OUT_OF_SCOPE
        if not self._is_signed(issuer, others, is_good):
            return Reason.WRONG_SIGNER
        if parsed.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            return Reason.NOT_KNOWN
        revoked = parsed.certificate_status is ocsp.OCSPCertStatus.REVOKED
        return Statement(
            this_update=parsed.this_update_utc,
            next_update=parsed.next_update_utc,
            revoked_at=parsed.revocation_time_utc,
            reason=Reason.of(parsed.revocation_reason) if revoked else Reason.NONE,
        )

    def _is_signed(
        self, issuer: x509.Certificate, others: Iterable[bytes], is_good: IsGood
    ) -> bool:
        if _is_named(self._parsed, issuer) and self._verifies(issuer):
            return True
        produced_at = self._parsed.produced_at_utc
        return any(
            self._verifies(delegate.parsed)
            and _may_respond(delegate, issuer, produced_at)
            and (_is_free(delegate) or is_good(delegate.parsed, produced_at))
            for delegate in _delegates(self._parsed, others)
        )

    def _verifies(self, signer: x509.Certificate) -> bool:
        key = signer.fingerprint(_SHA256)
        known = self._signed_by.get(key)
        if known is None:
            known = self._signed_by[key] = _is_signed_with(self._parsed, signer.public_key())
        return known


def _nonce(parsed: ocsp.OCSPResponse) -> bytes | None:
    values = (one.value for one in parsed.extensions)
    return next((one.nonce for one in values if isinstance(one, x509.OCSPNonce)), None)


def _unusable(parsed: ocsp.OCSPResponse) -> Reason:
    algorithm = parsed.signature_algorithm_oid
    weak = not is_accepted_signature(algorithm, parsed.signature_hash_algorithm)
    # The parser does not tell the parameters of PSS.
    if weak or algorithm == SignatureAlgorithmOID.RSASSA_PSS:
        return Reason.WEAK
    if any(one.critical for one in (*parsed.extensions, *parsed.single_extensions)):
        return Reason.NOT_UNDERSTOOD
    next_update = parsed.next_update_utc
    ends_before = next_update is not None and next_update < parsed.this_update_utc
    if ends_before or parsed.produced_at_utc < parsed.this_update_utc:
        return Reason.INCONSISTENT
    return Reason.NONE


def _is_about(
    parsed: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """Whether its certID is that of the certificate (RFC 6960 4.1.1)."""
    if parsed.serial_number != certificate.serial_number:
        return False
    algorithm = parsed.hash_algorithm
    if not isinstance(algorithm, _IDENTIFIED_BY):
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm).build()
    return (
        parsed.issuer_name_hash == asked.issuer_name_hash
        and parsed.issuer_key_hash == asked.issuer_key_hash
    )


def _is_named(parsed: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    """Whether the response says that *signer* made it."""
    if parsed.responder_name is not None:
        return parsed.responder_name == signer.subject
    key = x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest
    return parsed.responder_key_hash == key


def _delegates(parsed: ocsp.OCSPResponse, others: Iterable[bytes]) -> Iterable[Certificate]:
    sent = (one.public_bytes(Encoding.DER) for one in parsed.certificates)
    for der in dict.fromkeys((*sent, *others)):
        try:
            found = Certificate.load(der)
            named = _is_named(parsed, found.parsed)
        except LienthongError:
            continue
        if named:
            yield found


def _may_respond(delegate: Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    """Whether the issuer certified it to answer in its place, then (RFC 6960 4.2.2.2)."""
    extended = delegate.extension(x509.ExtendedKeyUsage)
    usage = delegate.extension(x509.KeyUsage)
    if extended is None or ExtendedKeyUsageOID.OCSP_SIGNING not in extended:
        return False
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return False
    if not delegate.not_before <= at <= delegate.not_after:
        return False
    try:
        delegate.parsed.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever the parser finds, it is no valid signature
        return False
    return True


def _is_free(delegate: Certificate) -> bool:
    """Whether its status need not be asked (RFC 6960 4.2.2.2.1)."""
    return delegate.extension(x509.OCSPNoCheck) is not None


def _is_signed_with(parsed: ocsp.OCSPResponse, found: object) -> bool:
    key: PublicKey = check_public_key(found)
    digest = parsed.signature_hash_algorithm
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(parsed.signature, parsed.tbs_response_bytes)
        elif digest is None:
            return False
        elif isinstance(key, rsa.RSAPublicKey):
            scheme = padding.PKCS1v15()
            key.verify(parsed.signature, parsed.tbs_response_bytes, scheme, digest)
        else:
            key.verify(parsed.signature, parsed.tbs_response_bytes, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True
