"""A signer, its issuer, and what may be said of its status; for the tests of revocation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509

from lienthong.model.trust import StatusEvidence
from lienthong.pki.certificate import Certificate
from lienthong.pki.revocation import (
    ANY_AGE,
    Revocation,
    RevocationIndex,
    StatusPolicy,
    status_of,
)
from lienthong.testing.pki import TestPKI
from lienthong.testing.status import (
    HOUR,
    Answer,
    Revoked,
    make_list,
    serial_of,
)

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
CA = PKI.intermediate
SIGNER = PKI.organisation("H53.01")
SERIAL = serial_of(SIGNER.certificate)
KEY_COMPROMISE = x509.ReasonFlags.key_compromise
HOLD = x509.ReasonFlags.certificate_hold
MARK = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


def ask(
    *,
    lists: Sequence[bytes] = (),
    responses: Sequence[bytes] = (),
    certificates: Sequence[bytes] = (),
    at: datetime = NOW,
    policy: StatusPolicy = ANY_AGE,
    confirmed: dict[bytes, datetime] | None = None,
) -> Revocation:
    evidence = StatusEvidence(lists=lists, responses=responses, certificates=certificates)
    index = RevocationIndex(evidence, confirmed=confirmed)
    subject, issuer = Certificate.load(SIGNER.certificate), Certificate.load(CA.certificate)
    return status_of(subject, issuer, at, index, policy)


def answer(
    revoked: Revoked | None = None,
    *,
    this_update: datetime = NOW - HOUR / 2,
    next_update: datetime | None = NOW + HOUR,
    known: bool = True,
) -> Answer:
    return Answer(
        certificate=SIGNER.certificate,
        revoked=revoked,
        known=known,
        this_update=this_update,
        next_update=next_update,
    )


def revoked(at: datetime, reason: x509.ReasonFlags | None = KEY_COMPROMISE) -> dict[int, Revoked]:
    return {SERIAL: Revoked(at=at, reason=reason)}


EMPTY = make_list(CA, at=NOW - HOUR)


def scoped(entries: dict[int, Revoked] | None = None, **changed: object) -> bytes:
    scope: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    point = x509.IssuingDistributionPoint(**{**scope, **changed})  # type: ignore[arg-type]
    return make_list(CA, entries, at=NOW, extensions=[(point, True)])
