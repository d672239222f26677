"""How a token makes each signature: everything is hashed here, and the token sees digests.

USB tokens are slow and limited with long inputs. Only Ed25519 signs the message itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import MGF, Mechanism, types

from lienthong.model.signing import SignatureAlgorithm

_Algorithm = SignatureAlgorithm
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_SHA384_INFO: Final = bytes.fromhex("3041300d060960864801650304020205000430")
"""DigestInfo up to the digest (RFC 8017 9.2, note 1)."""


@frozen(kw_only=True)
class Making:
    """What is asked of a token for a signature of one algorithm."""

    mechanism: Mechanism
    parameter: tuple[object, ...] | None = None
    prepared: Callable[[bytes], bytes]
    """Of the message: what the token is given."""

    finished: Callable[[bytes], bytes] = bytes
    """Of the token's answer: the signature as its standard defines it."""

    def sign(self, key: types.SignMixin, message: bytes) -> bytes:
        """Have the token sign."""
        value = key.sign(
            self.prepared(message), mechanism=self.mechanism, mechanism_param=self.parameter
        )
        return self.finished(value)


def _sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def _sha384(message: bytes) -> bytes:
    return hashlib.sha384(message).digest()


def _der(value: bytes) -> bytes:
    """``r`` and ``s`` side by side, as PKCS#11 has them, as ASN.1 (RFC 3279 2.2.3)."""
    half = len(value) // 2
    r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    return encode_dss_signature(r, s)


MAKINGS: Final[Mapping[SignatureAlgorithm, Making]] = {
    _Algorithm.RSA_PKCS1_SHA256: Making(
        mechanism=Mechanism.RSA_PKCS, prepared=lambda message: _SHA256_INFO + _sha256(message)
    ),
    _Algorithm.RSA_PKCS1_SHA384: Making(
        mechanism=Mechanism.RSA_PKCS, prepared=lambda message: _SHA384_INFO + _sha384(message)
    ),
    _Algorithm.RSA_PSS_SHA256: Making(
        mechanism=Mechanism.RSA_PKCS_PSS,
        parameter=(Mechanism.SHA256, MGF.SHA256, 32),
        prepared=_sha256,
    ),
    _Algorithm.RSA_PSS_SHA384: Making(
        mechanism=Mechanism.RSA_PKCS_PSS,
        parameter=(Mechanism.SHA384, MGF.SHA384, 48),
        prepared=_sha384,
    ),
    _Algorithm.ECDSA_P256_SHA256: Making(
        mechanism=Mechanism.ECDSA, prepared=_sha256, finished=_der
    ),
    _Algorithm.ECDSA_P384_SHA384: Making(
        mechanism=Mechanism.ECDSA, prepared=_sha384, finished=_der
    ),
    _Algorithm.ED25519: Making(mechanism=Mechanism.EDDSA, prepared=bytes),
}
