"""Certificates of every form, made on the spot (N-03)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from attrs import evolve, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from lienthong.testing.pki import key_usage

DAY: Final = timedelta(days=1)
ORGANISATION: Final = "UBND tỉnh Tây Ninh"
HOMOGLYPHS: Final = "UBND tỉnh Tâу Ninh"
"""The same to the eye: its y is Cyrillic."""

Extensions = tuple[tuple[x509.ExtensionType, bool], ...]
LEAF: Final[Extensions] = ((x509.BasicConstraints(ca=False, path_length=None), True),)
SIGNING: Final[Extensions] = (
    *LEAF,
    (key_usage(digital_signature=True, content_commitment=True), True),
)
CLIENT: Final[Extensions] = (
    *LEAF,
    (key_usage(digital_signature=True), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
)


def usage(*oids: ObjectIdentifier, critical: bool = False) -> Extensions:
    """An extended key usage in place of that of a client."""
    return (
        *LEAF,
        (key_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage(oids), critical),
    )


def authority(path_length: int | None = None) -> Extensions:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return ((constraints, True), (key_usage(key_cert_sign=True), True))


def p256() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def curve(kind: type[ec.EllipticCurve]) -> Callable[[], Any]:
    return lambda: ec.generate_private_key(kind())


@cache
def rsa_key(bits: int) -> Any:
    """The same one each time: making one takes long."""
    return rsa.generate_private_key(65_537, bits)


@cache
def dsa_key() -> Any:
    """Likewise."""
    return dsa.generate_private_key(2048)


MAKERS: Final[Mapping[str, Callable[[], Any]]] = {
    "Ed25519": Ed25519PrivateKey.generate,
    "Ed448": Ed448PrivateKey.generate,
}


@frozen(kw_only=True)
class Made:
    """A certificate with its key and with those above it."""

    key: Any
    certificate: x509.Certificate
    above: tuple[bytes, ...] = ()
    """DER, the issuer first, without the root."""

    raw: bytes = b""
    """DER that stands in for the certificate's own."""

    @property
    def der(self) -> bytes:
        return self.raw or self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def chain(self) -> tuple[bytes, ...]:
        return (self.der, *self.above)

    def issue(self, **how: Any) -> Made:
        """A certificate below this one; see ``make``."""
        top = self.certificate.subject == self.certificate.issuer
        return make(issuer=self, above=() if top else self.chain, **how)


def make(
    *,
    issuer: Made | None = None,
    above: tuple[bytes, ...] = (),
    key: Any = None,
    name: str = "000.00.00.H53",
    organisation: str = ORGANISATION,
    begin: timedelta = -DAY,
    end: timedelta = 30 * DAY,
    serial: int | None = None,
    digest: Any = None,
    extensions: Extensions = SIGNING,
) -> Made:
    """A certificate; what is not given is as it should be.

    Args:
        issuer: who signs it; itself without.
        above: goes along with it.
        key: its own; a new P-256 key without.
        name: common name of the subject.
        organisation: that the subject belongs to.
        begin: of its validity, from now.
        end: of its validity, from now.
        serial: its number; random without.
        digest: that is signed; SHA-256 without.
        extensions: each with its criticality.
    """
    now, own = datetime.now(UTC), key or p256()
    signer = issuer.key if issuer else own
    subject = _name(name, organisation)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + begin)
        .not_valid_after(now + end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    edwards = isinstance(signer, Ed25519PrivateKey | Ed448PrivateKey)
    hashed = None if edwards else (digest or hashes.SHA256())
    return Made(key=own, certificate=builder.sign(signer, hashed), above=above)


def _name(common_name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def signed_anew(made: Made, issuer: Made, *, serial: bytes = b"", sha1: bool = False) -> Made:
    """The same certificate with what no library writes any more.

    Args:
        made: the certificate.
        issuer: who signs it again, with P-256.
        serial: the content of its INTEGER.
        sha1: whether SHA-1 is signed.
    """
    [(_, outer)] = _parts(made.der)
    [(_, body), (_, algorithm), _] = _parts(outer)
    fields = _parts(body)
    algorithm = _ECDSA_SHA1 if sha1 else algorithm
    fields[2] = (fields[2][0], algorithm)
    if serial:
        fields[1] = (fields[1][0], serial)
    to_sign = _tlv(0x30, b"".join(_tlv(tag, content) for tag, content in fields))
    digest = hashlib.sha1(to_sign) if sha1 else hashlib.sha256(to_sign)  # noqa: S324 - on purpose
    length = ec.ECDSA(Prehashed(hashes.SHA1() if sha1 else hashes.SHA256()))  # noqa: S303
    value = issuer.key.sign(digest.digest(), length)
    raw = _tlv(0x30, to_sign + _tlv(0x30, algorithm) + _tlv(3, b"\x00" + value))
    return evolve(made, raw=raw)


_ECDSA_SHA1: Final = bytes.fromhex("06072a8648ce3d0401")


def _parts(der: bytes) -> list[tuple[int, bytes]]:
    """Tags and contents of what stands one after the other in DER."""
    found, at = [], 0
    while at < len(der):
        tag, length, start = der[at], der[at + 1], at + 2
        if length > 127:
            start += length - 128
            length = int.from_bytes(der[at + 2 : start])
        found.append((tag, der[start : start + length]))
        at = start + length
    return found


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 128 + len(length)]) + length + content


def root(name: str = "Test Root") -> Made:
    """An authority of its own."""
    return make(name=name, end=3650 * DAY, extensions=authority())


def below(made: Made, depth: int, **how: Any) -> Made:
    """An authority so many steps below another."""
    for step in range(depth):
        made = made.issue(name=f"Issuing {step}", extensions=authority(), **how)
    return made


@frozen(kw_only=True)
class Form:
    """One form of certificate, and what becomes of it."""

    name: str
    made: Callable[[Made], Made]
    """Makes it below the trusted root."""

    registered: str = "ok"
    """What registering it is answered: a code, ``ok``, or empty when it is not tried."""

    used: str
    """What its use is answered: a code, ``ok``, or ``no connection``."""

    prepare: str = ""
    """What happens between registration and use: ``revoke``."""

    chain: Callable[[Made], tuple[bytes, ...]] = field(default=lambda made: made.chain)
    """What goes along when it signs or connects."""
