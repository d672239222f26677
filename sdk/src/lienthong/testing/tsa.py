"""A time-stamp authority for tests: honest, and wrong in whatever way a test asks for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.pki import cms, der
from lienthong.pki.timestamp import SIGNING_CERTIFICATE
from lienthong.pki.tst_info import TST_INFO
from lienthong.testing.pki import (
    Extensions,
    Identity,
    KeyKind,
    TestPKI,
    extended_key_usage,
    key_usage,
)

POLICY: Final = "1.3.6.1.4.1.99999.1"
"""Under which the test authority works."""

Fault: TypeAlias = Callable[[bytes], bytes]
"""Changes one part of a token, DER, before what holds it is put together around it."""

NO_FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({})

_HASHES: Final = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_ECDSA: Final = {
    "SHA-256": "1.2.840.10045.4.3.2",
    "SHA-384": "1.2.840.10045.4.3.3",
    "SHA-512": "1.2.840.10045.4.3.4",
}
_RSA: Final = "1.2.840.113549.1.1.1"
_ED25519: Final = "1.3.101.112"


def stamping_extensions() -> Extensions:
    """What the certificate of a time-stamp authority says."""
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(digital_signature=True), True),
        (extended_key_usage(ExtendedKeyUsageOID.TIME_STAMPING), True),
    ]


@frozen(kw_only=True)
class StampRequest:
    """What a request asks for."""

    algorithm: str
    digest: bytes = field(repr=bytes.hex)
    policy: str | None
    nonce: int | None
    certificates: bool
    """Whether the token is to carry the authority's certificates."""


def read_request(request: bytes) -> StampRequest:
    """Read a request (RFC 3161 2.4.1) without extensions.

    Raises:
        Malformed: it is none.
        AlgorithmUnsupported: the digest is none of SHA-2.
    """
    body = der.Reader(request, what="a time-stamp request").enter(der.SEQUENCE)
    if body.integer() != 1:
        body.refuse("a request of another version than 1")
    imprint = body.enter(der.SEQUENCE)
    found = StampRequest(
        algorithm=cms.digest_name(imprint.read(der.SEQUENCE).encoded),
        digest=imprint.octets(),
        policy=body.oid() if body.tag == der.OBJECT_IDENTIFIER else None,
        nonce=body.integer() if body.tag == der.INTEGER else None,
        certificates=body.boolean() if body.tag == der.BOOLEAN else False,
    )
    body.end()
    return found


class TestTSA:
    """Issues time-stamp tokens; may be shared between threads.

    Attributes:
        identity: the authority's key and certificates.
    """

    __test__ = False  # pytest collects classes by their name

    def __init__(
        self,
        pki: TestPKI | None = None,
        *,
        clock: Callable[[], datetime] | None = None,
        name: str = "Test TSA",
        kind: KeyKind = KeyKind.P256,
        identity: Identity | None = None,
        policy: str = POLICY,
        hash_name: str = "SHA-256",
    ) -> None:
        """Make an authority below the intermediate one of *pki*.

        Args:
            pki: made when missing.
            clock: tells the time of tokens; the moment of *pki* without.
            name: common name of the certificate.
            kind: of the key.
            identity: another key and chain instead of a new one.
            policy: object identifier.
            hash_name: digest that is signed with: ``SHA-256``, ``SHA-384`` or ``SHA-512``.
        """
        self.pki = pki or TestPKI()
        made_at = self.pki.now
        self._clock = clock or (lambda: made_at)
        self.identity = identity or self.pki.intermediate.issue(
            name, kind=kind, extensions=stamping_extensions()
        )
        self._policy = policy
        self._hash = "SHA-512" if kind is KeyKind.ED25519 else hash_name
        self._serials = itertools.count(1)

    def issue(
        self,
        digest: bytes,
        *,
        algorithm: str = "SHA-256",
        nonce: int | None = None,
        gen_time: datetime | None = None,
        policy: str | None = None,
        certificates: Sequence[bytes] | None = None,
        faults: Mapping[str, Fault] = NO_FAULTS,
    ) -> bytes:
        """A token over *digest*, DER.

        Args:
            digest: what is stamped.
            algorithm: made the digest.
            nonce: repeated in the token.
            gen_time: the token's time; what the clock says without.
            policy: instead of the authority's own.
            certificates: DER, sent in this order instead of the authority's chain in that of DER.
            faults: by the name of a part (see ``_Maker``), what is done to it.
        """
        make = _Maker(faults)
        info = make.info(
            policy=policy or self._policy,
            algorithm=algorithm,
            digest=digest,
            serial=next(self._serials),
            gen_time=gen_time or self._clock(),
            nonce=nonce,
        )
        sent = sorted(self.identity.chain) if certificates is None else certificates
        return make.token(info, self.identity, self._hash, sent)

    def reply(self, request: bytes, *, faults: Mapping[str, Fault] = NO_FAULTS) -> bytes:
        """The whole answer to a request, DER.

        Raises:
            Malformed: the request is none.
        """
        asked = read_request(request)
        token = self.issue(
            asked.digest,
            algorithm=asked.algorithm,
            nonce=asked.nonce,
            policy=asked.policy,
            certificates=None if asked.certificates else (),
            faults=faults,
        )
        return der.sequence(der.sequence(der.integer(0)), token)


def refusal(status: int, *, text: str = "", failure: int | None = None) -> bytes:
    """The answer of an authority that gives no token, DER.

    Args:
        status: of PKIStatus (RFC 3161 2.4.2).
        text: for people.
        failure: the bit of PKIFailureInfo.
    """
    words = der.sequence(der.element(der.UTF8_STRING, text.encode())) if text else b""
    bits = b"" if failure is None else der.element(der.BIT_STRING, _named_bit(failure))
    return der.sequence(der.sequence(der.integer(status), words, bits))


def _named_bit(bit: int) -> bytes:
    octets = bytearray(bit // 8 + 1)
    octets[-1] = 0x80 >> bit % 8
    return bytes([7 - bit % 8]) + bytes(octets)


@frozen
class _Maker:
    """Puts tokens together, passing each part through the fault of its name.

    Names: ``info.version``, ``.policy``, ``.hash``, ``.digest``, ``.imprint``, ``.serial``,
    ``.time``, ``.accuracy``, ``.ordering``, ``.nonce``, ``.authority``, ``.extensions``;
    ``info``; ``content_type``, ``content``; ``attribute.content_type``, ``.message_digest``,
    ``.signing_certificate``, ``.more``; ``attributes`` (what the SET holds); ``signer.version``,
    ``.name``, ``.hash``, ``.algorithm``, ``.signature``, ``.unsigned``; ``signer``, ``signers``;
    ``version``, ``digests``, ``certificates``, ``lists``; ``data_type``, ``token``.
    """

    faults: Mapping[str, Fault]

    def part(self, name: str, value: bytes) -> bytes:
        fault = self.faults.get(name)
        return value if fault is None else fault(value)

    def info(
        self,
        *,
        policy: str,
        algorithm: str,
        digest: bytes,
        serial: int,
        gen_time: datetime,
        nonce: int | None,
    ) -> bytes:
        part = self.part
        imprint = der.sequence(
            part("info.hash", cms.digest_identifier(algorithm)),
            part("info.digest", der.octets(digest)),
        )
        return part(
            "info",
            der.sequence(
                part("info.version", der.integer(1)),
                part("info.policy", der.oid(policy)),
                part("info.imprint", imprint),
                part("info.serial", der.integer(serial)),
                part("info.time", der.time(gen_time.astimezone(UTC))),
                part("info.accuracy", der.sequence(der.integer(1))),
                part("info.ordering", b""),
                part("info.nonce", b"" if nonce is None else der.integer(nonce)),
                part("info.authority", b""),
                part("info.extensions", b""),
            ),
        )

    def token(
        self, info: bytes, identity: Identity, hash_name: str, certificates: Iterable[bytes]
    ) -> bytes:
        part = self.part
        digest = cms.digest_identifier(hash_name)
        content_type = part("content_type", der.oid(TST_INFO))
        content = part("content", der.element(der.context(0), der.octets(info)))
        signer = part("signer", self._signer(info, identity, hash_name))
        data = der.sequence(
            part("version", der.integer(3)),
            part("digests", der.element(der.SET, digest)),
            der.sequence(content_type, content),
            part("certificates", _certificates(certificates)),
            part("lists", b""),
            part("signers", der.element(der.SET, signer)),
        )
        wrapped = der.element(der.context(0), data)
        return part("token", der.sequence(part("data_type", der.oid(cms.SIGNED_DATA)), wrapped))

    def _signer(self, info: bytes, identity: Identity, hash_name: str) -> bytes:
        part = self.part
        attributes = part("attributes", self._attributes(info, identity, hash_name))
        issued = x509.load_der_x509_certificate(identity.certificate)
        name = der.sequence(issued.issuer.public_bytes(), der.integer(issued.serial_number))
        algorithm, signature = _sign(identity, hash_name, der.element(der.SET, attributes))
        return der.sequence(
            part("signer.version", der.integer(1)),
            part("signer.name", name),
            part("signer.hash", cms.digest_identifier(hash_name)),
            der.element(der.context(0), attributes),
            part("signer.algorithm", algorithm),
            part("signer.signature", der.octets(signature)),
            part("signer.unsigned", b""),
        )

    def _attributes(self, info: bytes, identity: Identity, hash_name: str) -> bytes:
        part = self.part
        named = der.sequence(der.octets(cms.DIGESTS["SHA-256"](identity.certificate)))
        members = [
            part("attribute.content_type", attribute(cms.CONTENT_TYPE, der.oid(TST_INFO))),
            part(
                "attribute.message_digest",
                attribute(cms.MESSAGE_DIGEST, der.octets(cms.DIGESTS[hash_name](info))),
            ),
            part(
                "attribute.signing_certificate",
                attribute(SIGNING_CERTIFICATE, der.sequence(der.sequence(named))),
            ),
            part("attribute.more", b""),
        ]
        return b"".join(sorted(members))


def attribute(kind: str, *values: bytes) -> bytes:
    """An attribute of a signer with these values, DER."""
    return der.sequence(der.oid(kind), der.element(der.SET, *values))


def _certificates(certificates: Iterable[bytes]) -> bytes:
    found = b"".join(certificates)
    return der.element(der.context(0), found) if found else b""


def _sign(identity: Identity, hash_name: str, message: bytes) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and value of a signature."""
    key, digest = identity.key, _HASHES[hash_name]
    if isinstance(key, rsa.RSAPrivateKey):
        null = der.element(der.NULL)
        return der.sequence(der.oid(_RSA), null), key.sign(message, padding.PKCS1v15(), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return der.sequence(der.oid(_ECDSA[hash_name])), key.sign(message, ec.ECDSA(digest))
    return der.sequence(der.oid(_ED25519)), key.sign(message)
