"""What the cases of file signers are given: keys, an authority that is down, orders."""

from __future__ import annotations

from typing import Any

from lienthong.errors import ConnectionFailed
from lienthong.model.file_signature import SignatureRole
from lienthong.spi import SigningOrder, TimeReading, TimeStamper
from lienthong.testing.pki import TestPKI
from lienthong.testing.signer import MemorySigner

SIGNER, AGENCY = SignatureRole.SIGNER, SignatureRole.AGENCY
PKI = TestPKI()


def make_key(role: SignatureRole = SIGNER) -> MemorySigner:
    """The key of a role's holder with its certificates, which remembers what it signed."""
    return PKI.organisation(f"file signing as {role.value}").signer()


def make_order(role: SignatureRole = SIGNER, **more: Any) -> SigningOrder:
    """An order that shows nothing, so that it suits every format."""
    return SigningOrder(role=role, at=PKI.now, **more)


class Liar(MemorySigner):
    """Signs something else than it was given."""

    def sign(self, message: bytes) -> bytes:
        return super().sign(message + b"\0")


class Unreachable(TimeStamper):
    """A time-stamp authority that does not answer."""

    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        raise ConnectionFailed(endpoint="the authority", reason="it does not answer")

    def now(self) -> TimeReading:
        raise ConnectionFailed(endpoint="the authority", reason="it does not answer")

    def close(self) -> None:
        """Nothing is held."""
