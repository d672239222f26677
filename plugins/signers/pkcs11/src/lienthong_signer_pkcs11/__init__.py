"""Keys on tokens and HSMs: the signer plugin ``pkcs11`` (group ``lienthong.signers``)."""

from __future__ import annotations

from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SignerCapabilities, SignerFactory, hookimpl
from lienthong_signer_pkcs11.signer import TokenSigner, open_signer

SCHEME = "pkcs11"
SPI_VERSION = 1
CAPABILITIES = SignerCapabilities(algorithms=frozenset(SignatureAlgorithm), in_process=False)


@hookimpl
def lienthong_signer_factory(scheme: str) -> SignerFactory | None:
    """Offer to open keys of the scheme ``pkcs11``."""
    return open_signer if scheme == SCHEME else None


__all__ = [
    "CAPABILITIES",
    "SCHEME",
    "SPI_VERSION",
    "TokenSigner",
    "lienthong_signer_factory",
    "open_signer",
]
