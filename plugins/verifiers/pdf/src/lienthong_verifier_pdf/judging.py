"""What every signature is asked, in a PDF as in a CMS file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import define, evolve, field, frozen
from cryptography import x509

from lienthong.errors import LienthongError
from lienthong.model.file_signature import (
    MAX_TIMESTAMP_TOKEN_BYTES,
    Appearance,
    FileSignature,
    Finding,
    SignatureCheck,
    SignatureRole,
)
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence, Trust
from lienthong.pki.revocation import StatusCache
from lienthong.spi import FileCheck
from lienthong_verifier_pdf.cms import Digest, Signature
from lienthong_verifier_pdf.evidence import Known
from lienthong_verifier_pdf.holders import AGENCIES
from lienthong_verifier_pdf.roles import judge_role
from lienthong_verifier_pdf.stamps import Proof, Stamps
from lienthong_verifier_pdf.trusting import CertificateJudge, CertificateVerdict, Times
from lienthong_verifier_pdf.turns import Turns, worst
from lienthong_verifier_pdf.words import Findings, cause, printable, subject_of

_MAX_SUBJECT = 1000
_MAX_EVIDENCE = 4000


@frozen(kw_only=True, eq=False)
class Sealed:
    """One signature of a person or an agency, and what it was found to be over."""

    name: str
    signature: Signature
    digest: Digest = field(repr=False)
    """Of what it is over, by the name of an algorithm."""

    claimed: datetime | None
    """As the file says; the signed attribute comes first."""

    unchanged: Finding
    """What it is over is all there is, and was not changed since."""

    covered_by: Proof | None = None
    """The earliest believed time-stamp over it and all its evidence."""

    appearance: Appearance | None = None


@define(eq=False)
class Bench:
    """The judgement of one file: whom to trust, what is known, and what was found."""

    trust: Trust
    cache: StatusCache
    findings: Findings
    at: datetime
    known: Known | None = None
    signatures: list[FileSignature] = field(factory=list)
    names: list[str] = field(factory=list)
    proofs: list[datetime | None] = field(factory=list)
    """Of each signature, when it was proved to exist."""

    def start_again(self) -> None:
        """Forget what was found: the file is judged anew, in another way of reading."""
        self.findings.checks.clear()
        self.known = None
        for found in (self.signatures, self.names, self.proofs):
            found.clear()

    def learn(self, evidence: StatusEvidence) -> Known:
        """Make known what the status of certificates can be judged from."""
        self.known = Known.of(evidence, self.cache)
        return self.known

    def rested_on(self) -> StatusEvidence:
        """The evidence that the findings rest on."""
        return NO_EVIDENCE if self.known is None else self.known.rested_on()

    def judge(self, sealed: Sealed) -> None:
        """Judge one signature, with a check for everything that was asked."""
        known, signature = self._known(), sealed.signature
        integrity = self._integrity(sealed)
        moment = sealed.covered_by.instant if sealed.covered_by else self.at
        proof = self._earliest(sealed, moment, known)
        claimed = _utc(signature.claimed or sealed.claimed)
        times = Times(claimed=claimed, proven=proof.instant if proof else None, at=self.at)
        leaf = signature.certificate.dump()
        judge = CertificateJudge(trust=self.trust, findings=self.findings, known=known)
        verdict = judge.judge(leaf, signature.others, times, sealed.name)
        claim = judge_role(sealed.name, leaf, self.findings)
        verdict.chain = worst(verdict.chain, claim.finding, self._holder(sealed, claim.role))
        integrity = worst(integrity, sealed.unchanged)
        self.names.append(sealed.name)
        self.proofs.append(times.proven)
        self.signatures.append(self._listed(sealed, claim.role, verdict, integrity, times, proof))

    def finish(self, *, nested: bool = True) -> None:
        """Judge the order of the signatures, when all are known."""
        turns = Turns(names=self.names, proofs=self.proofs, nested=nested)
        orders = turns.judge(self.signatures, self.findings)
        self.signatures = [
            evolve(one, check=evolve(one.check, order=order)) if one.check else one
            for one, order in zip(self.signatures, orders, strict=True)
        ]

    def _known(self) -> Known:
        return self.known or self.learn(NO_EVIDENCE)

    def _integrity(self, sealed: Sealed) -> Finding:
        """Whether the signature value fits what it is over, by accepted algorithms."""
        name, signature = "signature.integrity", sealed.signature
        weak = signature.refused_algorithm()
        if weak:
            self.findings.failed(name, "algorithm", sealed.name, detail=weak)
            return Finding.BAD
        try:
            intact, valid = signature.fits(sealed.digest)
        except LienthongError as error:
            self.findings.failed(name, "malformed", sealed.name, detail=error)
            return Finding.BAD
        except Exception as error:  # noqa: BLE001 - a parser's own kinds of errors are many
            self.findings.failed(name, "malformed", sealed.name, detail=cause(error))
            return Finding.BAD
        if not valid or not intact:
            reason = "signature_wrong" if intact else "content_differs"
            self.findings.failed(name, reason, sealed.name)
            return Finding.BAD
        self.findings.passed(name, subject=sealed.name)
        return Finding.GOOD

    def _holder(self, sealed: Sealed, role: SignatureRole) -> Finding:
        """Whether somebody else signed in the other roles: a person and an agency are two."""
        subject = _named(_parsed(sealed).subject)
        for one in self.signatures:
            if one.subject == subject and (one.role in AGENCIES) != (role in AGENCIES):
                self.findings.failed(
                    "signature.role", "role_shared", sealed.name, other=one.role.value
                )
                return Finding.BAD
        return Finding.GOOD

    def _earliest(self, sealed: Sealed, moment: datetime, known: Known) -> Proof | None:
        """The earliest proof of the signature's existence that is believed."""
        stamps = Stamps.of(self.trust)
        proofs = [sealed.covered_by] if sealed.covered_by else []
        value = sealed.signature.value
        for token in sealed.signature.tokens:
            found = stamps.judge(
                token, lambda name: _hash(name, value), moment, known, self.findings, sealed.name
            )
            proofs += [found] if found else []
        return min(proofs, key=lambda one: one.instant, default=None)

    def _listed(
        self,
        sealed: Sealed,
        role: SignatureRole,
        verdict: CertificateVerdict,
        integrity: Finding,
        times: Times,
        proof: Proof | None,
    ) -> FileSignature:
        parsed = _parsed(sealed)
        token = proof.token if proof and len(proof.token) <= MAX_TIMESTAMP_TOKEN_BYTES else b""
        return FileSignature(
            role=role,
            kind=verdict.kind,
            subject=_named(parsed.subject),
            issuer=_named(parsed.issuer),
            serial=f"{abs(parsed.serial_number):x}"[:50],
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            # Of one that says nothing it is known that it exists now.
            signed_at=times.claimed or times.proven or times.at,
            timestamp_token=token,
            appearance=sealed.appearance,
            check=SignatureCheck(
                integrity=integrity,
                chain=verdict.chain,
                revocation=verdict.revocation,
                time=verdict.time,
                order=Finding.UNKNOWN,
                checked_at=self.at,
                evidence=_told(self.findings.checks, subject_of(sealed.name)),
            ),
        )


def _told(checks: Sequence[FileCheck], name: str) -> str:
    lines = [f"{one.name}: {one.reason}" for one in checks if one.subject == name and one.reason]
    return "\n".join(lines)[:_MAX_EVIDENCE]


def _parsed(sealed: Sealed) -> x509.Certificate:
    return x509.load_der_x509_certificate(sealed.signature.certificate.dump())


def _named(name: x509.Name) -> str:
    return printable(name.rfc4514_string())[:_MAX_SUBJECT] or "?"


def _utc(instant: datetime | None) -> datetime | None:
    return instant.astimezone(UTC) if instant is not None and instant.tzinfo else None


def _hash(name: str, value: bytes) -> bytes:
    return hashlib.new(name, value).digest()
