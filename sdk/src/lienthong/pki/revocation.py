"""Whether a certificate was revoked: three answers, and only two of them from somebody who knows.

The rules, in this order:

1. A list or a response counts only when it was signed by the issuer of the certificate, or by
   somebody certified in its path for that, good himself, never revoked since and in force since he
   signed, and nothing critical in it is unknown.
2. Who is named as revoked at or before the moment is BAD, however old the source is: only a
   suspension (certificateHold) is ever lifted.
3. The newest source that is fresh at the moment, or was made after it while the certificate was
   in force, decides on everything else.
4. Without such a source the answer is UNKNOWN, with the reason. No setting makes it good, whether
   or not the certificate names a place to ask.

Nothing is fetched here. The same sources and the same moment give the same answer for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.model.file_signature import Finding
from lienthong.model.time import check_aware
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence
from lienthong.pki.certificate import Certificate
from lienthong.pki.names import NameKey, name_key
from lienthong.pki.status import Reason, Revocation, Statement
from lienthong.pki.status_age import ANY_AGE, SIGNING, TRANSPORT, StatusPolicy, doubt_of
from lienthong.pki.status_answers import (
    Answer,
    Source,
    asked,
    of_all_reasons,
    of_list,
    with_changes,
)
from lienthong.pki.status_cache import StatusCache
from lienthong.pki.status_list import RevocationList
from lienthong.pki.status_response import ABOUT_NONE, StatusResponse
from lienthong.pki.status_scope import other_publishers
from lienthong.pki.status_signers import ListSigners

__all__ = [
    "ANY_AGE",
    "SIGNING",
    "TRANSPORT",
    "Reason",
    "Revocation",
    "RevocationIndex",
    "StatusCache",
    "StatusPolicy",
    "path_status",
    "status_of",
    "worst",
]

MAX_LINKS: Final = 4096
"""Links of paths whose answers one index remembers."""

MAX_SIGNERS: Final = 2
"""Signers of lists whose own status is asked one for the other; each more multiplies the work by
the number of lists, which strangers choose."""


class RevocationIndex:
    """What lists and responses say, found by issuer and serial number; safe between threads."""

    def __init__(
        self,
        evidence: StatusEvidence = NO_EVIDENCE,
        cache: StatusCache | None = None,
        confirmed: Mapping[bytes, datetime] | None = None,
    ) -> None:
        """Read what is to be known; what cannot be read makes nobody good and fails nothing.

        Args:
            evidence: lists, responses and certificates of responders.
            cache: keeps what was read between indexes.
            confirmed: when publishers were last seen to have nothing newer than a list or
                response, by its SHA-256, with time zone; for those who fetched it themselves.
        """
        kept = StatusCache() if cache is None else cache
        lists = [kept.list_of(der) for der in evidence.lists]
        responses = [kept.response_of(der) for der in evidence.responses]
        self._certificates = evidence.certificates
        self._signers = ListSigners(evidence.certificates)
        self._confirmed = dict(confirmed or {})
        self._unreadable = None in lists or None in responses
        self._lists: dict[NameKey, list[RevocationList]] = {}
        self._responses: dict[int, list[StatusResponse]] = {}
        for found in filter(None, lists):
            self._lists.setdefault(found.issuer, []).append(found)
        for response in filter(None, responses):
            self._responses.setdefault(response.serial, []).append(response)
        self._links: dict[tuple[bytes, ...], tuple[list[Answer], datetime] | None] = {}

    def link(self, path: tuple[bytes, ...]) -> tuple[list[Answer], datetime] | None:
        """The answers about the first certificate of a path (DER), and when that expires.

        None where it cannot be read.
        """
        if path in (known := self._links):
            return known[path]
        found = self._look_up(path)
        if len(known) >= MAX_LINKS:
            # Another one, since threads may be looking into the old one.
            known = self._links = {}
        known[path] = found
        return found

    def _look_up(self, path: tuple[bytes, ...]) -> tuple[list[Answer], datetime] | None:
        try:
            expires = x509.load_der_x509_certificate(path[0]).not_valid_after_utc
            return self.answers(path), expires
        except Exception:  # noqa: BLE001 - the parser's own kinds of errors are many
            return None

    def confirmed_at(self, source: Source) -> datetime | None:
        """When its publisher was last seen to have nothing newer."""
        return self._confirmed.get(source.digest)

    def missing(self) -> Reason:
        """Why nothing is known of a certificate that no source is about."""
        if self._unreadable:
            return Reason.UNREADABLE
        return Reason.NOT_SUCCESSFUL if ABOUT_NONE in self._responses else Reason.NO_DATA

    def answers(self, path: tuple[bytes, ...]) -> list[Answer]:
        """What each source that may be about the first certificate of a path says of it."""
        certificate, issuer = map(x509.load_der_x509_certificate, path[:2])
        found = self.answers_of_lists(path)
        for one in self._responses.get(certificate.serial_number, ()):
            used: set[bytes] = set()
            is_good = partial(self._is_good, path[1:], used)
            says = asked(partial(one.says_of, certificate, issuer, self._certificates, is_good))
            found.append(Answer(source=one, says=says, others=frozenset(used)))
        return found

    def _is_good(
        self, above: tuple[bytes, ...], used: set[bytes], responder: x509.Certificate, at: datetime
    ) -> bool:
        """Whether lists of its issuer say so of a responder, and none that it was ever revoked.

        What they are is added to *used*. Of lists that others have signed none makes it good: their
        signers' status may rest on this very responder.
        """
        answers = self.answers_of_lists((responder.public_bytes(Encoding.DER), *above))
        if any(isinstance(one.says, Statement) and one.says.revoked_at for one in answers):
            # Nothing proves that it answered before: it writes the time itself.
            return False
        own = [one for one in answers if not one.signer]
        found = _decide(own, responder.not_valid_after_utc, at, self, ANY_AGE)
        used.update(found.others, filter(None, [found.source]))
        return found.finding is Finding.GOOD

    def answers_of_lists(self, path: tuple[bytes, ...]) -> list[Answer]:
        """The same, of lists alone."""
        certificate = x509.load_der_x509_certificate(path[0])
        found: list[Answer] = []
        publishers = [name_key(certificate.issuer), *other_publishers(certificate)]
        for publisher in dict.fromkeys(publishers):
            others = cache(partial(self._signers.paths, path, publisher))
            for one in self._lists.get(publisher, ()):
                found += of_list(one, path, others)
        return with_changes(found)


def status_of(
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    index: RevocationIndex,
    policy: StatusPolicy = ANY_AGE,
) -> Revocation:
    """Whether *certificate* was revoked by *issuer* at the moment *at*.

    Args:
        certificate: whose status is asked.
        issuer: the next one of its path, found valid by the path rules.
        at: the moment that counts, with time zone. A moment that nobody can prove is "now": a
            revocation after *at* leaves GOOD, with ``revoked_at``.
        index: what is known.
        policy: how old that may be at *at*.

    Raises:
        NaiveTime: *at* has no time zone.
    """
    check_aware(at, field="at")
    return _status((certificate.der, issuer.der), at, index, policy)


def path_status(
    path: Sequence[bytes],
    at: datetime,
    index: RevocationIndex,
    policy: StatusPolicy = ANY_AGE,
) -> tuple[Revocation, ...]:
    """The status of each certificate of a path, leaf first, but of the trust anchor.

    Nobody revokes an anchor: it is trusted, or taken off the list.

    Args:
        path: certificates, DER, leaf first, anchor last; found valid by the path rules.
        at: as for ``status_of``.
        index: what is known.
        policy: how old that may be at *at*.

    Raises:
        NaiveTime: *at* has no time zone.
    """
    check_aware(at, field="at")
    whole = tuple(path)
    links = range(len(whole) - 1)
    return tuple(_status(whole[position:], at, index, policy) for position in links)


def worst(statuses: Iterable[Revocation]) -> Revocation:
    """The one that decides on a whole path: BAD before UNKNOWN before GOOD, then the oldest.

    Of nothing at all it is UNKNOWN.
    """
    nothing = Revocation(finding=Finding.UNKNOWN, reason=Reason.NO_DATA)
    return min(statuses, key=_severity, default=nothing)


_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_FIRST: Final = (Finding.BAD, Finding.UNKNOWN, Finding.GOOD)


def _severity(status: Revocation) -> tuple[int, datetime]:
    return _FIRST.index(status.finding), status.as_of or _BEGINNING


def _status(
    path: tuple[bytes, ...],
    at: datetime,
    index: RevocationIndex,
    policy: StatusPolicy,
    asking: frozenset[bytes] = frozenset(),
) -> Revocation:
    """The status of the first certificate of a path.

    Args:
        path: DER, leaf first, anchor last.
        at: the moment that counts.
        index: what is known.
        policy: how old that may be.
        asking: signers of lists whose own status is being asked, so that it does not go round.
    """
    link = index.link(path)
    if link is None:
        return Revocation(finding=Finding.UNKNOWN, reason=Reason.UNREADABLE)
    return _decide(*link, at, index, policy, asking)


def _decide(
    answers: Sequence[Answer],
    ends: datetime,
    at: datetime,
    index: RevocationIndex,
    policy: StatusPolicy,
    asking: frozenset[bytes] = frozenset(),
) -> Revocation:
    """One answer of many about a certificate that expires at *ends* (rules 2 to 4)."""
    said = [_judge(one, at, ends, index, policy, asking) for one in answers]
    final = [one for one in said if one.finding is Finding.BAD and one.reason not in _LIFTED]
    if final:
        return min(final, key=lambda one: one.revoked_at or _BEGINNING)
    parts = [
        (one.says, told)
        for one, told in zip(answers, said, strict=True)
        if isinstance(one.says, Statement)
    ]
    together = of_all_reasons(parts)
    known = [one for one in (*said, together) if one and one.finding is not Finding.UNKNOWN]
    nothing = Revocation(finding=Finding.UNKNOWN, reason=index.missing())
    return max(known or said, key=_newest, default=nothing)


_LIFTED: Final = frozenset({Reason.CERTIFICATE_HOLD})
"""Revocations that may end."""

_SAYS_MORE: Final = frozenset(
    {
        Reason.STALE,
        Reason.TOO_LATE,
        Reason.SOME_REASONS,
        Reason.DELTA,
        Reason.SIGNER_UNKNOWN,
    }
)
"""Sources that are about the certificate, but do not settle it."""


def _newest(status: Revocation) -> tuple[bool, datetime, bool]:
    as_of = status.as_of or _BEGINNING
    return status.reason in _SAYS_MORE, as_of, status.finding is Finding.BAD


def _judge(
    answer: Answer,
    at: datetime,
    ends: datetime,
    index: RevocationIndex,
    policy: StatusPolicy,
    asking: frozenset[bytes],
) -> Revocation:
    """What one source makes of a certificate that expires at *ends*."""
    source, says = answer.source, answer.says
    others = answer.others
    if isinstance(says, Statement) and answer.signer:
        moment = max(at, says.this_update)
        vouched = _vouch(answer.signer, says.this_update, moment, index, policy, asking)
        if vouched is None:
            says = Reason.SIGNER_UNKNOWN
        else:
            others |= vouched
    if isinstance(says, Reason):
        return Revocation(
            finding=Finding.UNKNOWN,
            reason=says,
            as_of=source.this_update,
            source=source.digest,
            others=others,
        )
    as_of = max(says.this_update, index.confirmed_at(source) or says.this_update)
    if says.revoked_at is not None and says.revoked_at <= at:
        finding, reason = Finding.BAD, says.reason
    elif doubt := doubt_of(says, as_of, at, ends, policy):
        finding, reason = Finding.UNKNOWN, doubt
    else:
        finding, reason = Finding.GOOD, says.reason
    return Revocation(
        finding=finding,
        reason=reason,
        revoked_at=says.revoked_at,
        as_of=as_of,
        next_update=says.next_update,
        source=source.digest,
        others=others,
    )


def _vouch(
    signer: tuple[bytes, ...],
    since: datetime,
    until: datetime,
    index: RevocationIndex,
    policy: StatusPolicy,
    asking: frozenset[bytes],
) -> frozenset[bytes] | None:
    """What shows that whoever signed a list was good from then on; None where nothing does."""
    is_judged = len(signer) > 1
    if is_judged and (signer[0] in asking or len(asking) >= MAX_SIGNERS):
        return None
    certificate = x509.load_der_x509_certificate(signer[0])
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if since < begins or until > ends:
        return None
    if not is_judged:
        return frozenset()
    found = _status(signer, until, index, policy, asking | {signer[0]})
    if found.finding is not Finding.GOOD or found.revoked_at is not None:
        # Nothing proves that a list is older than a revocation of its signer since.
        return None
    return found.others.union(filter(None, [found.source]))
