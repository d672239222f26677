"""A signer whose key is only in memory."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import Closed
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import PrivateKey, default_algorithm, sign
from lienthong.spi.signer import Signer


class MemorySigner(Signer):
    """Signs with a key that was given as an object; may be shared between threads.

    Attributes:
        signed: every message that was signed, in order.
    """

    def __init__(
        self,
        key: PrivateKey,
        chain: tuple[bytes, ...] = (),
        algorithm: SignatureAlgorithm | None = None,
    ) -> None:
        self._key = key
        self._chain = chain
        self._algorithm = algorithm or default_algorithm(key.public_key())
        self._closed = False
        self.signed: list[bytes] = []

    @classmethod
    def checkpoint(cls, seed: bytes | None = None) -> MemorySigner:
        """An Ed25519 key without certificate, as checkpoints need it.

        Args:
            seed: 32 bytes that make the key; a new random key without.
        """
        if seed is None:
            return cls(Ed25519PrivateKey.generate())
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._algorithm

    @property
    def chain(self) -> tuple[bytes, ...]:
        return self._chain

    @property
    def public_key(self) -> bytes:
        public = self._key.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        if self._closed:
            raise Closed(what="the signer")
        self.signed.append(message)
        return sign(self._algorithm, self._key, message)

    def close(self) -> None:
        self._closed = True
