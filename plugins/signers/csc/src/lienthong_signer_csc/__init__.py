"""Remote signing: the signer plugin ``csc`` (entry-point group ``lienthong.signers``)."""

from __future__ import annotations

from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SignerCapabilities, SignerFactory, hookimpl
from lienthong_signer_csc.signer import RemoteSigner, open_signer

SCHEME = "csc"
SPI_VERSION = 1
# Ed25519 signs messages, and these services are only given digests.
CAPABILITIES = SignerCapabilities(
    algorithms=frozenset(SignatureAlgorithm) - {SignatureAlgorithm.ED25519}, confirmed=True
)


@hookimpl
def lienthong_signer_factory(scheme: str) -> SignerFactory | None:
    """Offer to open keys of the scheme ``csc``."""
    return open_signer if scheme == SCHEME else None


__all__ = [
    "CAPABILITIES",
    "SCHEME",
    "SPI_VERSION",
    "RemoteSigner",
    "lienthong_signer_factory",
    "open_signer",
]
