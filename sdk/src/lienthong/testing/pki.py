"""Certificates for tests, made on the spot: good ones, and one for every way to be bad."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import PrivateKey
from lienthong.pki.chain import TrustAnchors
from lienthong.testing.signer import MemorySigner

Extensions: TypeAlias = Sequence[tuple[x509.ExtensionType, bool]]
"""Extensions of a certificate, each with its criticality."""

DAY: Final = timedelta(days=1)
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1")


class KeyKind(enum.Enum):
    """Kinds of keys that certificates are made for."""

    P256 = "P-256"
    P384 = "P-384"
    RSA2048 = "RSA-2048"
    RSA1024 = "RSA-1024"
    """Too weak; to be refused."""

    ED25519 = "Ed25519"


@frozen(kw_only=True)
class IdentityFiles:
    """Where an identity was written."""

    key: Path
    """PKCS#8, PEM, readable by the owner only."""

    chain: Path
    """Certificates, PEM, the key's own first, without the root."""

    @property
    def uri(self) -> str:
        """Address of the key for the ``softkey`` signer."""
        return f"softkey:{quote(str(self.key))}?cert={quote(str(self.chain))}"


@frozen(kw_only=True)
class Identity:
    """A private key with its certificate chain."""

    name: str
    key: PrivateKey = field(repr=False, eq=False)
    chain: tuple[bytes, ...] = field(repr=False)
    """Certificates, DER, the key's own first, without the root."""

    @property
    def certificate(self) -> bytes:
        """The key's own certificate, DER."""
        return self.chain[0]

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the key's own certificate."""
        return sha256(self.certificate).digest()

    @property
    def chain_pem(self) -> bytes:
        return b"".join(map(_pem, self.chain))

    def key_pem(self, passphrase: str | None = None) -> bytes:
        """The private key, PKCS#8, encrypted when a passphrase is given."""
        protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)

    def signer(self, algorithm: SignatureAlgorithm | None = None) -> MemorySigner:
        return MemorySigner(self.key, self.chain, algorithm)

    def write(self, folder: Path, *, passphrase: str | None = None) -> IdentityFiles:
        """Write key and chain as PEM files named after the identity."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = self.name.replace("/", "_")
        files = IdentityFiles(key=folder / f"{stem}.key.pem", chain=folder / f"{stem}.chain.pem")
        files.key.touch(mode=0o600)
        files.key.write_bytes(self.key_pem(passphrase))
        files.chain.write_bytes(self.chain_pem)
        return files


@frozen(kw_only=True)
class Authority:
    """A certificate authority."""

    name: str
    key: PrivateKey = field(repr=False, eq=False)
    certificate: bytes = field(repr=False)
    above: tuple[bytes, ...] = field(default=(), repr=False)
    """Certificates between this one and the root, both excluded."""

    is_root: bool = False
    now: datetime

    @classmethod
    def root(
        cls,
        name: str,
        *,
        now: datetime,
        kind: KeyKind = KeyKind.P256,
        path_length: int | None = None,
    ) -> Authority:
        """A self-signed authority."""
        key = make_key(kind)
        extensions = _authority_extensions(path_length)
        period = (now - 3650 * DAY, now + 3650 * DAY)
        subject = _name(name)
        der = _certify(subject, key, subject, key, period, extensions)
        return cls(name=name, key=key, certificate=der, is_root=True, now=now)

    @property
    def pem(self) -> bytes:
        return _pem(self.certificate)

    @property
    def links(self) -> tuple[bytes, ...]:
        """What follows the certificates that it issues in their chain."""
        return () if self.is_root else (self.certificate, *self.above)

    def authority(
        self,
        name: str,
        *,
        kind: KeyKind = KeyKind.P256,
        path_length: int | None = None,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] | None = None,
        period: tuple[datetime, datetime] | None = None,
    ) -> Authority:
        """An authority below this one.

        Args:
            name: its common name.
            kind: of its key.
            path_length: how many authorities may follow; None for any number.
            extensions: instead of what an authority has, each with its criticality.
            period: instead of ten years around now.
        """
        key = make_key(kind)
        found = _authority_extensions(path_length) if extensions is None else extensions
        years = (self.now - 3650 * DAY, self.now + 3650 * DAY)
        der = self._sign(name, key, period or years, found)
        return Authority(name=name, key=key, certificate=der, above=self.links, now=self.now)

    def issue(
        self,
        name: str,
        *,
        kind: KeyKind = KeyKind.P256,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
        period: tuple[datetime, datetime] | None = None,
    ) -> Identity:
        """A certificate for a new key.

        Args:
            name: common name of the subject.
            kind: of the new key.
            extensions: each with its criticality.
            period: first and last instant; from yesterday for a year without.
        """
        key = make_key(kind)
        der = self._sign(name, key, period or (self.now - DAY, self.now + 365 * DAY), extensions)
        return Identity(name=name, key=key, chain=(der, *self.links))

    def _sign(
        self,
        name: str,
        key: PrivateKey,
        period: tuple[datetime, datetime],
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> bytes:
        return _certify(_name(name), key, _name(self.name), self.key, period, extensions)


class TestPKI:
    """A root, an authority below it, and whatever certificates a test asks for.

    Identities are made once a name and kind, so that asking again is cheap and gives the same.
    """

    __test__ = False  # pytest collects classes by their name

    def __init__(self, now: datetime | None = None) -> None:
        """Make the authorities.

        Args:
            now: certificates are in force from the day before for a year; the machine's time
                without.
        """
        self.now = (now or datetime.now(UTC)).astimezone(UTC)
        self.root = Authority.root("Test Root CA", now=self.now)
        self.intermediate = self.root.authority("Test Issuing CA", path_length=0)
        self._made: dict[tuple[str, str, KeyKind], Identity] = {}

    @property
    def anchors(self) -> TrustAnchors:
        """The root, to be trusted."""
        return TrustAnchors([self.root.certificate])

    def organisation(self, name: str, kind: KeyKind = KeyKind.P256) -> Identity:
        """An organisation's key for signing manifests and reports."""
        return self._once("organisation", name, kind, signing_extensions())

    def client(self, name: str, kind: KeyKind = KeyKind.P256) -> Identity:
        """A key with which a system shows in TLS who calls."""
        return self._once("client", name, kind, client_extensions())

    def server(
        self, name: str = "node", hosts: Iterable[str] = LOCAL_HOSTS, kind: KeyKind = KeyKind.P256
    ) -> Identity:
        """A key with which a node shows in TLS who answers, under these names and addresses."""
        return self._once("server", name, kind, server_extensions(hosts))

    def expired(self, name: str = "expired") -> Identity:
        """A signer whose certificate ended the day before."""
        period = (self.now - 365 * DAY, self.now - DAY)
        return self.intermediate.issue(name, extensions=signing_extensions(), period=period)

    def not_yet_valid(self, name: str = "not-yet-valid") -> Identity:
        """A signer whose certificate begins the day after."""
        period = (self.now + DAY, self.now + 365 * DAY)
        return self.intermediate.issue(name, extensions=signing_extensions(), period=period)

    def wrong_usage(self, name: str = "wrong-usage") -> Identity:
        """A certificate for encrypting keys, not for signing."""
        extensions = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(key_encipherment=True), True),
        ]
        return self.intermediate.issue(name, extensions=extensions)

    def foreign(self, name: str = "foreign") -> Identity:
        """A signer of an authority with the same name as ours, which nobody trusts."""
        impostor = Authority.root(self.root.name, now=self.now)
        return impostor.issue(name, extensions=signing_extensions())

    def weak(self, name: str = "weak") -> Identity:
        """A signer with a key that is too short (RSA, 1024 bits)."""
        extensions = signing_extensions()
        return self.intermediate.issue(name, kind=KeyKind.RSA1024, extensions=extensions)

    def write(self, folder: Path) -> Path:
        """Write the root as ``root.pem``; returns the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "root.pem"
        path.write_bytes(self.root.pem)
        return path

    def _once(
        self,
        use: str,
        name: str,
        kind: KeyKind,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> Identity:
        key = (use, name, kind)
        if key not in self._made:
            self._made[key] = self.intermediate.issue(name, kind=kind, extensions=extensions)
        return self._made[key]


def signing_extensions() -> list[tuple[x509.ExtensionType, bool]]:
    """What a document signer's certificate says."""
    usage = key_usage(digital_signature=True, content_commitment=True)
    return [(x509.BasicConstraints(ca=False, path_length=None), True), (usage, True)]


def client_extensions() -> list[tuple[x509.ExtensionType, bool]]:
    """What a TLS client's certificate says."""
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
    ]


def server_extensions(hosts: Iterable[str]) -> list[tuple[x509.ExtensionType, bool]]:
    """What a TLS server's certificate says."""
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([_general_name(host) for host in hosts]), False),
    ]


def key_usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
) -> x509.KeyUsage:
    """A key usage extension with only these bits set."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def extended_key_usage(*oids: ObjectIdentifier) -> x509.ExtendedKeyUsage:
    """An extended key usage extension."""
    return x509.ExtendedKeyUsage(oids)


def make_key(kind: KeyKind) -> PrivateKey:
    """A new random key."""
    if kind is KeyKind.ED25519:
        return Ed25519PrivateKey.generate()
    if kind is KeyKind.P256:
        return ec.generate_private_key(ec.SECP256R1())
    if kind is KeyKind.P384:
        return ec.generate_private_key(ec.SECP384R1())
    bits = 1024 if kind is KeyKind.RSA1024 else 2048
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _authority_extensions(path_length: int | None) -> list[tuple[x509.ExtensionType, bool]]:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return [(constraints, True), (key_usage(key_cert_sign=True), True)]


def _certify(
    subject: x509.Name,
    key: PrivateKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    period: tuple[datetime, datetime],
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    digest = None if isinstance(issuer_key, Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(issuer_key, digest).public_bytes(Encoding.DER)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
