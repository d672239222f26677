"""Checks signatures with ``cryptography`` alone: no code of ours, no code of the plugin."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import load_der_public_key

from lienthong.model.signing import SignatureAlgorithm

_HASHES: Final = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384()}
_CURVES: Final = {"P256": "secp256r1", "P384": "secp384r1"}
_ED25519_BYTES: Final = 64
_MINIMAL_RSA_BITS: Final = 2048


def verifies(
    algorithm: SignatureAlgorithm, public_key: bytes, message: bytes, signature: bytes
) -> bool:
    """Say whether a signature is one over this message by this key."""
    key = load_der_public_key(public_key)
    words = algorithm.value.split("_")
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(_HASHES[words[-1]]))
        elif isinstance(key, rsa.RSAPublicKey):
            digest = _HASHES[words[-1]]
            key.verify(signature, message, _padding(words[1], digest), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _padding(name: str, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if name == "PKCS1":
        return padding.PKCS1v15()
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


def fits(algorithm: SignatureAlgorithm, public_key: bytes) -> bool:
    """Say whether a key is of the kind and strength that an algorithm needs."""
    key = load_der_public_key(public_key)
    words = algorithm.value.split("_")
    if isinstance(key, rsa.RSAPublicKey):
        return words[0] == "RSA" and key.key_size >= _MINIMAL_RSA_BITS
    if isinstance(key, ec.EllipticCurvePublicKey):
        return words[0] == "ECDSA" and key.curve.name == _CURVES[words[1]]
    return isinstance(key, Ed25519PublicKey) and algorithm is SignatureAlgorithm.ED25519


def is_canonical(public_key: bytes, signature: bytes) -> bool:
    """Say whether a signature has the one form that its standard defines."""
    key = load_der_public_key(public_key)
    if isinstance(key, rsa.RSAPublicKey):
        return len(signature) == (key.key_size + 7) // 8
    if isinstance(key, ec.EllipticCurvePublicKey):
        return encode_dss_signature(*decode_dss_signature(signature)) == signature
    return len(signature) == _ED25519_BYTES
