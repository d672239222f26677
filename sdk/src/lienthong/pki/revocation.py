"""Whether a certificate was revoked: three answers, and only two of them from somebody who knows.

The rules, in this order:

1. A list or a response counts only when it was signed by the issuer of the certificate, or by a
   responder whom the issuer certified, and nothing critical in it is unknown.
2. Who is named as revoked at or before the moment is BAD, however old the source is: only a
   suspension (certificateHold) is ever lifted.
3. The newest source that is fresh at the moment, or was made after it while the certificate was
   in force, decides on everything else.
4. Without such a source the answer is UNKNOWN, with the reason. No setting makes it good, whether
   or not the certificate names a place to ask.

Nothing is fetched here. The same sources and the same moment give the same answer for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Final, TypeAlias

from attrs import field, frozen
from cryptography import x509

from lienthong.model.file_signature import Finding
from lienthong.model.time import check_aware
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence
from lienthong.pki.certificate import Certificate
from lienthong.pki.status import Reason, Revocation, Statement
from lienthong.pki.status_cache import StatusCache
from lienthong.pki.status_list import RevocationList
from lienthong.pki.status_response import ABOUT_NONE, StatusResponse

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

NO_NEXT_UPDATE: Final = timedelta(hours=1)
"""How long a response counts that does not say when the next one comes."""

MAX_LINKS: Final = 4096
"""Links of paths whose answers one index remembers."""

Source: TypeAlias = RevocationList | StatusResponse
Answers: TypeAlias = list[tuple[Source, Statement | Reason]]
"""What each source that may be about a certificate says of it; the same at every moment."""


@frozen(kw_only=True)
class StatusPolicy:
    """How old the knowledge of a certificate's status may be."""

    max_age: timedelta | None = field(default=None)
    """Since the source was made, or since its publisher was seen to have no newer one; None for
    as long as the source itself allows (nextUpdate)."""


ANY_AGE: Final = StatusPolicy()
SIGNING: Final = StatusPolicy(max_age=timedelta(hours=1))
"""Certificates that sign packages and reports, while they come in."""

TRANSPORT: Final = StatusPolicy(max_age=timedelta(hours=24))
"""Certificates of connections."""


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
        self._confirmed = dict(confirmed or {})
        self._unreadable = None in lists or None in responses
        self._lists: dict[bytes, list[RevocationList]] = {}
        self._responses: dict[int, list[StatusResponse]] = {}
        for found in filter(None, lists):
            self._lists.setdefault(found.issuer, []).append(found)
        for response in filter(None, responses):
            self._responses.setdefault(response.serial, []).append(response)
        self._links: dict[tuple[bytes, bytes], tuple[Answers, datetime] | None] = {}

    def link(self, certificate: bytes, issuer: bytes) -> tuple[Answers, datetime] | None:
        """The answers about a certificate (DER), and when it expires; None if it is unreadable."""
        key = certificate, issuer
        if key in (known := self._links):
            return known[key]
        found = self._look_up(certificate, issuer)
        if len(known) >= MAX_LINKS:
            # Another one, since threads may be looking into the old one.
            known = self._links = {}
        known[key] = found
        return found

    def _look_up(self, certificate: bytes, issuer: bytes) -> tuple[Answers, datetime] | None:
        try:
            parsed = x509.load_der_x509_certificate(certificate)
            answers = self.answers(parsed, x509.load_der_x509_certificate(issuer))
            return answers, parsed.not_valid_after_utc
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

    def answers(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        """What each source that may be about a certificate says of it."""
        found = self.answers_of_lists(certificate, issuer)

        def is_good(responder: x509.Certificate, at: datetime) -> bool:
            by_lists, ends = self.answers_of_lists(responder, issuer), responder.not_valid_after_utc
            return _decide(by_lists, ends, at, self, ANY_AGE).finding is Finding.GOOD

        for one in self._responses.get(certificate.serial_number, ()):
            ask = partial(one.says_of, certificate, issuer, self._certificates, is_good)
            found.append((one, _asked(ask)))
        return found

    def answers_of_lists(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        """The same, of lists alone."""
        named = self._lists.get(certificate.issuer.public_bytes(), ())
        return [(one, _asked(partial(one.says_of, certificate, issuer))) for one in named]


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
    return _status(certificate.der, issuer.der, at, index, policy)


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
    return tuple(
        _status(certificate, issuer, at, index, policy) for certificate, issuer in pairwise(path)
    )


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


def _asked(ask: Callable[[], Statement | Reason]) -> Statement | Reason:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - parsing is lazy: what shows only now is as unreadable
        return Reason.UNREADABLE


def _status(
    certificate: bytes, issuer: bytes, at: datetime, index: RevocationIndex, policy: StatusPolicy
) -> Revocation:
    link = index.link(certificate, issuer)
    if link is None:
        return Revocation(finding=Finding.UNKNOWN, reason=Reason.UNREADABLE)
    return _decide(*link, at, index, policy)


def _decide(
    answers: Answers, ends: datetime, at: datetime, index: RevocationIndex, policy: StatusPolicy
) -> Revocation:
    """One answer of many about a certificate that expires at *ends* (rules 2 to 4)."""
    said = [_judge(source, answer, at, ends, index, policy) for source, answer in answers]
    final = [one for one in said if one.finding is Finding.BAD and one.reason not in _LIFTED]
    if final:
        return min(final, key=lambda one: one.revoked_at or _BEGINNING)
    known = [one for one in said if one.finding is not Finding.UNKNOWN]
    nothing = Revocation(finding=Finding.UNKNOWN, reason=index.missing())
    return max(known or said, key=_newest, default=nothing)


_LIFTED: Final = frozenset({Reason.CERTIFICATE_HOLD})
"""Revocations that may end."""

_SAYS_MORE: Final = frozenset({Reason.STALE, Reason.TOO_LATE, Reason.SOME_REASONS, Reason.DELTA})
"""Sources that are about the certificate, but do not settle it."""


def _newest(status: Revocation) -> tuple[bool, datetime, bool]:
    as_of = status.as_of or _BEGINNING
    return status.reason in _SAYS_MORE, as_of, status.finding is Finding.BAD


def _judge(
    source: Source,
    answer: Statement | Reason,
    at: datetime,
    ends: datetime,
    index: RevocationIndex,
    policy: StatusPolicy,
) -> Revocation:
    """What one source makes of a certificate that expires at *ends*."""
    if isinstance(answer, Reason):
        return Revocation(
            finding=Finding.UNKNOWN,
            reason=answer,
            as_of=source.this_update,
            source=source.digest,
        )
    as_of = max(answer.this_update, index.confirmed_at(source) or answer.this_update)
    if answer.revoked_at is not None and answer.revoked_at <= at:
        finding, reason = Finding.BAD, answer.reason
    elif doubt := _doubt(answer, as_of, at, ends, policy):
        finding, reason = Finding.UNKNOWN, doubt
    else:
        finding, reason = Finding.GOOD, answer.reason
    return Revocation(
        finding=finding,
        reason=reason,
        revoked_at=answer.revoked_at,
        as_of=as_of,
        next_update=answer.next_update,
        source=source.digest,
    )


def _doubt(
    answer: Statement, as_of: datetime, at: datetime, ends: datetime, policy: StatusPolicy
) -> Reason:
    """Why a source does not settle that a certificate was not revoked at *at*."""
    if answer.this_update > at:
        # Lists forget certificates that have expired (RFC 5280 3.3).
        return Reason.TOO_LATE if answer.this_update > ends else _partial(answer)
    until = answer.next_update or answer.this_update + NO_NEXT_UPDATE
    if at > until or (policy.max_age is not None and at - as_of > policy.max_age):
        return Reason.STALE
    return _partial(answer)


def _partial(answer: Statement) -> Reason:
    return Reason.NONE if answer.revoked_at else answer.partial
