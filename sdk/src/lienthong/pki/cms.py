"""Signed data (RFC 5652) as time-stamp tokens carry it: one signer, content inside, in DER.

The profile is narrow on purpose. Every byte is either covered by the signature, compared with
something that is, or refused: no unsigned attributes, no revocation lists, no certificates of
other kinds. Only the certificates may stand in any order, since well-known authorities send them
so. Algorithms are tables of whole encodings, so that no parameter is overlooked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256, sha384, sha512
from hmac import compare_digest
from typing import Final, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.errors import AlgorithmUnsupported, Malformed, SignatureInvalid
from lienthong.pki import der
from lienthong.pki.algorithms import PublicKey, describe_key
from lienthong.pki.certificate import Certificate

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"

_VERSION: Final = 3
_BY_ISSUER: Final = 1
"""Version of a SignerInfo that names its certificate by issuer and serial number."""

_BY_KEY: Final = 3
"""Version of a SignerInfo that names its certificate by the identifier of its key."""

DIGESTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "SHA-256": lambda data: sha256(data).digest(),
    "SHA-384": lambda data: sha384(data).digest(),
    "SHA-512": lambda data: sha512(data).digest(),
}
"""The accepted digests by name."""

_HASHES: Final = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_DIGEST_OIDS: Final = {
    "SHA-256": "2.16.840.1.101.3.4.2.1",
    "SHA-384": "2.16.840.1.101.3.4.2.2",
    "SHA-512": "2.16.840.1.101.3.4.2.3",
}
_NULL: Final = der.element(der.NULL)


def digest_identifier(name: str, *, with_null: bool = True) -> bytes:
    """The AlgorithmIdentifier of a digest; both forms are met (RFC 5754 2)."""
    return der.sequence(der.oid(_DIGEST_OIDS[name]), _NULL if with_null else b"")


_DIGEST_NAMES: Final = {
    digest_identifier(name, with_null=with_null): name
    for name in _DIGEST_OIDS
    for with_null in (True, False)
}

_Check: TypeAlias = Callable[[PublicKey, bytes, bytes], None]


def _pkcs1(digest: hashes.HashAlgorithm) -> _Check:
    def check(key: PublicKey, signature: bytes, message: bytes) -> None:
        if not isinstance(key, rsa.RSAPublicKey):
            raise _other_key(key)
        key.verify(signature, message, padding.PKCS1v15(), digest)

    return check


def _pss(digest: hashes.HashAlgorithm) -> _Check:
    def check(key: PublicKey, signature: bytes, message: bytes) -> None:
        if not isinstance(key, rsa.RSAPublicKey):
            raise _other_key(key)
        salted = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        key.verify(signature, message, salted, digest)

    return check


def _ecdsa(digest: hashes.HashAlgorithm) -> _Check:
    def check(key: PublicKey, signature: bytes, message: bytes) -> None:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise _other_key(key)
        key.verify(signature, message, ec.ECDSA(digest))

    return check


def _ed25519(key: PublicKey, signature: bytes, message: bytes) -> None:
    if not isinstance(key, Ed25519PublicKey):
        raise _other_key(key)
    key.verify(signature, message)


def _other_key(key: PublicKey) -> AlgorithmUnsupported:
    return AlgorithmUnsupported(found=f"of the signature by a key of kind {describe_key(key)}")


def _pss_identifier(name: str) -> bytes:
    digest = digest_identifier(name)
    masked = der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)
    salt = der.integer(_HASHES[name].digest_size)
    parts = [der.element(der.context(n), part) for n, part in enumerate((digest, masked, salt))]
    return der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence(*parts))


def _signature_checks() -> Mapping[tuple[str, bytes], _Check]:
    """How signatures are checked, by the digest's name and the whole AlgorithmIdentifier."""
    plain_rsa = der.sequence(der.oid("1.2.840.113549.1.1.1"), _NULL)
    rsa_arcs = {"SHA-256": 11, "SHA-384": 12, "SHA-512": 13}
    ecdsa_arcs = {"SHA-256": 2, "SHA-384": 3, "SHA-512": 4}
    found: dict[tuple[str, bytes], _Check] = {}
    for name, digest in _HASHES.items():
        named_rsa = der.sequence(der.oid(f"1.2.840.113549.1.1.{rsa_arcs[name]}"), _NULL)
        named_ecdsa = der.sequence(der.oid(f"1.2.840.10045.4.3.{ecdsa_arcs[name]}"))
        found[name, plain_rsa] = found[name, named_rsa] = _pkcs1(digest)
        found[name, _pss_identifier(name)] = _pss(digest)
        found[name, named_ecdsa] = _ecdsa(digest)
    # RFC 8419 3.1: beside Ed25519 the attributes are digested with SHA-512.
    found["SHA-512", der.sequence(der.oid("1.3.101.112"))] = _ed25519
    return found


_CHECKS: Final = _signature_checks()


@frozen(kw_only=True)
class SignerInfo:
    """What the only signer says, in the form in which it was sent."""

    name: bytes
    """Issuer and serial number, or the key's identifier."""

    digest: bytes
    """AlgorithmIdentifier of the digest of content and attributes."""

    attributes: Mapping[str, bytes]
    """The signed attributes' values, DER, by object identifier; each has exactly one."""

    signed: bytes
    """The bytes that are signed: the attributes as the SET that they are (RFC 5652 5.4)."""

    algorithm: bytes
    """AlgorithmIdentifier of the signature."""

    signature: bytes


@frozen(kw_only=True)
class SignedData:
    """Signed data whose form is right; nothing of it is proven before ``check_signature``."""

    content_type: str
    content: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    """In the order in which they were sent, DER."""

    signer: SignerInfo = field(repr=False)

    def is_signed_by(self, certificate: Certificate) -> bool:
        """Whether *certificate* is the one that the signer names; proves nothing."""
        return self.signer.name in (_by_issuer(certificate), _by_key(certificate))

    def check_signature(self, certificate: Certificate, *, what: str) -> None:
        """Check that the owner of *certificate* signed the content as what it is (RFC 5652 5.4).

        Raises:
            Malformed: the signed attributes do not name the content's type and digest.
            AlgorithmUnsupported: the algorithm is not accepted, or not with this key and digest.
            SignatureInvalid: the digest or the signature does not fit; the error names *what*.
        """
        digest = digest_name(self.signer.digest)
        attributes = self.signer.attributes
        if attributes.get(CONTENT_TYPE) != der.oid(self.content_type):
            raise Malformed(what=what, reason="no signed attribute names its content type")
        expected = der.octets(DIGESTS[digest](self.content))
        if not compare_digest(attributes.get(MESSAGE_DIGEST, b""), expected):
            raise SignatureInvalid(what=what, subject=certificate.subject)
        check = _CHECKS.get((digest, self.signer.algorithm))
        if check is None:
            found = f"{self.signer.algorithm.hex()[:64]} with {digest}"
            raise AlgorithmUnsupported(found=found)
        try:
            check(certificate.public_key, self.signer.signature, self.signer.signed)
        except InvalidSignature:
            raise SignatureInvalid(what=what, subject=certificate.subject) from None


def read_signed_data(data: bytes, *, what: str) -> SignedData:
    """Read signed data with one signer.

    Args:
        data: a ContentInfo, DER.
        what: names it in an error.

    Raises:
        Malformed: its form is another one, or not DER.
    """
    outer = der.Reader(data, what=what)
    info = outer.enter(der.SEQUENCE)
    outer.end()
    if info.oid() != SIGNED_DATA:
        info.refuse("it is no signed data")
    wrapped = info.enter(der.context(0))
    info.end()
    signed = wrapped.enter(der.SEQUENCE)
    wrapped.end()
    if signed.integer() != _VERSION:
        signed.refuse("signed data of another version than 3")
    digests = signed.set_of(der.SET)
    content_type, content = _content(signed.enter(der.SEQUENCE))
    certificates = signed.enter(der.context(0)).elements() if signed.tag == der.context(0) else []
    signers = signed.set_of(der.SET)
    signed.end()
    if len(signers) != 1:
        signed.refuse(f"{len(signers)} signers where one is expected")
    signer = _signer_info(der.Reader(signers[0].encoded, what=what).enter(der.SEQUENCE))
    if [one.encoded for one in digests] != [signer.digest]:
        signed.refuse("its list of digests is not the one of its signer")
    return SignedData(
        content_type=content_type,
        content=content,
        certificates=tuple(one.encoded for one in certificates),
        signer=signer,
    )


def digest_name(identifier: bytes) -> str:
    """The name of the digest with this AlgorithmIdentifier (DER).

    Raises:
        AlgorithmUnsupported: it is not accepted.
    """
    try:
        return _DIGEST_NAMES[identifier]
    except KeyError:
        raise AlgorithmUnsupported(found=f"digest {identifier.hex()[:64]}") from None


def _content(reader: der.Reader) -> tuple[str, bytes]:
    content_type = reader.oid()
    wrapped = reader.enter(der.context(0))
    reader.end()
    content = wrapped.octets()
    wrapped.end()
    return content_type, content


def _signer_info(reader: der.Reader) -> SignerInfo:
    version = reader.integer()
    if version not in (_BY_ISSUER, _BY_KEY):
        reader.refuse(f"a signer of version {version}")
    by_key = der.context(0, constructed=False)
    name = reader.read(der.SEQUENCE if version == _BY_ISSUER else by_key).encoded
    digest = reader.read(der.SEQUENCE).encoded
    attributes = reader.set_of(der.context(0))
    algorithm = reader.read(der.SEQUENCE).encoded
    signature = reader.octets()
    reader.end()
    return SignerInfo(
        name=name,
        digest=digest,
        attributes=_values(reader, attributes),
        signed=der.element(der.SET, *(one.encoded for one in attributes)),
        algorithm=algorithm,
        signature=signature,
    )


def _values(reader: der.Reader, attributes: list[der.Element]) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for one in attributes:
        attribute = der.Reader(one.encoded, what=reader.what).enter(der.SEQUENCE)
        kind = attribute.oid()
        values = attribute.set_of(der.SET)
        attribute.end()
        if kind in found:
            reader.refuse(f"the signed attribute {kind} twice")
        if len(values) != 1:
            reader.refuse(f"{len(values)} values of the signed attribute {kind}")
        found[kind] = values[0].encoded
    return found


def _by_issuer(certificate: Certificate) -> bytes:
    issued = certificate.parsed
    return der.sequence(issued.issuer.public_bytes(), der.integer(issued.serial_number))


def _by_key(certificate: Certificate) -> bytes | None:
    key = certificate.extension(x509.SubjectKeyIdentifier)
    return der.element(der.context(0, constructed=False), key.digest) if key else None
