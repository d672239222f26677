"""Checks that packages and reports have in common."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime
from typing import Protocol

from lienthong.errors import (
    ClockSkew,
    ClosedRecipient,
    ClosedSender,
    NotYetOpen,
    OrganisationUnknown,
    SenderMismatch,
    WrongAudience,
)
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import format_vietnam, vietnam_date
from lienthong_node.core.commands import Caller, ReportStatus, SubmitPackage
from lienthong_node.core.credentials import Credentials, Use
from lienthong_node.core.decision import Moment, Repeated
from lienthong_node.core.facts import ReportFacts, SubmitFacts
from lienthong_node.core.policy import Policy


class Registered(Protocol):
    """Facts that hold the directory and the credentials."""

    @property
    def directory(self) -> Directory: ...

    @property
    def credentials(self) -> Credentials: ...


def repeated(
    organ: OrganId, command: SubmitPackage | ReportStatus, facts: SubmitFacts | ReportFacts
) -> Repeated | None:
    """The entry of the very same bytes, for who could act for *organ* on the day of that entry.

    It tells them nothing new, so their rights of today do not matter: who lost a receipt gets it
    also when an organisation, or an office's time, has ended in between.
    """
    existing, day = facts.existing, facts.existing_on
    if existing is None or day is None or existing.payload_sha256 != command.payload_sha256:
        return None
    if organ not in facts.directory:
        return None
    canonical = str(facts.directory.resolve(organ).organ_id)
    could = may_act(command.caller, canonical, facts.directory, day)
    return Repeated(index=existing.index) if could else None


def holder(organ: OrganId, deliveries: Container[str], directory: Directory, on: date) -> str:
    """Canonical code under which a package has its delivery to an organisation.

    Its own; or, where the document was forwarded when it had ended, that of the successor.

    Args:
        organ: a code of the organisation, as the manifest names it.
        deliveries: canonical codes of who has a delivery of the package.
        directory: knows the successors.
        on: the day in Vietnam.

    Raises:
        OrganisationUnknown: no organisation has the code.
    """
    own, *heirs = (str(one.organ_id) for one in directory.line_of(organ, on))
    got = [heir for heir in heirs if heir in deliveries]
    return got[0] if own not in deliveries and len(got) == 1 else own


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


def check_open(
    code: OrganId, closed: type[ClosedRecipient | ClosedSender], directory: Directory, on: date
) -> None:
    """An organisation of the directory exists under this code on a day in Vietnam.

    Raises:
        ClosedRecipient, ClosedSender: it did; the codes to use instead are named.
        NotYetOpen: it will.
    """
    if directory.is_open(code, on):
        return
    organisation = directory.resolve(code)
    opens_on, closed_on = organisation.code_period(code, on)
    if closed_on is None or on < closed_on:
        raise NotYetOpen(organ=code, opens_on=opens_on)
    heirs = [heir for each in directory.current(code, on) for heir in each.codes_on(on)[:1]]
    raise closed(organ=code, closed_on=closed_on, successors=", ".join(map(str, heirs)) or "-")


def acting_organ(organ: OrganId, caller: Caller, directory: Directory, on: date) -> str:
    """Canonical code of *organ*, if the caller may act for it on a day in Vietnam.

    Raises:
        SenderMismatch: the caller is neither the organisation nor one of its representatives; an
            unknown organisation is answered alike.
    """
    try:
        canonical = directory.resolve(organ).organ_id
    except OrganisationUnknown:
        raise SenderMismatch(caller=caller.organ, organ=str(organ)) from None
    if not may_act(caller, str(canonical), directory, on):
        raise SenderMismatch(caller=caller.organ, organ=str(organ))
    return str(canonical)


def check_signer(
    signer: str, organ: str, caller: Caller, facts: Registered, moment: Moment
) -> None:
    """The signing certificate is bound to *organ* or to the caller, at the moment of the entry.

    Judged here and not when the envelope came in: what ended in between is not recorded. Nor does
    an organisation that has ended sign anything: its rights have passed to its successors.

    Raises:
        CredentialUnknown, CredentialRevoked, CredentialExpired: it may not sign now.
        SenderMismatch: it is bound to another organisation.
        ClosedSender: its organisation has ended.
        NotYetOpen: its organisation does not exist yet.
    """
    holder = facts.credentials.find(signer, Use.SIGNING, moment.now).organ_id
    if holder not in {organ, caller.organ}:
        raise SenderMismatch(caller=holder, organ=organ)
    if not facts.directory.resolve(OrganId(holder)).open_on(vietnam_date(moment.now)):
        check_open(OrganId(holder), ClosedSender, facts.directory, vietnam_date(moment.now))


def may_act(caller: Caller, organ: str, directory: Directory, on: date) -> bool:
    """Whether the caller is the organisation, or represents it on a day in Vietnam."""
    return organ == caller.organ or directory.acts_for(OrganId(caller.organ), OrganId(organ), on)


def with_representatives(
    organs: tuple[str, ...], directory: Directory, on: date
) -> tuple[str, ...]:
    """The organisations and who represents them on a day in Vietnam, each once."""
    found = dict.fromkeys(organs)
    for organ in organs:
        for other in directory.representatives_of(OrganId(organ), on):
            found.setdefault(str(other))
    return tuple(found)
