"""A file verifier that reads what to report from the file itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO

from lienthong.model.file_signature import (
    FileSignature,
    Finding,
    SignatureCheck,
    SignatureKind,
    SignatureRole,
)
from lienthong.model.ids import Sha256
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence, Trust
from lienthong.spi import (
    FileCheck,
    FileReport,
    FileVerifier,
    FileVerifierCapabilities,
    FileVerifierFactory,
    Outcome,
    hookimpl,
)

SPI_VERSION = 1
CAPABILITIES = FileVerifierCapabilities(revocation=True)
LIST = b"a revocation list"
SEEN: list[bytes] = []
"""Certificates that reports are to rest on."""

READ_AS: dict[str, str] = {}
"""Words that mean another one by now."""

_REVOCATION = {"unknown": Finding.UNKNOWN, "revoked": Finding.BAD}
_ROLES = {"signer": SignatureRole.SIGNER, "agency": SignatureRole.AGENCY}


class Scripted(FileVerifier):
    """Words of the file: signer, agency, unknown and revoked (revocation), altered, crash."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust

    def verify(
        self,
        stream: BinaryIO,
        media_type: str,
        at: datetime,
        evidence: StatusEvidence = NO_EVIDENCE,
        *,
        content: BinaryIO | None = None,
    ) -> FileReport:
        data = stream.read()
        words = [READ_AS.get(word, word) for word in data.decode().split()]
        if "crash" in words:
            raise RuntimeError("the verifier fell over")
        if content is not None and not content.read().endswith(b"signed apart"):
            words = ["altered"]
        outcome = Outcome.FAILED if "altered" in words else Outcome.PASSED
        revocation = next(filter(None, map(_REVOCATION.get, words)), Finding.GOOD)
        return FileReport(
            media_type=media_type,
            at=at,
            sha256=Sha256.of(data),
            verifier=f"scripted 1, {len(self.trust.authorities)} trusted",
            checks=[FileCheck(name="file.structure", outcome=outcome, reason="as the file says")],
            signatures=[_signature(role, at, revocation) for role in words if role in _ROLES],
            evidence=StatusEvidence(lists=[LIST], certificates=SEEN),
        )

    def close(self) -> None:
        pass


def _signature(role: str, at: datetime, revocation: Finding) -> FileSignature:
    good = Finding.GOOD
    return FileSignature(
        role=_ROLES[role],
        kind=SignatureKind.CONG_VU,
        subject=f"CN={role}",
        issuer="CN=CA",
        serial="01",
        not_before=datetime(2020, 1, 1, tzinfo=UTC),
        not_after=datetime(2040, 1, 1, tzinfo=UTC),
        signed_at=at,
        check=SignatureCheck(
            integrity=good, chain=good, revocation=revocation, time=good, order=good, checked_at=at
        ),
    )


@hookimpl
def lienthong_file_verifier_factory(media_type: str) -> FileVerifierFactory | None:
    return Scripted
