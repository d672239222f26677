"""Who signed first: the competent person before the agency (NĐ 30/2020 Đ32.2d).

In a PDF each signature covers those before it, so the order of the file is proof. Signatures of one
CMS message stand beside each other: there only time-stamps can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from lienthong.model.file_signature import FileSignature, Finding, SignatureRole
from lienthong_verifier_pdf.words import Findings


@frozen(kw_only=True)
class Turns:
    """What tells the order of the signatures of one file, each list in the order of the file."""

    names: Sequence[str]
    proofs: Sequence[datetime | None]
    """Of each, when it was proved to exist."""

    nested: bool
    """Each signature covers those before it."""

    def judge(self, signatures: Sequence[FileSignature], findings: Findings) -> list[Finding]:
        """Whether each signature was made in its turn, with a check for each agency's."""
        turns = [Finding.GOOD] * len(signatures)
        roles = [one.role for one in signatures]
        signers = [place for place, role in enumerate(roles) if role is SignatureRole.SIGNER]
        for agency, role in enumerate(roles):
            if role is SignatureRole.AGENCY and signers:
                found = [self._order(signer, agency) for signer in signers]
                for signer, finding in zip(signers, found, strict=True):
                    turns[signer] = worst(turns[signer], finding)
                turns[agency] = worst(*found)
                self._tell(turns[agency], self.names[agency], findings)
        return turns

    def _tell(self, finding: Finding, name: str, findings: Findings) -> None:
        if finding is Finding.BAD:
            findings.failed("signature.order", "order_agency_first", name)
        elif finding is Finding.UNKNOWN:
            findings.undecided("signature.order", "order_unknown", name)
        else:
            findings.passed("signature.order", subject=name)

    def _order(self, signer: int, agency: int) -> Finding:
        if self.nested:
            return Finding.GOOD if signer < agency else Finding.BAD
        return _stamped(self.proofs[signer], self.proofs[agency])


def _stamped(signer: datetime | None, agency: datetime | None) -> Finding:
    if signer is None or agency is None or signer == agency:
        return Finding.UNKNOWN
    return Finding.GOOD if signer < agency else Finding.BAD


def worst(*findings: Finding) -> Finding:
    """BAD before UNKNOWN before GOOD."""
    return min(findings, key=(Finding.BAD, Finding.UNKNOWN, Finding.GOOD).index)
