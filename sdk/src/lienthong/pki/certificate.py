"""One X.509 certificate: read once, strictly, with the few things that path rules ask for."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final, Self, TypeVar

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier, SignatureAlgorithmOID

from lienthong.errors import CertificateUnfit, Malformed, TooLarge
from lienthong.model.signing import MAX_CERTIFICATE_BYTES
from lienthong.pki.algorithms import PublicKey, check_public_key

_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        # Read by people and by the legal-value rules; it never makes a path invalid here.
        ExtensionOID.CERTIFICATE_POLICIES,
    }
)
_RESTRICTING: Final = frozenset({ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.POLICY_CONSTRAINTS})
"""They restrict a path even where an old authority did not mark them critical."""

_SIGNED_WITH: Final = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
        SignatureAlgorithmOID.RSASSA_PSS,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
        SignatureAlgorithmOID.ED25519,
    }
)
MAX_SERIAL_BITS: Final = 160
_DIGESTS: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@frozen(kw_only=True, eq=False)
class Certificate:
    """A certificate whose form, key and signature algorithm are acceptable.

    That it is genuine, in force and meant for a purpose is for the path rules to say.
    """

    der: bytes = field(repr=False)
    subject: str
    """Distinguished name, RFC 4514."""

    public_key: PublicKey = field(repr=False)
    parsed: x509.Certificate = field(repr=False)
    not_before: datetime
    not_after: datetime

    @classmethod
    def load(cls, der: bytes) -> Self:
        """Read a DER certificate.

        Raises:
            Malformed: it cannot be read.
            TooLarge: it has more than 16 KiB.
            AlgorithmUnsupported: its key is of a kind that is not accepted.
            CertificateUnfit: its key or its signature is too weak, or a critical extension is not
                understood.
        """
        if len(der) > MAX_CERTIFICATE_BYTES:
            found = f"{len(der)} bytes"
            raise TooLarge(
                what="a certificate", found=found, limit=f"{MAX_CERTIFICATE_BYTES} bytes"
            )
        try:
            parsed = x509.load_der_x509_certificate(der)
            # Parsing is lazy: touch everything that path rules use, so that errors show here.
            subject, extensions = parsed.subject.rfc4514_string(), parsed.extensions
            issuer, key, serial = parsed.issuer, parsed.public_key(), parsed.serial_number
            algorithm, digest = parsed.signature_algorithm_oid, parsed.signature_hash_algorithm
            period = parsed.not_valid_before_utc, parsed.not_valid_after_utc
        except Exception as error:
            raise Malformed(what="a certificate", reason="it is no X.509 certificate") from error
        # The parser lets the bit string that ends a certificate claim unused bits, so that the
        # same signature could be written in several ways.
        if not der.endswith(b"\x00" + parsed.signature):
            raise Malformed(what="a certificate", reason="its signature is not in canonical form")
        _check_serial(subject, serial)
        _check_form(subject, issuer, extensions)
        _check_signed_with(subject, algorithm, digest)
        return cls(
            der=der,
            subject=subject,
            public_key=check_public_key(key, subject=subject),
            parsed=parsed,
            not_before=period[0],
            not_after=period[1],
        )

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the DER form."""
        return sha256(self.der).digest()

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """The extension of this type, or None."""
        try:
            return self.parsed.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    def is_issued_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's name is the one named here; says nothing about the signature."""
        return self.parsed.issuer == issuer.parsed.subject


def load_pem_chain(data: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file as DER, in file order.

    Raises:
        Malformed: there is none, or one cannot be read.
    """
    try:
        found = x509.load_pem_x509_certificates(data)
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)
    except Exception as error:
        raise Malformed(what="a PEM file", reason="it holds no readable certificate") from error


def is_accepted_signature(algorithm: ObjectIdentifier, digest: hashes.HashAlgorithm | None) -> bool:
    """Whether authorities may sign so: certificates, revocation lists, responses."""
    return algorithm in _SIGNED_WITH and (digest is None or isinstance(digest, _DIGESTS))


def _check_serial(subject: str, serial: int) -> None:
    """A number that others would read as another one names no certificate (RFC 5280 4.1.2.2)."""
    if serial < 0 or serial.bit_length() > MAX_SERIAL_BITS:
        reason = "its serial number is negative or has more than 20 bytes"
        raise CertificateUnfit(subject=subject, reason=reason)


def _check_form(subject: str, issuer: x509.Name, extensions: x509.Extensions) -> None:
    if not subject or not list(issuer):
        raise CertificateUnfit(subject=subject or "?", reason="its subject or issuer has no name")
    for extension in extensions:
        oid = extension.oid
        if oid in _RESTRICTING or (extension.critical and oid not in _UNDERSTOOD):
            reason = f"its critical extension {oid.dotted_string} is not understood"
            raise CertificateUnfit(subject=subject, reason=reason)


def _check_signed_with(
    subject: str, algorithm: ObjectIdentifier, digest: hashes.HashAlgorithm | None
) -> None:
    if not is_accepted_signature(algorithm, digest):
        weak = digest is not None and not isinstance(digest, _DIGESTS)
        name = digest.name.upper() if weak and digest else algorithm.dotted_string
        raise CertificateUnfit(subject=subject, reason=f"it is signed with {name}")
