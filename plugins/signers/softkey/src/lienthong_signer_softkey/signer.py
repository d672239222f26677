"""The signer: a private key that was read from a file once."""

from __future__ import annotations

from pathlib import Path

from lienthong.errors import Closed, KeyUnusable
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import sign
from lienthong.pki.own_key import own_algorithm, own_chain
from lienthong.spi import SecretCallback, Signer
from lienthong_signer_softkey.address import KeyAddress
from lienthong_signer_softkey.keyfile import (
    PrivateKey,
    load_certificates,
    load_key_file,
    public_key_info,
)


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
        return sign(self._algorithm, key, message)

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
    algorithm = own_algorithm(file.key.public_key(), address.algorithm, key=address.key)
    if certificates:
        chain = own_chain(public_key_info(file.key), certificates, key=address.key)
    else:
        chain = _no_chain(address, algorithm)
    return SoftSigner(file.key, path=address.key, algorithm=algorithm, chain=chain)


def _no_chain(address: KeyAddress, algorithm: SignatureAlgorithm) -> tuple[bytes, ...]:
    if algorithm is not SignatureAlgorithm.ED25519:
        reason = "it needs its certificate: add ?cert=<path>"
        raise KeyUnusable(key=address.key, reason=reason)
    return ()
