"""From the reports on a document's files to what its legal value follows from.

A report tells what was found of each signature; here it is summed up as the rules ask: is the
competent person's signature there and valid, is the agency's, and what is the worst that is true of
their certificates. Nothing undecided becomes good on the way. Of the certificates and kinds those
of every signature count: who signs last may show something over what the others have signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from lienthong.model.file_signature import (
    Certificates,
    FileSignature,
    Finding,
    SignatureCheck,
    SignatureKind,
    SignatureRole,
    SignaturesFound,
)
from lienthong.model.ids import Sha256
from lienthong.model.words import CopyForm, Origin
from lienthong.spi.verifier import HAS_SIGNATURES, FileReport, Outcome

_AGENCIES: Final[Mapping[bool, frozenset[SignatureRole]]] = MappingProxyType(
    {
        True: frozenset({SignatureRole.AGENCY}),
        # A copy is signed by whoever makes it, who may be the agency that issued the original.
        False: frozenset({SignatureRole.COPY_AGENCY, SignatureRole.AGENCY}),
    }
)
_OF_ATTACHMENTS: Final = frozenset({SignatureRole.ATTACHMENT_AGENCY, SignatureRole.AGENCY})
_SIGNER: Final = frozenset({SignatureRole.SIGNER})
_FINDINGS: Final = {
    Outcome.PASSED: Finding.GOOD,
    Outcome.INDETERMINATE: Finding.UNKNOWN,
    Outcome.FAILED: Finding.BAD,
}
_WORST_FINDING: Final = (Finding.BAD, Finding.UNKNOWN, Finding.GOOD)
_WORST_CERTIFICATE: Final = (
    Certificates.REVOKED_BEFORE,
    Certificates.UNAVAILABLE,
    Certificates.TIME_UNPROVABLE,
    Certificates.EXPIRED_SINCE,
    Certificates.GOOD,
)
_WORST_KIND: Final = (
    SignatureKind.CONG_CONG,
    SignatureKind.CHUYEN_DUNG,
    SignatureKind.CONG_VU,
)


def signatures_found(
    main: FileReport,
    *,
    report: Sha256,
    copy_form: CopyForm = CopyForm.ORIGINAL,
    origin: Origin = Origin.BORN_DIGITAL,
    attachments: Mapping[str, FileReport | None] = MappingProxyType({}),
    beside: Iterable[FileReport] = (),
) -> SignaturesFound:
    """Sum up what was found of a document's signatures (QĐ 52/2019 Đ8.1b).

    Args:
        main: on the document itself.
        report: of the reports as they were stored.
        copy_form: as the package says.
        origin: as the package says.
        attachments: on separate attachments, by their names (NĐ 30/2020 PL I II.8b); None for one
            that no verifier reads.
        beside: further reports on the same files; of them the integrity alone counts.
    """
    agencies = _AGENCIES[copy_form is CopyForm.ORIGINAL]
    whole = (main, *filter(None, attachments.values()), *beside)
    return SignaturesFound(
        copy_form=copy_form,
        origin=origin,
        integrity=_worst(found for one in whole for found in _integrity(one)),
        signer=_finding(main, _SIGNER),
        agency=_finding(main, agencies),
        kind=min(map(_kind, main.signatures), key=_WORST_KIND.index, default=_WORST_KIND[0]),
        certificates=min(
            (_certificate(one, main) for one in main.signatures),
            key=_WORST_CERTIFICATE.index,
            default=Certificates.GOOD,
        ),
        order=_worst(_check(one).order for one in main.signatures),
        unsigned_attachments=[
            name
            for name, one in attachments.items()
            if one is None or _finding(one, _OF_ATTACHMENTS) is not Finding.GOOD
        ],
        report=report,
    )


def _integrity(report: FileReport) -> list[Finding]:
    """What was found of the file as a whole, and of what each signature is over."""
    if not report.checks:
        return [Finding.UNKNOWN]
    whole = [
        _FINDINGS[check.outcome]
        for check in report.checks
        if not check.subject and check.name != HAS_SIGNATURES
    ]
    return whole + [_check(one).integrity for one in report.signatures]


def _finding(report: FileReport, roles: frozenset[SignatureRole]) -> Finding:
    """Whether a signature in one of the roles is there and valid; the best of them counts.

    Revocation and proof of time are told by the certificates; see ``_certificate``.
    """
    found = [_validity(_check(one)) for one in report.signatures if one.role in roles]
    return max(found, key=_WORST_FINDING.index, default=Finding.BAD)


def _validity(check: SignatureCheck) -> Finding:
    time = Finding.BAD if check.time is Finding.BAD else Finding.GOOD
    return _worst((check.integrity, check.chain, time))


def _kind(signature: FileSignature) -> SignatureKind:
    """What its authority makes it; nothing official if who made it, or when, is false."""
    check = _check(signature)
    false = Finding.BAD in {check.chain, check.time}
    return SignatureKind.CONG_CONG if false else signature.kind


def _certificate(signature: FileSignature, report: FileReport) -> Certificates:
    """What is true of one signing certificate."""
    check = _check(signature)
    if check.revocation is Finding.BAD:
        return Certificates.REVOKED_BEFORE
    if check.chain is not Finding.GOOD:
        # Nobody who is trusted says anything about it; the signature does not count anyway.
        return Certificates.GOOD
    if check.time is Finding.UNKNOWN:
        return Certificates.TIME_UNPROVABLE
    if check.revocation is Finding.UNKNOWN:
        return Certificates.UNAVAILABLE
    return Certificates.EXPIRED_SINCE if signature.not_after < report.at else Certificates.GOOD


def _check(signature: FileSignature) -> SignatureCheck:
    """What was found of a signature; one that nobody checked is undecided in everything."""
    unknown = Finding.UNKNOWN
    return signature.check or SignatureCheck(
        integrity=unknown,
        chain=unknown,
        revocation=unknown,
        time=unknown,
        order=unknown,
        checked_at=signature.signed_at,
    )


def _worst(findings: Iterable[Finding]) -> Finding:
    return min(findings, key=_WORST_FINDING.index, default=Finding.GOOD)
