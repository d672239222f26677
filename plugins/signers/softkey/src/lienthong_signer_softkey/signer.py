"""The signer: a private key that was read from a file once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from lienthong.errors import Closed, KeyUnusable
from lienthong.model.signing import MAX_CHAIN, SignatureAlgorithm
from lienthong.spi import SecretCallback, Signer
from lienthong_signer_softkey.address import KeyAddress
from lienthong_signer_softkey.keyfile import (
    PrivateKey,
    load_certificates,
    load_key_file,
    order_chain,
    public_key_info,
)

_Algorithm = SignatureAlgorithm
_SHA256: Final = hashes.SHA256()
_SHA384: Final = hashes.SHA384()
_CURVES: Final = {
    "secp256r1": (_Algorithm.ECDSA_P256_SHA256, ec.ECDSA(_SHA256)),
    "secp384r1": (_Algorithm.ECDSA_P384_SHA384, ec.ECDSA(_SHA384)),
}


def _pss(digest: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


_RSA: Final[dict[SignatureAlgorithm, tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]]] = {
    _Algorithm.RSA_PKCS1_SHA256: (padding.PKCS1v15(), _SHA256),
    _Algorithm.RSA_PKCS1_SHA384: (padding.PKCS1v15(), _SHA384),
    _Algorithm.RSA_PSS_SHA256: (_pss(_SHA256), _SHA256),
    _Algorithm.RSA_PSS_SHA384: (_pss(_SHA384), _SHA384),
}


class SoftSigner(Signer):
    """Signs with a key in memory; may be shared between threads."""

    def __init__(
        self,
        key: PrivateKey,
        *,
        path: Path,
        algorithm: SignatureAlgorithm,
        chain: tuple[bytes, ...],
    ) -> None:
        """Hold an opened key; ``open_signer`` reads it and checks that the parts fit together.

        Args:
            key: the private key.
            path: names it in errors.
            algorithm: one that the key can do.
            chain: certificates, DER, the key's own first; empty for checkpoint keys.
        """
        self._key: PrivateKey | None = key
        self._path = path
        self._algorithm = algorithm
        self._chain = chain
        self._public_key = public_key_info(key)

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._algorithm

    @property
    def chain(self) -> tuple[bytes, ...]:
        return self._chain

    @property
    def public_key(self) -> bytes:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        key = self._key
        if key is None:
            raise Closed(what=f"the key {self._path}")
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, *_RSA[self._algorithm])
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, _CURVES[key.curve.name][1])
        return key.sign(message)

    def close(self) -> None:
        self._key = None

    def __repr__(self) -> str:
        return f"SoftSigner({str(self._path)!r}, {self._algorithm.value})"


def open_signer(uri: str, secrets: SecretCallback) -> SoftSigner:
    """Open the key at *uri*.

    Args:
        uri: ``softkey:/path/key.pem?cert=/path/chain.pem``, ``softkey:/path/id.p12``, or
            ``softkey:/path/key.pem`` for an Ed25519 key without certificate; ``algorithm=``
            chooses among those that an RSA key can do.
        secrets: asked once for the passphrase if the file has one.

    Raises:
        InvalidValue: the URI is not of that form.
        KeyUnusable: the key cannot be opened, or does not fit its certificate or the algorithm.
    """
    address = KeyAddress.parse(uri)
    file = load_key_file(address.key, secrets)
    certificates = load_certificates(address.chain) if address.chain else file.certificates
    algorithm = _choose(address, file.key)
    if certificates:
        chain = order_chain(file.key, certificates, address.key)
    else:
        chain = _no_chain(address, algorithm)
    if len(chain) > MAX_CHAIN:
        raise KeyUnusable(key=address.key, reason=f"its chain has more than {MAX_CHAIN} parts")
    return SoftSigner(file.key, path=address.key, algorithm=algorithm, chain=chain)


def _choose(address: KeyAddress, key: PrivateKey) -> SignatureAlgorithm:
    possible = _possible(key)
    chosen = address.algorithm or possible[0]
    if chosen not in possible:
        raise KeyUnusable(key=address.key, reason=f"it does not make {chosen.value} signatures")
    return chosen


def _possible(key: PrivateKey) -> list[SignatureAlgorithm]:
    if isinstance(key, rsa.RSAPrivateKey):
        return list(_RSA)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return [_CURVES[key.curve.name][0]]
    return [SignatureAlgorithm.ED25519]


def _no_chain(address: KeyAddress, algorithm: SignatureAlgorithm) -> tuple[bytes, ...]:
    if algorithm is not SignatureAlgorithm.ED25519:
        reason = "it needs its certificate: add ?cert=<path>"
        raise KeyUnusable(key=address.key, reason=reason)
    return ()
