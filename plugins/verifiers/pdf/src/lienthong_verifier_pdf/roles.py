"""In which role a signature was made: by the name of its field, or else by its certificate."""

from __future__ import annotations

from typing import Final

from attrs import frozen
from cryptography import x509

from lienthong.model.file_signature import Finding, SignatureRole
from lienthong_verifier_pdf.fields import role_of
from lienthong_verifier_pdf.holders import Holder, contradicts, holder_of
from lienthong_verifier_pdf.words import Findings


@frozen(kw_only=True)
class Claim:
    """A role, and whether the signature can have been made in it."""

    role: SignatureRole
    finding: Finding = Finding.GOOD


def told_role(name: str, certificate: bytes) -> SignatureRole | None:
    """The role that the field or else the certificate says; None where neither does."""
    holder, _ = holder_of(x509.load_der_x509_certificate(certificate))
    return role_of(name) or _OF_HOLDERS.get(holder)


_OF_HOLDERS: Final = {
    Holder.PERSON: SignatureRole.SIGNER,
    Holder.ORGANISATION: SignatureRole.AGENCY,
}


def judge_role(name: str, certificate: bytes, findings: Findings) -> Claim:
    """The role, with a check that says where it comes from.

    The field's name lies inside the signed part; it counts unless the certificate is that of
    somebody who cannot have signed in the role. Without such a name an organisation's certificate
    is an agency's, and a person's a signer's. Where neither says anything it is taken for a
    signer's, and that stays undecided.
    """
    claimed = role_of(name)
    holder, part = holder_of(x509.load_der_x509_certificate(certificate))
    check = "signature.role"
    if claimed is not None:
        if not contradicts(claimed, holder):
            findings.passed(check, "role_from_field", name, role=claimed.value)
            return Claim(role=claimed)
        facts = {"role": claimed.value, "holder": holder.value, "part": part}
        findings.failed(check, "role_contradicted", name, **facts)
        return Claim(role=claimed, finding=Finding.BAD)
    if holder is Holder.UNSAID:
        findings.undecided(check, "role_unsaid", name)
        return Claim(role=SignatureRole.SIGNER, finding=Finding.UNKNOWN)
    role = _OF_HOLDERS[holder]
    findings.passed(check, "role_from_certificate", name, role=role.value, part=part)
    return Claim(role=role)
