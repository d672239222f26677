"""Tokens that are not signed as they must be (L-06)."""

from __future__ import annotations

from hashlib import sha1, sha256
from typing import Final

from lienthong.errors import AlgorithmUnsupported, Malformed, SignatureInvalid, TimestampInvalid
from lienthong.pki import cms, der
from lienthong.pki.timestamp import SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V1
from lienthong.testing.tsa import Fault, attribute
from sdk.tests.pki.token_form import NOTHING, OTHER, SHA1, TSA, Form, always
from sdk.tests.pki.token_tricks import two_members


def _named(*fields: bytes, kind: str = SIGNING_CERTIFICATE) -> Fault:
    return always(attribute(kind, der.sequence(der.sequence(der.sequence(*fields)))))


def _own_hash(data: bytes) -> bytes:
    return der.octets(sha256(data).digest())


_CERTIFICATE: Final = TSA.identity.certificate
_CRL: Final = der.element(der.context(1), der.sequence(der.integer(1)))
_SOME: Final = attribute("1.3.6.1.4.1.99999.8", der.integer(1))

SIGNED: Final = (
    Form(
        name="content is data",
        error=TimestampInvalid,
        faults={"content_type": always(der.oid("1.2.840.113549.1.7.1"))},
    ),
    Form(
        name="no signed data",
        error=Malformed,
        faults={"data_type": always(der.oid("1.2.840.113549.1.7.3"))},
    ),
    Form(name="content detached", error=Malformed, faults={"content": NOTHING}),
    Form(
        name="content not wrapped",
        error=Malformed,
        faults={
            "content": lambda part: (
                der.Reader(part, what="").enter(der.context(0)).read_any().encoded
            )
        },
    ),
    Form(name="version 1 of the data", error=Malformed, faults={"version": always(der.integer(1))}),
    Form(name="no signer", error=Malformed, faults={"signers": always(der.element(der.SET))}),
    Form(name="two signers", error=Malformed, faults={"signers": two_members}),
    Form(
        name="signer of version 0",
        error=Malformed,
        faults={"signer.version": always(der.integer(0))},
    ),
    Form(
        name="signer's version of the other name",
        error=Malformed,
        faults={"signer.version": always(der.integer(3))},
    ),
    Form(name="no digests", error=Malformed, faults={"digests": always(der.element(der.SET))}),
    Form(
        name="other digests",
        error=Malformed,
        faults={"digests": always(der.element(der.SET, cms.digest_identifier("SHA-512")))},
    ),
    Form(
        name="SHA-1 of the content",
        error=AlgorithmUnsupported,
        faults={"digests": always(der.element(der.SET, SHA1)), "signer.hash": always(SHA1)},
    ),
    Form(
        name="signature with SHA-1",
        error=AlgorithmUnsupported,
        faults={"signer.algorithm": always(der.sequence(der.oid("1.2.840.10045.4.1")))},
    ),
    Form(
        name="signature with the digest of another size",
        error=AlgorithmUnsupported,
        faults={"signer.algorithm": always(der.sequence(der.oid("1.2.840.10045.4.3.3")))},
    ),
    Form(
        name="signature of another kind of key",
        error=AlgorithmUnsupported,
        faults={
            "signer.algorithm": always(
                der.sequence(der.oid("1.2.840.113549.1.1.11"), der.element(der.NULL))
            )
        },
    ),
    Form(
        name="signature of other bytes",
        error=SignatureInvalid,
        faults={"signer.signature": always(der.octets(bytes.fromhex("3006020101020101")))},
    ),
    Form(
        name="signature empty",
        error=SignatureInvalid,
        faults={"signer.signature": always(der.octets(b""))},
    ),
    Form(
        name="unsigned attributes",
        error=Malformed,
        faults={"signer.unsigned": always(der.element(der.context(1), _SOME))},
    ),
    Form(name="revocation lists beside", error=Malformed, faults={"lists": always(_CRL)}),
    Form(name="signed attributes missing", error=TimestampInvalid, faults={"attributes": NOTHING}),
    Form(name="no content type", error=Malformed, faults={"attribute.content_type": NOTHING}),
    Form(
        name="another content type",
        error=Malformed,
        faults={
            "attribute.content_type": always(
                attribute(cms.CONTENT_TYPE, der.oid("1.2.840.113549.1.7.1"))
            )
        },
    ),
    Form(
        name="no message digest",
        error=SignatureInvalid,
        faults={"attribute.message_digest": NOTHING},
    ),
    Form(
        name="another message digest",
        error=SignatureInvalid,
        faults={"attribute.message_digest": always(attribute(cms.MESSAGE_DIGEST, _own_hash(b"x")))},
    ),
    Form(
        name="message digest twice",
        error=Malformed,
        faults={"attribute.more": always(attribute(cms.MESSAGE_DIGEST, _own_hash(b"x")))},
    ),
    Form(
        name="attribute with two values",
        error=Malformed,
        faults={
            "attribute.more": always(
                attribute("1.3.6.1.4.1.99999.8", der.integer(1), der.integer(2))
            )
        },
    ),
    Form(
        name="attribute without value",
        error=Malformed,
        faults={"attribute.more": always(attribute("1.3.6.1.4.1.99999.8"))},
    ),
    Form(
        name="no certificate named",
        error=TimestampInvalid,
        faults={"attribute.signing_certificate": NOTHING},
    ),
    Form(
        name="another certificate named",
        error=TimestampInvalid,
        faults={"attribute.signing_certificate": _named(_own_hash(OTHER.certificate))},
    ),
    Form(
        name="another certificate named by SHA-1",
        error=TimestampInvalid,
        faults={
            "attribute.signing_certificate": _named(
                der.octets(sha1(OTHER.certificate, usedforsecurity=False).digest()),
                kind=SIGNING_CERTIFICATE_V1,
            )
        },
    ),
    Form(
        name="another certificate named beside the right one",
        error=TimestampInvalid,
        faults={
            "attribute.more": _named(
                der.octets(sha1(OTHER.certificate, usedforsecurity=False).digest()),
                kind=SIGNING_CERTIFICATE_V1,
            )
        },
    ),
    Form(
        name="certificate named by SHA-1 as SHA-2",
        error=AlgorithmUnsupported,
        faults={
            "attribute.signing_certificate": _named(
                SHA1, der.octets(sha1(_CERTIFICATE, usedforsecurity=False).digest())
            )
        },
    ),
    Form(
        name="another issuer named",
        error=TimestampInvalid,
        faults={
            "attribute.signing_certificate": _named(
                _own_hash(_CERTIFICATE), der.sequence(der.sequence(), der.integer(1))
            )
        },
    ),
    Form(
        name="list of certificates empty",
        error=Malformed,
        faults={
            "attribute.signing_certificate": always(
                attribute(SIGNING_CERTIFICATE, der.sequence(der.sequence()))
            )
        },
    ),
)
