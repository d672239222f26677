"""Whose certificate it is: a person's or an organisation's, as far as it says so.

An agency's certificate says what it is by one of: an organizationIdentifier, a tax or budget code
as its number (MST, MNS), no person's name and a common name that is its organisation's. A person's
says it by one of: a given name or surname, a number of an identity paper (CCCD, CMND, HC; PNO, IDC,
PAS of EN 319 412-1). A certificate that says both, or nothing, says nothing.
"""

from __future__ import annotations

import enum
import re
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from lienthong.model.file_signature import SignatureRole


class Holder(enum.Enum):
    """What a certificate says that its holder is."""

    PERSON = "a person"
    ORGANISATION = "an organisation"
    UNSAID = "unsaid"


_NUMBERS: Final = (NameOID.USER_ID, NameOID.SERIAL_NUMBER)
_OF_PERSONS: Final = re.compile(r"(CCCD|CMND|CMTND|HC|PNO[A-Z]{2}-|IDC[A-Z]{2}-|PAS[A-Z]{2}-)\b")
_OF_ORGANISATIONS: Final = re.compile(r"(MST|MNS|MDD|VAT[A-Z]{2}-|NTR[A-Z]{2}-)\b")
AGENCIES: Final = frozenset(SignatureRole) - {SignatureRole.SIGNER}


def holder_of(certificate: x509.Certificate) -> tuple[Holder, str]:
    """What the subject says its holder is, and by which of its parts."""
    subject = certificate.subject
    personal = _first(subject, NameOID.GIVEN_NAME, NameOID.SURNAME) or _number(subject, _OF_PERSONS)
    official = _first(subject, NameOID.ORGANIZATION_IDENTIFIER) or _number(
        subject, _OF_ORGANISATIONS
    )
    if not personal and not official:
        name, organisation = (
            _first(subject, NameOID.COMMON_NAME),
            _first(subject, NameOID.ORGANIZATION_NAME),
        )
        official = name if name and name.casefold() == organisation.casefold() else ""
    if personal and not official:
        return Holder.PERSON, personal
    if official and not personal:
        return Holder.ORGANISATION, official
    return Holder.UNSAID, ""


def contradicts(role: SignatureRole, holder: Holder) -> bool:
    """Whether a certificate cannot have made a signature in this role."""
    wanted = Holder.ORGANISATION if role in AGENCIES else Holder.PERSON
    return holder not in {wanted, Holder.UNSAID}


def _first(subject: x509.Name, *oids: x509.ObjectIdentifier) -> str:
    found = [one.value for oid in oids for one in subject.get_attributes_for_oid(oid)]
    return str(found[0]) if found else ""


def _number(subject: x509.Name, pattern: re.Pattern[str]) -> str:
    found = [one.value for oid in _NUMBERS for one in subject.get_attributes_for_oid(oid)]
    return next((str(one) for one in found if pattern.match(str(one))), "")
