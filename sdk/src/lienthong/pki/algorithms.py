"""The signature algorithms that are accepted, and nothing beside them.

RSA keys have 2048 to 8192 bits; PSS uses the same hash for the message and MGF1 and a salt as long
as the digest; ECDSA values are ASN.1 DER. A signature that claims an algorithm which does not
belong to the key is refused before any computation.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from lienthong.errors import AlgorithmUnsupported, CertificateUnfit, KeyUnusable, SignatureInvalid
from lienthong.model.signing import SignatureAlgorithm

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey
PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192

_Algorithm = SignatureAlgorithm
_SHA256: Final = hashes.SHA256()
_SHA384: Final = hashes.SHA384()


def _pss(digest: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


_RSA: Final[dict[SignatureAlgorithm, tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]]] = {
    _Algorithm.RSA_PKCS1_SHA256: (padding.PKCS1v15(), _SHA256),
    _Algorithm.RSA_PKCS1_SHA384: (padding.PKCS1v15(), _SHA384),
    _Algorithm.RSA_PSS_SHA256: (_pss(_SHA256), _SHA256),
    _Algorithm.RSA_PSS_SHA384: (_pss(_SHA384), _SHA384),
}
_ECDSA: Final[dict[SignatureAlgorithm, tuple[str, ec.ECDSA]]] = {
    _Algorithm.ECDSA_P256_SHA256: (ec.SECP256R1.name, ec.ECDSA(_SHA256)),
    _Algorithm.ECDSA_P384_SHA384: (ec.SECP384R1.name, ec.ECDSA(_SHA384)),
}
_BY_CURVE: Final = {curve: algorithm for algorithm, (curve, _) in _ECDSA.items()}


def verify(
    algorithm: SignatureAlgorithm,
    public_key: PublicKey | bytes,
    message: bytes,
    signature: bytes,
    *,
    what: str = "the message",
    subject: str = "the key",
) -> None:
    """Check a signature over *message*.

    Args:
        algorithm: what the signature claims to be.
        public_key: a key that ``load_public_key`` gave, or its SubjectPublicKeyInfo (DER).
        message: the bytes that were signed, not their digest.
        signature: as PKCS#1, ECDSA DER or RFC 8032 define it.
        what: names the signed thing in an error.
        subject: names the signer in an error.

    Raises:
        SignatureInvalid: the signature does not fit.
        AlgorithmUnsupported: the key is of a kind that is not accepted.
        CertificateUnfit: the key is malformed, too weak, or does not make such signatures.
    """
    if isinstance(public_key, bytes):
        public_key = load_public_key(public_key, subject=subject)
    else:
        check_public_key(public_key, subject=subject)
    try:
        _verify(algorithm, public_key, message, signature, subject)
    except InvalidSignature:
        raise SignatureInvalid(what=what, subject=subject) from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureInvalid(what=what, subject=subject) from error


def load_public_key(info: bytes, *, subject: str = "the key") -> PublicKey:
    """Read a SubjectPublicKeyInfo (DER) and check that such keys are accepted.

    Raises:
        AlgorithmUnsupported: the key is of a kind that is not accepted.
        CertificateUnfit: it is malformed or too weak.
    """
    try:
        key = load_der_public_key(info)
    except UnsupportedAlgorithm as error:
        raise AlgorithmUnsupported(found="of the public key") from error
    except Exception as error:
        raise CertificateUnfit(subject=subject, reason="its public key is malformed") from error
    return check_public_key(key, subject=subject)


def check_public_key(key: object, *, subject: str = "the key") -> PublicKey:
    """Check that keys of this kind and size are accepted.

    Raises:
        AlgorithmUnsupported: the key is of another kind or on another curve.
        CertificateUnfit: an RSA key is too short, or so large that it only costs time.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _BY_CURVE:
            raise AlgorithmUnsupported(found=f"ECDSA on {key.curve.name}")
        return key
    if isinstance(key, rsa.RSAPublicKey):
        _check_rsa(key, subject)
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise AlgorithmUnsupported(found=type(key).__name__.removesuffix("PublicKey"))


def algorithms_of(key: PublicKey) -> tuple[SignatureAlgorithm, ...]:
    """What a key can sign with."""
    if isinstance(key, rsa.RSAPublicKey):
        return tuple(_RSA)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return (_BY_CURVE[key.curve.name],)
    return (SignatureAlgorithm.ED25519,)


def default_algorithm(key: PublicKey) -> SignatureAlgorithm:
    """The algorithm to sign with when nobody chose one: PKCS#1 for RSA, else the only one."""
    return algorithms_of(key)[0]


def sign(algorithm: SignatureAlgorithm, key: PrivateKey, message: bytes) -> bytes:
    """Sign *message* with a private key in memory.

    Raises:
        KeyUnusable: the key does not make such signatures.
    """
    if isinstance(key, rsa.RSAPrivateKey) and algorithm in _RSA:
        pad, digest = _RSA[algorithm]
        return key.sign(message, pad, digest)
    if isinstance(key, ec.EllipticCurvePrivateKey) and algorithm is _BY_CURVE.get(key.curve.name):
        return key.sign(message, _ECDSA[algorithm][1])
    if isinstance(key, Ed25519PrivateKey) and algorithm is SignatureAlgorithm.ED25519:
        return key.sign(message)
    raise KeyUnusable(key="in memory", reason=f"it does not make {algorithm.value} signatures")


def describe_key(key: PublicKey) -> str:
    """Kind and size of a key, for people: ``RSA-2048``, ``P-256``, ``Ed25519``."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"P-{key.curve.key_size}"
    return "Ed25519"


def _verify(
    algorithm: SignatureAlgorithm, key: PublicKey, message: bytes, signature: bytes, subject: str
) -> None:
    # The commonest kind first: asking for the class of a key takes noticeable time.
    if isinstance(key, ec.EllipticCurvePublicKey) and algorithm is _BY_CURVE[key.curve.name]:
        key.verify(signature, message, _ECDSA[algorithm][1])
    elif isinstance(key, rsa.RSAPublicKey) and algorithm in _RSA:
        pad, digest = _RSA[algorithm]
        key.verify(signature, message, pad, digest)
    elif isinstance(key, Ed25519PublicKey) and algorithm is SignatureAlgorithm.ED25519:
        key.verify(signature, message)
    else:
        reason = f"its {describe_key(key)} key does not make {algorithm.value} signatures"
        raise CertificateUnfit(subject=subject, reason=reason)


def _check_rsa(key: rsa.RSAPublicKey, subject: str) -> None:
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        reason = f"its RSA key has {key.key_size} bits, allowed are 2048 to 8192"
        raise CertificateUnfit(subject=subject, reason=reason)
