"""The node's own small authority: server certificate, credentials, checkpoint key.

Agencies that have certificates of an official authority register those instead; the authority
here lets a province begin without waiting for them.
"""

from __future__ import annotations

import enum
import ipaddress
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lienthong.errors import ConfigInvalid

AUTHORITY_YEARS: Final = 20
SERVER_DAYS: Final = 825
BACKDATE: Final = timedelta(minutes=5)
"""Certificates begin a little earlier, for clocks that are behind."""

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class KeyKind(enum.Enum):
    """Kinds of keys that the authority makes."""

    P256 = "p256"
    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    ED25519 = "ed25519"


def new_key(kind: KeyKind) -> PrivateKey:
    match kind:
        case KeyKind.P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyKind.RSA2048:
            return rsa.generate_private_key(65537, 2048)
        case KeyKind.RSA3072:
            return rsa.generate_private_key(65537, 3072)
        case KeyKind.ED25519:
            return ed25519.Ed25519PrivateKey.generate()


@frozen(kw_only=True)
class Authority:
    """A key that issues certificates, with its own certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, axis: str, now: datetime) -> Authority:
        """A new self-signed authority for an axis."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority of {axis}"[:64])])
        builder = _builder(name, name, key, now, timedelta(days=365 * AUTHORITY_YEARS))
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        builder = builder.add_extension(_usage(certificates=True), critical=True)
        return cls(key=key, certificate=builder.sign(key, SHA256()))

    @classmethod
    def load(cls, key_file: Path, certificate_file: Path) -> Authority:
        """Read an authority from its files.

        Raises:
            ConfigInvalid: they are missing or unusable.
        """
        try:
            key = load_pem_private_key(key_file.read_bytes(), None)
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise ConfigInvalid(
                file=key_file,
                key="authority",
                found=error,
                expected="made by 'lienthong-node init'",
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigInvalid(
                file=key_file, key="authority", found="another key", expected="a P-256 key"
            )
        return cls(key=key, certificate=certificate)

    def issue_server(self, key: PrivateKey, hosts: list[str], now: datetime) -> x509.Certificate:
        """A certificate for the node's own address."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
        builder = _builder(name, self.certificate.subject, key, now, timedelta(days=SERVER_DAYS))
        names = x509.SubjectAlternativeName([_alternative_name(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
        return self._sign_leaf(builder, ExtendedKeyUsageOID.SERVER_AUTH)

    def issue_organisation(
        self, key: PrivateKey, organ: str, name: str, now: datetime, days: int, *, transport: bool
    ) -> x509.Certificate:
        """A certificate of an organisation, for connections or for signatures."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
                x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organ),
                x509.NameAttribute(NameOID.COMMON_NAME, organ),
            ]
        )
        builder = _builder(subject, self.certificate.subject, key, now, timedelta(days=days))
        return self._sign_leaf(builder, ExtendedKeyUsageOID.CLIENT_AUTH if transport else None)

    def _sign_leaf(
        self, builder: x509.CertificateBuilder, purpose: x509.ObjectIdentifier | None
    ) -> x509.Certificate:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        builder = builder.add_extension(_usage(certificates=False), critical=True)
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return builder.add_extension(issuer, critical=False).sign(self.key, SHA256())


def write_private(path: Path, key: PrivateKey) -> None:
    """Write a key for its owner alone; never over an existing file."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def certificate_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime, validity: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
