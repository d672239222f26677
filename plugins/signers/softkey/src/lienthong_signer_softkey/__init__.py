"""Keys in files: the signer plugin ``softkey`` (entry-point group ``lienthong.signers``)."""

from __future__ import annotations

from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SignerCapabilities, SignerFactory, hookimpl
from lienthong_signer_softkey.signer import SoftSigner, open_signer

SCHEME = "softkey"
SPI_VERSION = 1
CAPABILITIES = SignerCapabilities(algorithms=frozenset(SignatureAlgorithm), in_process=True)


@hookimpl
def lienthong_signer_factory(scheme: str) -> SignerFactory | None:
    """Offer to open keys of the scheme ``softkey``."""
    return open_signer if scheme == SCHEME else None


__all__ = [
    "CAPABILITIES",
    "SCHEME",
    "SPI_VERSION",
    "SoftSigner",
    "lienthong_signer_factory",
    "open_signer",
]
