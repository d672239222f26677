"""Checks that packages and reports have in common."""

from __future__ import annotations

from datetime import datetime

from lienthong.errors import ClockSkew, OrganisationUnknown, SenderMismatch, WrongAudience
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import format_vietnam
from lienthong_node.core.commands import Caller
from lienthong_node.core.credentials import Credentials, Use
from lienthong_node.core.decision import Moment
from lienthong_node.core.policy import Policy


def check_audience(audience: str, policy: Policy) -> None:
    """Content signed for another axis is not replayed here."""
    if audience != policy.axis:
        raise WrongAudience(found=audience, expected=policy.axis)


def check_created(created_at: datetime, now: datetime, policy: Policy) -> None:
    """The signer's clock agrees with the axis's, and the content is not stale."""
    if created_at > now + policy.max_clock_ahead:
        limit = policy.max_clock_ahead
    elif created_at < now - policy.max_age:
        limit = policy.max_age
    else:
        return
    raise ClockSkew(
        field="created_at",
        found=format_vietnam(created_at),
        limit=str(limit),
        now=format_vietnam(now),
    )


def acting_organ(organ: OrganId, caller: Caller, directory: Directory) -> str:
    """Canonical code of *organ*, if the caller may act for it (QĐ 52/2019 Đ6.3).

    Raises:
        SenderMismatch: the caller is neither the organisation nor its contact point; an unknown
            organisation is answered alike.
    """
    try:
        canonical = directory.resolve(organ).organ_id
    except OrganisationUnknown:
        raise SenderMismatch(caller=caller.organ, organ=str(organ)) from None
    if not may_act(caller, str(canonical), directory):
        raise SenderMismatch(caller=caller.organ, organ=str(organ))
    return str(canonical)


def check_signer(
    signer: str, organ: str, caller: Caller, credentials: Credentials, moment: Moment
) -> None:
    """The signing certificate is bound to *organ* or to the caller, at the moment of the entry.

    Judged here and not when the envelope came in: what ended in between is not recorded.

    Raises:
        CredentialUnknown, CredentialRevoked, CredentialExpired: it may not sign now.
        SenderMismatch: it is bound to another organisation.
    """
    holder = credentials.find(signer, Use.SIGNING, moment.now).organ_id
    if holder not in {organ, caller.organ}:
        raise SenderMismatch(caller=holder, organ=organ)


def may_act(caller: Caller, organ: str, directory: Directory) -> bool:
    """Whether the caller is the organisation, or the office that serves it."""
    return organ == caller.organ or directory.acts_for(OrganId(caller.organ), OrganId(organ))


def with_contact_points(organs: tuple[str, ...], directory: Directory) -> tuple[str, ...]:
    """The organisations and the offices that send and receive for them, each once."""
    found = dict.fromkeys(organs)
    for organ in organs:
        for office in directory.contact_points_of(OrganId(organ)):
            found.setdefault(str(office))
    return tuple(found)
