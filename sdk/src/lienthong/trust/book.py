"""What is known of status, as validation reads it: from memory, without any network."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509

from lienthong.model.trust import StatusEvidence
from lienthong.pki.revocation import (
    ANY_AGE,
    Revocation,
    RevocationIndex,
    StatusCache,
    StatusPolicy,
    path_status,
)
from lienthong.trust.folder import Kept, Kind, StatusFolder

_INDEXES: Final = 4096
"""Paths whose sources are remembered."""


class StatusBook:
    """The kept lists and responses; may be shared between threads.

    The folder is read again when it has changed, which another process may have done.
    """

    def __init__(self, folder: StatusFolder) -> None:
        self._folder = folder
        self._cache = StatusCache()
        self._lock = threading.Lock()
        self._state = -1
        self._kept: tuple[Kept, ...] = ()
        self._indexes: OrderedDict[tuple[bytes, ...], RevocationIndex] = OrderedDict()

    def look(self) -> bool:
        """Read the folder again if it has changed; returns whether it has."""
        state = self._folder.state()
        if state == self._state:
            return False
        kept = tuple(one for one in self._folder.all() if one.content)
        for one in kept:
            self._read(one)
        with self._lock:
            self._state, self._kept = state, kept
            self._indexes.clear()
        return True

    def _read(self, kept: Kept) -> None:
        """Read a list and check its signature before anybody waits for that."""
        if kept.kind is Kind.LIST:
            found = self._cache.list_of(kept.content)
            if found is not None:
                # An issuer that cannot be read lies on no path: nobody will ask.
                with suppress(ValueError):
                    found.unusable_of(x509.load_der_x509_certificate(kept.issuer))

    def status(
        self, path: Sequence[bytes], at: datetime, policy: StatusPolicy = ANY_AGE
    ) -> tuple[Revocation, ...]:
        """The status of each certificate of a path, as ``pki.revocation.path_status`` tells it.

        Args:
            path: certificates, DER, leaf first, anchor last; found valid by the path rules.
            at: the moment that counts, with time zone.
            policy: how old the knowledge may be.
        """
        return path_status(path, at, self._index(path), policy)

    def evidence(self, path: Sequence[bytes]) -> StatusEvidence:
        """What the status of a path rests on, to be kept with what it was judged for."""
        kept = self._about(path)
        return StatusEvidence(
            certificates=path[1:-1],
            lists=[one.content for one in kept if one.kind is Kind.LIST],
            responses=[one.content for one in kept if one.kind is Kind.RESPONSE],
        )

    def issuers(self) -> tuple[bytes, ...]:
        """Certificates of issuers that were fetched; nobody trusts them for being here."""
        return tuple(one.content for one in self._kept if one.kind is Kind.ISSUER)

    def _index(self, path: Sequence[bytes]) -> RevocationIndex:
        key = tuple(path)
        with self._lock:
            state, known = self._state, self._indexes.get(key)
            if known is not None:
                self._indexes.move_to_end(key)
                return known
        kept = self._about(path)
        confirmed = {
            sha256(one.content).digest(): one.confirmed_at
            for one in kept
            if one.confirmed_at and self._counts(one)
        }
        made = RevocationIndex(self.evidence(path), self._cache, confirmed)
        with self._lock:
            if state == self._state:
                self._indexes[key] = made
            while len(self._indexes) > _INDEXES:
                self._indexes.popitem(last=False)
        return made

    def _counts(self, kept: Kept) -> bool:
        """Whether its publisher was asked just then.

        A response that does not repeat the question's nonce may have been made for anybody, at any
        time: its age is what it says itself. A list has nothing of the kind.
        """
        if kept.kind is Kind.LIST:
            return True
        found = self._cache.response_of(kept.content)
        return found is not None and found.nonce is not None

    def _about(self, path: Sequence[bytes]) -> list[Kept]:
        on_path = frozenset(path)
        return [
            one
            for one in self._kept
            if one.issuer in on_path
            and (
                one.kind is Kind.LIST or (one.kind is Kind.RESPONSE and one.certificate in on_path)
            )
        ]
