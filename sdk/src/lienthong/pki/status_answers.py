"""What sources say of one certificate, and what those say together that settle little alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeAlias

from attrs import evolve, field, frozen
from cryptography import x509

from lienthong.model.file_signature import Finding
from lienthong.pki.names import name_key
from lienthong.pki.status import Reason, Revocation, Statement
from lienthong.pki.status_list import RevocationList
from lienthong.pki.status_response import StatusResponse
from lienthong.pki.status_scope import ALL_REASONS

Source: TypeAlias = RevocationList | StatusResponse

_EVER: Final = datetime.min.replace(tzinfo=UTC)


@frozen(kw_only=True)
class Answer:
    """What a source says of a certificate; the same at every moment."""

    source: Source = field(repr=False)
    says: Statement | Reason
    signer: tuple[bytes, ...] = field(default=(), repr=False)
    """The path of whoever signed in the issuer's place, DER, anchor last; empty for the issuer."""

    others: frozenset[bytes] = field(default=frozenset(), repr=False)
    """SHA-256 of what it rests on beside its source."""


def asked(ask: Callable[[], Statement | Reason]) -> Statement | Reason:
    """What a source says, or that it cannot be read."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - parsing is lazy: what shows only now is as unreadable
        return Reason.UNREADABLE


def of_list(
    one: RevocationList,
    path: tuple[bytes, ...],
    others: Callable[[], Sequence[tuple[bytes, ...]]],
) -> list[Answer]:
    """What a list says, of the issuer itself or of those of *others* whose key has signed it.

    Args:
        one: the list.
        path: of the certificate whose status is asked, DER, leaf first, anchor last.
        others: finds the paths of those who may sign in the issuer's place.
    """
    try:
        certificate, issuer = map(x509.load_der_x509_certificate, path[:2])
        says: Statement | Reason = Reason.WRONG_SIGNER
        if one.issuer == name_key(certificate.issuer):
            says = one.says_of(certificate, issuer)
        if says is not Reason.WRONG_SIGNER:
            return [Answer(source=one, says=says)]
        found = [_answered(one, certificate, signer) for signer in others()]
    except Exception:  # noqa: BLE001 - parsing is lazy: what shows only now is as unreadable
        return [Answer(source=one, says=Reason.UNREADABLE)]
    # One key may have several certificates, of which some are not in force any more.
    told = [each for each in found if each.says is not Reason.WRONG_SIGNER]
    return told or [Answer(source=one, says=Reason.WRONG_SIGNER)]


def _answered(
    one: RevocationList, certificate: x509.Certificate, signer: tuple[bytes, ...]
) -> Answer:
    says = asked(lambda: one.says_of(certificate, x509.load_der_x509_certificate(signer[0])))
    known = frozenset({sha256(signer[0]).digest()})
    return Answer(source=one, says=says, signer=signer, others=known)


def with_changes(answers: Sequence[Answer]) -> list[Answer]:
    """The answers, and that of each complete list brought up to date by a list of changes."""
    return [*answers, *_updated(answers)]


def _updated(answers: Sequence[Answer]) -> Iterator[Answer]:
    for late in answers:
        if isinstance(late.says, Statement) and late.says.partial is Reason.DELTA:
            for base in answers:
                if isinstance(base.says, Statement) and _continues(base, late):
                    others = base.others | late.others | {base.source.digest}
                    yield evolve(late, says=_brought_up(base.says, late.says), others=others)


def _continues(base: Answer, late: Answer) -> bool:
    if not isinstance(base.source, RevocationList) or not isinstance(late.source, RevocationList):
        return False
    return base.signer == late.signer and base.source.is_continued_by(late.source)


def _brought_up(base: Statement, changes: Statement) -> Statement:
    named = changes.revoked_at is not None or changes.reason is Reason.REMOVE_FROM_CRL
    newer = changes if named else base
    is_lifted = newer.reason is Reason.REMOVE_FROM_CRL
    return evolve(
        changes,
        revoked_at=newer.revoked_at,
        reason=Reason.NONE if is_lifted else newer.reason,
        partial=base.partial,
    )


def of_all_reasons(parts: Iterable[tuple[Statement, Revocation]]) -> Revocation | None:
    """GOOD where lists for some reasons each settle the certificate for every one of them.

    Args:
        parts: what lists say, and what was made of each.
    """
    told = [one for one in parts if one[1].reason is Reason.SOME_REASONS]
    covered = frozenset().union(*(statement.reasons for statement, _ in told))
    if covered != ALL_REASONS:
        return None
    found = [one for _, one in told]
    oldest = min(found, key=lambda one: one.as_of or _EVER)
    sources = frozenset(one.source for one in found if one.source is not None)
    others = sources.union(*(one.others for one in found)) - {oldest.source}
    ends = [one.next_update for one in found if one.next_update is not None]
    revoked = [(one.revoked_at, says.reason) for says, one in told if one.revoked_at is not None]
    revoked_at, reason = min(revoked, default=(None, Reason.NONE))
    return evolve(
        oldest,
        finding=Finding.GOOD,
        reason=reason,
        revoked_at=revoked_at,
        next_update=min(ends, default=None),
        others=others,
    )
