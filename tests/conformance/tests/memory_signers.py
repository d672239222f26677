"""A signer plugin in memory, as the reference for the signer contract."""

from __future__ import annotations

from types import ModuleType

from lienthong.errors import InvalidValue, KeyUnusable
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SecretCallback, Signer, SignerCapabilities, SignerFactory
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong.testing.signer import MemorySigner

SECRET = "correct horse battery staple"
PKI = TestPKI()


class MemoryKeys(ModuleType):
    """What an entry point would name; the broken plugins override its methods."""

    SPI_VERSION = 1
    CAPABILITIES = SignerCapabilities(algorithms=frozenset(SignatureAlgorithm))

    def __init__(self) -> None:
        super().__init__("memory_keys")

    def lienthong_signer_factory(self, scheme: str) -> SignerFactory | None:
        return self.open if scheme == "memory" else None

    def open(self, uri: str, secrets: SecretCallback) -> Signer:
        name = uri.removeprefix("memory:")
        if name not in {"P-256", "P-384", "RSA-2048", "Ed25519", "locked", "absent"}:
            raise InvalidValue(field="key address", found=uri, expected="memory:<kind>")
        if name == "absent":
            raise KeyUnusable(key=uri, reason="there is no such key")
        if name == "locked":
            self.unlock(uri, secrets)
            name = "P-256"
        return self.signer(KeyKind(name))

    def unlock(self, uri: str, secrets: SecretCallback) -> None:
        if secrets(f"passphrase of {uri}") != SECRET:
            raise KeyUnusable(key=uri, reason="the passphrase does not open it")

    def signer(self, kind: KeyKind) -> Signer:
        return PKI.organisation("reference", kind).signer()


__all__ = ["PKI", "SECRET", "MemoryKeys", "MemorySigner"]
