"""Time-stamps: until which moment back the existence of a signature is proved (RFC 3161).

A token is believed when it verifies, its authority's path is in force at the moment for which it is
judged, and none of that path is revoked. That moment is the one of checking, or the time of a later
time-stamp over the token that is believed itself: so evidence outlives its authorities
(EN 319 102-1 5.6.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from asn1crypto import cms
from attrs import frozen

from lienthong.errors import (
    CertificateExpired,
    ChainUntrusted,
    InvalidValue,
    LienthongError,
    Malformed,
)
from lienthong.model.file_signature import Finding
from lienthong.model.trust import Trust, TrustPurpose
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.revocation import path_status, worst
from lienthong.pki.timestamp import TimeStamp, verify_token
from lienthong.spi import Outcome
from lienthong_verifier_pdf.cms import DIGESTS, Digest
from lienthong_verifier_pdf.evidence import Known
from lienthong_verifier_pdf.words import Findings, cause

_UNDECIDED: Final = (ChainUntrusted, CertificateExpired)
"""The token may be sound: nobody who is trusted vouches for its authority."""


@frozen(kw_only=True)
class Proof:
    """Something existed at this moment at the latest."""

    instant: datetime
    authority: str
    token: bytes


@frozen(kw_only=True)
class Stamps:
    """Judges time-stamps by the authorities that are trusted for them."""

    anchors: TrustAnchors | None
    """None when no authority is."""

    @classmethod
    def of(cls, trust: Trust) -> Stamps:
        try:
            return cls(anchors=TrustAnchors(trust.certificates(TrustPurpose.TIME_STAMPS)))
        except InvalidValue:
            return cls(anchors=None)

    def judge(
        self,
        token: bytes,
        digest: Digest,
        moment: datetime,
        known: Known,
        findings: Findings,
        subject: str,
    ) -> Proof | None:
        """The proof that a token is at *moment*; None, with a check that says why, if it is none.

        Args:
            token: DER.
            digest: of what must have been stamped, by the name of an algorithm.
            moment: for which the token's authority is judged.
            known: status of certificates.
            findings: where the check is noted.
            subject: the signature.
        """
        name = "signature.timestamp"
        try:
            found = self._verify(token, digest, moment, known.evidence.certificates)
        except _UNDECIDED as error:
            findings.undecided(name, "stamp_unknown", subject, detail=error)
            return None
        except LienthongError as error:
            findings.failed(name, "stamp_bad", subject, detail=error)
            return None
        except Exception as error:  # noqa: BLE001 - a parser's own kinds of errors are many
            findings.failed(name, "stamp_bad", subject, detail=cause(error))
            return None
        known.use_path(found.authority.path[:-1])
        outcome, reason = _authority_status(found, moment, known)
        if outcome is not Outcome.PASSED:
            findings.add(name, outcome, "stamp_unknown", subject, detail=reason)
            return None
        shown = found.gen_time.isoformat()
        findings.passed(name, "stamped", subject, proven=shown, authority=found.authority.subject)
        return Proof(instant=found.gen_time, authority=found.authority.subject, token=token)

    def _verify(
        self, token: bytes, digest: Digest, moment: datetime, certificates: Sequence[bytes]
    ) -> TimeStamp:
        if self.anchors is None:
            raise ChainUntrusted(subject="?", reason="no time-stamp authority is trusted")
        algorithm = _imprint_algorithm(token)
        return verify_token(
            token,
            digest(algorithm),
            self.anchors,
            algorithm=DIGESTS[algorithm],
            not_after=moment,
            certificates=certificates,
        )


def _imprint_algorithm(token: bytes) -> str:
    """Which digest a token is about, as asn1crypto names it."""
    content = cms.ContentInfo.load(token, strict=True)["content"]
    info = content["encap_content_info"]["content"].parsed
    name: str = info["message_imprint"]["hash_algorithm"]["algorithm"].native
    if name not in DIGESTS:
        raise Malformed(what="a time-stamp", reason=f"its digest {name} is not accepted")
    return name


def _authority_status(found: TimeStamp, moment: datetime, known: Known) -> tuple[Outcome, str]:
    """Whether the authority can be believed at *moment*."""
    if not found.authority.is_in_force(moment):
        return Outcome.INDETERMINATE, "its authority's certificate is not in force any more"
    statuses = path_status(found.authority.path, moment, known.index)
    known.use(statuses)
    status = worst(statuses)
    if status.finding is Finding.GOOD:
        return Outcome.PASSED, ""
    if status.finding is Finding.BAD:
        return Outcome.INDETERMINATE, f"its authority's certificate was revoked: {status.reason}"
    return Outcome.INDETERMINATE, f"its authority's status is not known: {status.reason}"
