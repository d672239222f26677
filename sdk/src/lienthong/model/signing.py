"""Signatures over packages and reports: who sent what (DESIGN §5)."""

from __future__ import annotations

import enum
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.model.checks import a, as_tuple, many, octets, text

MANIFEST_TYPE: Final = "application/vnd.lienthong.manifest.v1+protobuf"
STATEMENT_TYPE: Final = "application/vnd.lienthong.statement.v1+protobuf"

MAX_PAYLOAD_BYTES: Final = 1024 * 1024
MAX_SIGNATURES: Final = 8
MAX_CHAIN: Final = 5
MAX_CERTIFICATE_BYTES: Final = 16 * 1024
MAX_SIGNATURE_BYTES: Final = 2048


class SignatureAlgorithm(enum.Enum):
    """Algorithms that the axis accepts; RSA keys have at least 2048 bits."""

    RSA_PKCS1_SHA256 = "RSA_PKCS1_SHA256"
    RSA_PKCS1_SHA384 = "RSA_PKCS1_SHA384"
    RSA_PSS_SHA256 = "RSA_PSS_SHA256"
    RSA_PSS_SHA384 = "RSA_PSS_SHA384"
    ECDSA_P256_SHA256 = "ECDSA_P256_SHA256"
    ECDSA_P384_SHA384 = "ECDSA_P384_SHA384"
    ED25519 = "ED25519"


@frozen(kw_only=True)
class Signature:
    """One signature over the DSSE pre-authentication encoding of a payload."""

    algorithm: SignatureAlgorithm = field(validator=a(SignatureAlgorithm))
    value: bytes = field(repr=False, validator=octets(1, MAX_SIGNATURE_BYTES))
    chain: tuple[bytes, ...] = field(
        default=(), repr=False, converter=as_tuple, validator=many(bytes, most=MAX_CHAIN)
    )
    """X.509 certificates, DER, the signer's first, without the trust anchor."""

    @chain.validator
    def _check_chain(self, attribute: Attribute[Any], value: tuple[bytes, ...]) -> None:
        for certificate in value:
            _CERTIFICATE(self, attribute, certificate)


_CERTIFICATE: Final = octets(1, MAX_CERTIFICATE_BYTES)


@frozen(kw_only=True)
class Envelope:
    """Signed bytes with their signatures; the unit that travels and is kept for ever."""

    payload: bytes = field(repr=False, validator=octets(1, MAX_PAYLOAD_BYTES))
    """The serialised manifest or statement, exactly as its signer made it."""

    payload_type: str = field(validator=text(100, required=True))
    """``MANIFEST_TYPE`` or ``STATEMENT_TYPE``; covered by the signature."""

    signatures: tuple[Signature, ...] = field(
        converter=as_tuple, validator=many(Signature, least=1, most=MAX_SIGNATURES)
    )
    """The first is the sending organisation's."""
