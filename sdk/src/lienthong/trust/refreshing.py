"""Keeping status fresh: what to fetch, when again, and what of it may be kept.

Places are taken from certificates whose path to a trusted authority was checked, and from the
store itself. What was kept stays until something newer was verified; after a failure the waits
grow from a minute to half an hour, spread so that not everybody comes back at once.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from lienthong.errors import ChainUntrusted, FetchFailed, LienthongError, Malformed
from lienthong.model.trust import StatusEvidence
from lienthong.pki.certificate import Certificate
from lienthong.pki.places import places_of_issuers, places_of_lists, places_of_responders
from lienthong.pki.revocation import RevocationIndex, StatusCache
from lienthong.pki.status import Reason, Statement
from lienthong.pki.status_list import RevocationList
from lienthong.pki.status_response import StatusResponse
from lienthong.trust.folder import MAX_REASON, Kept, Kind, StatusFolder
from lienthong.trust.store import TrustStore

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(minutes=30)
ISSUER_WAIT: Final = timedelta(days=7)
CLOCKS_APART: Final = timedelta(minutes=5)
"""How far what is fetched may lie in the future of the own clock."""

_QUESTION: Final = "application/ocsp-request"
_NONCE_BYTES: Final = 16


class Fetching(Protocol):
    """How places are asked; ``lienthong.trust.Fetcher`` is what programs use."""

    def get(self, url: str, *, limit: int) -> bytes: ...

    def post(self, url: str, body: bytes, *, content_type: str, limit: int) -> bytes: ...


@frozen(kw_only=True)
class Turn:
    """What one turn of fetching did."""

    fetched: int = 0
    """Places that answered with something that was verified."""

    failed: tuple[Kept, ...] = ()
    """Those that did not, with the reasons."""

    busy: bool = False
    """Somebody else was fetching; nothing was done."""

    next_at: datetime | None = None
    """When the next place is due; None where there is none."""


@define(eq=False, kw_only=True)
class Refresher:
    """Fetches what is due; one turn at a time among all threads and processes."""

    store: TrustStore
    folder: StatusFolder
    fetcher: Fetching
    clock: Callable[[], datetime]
    spread: Callable[[], float] = field(default=random.random)
    """Numbers from 0 to 1, by which waits are spread."""

    _cache: StatusCache = field(factory=StatusCache, init=False)
    _lists: dict[str, Kept] = field(factory=dict, init=False)
    """Those of the turn, by key."""

    def watch(self, path: Sequence[bytes]) -> int:
        """Fetch from now on what the certificates of a path name.

        Args:
            path: certificates, DER, leaf first, ending in a trusted authority; found valid by the
                path rules.

        Returns:
            How many places are new.

        Raises:
            ChainUntrusted: it does not end in an authority of the store, or is not signed so; its
                places are not to be asked.
            OSError: the folder cannot be written to.
        """
        trusted = {one.certificate for one in self.store.trust.authorities}
        if not path or path[-1] not in trusted:
            raise ChainUntrusted(subject="?", reason="it ends in no authority of the trust store")
        places = [place for child, issuer in pairwise(path) for place in places_of(child, issuer)]
        return self.folder.add([*places, *self._configured()])

    def seek(self, certificate: bytes) -> int:
        """Fetch the issuer of a certificate whose path is not known yet, from where it says.

        Nobody vouches for that place: this is for a person's wish, not for whatever comes in. The
        issuer is kept if it has signed the certificate, and is trusted by nobody for that.

        Args:
            certificate: DER.

        Returns:
            How many places are new.

        Raises:
            Malformed: it cannot be read.
            OSError: the folder cannot be written to.
        """
        parsed = Certificate.load(certificate).parsed
        urls = places_of_issuers(parsed)
        return self.folder.add(
            [Kept(kind=Kind.ISSUER, url=url, certificate=certificate) for url in urls]
        )

    def refresh(self, *, due_only: bool = True) -> Turn:
        """Fetch what is due, or everything.

        Raises:
            OSError: the folder cannot be written to.
        """
        with self.folder.turn() as mine:
            if not mine:
                return Turn(busy=True)
            self.folder.mend()
            self.folder.add(self._configured())
            now = self.clock()
            kept = self._in_force(now)
            self._lists = {one.key: one for one in kept if one.kind is Kind.LIST}
            # Lists first: they tell of the responders.
            kept.sort(key=lambda one: one.kind is not Kind.LIST)
            due = [one for one in kept if not due_only or one.is_due(now)]
            others = [one for one in kept if due_only and not one.is_due(now)]
            done = self._fetch(due, others)
            self.folder.trim()
            return done

    def _in_force(self, now: datetime) -> list[Kept]:
        """What is kept, without what is about certificates that have expired."""
        kept = self.folder.all()
        for one in kept:
            if _ends(one) < now:
                self.folder.drop(one.key)
        return [one for one in kept if _ends(one) >= now]

    def _fetch(self, due: Sequence[Kept], others: Sequence[Kept]) -> Turn:
        done: list[Kept] = []
        silent = dict[str, str]()
        """Hosts that cannot be reached, with the reason: the others are not to wait for them."""
        for one in due:
            host = urlsplit(one.url).netloc
            try:
                after = self._missed(one, silent[host]) if host in silent else self._asked(one)
            except FetchFailed as error:
                reason = str(error.facts["reason"])
                after = self._missed(one, reason)
                if error.__cause__ is not None:
                    silent[host] = reason
            except LienthongError as error:
                after = self._missed(one, str(error))
            except Exception as error:  # noqa: BLE001 - what a parser finds ends no other fetch
                after = self._missed(one, type(error).__name__)
            self.folder.put(after)
            done.append(after)
            if one.kind is Kind.LIST:
                self._lists[one.key] = after
        failed = tuple(one for one in done if one.reason)
        ahead = [one.next_at for one in (*done, *others) if one.next_at is not None]
        return Turn(
            fetched=len(done) - len(failed), failed=failed, next_at=min(ahead, default=None)
        )

    def _asked(self, one: Kept) -> Kept:
        """What is kept after the place has answered.

        Raises:
            FetchFailed: it has not.
            LienthongError: what it sent is of no use.
        """
        match one.kind:
            case Kind.LIST:
                content = self.fetcher.get(one.url, limit=one.kind.limit)
                self._check_list(one, content)
            case Kind.RESPONSE:
                content = self._response(one)
            case Kind.ISSUER:
                content = _issuer(one, self.fetcher.get(one.url, limit=one.kind.limit))
        now = self.clock()
        wait = ISSUER_WAIT if one.kind is Kind.ISSUER else self._every
        next_at = now + wait * (0.9 + 0.1 * self.spread())
        return evolve(
            one, content=content, confirmed_at=now, failures=0, reason="", next_at=next_at
        )

    def _missed(self, one: Kept, reason: str) -> Kept:
        wait = min(FIRST_WAIT * 2 ** min(one.failures, 10), LONGEST_WAIT)
        next_at = self.clock() + wait * (0.5 + 0.5 * self.spread())
        # A place may put anything into what a library then says about it.
        shown = "".join(sign if sign.isprintable() else " " for sign in reason)[:MAX_REASON]
        return evolve(one, failures=one.failures + 1, reason=shown, next_at=next_at)

    @property
    def _every(self) -> timedelta:
        return timedelta(minutes=self.store.file.fetching.every_minutes)

    def _check_list(self, one: Kept, content: bytes) -> None:
        """Check that a list is its issuer's, in force, and no worse than the one that is kept.

        Lists come in the clear: whoever sits between may put another genuine one of the issuer in
        its place, an older one, or one that names fewer certificates.
        """
        found = RevocationList.load(content)
        why = found.unusable_of(x509.load_der_x509_certificate(one.issuer))
        if why:
            raise Malformed(what="the revocation list", reason=why)
        self._check_time(found.this_update, found.next_update)
        kept = RevocationList.load(one.content) if one.content else None
        if kept is not None and found.this_update < kept.this_update:
            raise Malformed(what="the revocation list", reason="it is older than the one kept")
        if kept is not None and self._counts(kept) and _tells_less(found, kept, one):
            raise Malformed(what="the revocation list", reason="it tells less than the one kept")

    def _counts(self, kept: RevocationList) -> bool:
        return kept.next_update is None or kept.next_update >= self.clock()

    def _response(self, one: Kept) -> bytes:
        certificate = x509.load_der_x509_certificate(one.certificate)
        issuer = x509.load_der_x509_certificate(one.issuer)
        nonce = x509.OCSPNonce(secrets.token_bytes(_NONCE_BYTES))
        digest = SHA1()  # noqa: S303 - it only names the certificate, as RFC 6960 has it
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, digest)
        question = asked.add_extension(nonce, critical=False).build()
        body, limit = question.public_bytes(Encoding.DER), one.kind.limit
        content = self.fetcher.post(one.url, body, content_type=_QUESTION, limit=limit)
        found = StatusResponse.load(content)
        if found.nonce not in {None, nonce.nonce}:
            raise Malformed(what="the response", reason="it answers another question")
        self._check_said(one, content)
        return content

    def _check_said(self, one: Kept, content: bytes) -> None:
        """Check that a response is about the certificate, signed by who may, and in force."""
        lists = [
            kept.content
            for kept in self._lists.values()
            if kept.issuer == one.issuer and kept.content
        ]
        index = RevocationIndex(StatusEvidence(lists=lists, responses=[content]), self._cache)
        answers = index.answers((one.certificate, one.issuer))
        said = [found.says for found in answers if isinstance(found.source, StatusResponse)]
        if not said:
            raise Malformed(what="the response", reason=Reason.NOT_SUCCESSFUL)
        if isinstance(said[0], Statement):
            self._check_time(said[0].this_update, said[0].next_update)
        else:
            raise Malformed(what="the response", reason=said[0])

    def _check_time(self, this_update: datetime, next_update: datetime | None) -> None:
        now = self.clock()
        if this_update > now + CLOCKS_APART:
            raise Malformed(what="the answer", reason="it is from the future")
        if next_update is not None and next_update < now:
            raise Malformed(what="the answer", reason=Reason.STALE)

    def _configured(self) -> list[Kept]:
        """Lists of the authorities themselves, at the addresses that the store gives."""
        return [
            Kept(kind=Kind.LIST, url=url, certificate=authority, issuer=authority)
            for authority, url in self.store.lists
        ]


def _ends(one: Kept) -> datetime:
    """When nobody needs it any more; at once where its certificate cannot be read."""
    try:
        der = one.issuer if one.kind is Kind.LIST else one.certificate
        return x509.load_der_x509_certificate(der).not_valid_after_utc
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _tells_less(found: RevocationList, kept: RevocationList, one: Kept) -> bool:
    """Whether only the list that is kept tells all about the certificate that named the place."""
    if found.digest == kept.digest:
        return False
    certificate = x509.load_der_x509_certificate(one.certificate)
    issuer = x509.load_der_x509_certificate(one.issuer)
    tells = (it.says_of(certificate, issuer) for it in (found, kept))
    now, before = (isinstance(it, Statement) and it.partial is Reason.NONE for it in tells)
    return before and not now


def places_of(child: bytes, issuer: bytes) -> list[Kept]:
    """What a certificate names, when its issuer has signed it.

    Raises:
        ChainUntrusted: it has not.
        ValueError: one of them cannot be read.
    """
    certificate = x509.load_der_x509_certificate(child)
    try:
        certificate.verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
    except Exception as error:
        subject = certificate.subject.rfc4514_string()
        raise ChainUntrusted(subject=subject, reason="its issuer did not sign it") from error
    both = [
        *((Kind.LIST, url) for url in places_of_lists(certificate)),
        *((Kind.RESPONSE, url) for url in places_of_responders(certificate)),
    ]
    return [Kept(kind=kind, url=url, certificate=child, issuer=issuer) for kind, url in both]


def _issuer(one: Kept, content: bytes) -> bytes:
    """An issuer's certificate, DER, if it has signed the certificate that named the place."""
    try:
        found = x509.load_der_x509_certificate(content)
        x509.load_der_x509_certificate(one.certificate).verify_directly_issued_by(found)
    except Exception as error:
        raise Malformed(what="the issuer's certificate", reason="it is another one") from error
    return content
