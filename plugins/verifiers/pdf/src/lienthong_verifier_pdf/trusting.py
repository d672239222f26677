"""The certificate of one signature: whether it was good when it signed, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import define, evolve, frozen
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.model.file_signature import Finding, SignatureKind
from lienthong.model.trust import Trust, TrustedAuthority, TrustPurpose
from lienthong.pki.revocation import Revocation, path_status, worst
from lienthong.spi import Outcome
from lienthong_verifier_pdf.evidence import Known
from lienthong_verifier_pdf.paths import PathResult, PathVerdict, find_paths
from lienthong_verifier_pdf.words import Findings

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far the clock of a signer may be ahead of others before its word is disbelieved."""

_OTHER_TRADES: Final = frozenset(
    {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)
_OUTCOMES: Final = {
    Finding.GOOD: Outcome.PASSED,
    Finding.UNKNOWN: Outcome.INDETERMINATE,
    Finding.BAD: Outcome.FAILED,
}


@define(eq=False)
class CertificateVerdict:
    """What was found of a signer's certificate."""

    chain: Finding = Finding.UNKNOWN
    revocation: Finding = Finding.UNKNOWN
    time: Finding = Finding.UNKNOWN
    authority: TrustedAuthority | None = None
    """The one that it leads to."""

    @property
    def kind(self) -> SignatureKind:
        """What its authority makes it; nothing official without one."""
        return SignatureKind.CONG_CONG if self.authority is None else self.authority.kind


@frozen(kw_only=True)
class Times:
    """When a signature was made, as far as anybody knows."""

    claimed: datetime | None
    proven: datetime | None
    at: datetime
    """The moment of checking."""

    @property
    def judged(self) -> datetime:
        """The moment for which the certificate counts."""
        return self.proven or self.at


@frozen(kw_only=True)
class CertificateJudge:
    """Judges signers' certificates by the authorities trusted for files."""

    trust: Trust
    findings: Findings
    known: Known

    def judge(
        self, leaf: bytes, others: Sequence[bytes], times: Times, subject: str
    ) -> CertificateVerdict:
        """Judge path, revocation and time, in this order; what is unknown stays undecided.

        Args:
            leaf: the signer's certificate, DER.
            others: certificates that came with the signature, DER.
            times: of the signature.
            subject: the signature, for the checks.
        """
        verdict = CertificateVerdict()
        usage = _refused_usage(leaf)
        if usage:
            self.findings.failed("certificate.path", "path_invalid", subject, detail=usage)
            verdict.chain = Finding.BAD
            return verdict
        found, moment = self._paths(leaf, others, times)
        if found[0].verdict is not PathVerdict.VALID:
            verdict.chain = self._no_path(found[0], subject)
            return verdict
        path, statuses = self._best(found, moment)
        verdict.chain = Finding.GOOD
        verdict.authority = self._authority(path[-1])
        label = verdict.authority.label if verdict.authority else ""
        self.findings.passed("certificate.path", "trusted", subject, authority=label)
        status = worst(_settled(one, times) for one in statuses)
        verdict.revocation = self._revocation(status, times, subject)
        in_force = moment == times.judged
        verdict.time = self._time(leaf, times, status, subject, in_force=in_force)
        return verdict

    def _paths(
        self, leaf: bytes, others: Sequence[bytes], times: Times
    ) -> tuple[list[PathResult], datetime]:
        """Paths for the moment that counts; else, to tell more, for the one that is claimed."""
        anchors = self.trust.certificates(TrustPurpose.FILES)
        between = [*others, *self.known.evidence.certificates]
        found = find_paths(leaf, between, anchors, times.judged)
        if found[0].verdict is PathVerdict.EXPIRED and times.claimed:
            earlier = find_paths(leaf, between, anchors, times.claimed)
            if earlier[0].verdict is PathVerdict.VALID:
                return earlier, times.claimed
        return found, times.judged

    def _no_path(self, result: PathResult, subject: str) -> Finding:
        if result.verdict is PathVerdict.INVALID:
            self.findings.failed("certificate.path", "path_invalid", subject, detail=result.reason)
            return Finding.BAD
        self.findings.undecided(
            "certificate.path", "authority_unknown", subject, detail=result.reason
        )
        return Finding.UNKNOWN

    def _best(
        self, found: Sequence[PathResult], moment: datetime
    ) -> tuple[tuple[bytes, ...], tuple[Revocation, ...]]:
        """The path whose certificates' status is best known."""
        order = (Finding.GOOD, Finding.UNKNOWN, Finding.BAD)
        asked = [(one.path, path_status(one.path, moment, self.known.index)) for one in found]
        path, statuses = min(asked, key=lambda one: order.index(worst(one[1]).finding))
        self.known.use_path(path[:-1])
        self.known.use(statuses)
        return path, statuses

    def _authority(self, anchor: bytes) -> TrustedAuthority | None:
        return next(
            (
                one
                for one in self.trust.authorities
                if one.certificate == anchor and TrustPurpose.FILES in one.purposes
            ),
            None,
        )

    def _revocation(self, status: Revocation, times: Times, subject: str) -> Finding:
        name = "certificate.revocation"
        outcome = _OUTCOMES[status.finding]
        facts = {
            "revoked": status.revoked_at.isoformat() if status.revoked_at else "",
            "as_of": status.as_of.isoformat() if status.as_of else "",
            "detail": status.reason.value,
            "detail_vi": status.reason.label_vi,
        }
        if status.finding is Finding.GOOD:
            self.findings.passed(name, "status_good", subject, **facts)
        elif status.finding is Finding.BAD:
            self.findings.failed(name, "revoked", subject, **facts)
        elif _is_open(status, times):
            self.findings.add(name, outcome, "revoked_unproved", subject, **facts)
        else:
            self.findings.add(name, outcome, "status_unknown", subject, **facts)
        return status.finding

    def _time(
        self, leaf: bytes, times: Times, status: Revocation, subject: str, *, in_force: bool
    ) -> Finding:
        """Whether it was signed while the certificate counted, and whether that is certain."""
        reason, finding = _judge_time(x509.load_der_x509_certificate(leaf), times)
        if finding is Finding.GOOD and not in_force:
            reason, finding = "expired_unproved", Finding.UNKNOWN
        elif finding is Finding.GOOD and _is_open(status, times):
            reason, finding = "revoked_unproved", Finding.UNKNOWN
        self.findings.add(
            "signature.time",
            _OUTCOMES[finding],
            reason,
            subject,
            claimed=times.claimed.isoformat() if times.claimed else "-",
            proven=times.proven.isoformat() if times.proven else "-",
            revoked=status.revoked_at.isoformat() if status.revoked_at else "-",
        )
        return finding


def _judge_time(certificate: x509.Certificate, times: Times) -> tuple[str, Finding]:
    claimed, proven = times.claimed, times.proven
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if claimed is not None and not begins - CLOCKS_DIFFER <= claimed <= ends:
        return "claimed_outside", Finding.BAD
    if proven is not None:
        if claimed is not None and claimed > proven + CLOCKS_DIFFER:
            return "claimed_after_stamp", Finding.BAD
        return "proved", Finding.GOOD
    if claimed is None:
        return "timeless", Finding.UNKNOWN
    if claimed > times.at + CLOCKS_DIFFER:
        return "claimed_future", Finding.UNKNOWN
    return "claimed_only", Finding.GOOD


def _is_open(status: Revocation, times: Times) -> bool:
    """Revoked by now, and not known whether before or after it signed."""
    revoked = status.revoked_at is not None and status.revoked_at <= times.at
    return revoked and times.proven is None and status.finding is Finding.UNKNOWN


def _settled(status: Revocation, times: Times) -> Revocation:
    """Nobody can prove that an unproved signature is older than a revocation; it may say so."""
    revoked = status.revoked_at
    if times.proven is not None or revoked is None or revoked > times.at:
        return status
    says_before = times.claimed is not None and times.claimed < revoked
    return evolve(status, finding=Finding.UNKNOWN if says_before else Finding.BAD)


def _refused_usage(leaf: bytes) -> str:
    """Why a certificate may not sign documents; empty when it may."""
    extensions = x509.load_der_x509_certificate(leaf).extensions
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            return "it is an authority's"
        if isinstance(value, x509.KeyUsage) and not (
            value.digital_signature or value.content_commitment
        ):
            return "its key usage is not for signing"
        if isinstance(value, x509.ExtendedKeyUsage) and _OTHER_TRADES.issuperset(value):
            return "its extended key usage is not for signing"
    return ""
