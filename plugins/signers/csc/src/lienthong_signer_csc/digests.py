"""Digests to be signed, and signatures as their standards define them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from lienthong.model.signing import SignatureAlgorithm
from lienthong_signer_csc.service import Digest

_Algorithm = SignatureAlgorithm
_SHA256: Final = ("sha256", "2.16.840.1.101.3.4.2.1")
_SHA384: Final = ("sha384", "2.16.840.1.101.3.4.2.2")
_HASHES: Final[Mapping[SignatureAlgorithm, tuple[str, str]]] = {
    _Algorithm.RSA_PKCS1_SHA256: _SHA256,
    _Algorithm.RSA_PKCS1_SHA384: _SHA384,
    _Algorithm.RSA_PSS_SHA256: _SHA256,
    _Algorithm.RSA_PSS_SHA384: _SHA384,
    _Algorithm.ECDSA_P256_SHA256: _SHA256,
    _Algorithm.ECDSA_P384_SHA384: _SHA384,
}
_PSS: Final[Mapping[SignatureAlgorithm, bytes]] = {
    _Algorithm.RSA_PSS_SHA256: bytes.fromhex(
        "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0609608648016503040201"
        "0500a203020120"
    ),
    _Algorithm.RSA_PSS_SHA384: bytes.fromhex(
        "3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d0609608648016503040202"
        "0500a203020130"
    ),
}
"""RSASSA-PSS-params (RFC 4055 3.1): one hash for message and MGF1, a salt as long as its digest."""

_ECDSA: Final[Mapping[SignatureAlgorithm, int]] = {
    _Algorithm.ECDSA_P256_SHA256: 64,
    _Algorithm.ECDSA_P384_SHA384: 96,
}
"""Bytes of ``r`` and ``s`` side by side."""


def digest_of(message: bytes, algorithm: SignatureAlgorithm) -> Digest:
    """The digest of a message, with what the service has to know about it."""
    name, oid = _HASHES[algorithm]
    value = hashlib.new(name, message).digest()
    return Digest(value=value, oid=oid, parameters=_PSS.get(algorithm))


def standard_form(value: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """A signature in the form that verifiers expect: the API leaves that of ECDSA open.

    Raises:
        ValueError: it is in no known form.
    """
    size = _ECDSA.get(algorithm)
    if size is None:
        return value
    if len(value) == size:
        half = size // 2
        r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    else:
        r, s = decode_dss_signature(value)
    return encode_dss_signature(r, s)
