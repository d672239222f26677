"""Certificates that end: the axis tells their organisations 60, 30 and 7 days ahead, and then.

Who asks is the axis, never somebody on the wire; what is told follows from the credentials, the
moment and what the journal has told of the certificate, so asking again tells nothing again.
"""

from __future__ import annotations

from datetime import datetime

from lienthong.errors import NotFound
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import ExpiryRecord
from lienthong.model.organisation import Directory
from lienthong.model.time import vietnam_date
from lienthong.pki.expiry import warning
from lienthong_node.core.checks import with_representatives
from lienthong_node.core.commands import TellExpiry
from lienthong_node.core.credentials import Credential, Credentials
from lienthong_node.core.decision import Accepted, Decision, Moment, Repeated
from lienthong_node.core.facts import ExpiryFacts


def decide_expiry(command: TellExpiry, facts: ExpiryFacts, moment: Moment) -> Decision:
    """Tell that a certificate ends; of several warnings that were missed the newest alone.

    Raises:
        NotFound: there is no such certificate, or nothing to tell of it.
    """
    credential = facts.credentials.by_fingerprint.get(command.fingerprint)
    due = None
    if credential is not None:
        due = warning_due(credential, facts.credentials, facts.directory, moment.now)
    if credential is None or due is None:
        raise NotFound(what=f"an end to tell of the certificate {command.fingerprint}")
    told = facts.told
    if told is not None and isinstance(told.body, ExpiryRecord) and told.body.days_ahead <= due:
        return Repeated(index=told.index)
    own = (credential.organ_id,)
    return Accepted(
        body=ExpiryRecord(
            organ_id=OrganId(credential.organ_id),
            certificate_sha256=Sha256.parse(credential.fingerprint),
            use=credential.use.value,
            not_after=credential.not_after,
            days_ahead=due,
        ),
        subject_id=credential.organ_id.encode(),
        package_id=bytes.fromhex(credential.fingerprint),
        parties=with_representatives(own, facts.directory, vietnam_date(moment.now)),
    )


def warning_due(
    credential: Credential, credentials: Credentials, directory: Directory, now: datetime
) -> int | None:
    """Which warning is due: so many days ahead, 0 after the end; None where nobody needs one.

    Nobody needs one of what was revoked or renewed, or whose organisation has ended.
    """
    due = warning(credential.not_after, now)
    if due is None or credential.revoked_at is not None or _is_renewed(credential, credentials):
        return None
    organ = OrganId(credential.organ_id)
    is_open = organ in directory and directory.resolve(organ).open_on(vietnam_date(now))
    return due if is_open else None


def _is_renewed(credential: Credential, credentials: Credentials) -> bool:
    """Whether its organisation has one for the same use that ends later."""
    return any(
        other.use is credential.use
        and other.revoked_at is None
        and other.not_after > credential.not_after
        for other in credentials.of(credential.organ_id)
    )
