"""Certificate revocation lists (RFC 5280 5): read once, looked up by serial number.

Only complete lists make anybody good; who is on a delta list, or on one for some reasons, is
revoked all the same. A critical extension beyond the issuing distribution point and the usual ones
of entries is not understood. Whose key may have signed a list is asked elsewhere.
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
from lienthong.pki.names import NameKey, name_key
from lienthong.pki.status import Reason, Statement
from lienthong.pki.status_scope import ALL_REASONS, reasons_covered, scope_of

MAX_ENTRIES: Final = 1_000_000
"""Of one list."""

Entry: TypeAlias = tuple[datetime, Reason]
"""Since when, UTC, and why."""

_Entries: TypeAlias = tuple[Mapping[NameKey, Mapping[int, Entry]], bool]
"""By the issuer of the certificates, with whether everything critical was understood."""

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

    issuer: NameKey = field(repr=False)
    """Who made it, by its own word."""

    this_update: datetime
    next_update: datetime | None
    size: int
    """How many entries it has."""

    _unusable: Reason
    """Why it says nothing about anybody, as far as that is known without its entries."""

    _number: int | None
    _base: int | None
    """Of the list whose changes it tells; None for one that is complete."""

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
            issuer=name_key(parsed.issuer),
            this_update=parsed.last_update_utc,
            next_update=parsed.next_update_utc,
            size=len(parsed),
            unusable=_unusable(parsed),
            number=_number(parsed, x509.CRLNumber),
            base=_number(parsed, x509.DeltaCRLIndicator),
            scope=scope_of(parsed),
            parsed=parsed,
        )

    @property
    def entries(self) -> Mapping[int, Entry]:
        """Those of certificates that its maker has issued, by serial number."""
        return self._entries()[0].get(self.issuer, {})

    def _entries(self) -> _Entries:
        if not self._read_entries:
            # Threads that come at once read the same.
            self._read_entries[:] = [_entries(self._parsed)]
        return self._read_entries[0]

    def says_of(
        self, certificate: x509.Certificate, signer: x509.Certificate
    ) -> Statement | Reason:
        """What it says of a certificate, or why it says nothing.

        Args:
            certificate: whose status is asked.
            signer: who may have signed the list.
        """
        unusable = self.unusable_of(signer)
        if unusable:
            return unusable
        reasons = reasons_covered(self._scope, self._parsed.issuer, certificate)
        if not reasons:
            return Reason.OUT_OF_SCOPE
        named = self._entries()[0].get(name_key(certificate.issuer), {})
        revoked_at, reason = named.get(certificate.serial_number, (None, Reason.NONE))
        if reason is Reason.REMOVE_FROM_CRL:
            if self._base is None:
                # Only a delta list may say so (RFC 5280 5.3.1).
                return Reason.INCONSISTENT
            revoked_at = None
        partial = Reason.NONE if reasons == ALL_REASONS else Reason.SOME_REASONS
        return Statement(
            this_update=self.this_update,
            next_update=self.next_update,
            revoked_at=revoked_at,
            reason=reason,
            partial=partial if self._base is None else Reason.DELTA,
            reasons=reasons,
        )

    def is_continued_by(self, delta: RevocationList) -> bool:
        """Whether *delta* tells what has changed since this one was made (RFC 5280 5.2.4)."""
        if self._base is not None or delta._base is None:
            return False
        if self._number is None or delta._number is None:
            return False
        same = self.issuer == delta.issuer and self._scope == delta._scope
        return same and delta._base <= self._number < delta._number

    def unusable_of(self, signer: x509.Certificate) -> Reason:
        """Why it says nothing if it has to be of *signer*; ``NONE`` where it does."""
        if self._unusable:
            return self._unusable
        if not self.is_signed_by(signer):
            return Reason.WRONG_SIGNER
        try:
            _, understood = self._entries()
        except Exception:  # noqa: BLE001 - parsing is lazy, and its kinds of errors are many
            return Reason.UNREADABLE
        return Reason.NONE if understood else Reason.NOT_UNDERSTOOD

    def is_signed_by(self, signer: x509.Certificate) -> bool:
        """Whether that key has signed it, and may sign lists."""
        der = signer.fingerprint(_SHA256)
        known = self._signed_by.get(der)
        if known is None:
            known = self._signed_by[der] = _is_signed(self._parsed, signer)
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
    found: dict[NameKey, dict[int, Entry]] = {}
    scope, understood = scope_of(parsed), True
    is_indirect = scope is not None and scope.indirect_crl
    issuer: NameKey | None = name_key(parsed.issuer)
    for entry in parsed:
        since, reason = entry.revocation_date_utc, Reason.UNSPECIFIED
        for extension in entry.extensions:
            value = extension.value
            if isinstance(value, x509.CRLReason):
                reason = Reason.of(value.reason)
            elif isinstance(value, x509.InvalidityDate):
                # The key may have been in other hands since then.
                since = min(since, value.invalidity_date_utc)
            elif isinstance(value, x509.CertificateIssuer) and is_indirect:
                # It counts for the entries after it too (RFC 5280 5.3.3).
                issuer = _issuer(value)
                continue
            understood &= not extension.critical or extension.oid in _ENTRY_UNDERSTOOD
        if issuer is None:
            understood = False
            continue
        named, made = found.setdefault(issuer, {}), (since, reason)
        named[entry.serial_number] = _graver(named.get(entry.serial_number, made), made)
    return found, understood


def _issuer(value: x509.CertificateIssuer) -> NameKey | None:
    """The one whose certificates entries are about; None where that is not one authority."""
    names = [name_key(one.value) for one in value if isinstance(one, x509.DirectoryName)]
    return names[0] if len(names) == 1 else None


def _graver(one: Entry, other: Entry) -> Entry:
    """Of two entries about one certificate: the earlier moment, and what may not be lifted."""
    return min(one[0], other[0]), min(one[1], other[1], key=_is_mild)


def _is_mild(reason: Reason) -> tuple[bool, bool]:
    return reason is Reason.REMOVE_FROM_CRL, reason is Reason.CERTIFICATE_HOLD


def _unusable(parsed: x509.CertificateRevocationList) -> Reason:
    """Why a list says nothing about anybody."""
    if not is_accepted_signature(parsed.signature_algorithm_oid, parsed.signature_hash_algorithm):
        return Reason.WEAK
    for extension in parsed.extensions:
        if extension.critical and extension.oid not in _LIST_UNDERSTOOD:
            return Reason.NOT_UNDERSTOOD
    if parsed.next_update_utc is None:
        return Reason.NO_NEXT_UPDATE
    return Reason.INCONSISTENT if parsed.next_update_utc < parsed.last_update_utc else Reason.NONE


def _number(
    parsed: x509.CertificateRevocationList, kind: type[x509.CRLNumber | x509.DeltaCRLIndicator]
) -> int | None:
    try:
        return parsed.extensions.get_extension_for_class(kind).value.crl_number
    except x509.ExtensionNotFound:
        return None
