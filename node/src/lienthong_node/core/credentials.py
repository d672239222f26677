"""Certificates bound to organisations."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen

from lienthong.errors import CredentialExpired, CredentialRevoked, CredentialUnknown


class Use(enum.Enum):
    """What a certificate may be used for at this axis."""

    TRANSPORT = "transport"
    """Client certificate of connections."""

    SIGNING = "signing"
    """Signatures of envelopes."""


class Role(enum.Enum):
    """What the holder of a transport credential may do."""

    AGENCY = "agency"
    GATEWAY = "gateway"
    PEER_AXIS = "peer_axis"
    OPERATOR = "operator"


@frozen(kw_only=True)
class Credential:
    """One certificate, bound to one organisation; instants are UTC."""

    fingerprint: str
    """SHA-256 of the DER certificate, 64 hex digits."""

    organ_id: str
    use: Use
    roles: tuple[Role, ...] = ()
    subject: str
    not_before: datetime
    not_after: datetime
    registered_at: datetime
    revoked_at: datetime | None = None
    revocation_reason: str = ""

    def check_usable(self, now: datetime) -> None:
        """Check that it is in force at *now*.

        Raises:
            CredentialRevoked: it was revoked.
            CredentialExpired: *now* is outside the certificate's validity.
        """
        if self.revoked_at is not None:
            raise CredentialRevoked(fingerprint=self.fingerprint)
        if not self.not_before <= now <= self.not_after:
            raise CredentialExpired(fingerprint=self.fingerprint, at=now.isoformat())

    def is_usable(self, now: datetime) -> bool:
        """Whether it is in force at *now*."""
        return self.revoked_at is None and self.not_before <= now <= self.not_after


def _by_fingerprint(credentials: Iterable[Credential]) -> Mapping[str, Credential]:
    return {credential.fingerprint: credential for credential in credentials}


@frozen
class Credentials:
    """All credentials, found by fingerprint or organisation."""

    by_fingerprint: Mapping[str, Credential] = field(converter=_by_fingerprint, factory=tuple)
    _by_organ: Mapping[str, tuple[Credential, ...]] = field(init=False, eq=False, repr=False)

    @_by_organ.default
    def _grouped(self) -> Mapping[str, tuple[Credential, ...]]:
        found: dict[str, list[Credential]] = {}
        for one in self.by_fingerprint.values():
            found.setdefault(one.organ_id, []).append(one)
        return {organ: tuple(its) for organ, its in found.items()}

    def find(self, fingerprint: str, use: Use, now: datetime) -> Credential:
        """The credential of a certificate that may be used so at *now*.

        Raises:
            CredentialUnknown: it is not registered for this use.
            CredentialRevoked: it was revoked.
            CredentialExpired: *now* is outside the certificate's validity.
        """
        credential = self.by_fingerprint.get(fingerprint)
        if credential is None or credential.use is not use:
            raise CredentialUnknown(fingerprint=fingerprint)
        credential.check_usable(now)
        return credential

    def of(self, organ_id: str) -> tuple[Credential, ...]:
        return self._by_organ.get(organ_id, ())

    def can_receive(self, organ_id: str, now: datetime) -> bool:
        """Whether the organisation has a transport credential in force."""
        return any(
            credential.use is Use.TRANSPORT and credential.is_usable(now)
            for credential in self.of(organ_id)
        )
