"""When certificates end: those of organisations, and those of trusted authorities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen
from cryptography import x509

from lienthong.model.trust import TrustedAuthority
from lienthong_node.core.credentials import Credential


@frozen(kw_only=True)
class Ending:
    """A certificate with its end."""

    use: str
    """"transport", "signing" or "authority"."""

    whose: str
    """Code of the organisation, or the authority's label."""

    not_after: datetime
    """UTC."""


def credential_ends(credentials: Iterable[Credential]) -> list[Ending]:
    """When credentials end that are not revoked."""
    return [
        Ending(use=one.use.value, whose=one.organ_id, not_after=one.not_after)
        for one in credentials
        if one.revoked_at is None
    ]


def authority_ends(authorities: Iterable[TrustedAuthority]) -> list[Ending]:
    """When authorities end."""
    return [
        Ending(
            use="authority",
            whose=one.label,
            not_after=x509.load_der_x509_certificate(one.certificate).not_valid_after_utc,
        )
        for one in authorities
    ]


def last_of_each(found: Iterable[Ending]) -> list[Ending]:
    """Of each holder and use what ends last, soonest first: what was renewed needs no warning."""
    last = dict[tuple[str, str], Ending]()
    for one in found:
        known = last.get((one.use, one.whose))
        if known is None or known.not_after < one.not_after:
            last[one.use, one.whose] = one
    return sorted(last.values(), key=lambda one: one.not_after)
