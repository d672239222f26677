"""What a bad time-stamp token is made of (L-06)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from attrs import field, frozen

from lienthong.errors import LienthongError
from lienthong.pki import der
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import Fault, TestTSA, stamping_extensions

NOW: Final = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
DIGEST: Final = sha256(b"a journal's checkpoint").digest()
NONCE: Final = 0x7A3C_0000_1234_5678
PKI: Final = TestPKI(NOW)
TSA: Final = TestTSA(PKI)
OTHER: Final = PKI.intermediate.issue("Other TSA", extensions=stamping_extensions())
"""Another authority, that may stamp as well."""

SECOND: Final = timedelta(seconds=1)
SHA1: Final = der.sequence(der.oid("1.3.14.3.2.26"), der.element(der.NULL))

Tokens = Mapping[str, Any]


@frozen(kw_only=True)
class Form:
    """A token that must be refused, and how."""

    name: str
    error: type[LienthongError]
    faults: Mapping[str, Fault] = field(factory=dict)
    issued: Tokens = field(factory=dict)
    """Given to the authority beside digest and nonce."""

    asked: Tokens = field(factory=dict)
    """Given to the verifier beside token, digest and nonce."""

    tsa: TestTSA = TSA

    def token(self) -> bytes:
        wanted = {"digest": DIGEST, "nonce": NONCE, **self.issued}
        return self.tsa.issue(**wanted, faults=self.faults)

    def expectations(self) -> Tokens:
        """Keyword arguments of ``verify_token``."""
        return {"digest": DIGEST, "anchors": PKI.anchors, "nonce": NONCE, **self.asked}


def always(part: bytes) -> Fault:
    """Puts *part* there, whatever it was."""
    return lambda _: part


NOTHING: Final = always(b"")
