"""How old the knowledge of a certificate's status may be, and what it settles then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from lienthong.pki.status import Reason, Statement
from lienthong.pki.status_scope import ALL_REASONS

NO_NEXT_UPDATE: Final = timedelta(hours=1)
"""How long a response counts that does not say when the next one comes."""


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


def doubt_of(
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
    # Whom a list names it has told all of, but for reasons that it leaves to others.
    is_told = answer.revoked_at is not None and answer.reasons == ALL_REASONS
    return Reason.NONE if is_told else answer.partial
