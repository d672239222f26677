"""The contract of signers: something that holds a key and signs bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from lienthong.model.signing import SignatureAlgorithm

SecretCallback: TypeAlias = Callable[[str], str]
"""Given the name of a secret ("passphrase of /etc/…/sign.key"), returns it. It is asked at most
once an opening; a wrong secret is not retried, so that a token is never locked out."""


class Signer(ABC):
    """A private key with its certificate chain."""

    @property
    @abstractmethod
    def algorithm(self) -> SignatureAlgorithm: ...

    @property
    @abstractmethod
    def chain(self) -> tuple[bytes, ...]:
        """X.509 certificates, DER, the key's own first, without the trust anchor.

        Empty for keys without a certificate (journal checkpoint keys).
        """

    @property
    @abstractmethod
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""

    @abstractmethod
    def sign(self, message: bytes) -> bytes:
        """Sign *message* (not a digest); the value is as RFC 8032, PKCS#1 or ECDSA DER define.

        May be called from several threads at once.

        Raises:
            KeyUnreachable: the device or service with the key is gone, or does not answer; whether
                opening the key again helps is the plugin's to say.
            KeyUnusable: it refuses.
        """

    @abstractmethod
    def close(self) -> None: ...
