"""Whether certificates were revoked by the authorities that the trust folder names.

It concerns certificates that lead to such an authority, and no others: those of the node's own
authority end when the operator says so. Nothing is fetched while a call is handled; a certificate
that is seen for the first time is refused as not known yet, and its status fetched at once beside.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509

from lienthong.errors import (
    CertificateRevoked,
    ChainUntrusted,
    CredentialRevoked,
    CredentialStatusUnknown,
    LienthongError,
    StatusUnknown,
)
from lienthong.model.file_signature import Finding
from lienthong.model.trust import TrustPurpose
from lienthong.pki.revocation import (
    ANY_AGE,
    SIGNING,
    TRANSPORT,
    Revocation,
    StatusPolicy,
    worst,
)
from lienthong.pki.trust import FILE_NAME
from lienthong.trust import Fetcher, Kept, Refresher, StatusBook, StatusFolder, TrustStore, Turn
from lienthong.trust.refreshing import Fetching
from lienthong_node.certificate_concern import MAX_REMEMBERED, Concern, pem_certificates

log = logging.getLogger(__name__)

_JUDGED_FOR: Final = timedelta(seconds=1)
"""How long a verdict about a connection's certificate is used again."""


def fetcher_of(store: TrustStore) -> Fetching:
    """What asks the places of a store."""
    return Fetcher(private_hosts=store.file.fetching.private_hosts)


class CertificateStatus:
    """May be shared between threads; one of them calls ``turn`` now and then."""

    def __init__(
        self,
        store: TrustStore,
        clock: Callable[[], datetime],
        make_fetcher: Callable[[TrustStore], Fetching] = fetcher_of,
        authorities: Callable[[], bytes] = bytes,
    ) -> None:
        """Judge by a store, whose changes are taken up.

        Args:
            store: the trust folder as it is now.
            clock: gives the time, UTC.
            make_fetcher: makes what asks places, by the settings of the store.
            authorities: gives the certificates (PEM) by which connections are accepted.
        """
        folder = StatusFolder(store.status_folder)
        self._changed_at = 0
        self._clock, self._lock = clock, threading.Lock()
        self._book, self._folder, self._make_fetcher = StatusBook(folder), folder, make_fetcher
        self._refresher = Refresher(
            store=store, folder=folder, fetcher=make_fetcher(store), clock=clock
        )
        self._authorities = authorities
        self._shown: dict[str, tuple[bytes, ...]] = {}
        self._verdicts: dict[str, tuple[datetime, LienthongError | None]] = {}
        self._take(store)
        self._seen: set[tuple[bytes, ...]] = set()
        self._new: list[tuple[bytes, ...]] = []
        self._next_at: datetime | None = None
        self._book.look()

    @classmethod
    def open(
        cls, folder: Path, clock: Callable[[], datetime], authorities: Callable[[], bytes] = bytes
    ) -> Self:
        """Read a trust folder; see the constructor.

        Raises:
            LienthongError: it is not usable.
        """
        return cls(TrustStore.load(folder), clock, authorities=authorities)

    def check_signer(self, path: Sequence[bytes]) -> None:
        """Check the status of a signing certificate.

        Args:
            path: certificates, DER, leaf first, anchor last; found valid.

        Raises:
            CertificateRevoked: it, or an authority above it, was revoked.
            StatusUnknown: nobody has told, within the last hour, that it was not.
        """
        concerned = self._concern.path(tuple(path))
        if not concerned:
            return
        found = self._status(concerned, SIGNING)
        if found.finding is Finding.BAD:
            revoked_at = found.revoked_at.isoformat() if found.revoked_at else "?"
            subject = _subject(concerned)
            raise CertificateRevoked(subject=subject, revoked_at=revoked_at, reason=found.reason)
        if found.finding is Finding.UNKNOWN:
            raise StatusUnknown(subject=_subject(concerned), reason=found.reason)

    def check_peer(self, fingerprint: str, chain_pem: bytes) -> None:
        """Check the status of a connection's certificate.

        Args:
            fingerprint: SHA-256 of the certificate, hex.
            chain_pem: what the peer has shown, its own certificate first.

        Raises:
            CredentialRevoked: it, or an authority above it, was revoked.
            CredentialStatusUnknown: nobody has told, within the last day, that it was not.
        """
        if fingerprint not in self._shown:
            if len(self._shown) >= MAX_REMEMBERED:
                # One, not all: calls of the others may be open.
                oldest = next(iter(self._shown))
                self._shown.pop(oldest)
                self._verdicts.pop(oldest, None)
            self._shown[fingerprint] = tuple(pem_certificates(chain_pem))
        self.check_again(fingerprint)

    def check_again(self, fingerprint: str) -> None:
        """Check a connection's certificate that was checked before. Raises as ``check_peer``."""
        now = self._clock()
        path = self._concern.path(self._shown.get(fingerprint, ()))
        if not path:
            return
        judged_at, verdict = self._verdicts.get(fingerprint, (None, None))
        if judged_at is None or not timedelta() <= now - judged_at < _JUDGED_FOR:
            verdict = _refusal(fingerprint, self._status(path, TRANSPORT))
            self._verdicts[fingerprint] = now, verdict
        if verdict is not None:
            raise type(verdict)(**verdict.facts)

    def stamp_revocations(self, path: Sequence[bytes]) -> tuple[Revocation, ...]:
        """Revocations that are known of an authority of time-stamps, or of those above it.

        Nothing else is told: the journal is time-stamped also while nobody knows.

        Args:
            path: certificates, DER, leaf first, anchor last; found valid.
        """
        concerned = self._stampers.path(tuple(path))
        found = self._known(concerned, ANY_AGE) if concerned else ()
        return tuple(one for one in found if one.finding is Finding.BAD)

    def turn(self) -> Turn | None:
        """Fetch what is due; None where nothing is. For a thread beside the calls.

        Raises:
            OSError: the folder cannot be written to.
        """
        self._reload()
        with self._lock:
            new, self._new = self._new, []
        added = sum(map(self._watch, new))
        now = self._clock()
        if not added and self._next_at is not None and now < self._next_at:
            self._book.look()
            return None
        done = self._refresher.refresh()
        # Where another process fetches, its results are read as they come.
        self._next_at = now + _JUDGED_FOR if done.busy else done.next_at
        self._book.look()
        with self._lock:
            # What the folder has no more is to be watched again when it is used.
            self._seen.clear()
        return done

    def fetch_soon(self) -> None:
        """Have the next turn fetch what is due, as when places came to the folder meanwhile."""
        self._next_at = None

    def _watch(self, path: tuple[bytes, ...]) -> int:
        try:
            return self._refresher.watch(path)
        except ChainUntrusted:
            # The store has changed since the path was seen.
            return 0

    def _reload(self) -> None:
        """Take up a trust store that has changed; one that is wrong changes nothing."""
        changed_at = _changed_at(self.store.folder)
        if changed_at == self._changed_at:
            return
        self._changed_at = changed_at
        try:
            self._take(TrustStore.load(self.store.folder))
        except LienthongError as error:
            log.warning("the trust store stays as it was: %s", error)
            return
        log.info("the trust store was read again")

    def _take(self, store: TrustStore) -> None:
        named = store.trust.certificates(TrustPurpose.ORGANISATIONS)
        stampers = store.trust.certificates(TrustPurpose.TIME_STAMPS)
        self.store, self._refresher.store = store, store
        self._refresher.fetcher = self._make_fetcher(store)
        self._changed_at = _changed_at(store.folder)
        self._concern, self._verdicts = Concern(named, self._authorities), {}
        self._stampers = Concern(stampers, bytes)

    def kept(self) -> list[Kept]:
        """What is known, for figures."""
        return self._folder.all()

    def _status(self, path: tuple[bytes, ...], policy: StatusPolicy) -> Revocation:
        return worst(self._known(path, policy))

    def _known(self, path: tuple[bytes, ...], policy: StatusPolicy) -> tuple[Revocation, ...]:
        with self._lock:
            if path not in self._seen:
                if len(self._seen) >= MAX_REMEMBERED:
                    self._seen.clear()
                self._seen.add(path)
                self._new.append(path)
        return self._book.status(path, self._clock(), policy)


def _refusal(fingerprint: str, found: Revocation) -> LienthongError | None:
    if found.finding is Finding.BAD:
        return CredentialRevoked(fingerprint=fingerprint)
    if found.finding is Finding.UNKNOWN:
        return CredentialStatusUnknown(fingerprint=fingerprint, reason=found.reason)
    return None


def _changed_at(folder: Path) -> int:
    try:
        return (folder / FILE_NAME).stat().st_mtime_ns
    except OSError:
        return 0


def _subject(path: Sequence[bytes]) -> str:
    return x509.load_der_x509_certificate(path[0]).subject.rfc4514_string()
