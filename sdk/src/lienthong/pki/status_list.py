"""Certificate revocation lists (RFC 5280 5): read once, looked up by serial number.

Only complete lists of the issuer itself, signed with the key that signed the certificate, make
anybody good; who is on a delta list, or on one for some reasons, is revoked all the same. Indirect
lists are not understood, nor is a critical extension beyond the issuing distribution point and the
usual ones of entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, Self, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from lienthong.errors import Malformed, TooLarge
from lienthong.model.trust import MAX_LIST_BYTES
from lienthong.pki.algorithms import check_public_key
from lienthong.pki.certificate import is_accepted_signature
from lienthong.pki.status import Reason, Statement

MAX_ENTRIES: Final = 1_000_000
"""Of one list."""

Entry: TypeAlias = tuple[datetime, Reason]
"""Since when, UTC, and why."""

_Entries: TypeAlias = tuple[Mapping[int, Entry], bool]
"""With whether everything critical about them was understood."""

_SHA256: Final = SHA256()
_LIST_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.DELTA_CRL_INDICATOR,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    }
)
_ENTRY_UNDERSTOOD: Final = frozenset(
    {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE}
)


@frozen(kw_only=True, eq=False)
class RevocationList:
    """A list that was read; may be shared between threads."""

    digest: bytes = field(repr=bytes.hex)
    """SHA-256 of the DER form."""

    issuer: bytes = field(repr=False)
    """Its name, DER."""

    this_update: datetime
    next_update: datetime | None
    size: int
    """How many entries it has."""

    _unusable: Reason
    """Why it says nothing about anybody, as far as that is known without its entries."""

    _partial: Reason
    _scope: x509.IssuingDistributionPoint | None = field(repr=False)
    _parsed: x509.CertificateRevocationList = field(repr=False)
    _signed_by: dict[bytes, bool] = field(factory=dict, init=False, repr=False)
    """By the issuer's certificate: checking a long list again costs as much as reading it."""

    _read_entries: list[_Entries] = field(factory=list, init=False, repr=False)
    """One at most. Whoever hands in a list is a stranger: the entries, which may be a million, are
    read once its issuer is known to have signed it."""

    @classmethod
    def load(cls, der: bytes) -> Self:
        """Read a list; whose it is and whether it is genuine is asked with each certificate.

        Raises:
            Malformed: it cannot be read.
            TooLarge: it has more than 32 MiB or a million entries.
        """
        if len(der) > MAX_LIST_BYTES:
            found, limit = f"{len(der)} bytes", f"{MAX_LIST_BYTES} bytes"
            raise TooLarge(what="a revocation list", found=found, limit=limit)
        try:
            return cls._read(der)
        except TooLarge:
            raise
        except Exception as error:
            raise Malformed(what="a revocation list", reason="it is no X.509 list") from error

    @classmethod
    def _read(cls, der: bytes) -> Self:
        parsed = x509.load_der_x509_crl(der)
        if len(parsed) > MAX_ENTRIES:
            found, limit = f"{len(parsed)} entries", f"{MAX_ENTRIES} entries"
            raise TooLarge(what="a revocation list", found=found, limit=limit)
        return cls(
            digest=sha256(der).digest(),
            issuer=parsed.issuer.public_bytes(),
            this_update=parsed.last_update_utc,
            next_update=parsed.next_update_utc,
            size=len(parsed),
            unusable=_unusable(parsed),
            partial=_partial(parsed),
            scope=_scope(parsed),
            parsed=parsed,
        )

    @property
    def entries(self) -> Mapping[int, Entry]:
        """By serial number."""
        return self._entries()[0]

    def _entries(self) -> _Entries:
        if not self._read_entries:
            # Threads that come at once read the same.
            self._read_entries[:] = [_entries(self._parsed)]
        return self._read_entries[0]

    def says_of(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Statement | Reason:
        """What it says of a certificate, or why it says nothing.

        Args:
            certificate: whose status is asked.
            issuer: whose key signed it.
        """
        unusable = self.unusable_of(issuer)
        if unusable:
            return unusable
        if not _covers(self._scope, certificate):
            return Reason.OUT_OF_SCOPE
        revoked_at, reason = self.entries.get(certificate.serial_number, (None, Reason.NONE))
        if reason is Reason.REMOVE_FROM_CRL:
            # Only a delta list may say so (RFC 5280 5.3.1).
            return Reason.INCONSISTENT
        return Statement(
            this_update=self.this_update,
            next_update=self.next_update,
            revoked_at=revoked_at,
            reason=reason,
            partial=self._partial,
        )

    def unusable_of(self, issuer: x509.Certificate) -> Reason:
        """Why it says nothing about anybody whom *issuer* certified; ``NONE`` where it does."""
        if self._unusable:
            return self._unusable
        if not self._is_signed_by(issuer):
            return Reason.WRONG_SIGNER
        try:
            _, understood = self._entries()
        except Exception:  # noqa: BLE001 - parsing is lazy, and its kinds of errors are many
            return Reason.UNREADABLE
        return Reason.NONE if understood else Reason.NOT_UNDERSTOOD

    def _is_signed_by(self, issuer: x509.Certificate) -> bool:
        der = issuer.fingerprint(_SHA256)
        known = self._signed_by.get(der)
        if known is None:
            known = self._signed_by[der] = _is_signed(self._parsed, issuer)
        return known


def _is_signed(parsed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether *issuer* signed the list, and may (RFC 5280 6.3.3 f, g)."""
    try:
        usage = _usage(issuer)
        if usage is not None and not usage.crl_sign:
            return False
        return parsed.is_signature_valid(check_public_key(issuer.public_key()))
    except Exception:  # noqa: BLE001 - a key or an extension of the issuer that cannot be read
        return False


def _usage(issuer: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _entries(parsed: x509.CertificateRevocationList) -> _Entries:
    found: dict[int, Entry] = {}
    understood = True
    for entry in parsed:
        since, reason = entry.revocation_date_utc, Reason.UNSPECIFIED
        for extension in entry.extensions:
            value = extension.value
            if isinstance(value, x509.CRLReason):
                reason = Reason.of(value.reason)
            elif isinstance(value, x509.InvalidityDate):
                # The key may have been in other hands since then.
                since = min(since, value.invalidity_date_utc)
            understood &= not extension.critical or extension.oid in _ENTRY_UNDERSTOOD
        known = found.get(entry.serial_number)
        found[entry.serial_number] = min(known, (since, reason)) if known else (since, reason)
    return found, understood


def _unusable(parsed: x509.CertificateRevocationList) -> Reason:
    """Why a list says nothing about anybody."""
    if not is_accepted_signature(parsed.signature_algorithm_oid, parsed.signature_hash_algorithm):
        return Reason.WEAK
    for extension in parsed.extensions:
        if extension.critical and extension.oid not in _LIST_UNDERSTOOD:
            return Reason.NOT_UNDERSTOOD
    scope = _scope(parsed)
    if scope is not None and scope.indirect_crl:
        return Reason.INDIRECT
    if parsed.next_update_utc is None:
        return Reason.NO_NEXT_UPDATE
    return Reason.INCONSISTENT if parsed.next_update_utc < parsed.last_update_utc else Reason.NONE


def _partial(parsed: x509.CertificateRevocationList) -> Reason:
    """Why a list does not name everybody in its scope who was revoked."""
    if any(one.oid == ExtensionOID.DELTA_CRL_INDICATOR for one in parsed.extensions):
        return Reason.DELTA
    scope = _scope(parsed)
    some = scope is not None and scope.only_some_reasons is not None
    return Reason.SOME_REASONS if some else Reason.NONE


def _scope(parsed: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    try:
        return parsed.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None


def _covers(scope: x509.IssuingDistributionPoint | None, certificate: x509.Certificate) -> bool:
    """Whether a list with this scope would name the certificate (RFC 5280 6.3.3 b)."""
    if scope is None:
        return True
    if scope.only_contains_attribute_certs:
        return False
    authority = is_authority(certificate)
    if (scope.only_contains_user_certs and authority) or (
        scope.only_contains_ca_certs and not authority
    ):
        return False
    own = _names(scope.full_name, scope.relative_name, certificate.issuer)
    return not own or not own.isdisjoint(_points(certificate))


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it says that it is an authority's."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _points(certificate: x509.Certificate) -> set[x509.GeneralName]:
    """Names of the places where the issuer itself publishes complete lists about it."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    whole = [one for one in points if one.crl_issuer is None and one.reasons is None]
    found = (_names(one.full_name, one.relative_name, certificate.issuer) for one in whole)
    return set().union(*found)


def _names(
    full: list[x509.GeneralName] | None,
    relative: x509.RelativeDistinguishedName | None,
    issuer: x509.Name,
) -> set[x509.GeneralName]:
    if relative is not None:
        return {x509.DirectoryName(x509.Name([*issuer.rdns, relative]))}
    return set(full or ())
