"""What a reorganisation means in practice: what goes where from its day on, and what is left to do.

Pure: it compares the directory before and after, so that a dry run and the real thing say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from attrs import frozen

from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation, OrganLink
from lienthong.model.time import vietnam_date
from lienthong_node.core.credentials import Credential, Credentials, Use
from lienthong_node.core.law import Law


@frozen(kw_only=True)
class Route:
    """What changes for one organisation on the day."""

    organ_id: OrganId
    name: str
    """Its name on the day; the last one of what has ended."""

    begins: bool
    ends: bool
    successors: tuple[OrganId, ...]
    """Who takes running deliveries, reports and old records over; open ones only."""

    forwarded_until: date | None
    """First day on which a new document to its codes is refused; None for at once."""

    parent: OrganId | None
    contact_points: tuple[OrganId, ...]
    """Who sends and receives for it, or for what was its."""

    serves: tuple[OrganLink, ...]
    """The bodies for which it begins to send and receive on the day."""

    lapsed: tuple[str, ...]
    """Fingerprints of signing certificates that sign nothing from the day on."""


def routes(
    changed: Iterable[Organisation],
    before: Directory,
    after: Directory,
    credentials: Credentials,
    *,
    day: date,
    law: Law,
) -> tuple[Route, ...]:
    """What changes for each organisation that a reorganisation touches.

    Args:
        changed: these organisations.
        before: the directory without it.
        after: the directory with it.
        credentials: all certificates.
        day: the first day of the new structure.
        law: says for how long documents to closed codes are forwarded.
    """
    return tuple(_route(one, before, after, credentials, day, law) for one in changed)


def _route(
    organisation: Organisation,
    before: Directory,
    after: Directory,
    credentials: Credentials,
    day: date,
    law: Law,
) -> Route:
    organ_id, ends = organisation.organ_id, organisation.ended_by(day)
    heirs = tuple(heir.organ_id for heir in after.current(organ_id, day)) if ends else ()
    served = heirs if ends else (organ_id,)
    grace = law.closed_code_grace(str(organ_id), after, day)
    points = (point for one in served for point in after.contact_points_of(one, day))
    return Route(
        organ_id=organ_id,
        name=organisation.name_on(day),
        begins=organ_id not in before,
        ends=ends,
        successors=heirs,
        forwarded_until=day + grace if len(heirs) == 1 and grace else None,
        parent=organisation.parent_on(day),
        contact_points=tuple(dict.fromkeys(points)),
        serves=tuple(link for link in organisation.acting_for if link.valid_from == day),
        lapsed=tuple(one.fingerprint for one in _signing(credentials, organ_id, day))
        if ends
        else (),
    )


def left_to_do(
    found: Iterable[Route],
    before: Directory,
    after: Directory,
    credentials: Credentials,
    *,
    day: date,
    today: date,
) -> tuple[str, ...]:
    """What no plan does by itself: certificates, bodies without a contact point or a parent."""
    known = tuple(found)
    needed = dict.fromkeys(one.organ_id for one in known if one.begins)
    needed |= dict.fromkeys(heir for one in known for heir in one.successors)
    return (
        *_certificates(needed, after, credentials, max(day, today)),
        *(_revoke(one) for one in known if one.lapsed),
        *(_choose(one) for one in known if len(one.successors) > 1),
        *_orphans(known, after, day),
        *_unserved(before, after, day),
        *([_late(day, today)] if day < today else []),
    )


def _signing(credentials: Credentials, organ_id: OrganId, day: date) -> tuple[Credential, ...]:
    """Its signing certificates that are still good on a day."""
    return tuple(
        one
        for one in credentials.of(str(organ_id))
        if one.use is Use.SIGNING and one.revoked_at is None and vietnam_date(one.not_after) >= day
    )


def _certificates(
    needed: Iterable[OrganId], after: Directory, credentials: Credentials, day: date
) -> Iterator[str]:
    for organ in needed:
        offices = after.contact_points_of(organ, day)
        if not any(_signing(credentials, one, day) for one in (organ, *offices)):
            yield f"issue certificates to {organ}: it has none, nor has a contact point of it"


def _revoke(route: Route) -> str:
    return (
        f"revoke the certificates of {route.organ_id} when its system is switched off;"
        " until then it reads, and signs nothing"
    )


def _choose(route: Route) -> str:
    named = ", ".join(map(str, route.successors))
    return f"tell senders to choose for {route.organ_id}: nothing is forwarded to one of {named}"


def _orphans(known: Iterable[Route], after: Directory, day: date) -> Iterator[str]:
    """Organisations that go on under one that has ended."""
    ended = {one.organ_id for one in known if one.ends}
    for organisation in after.organisations:
        parent = organisation.parent_on(day)
        if parent is not None and organisation.open_on(day):
            above = after.resolve(parent).organ_id
            if above in ended:
                yield f"move {organisation.organ_id}: {above} above it has ended"


def _unserved(before: Directory, after: Directory, day: date) -> Iterator[str]:
    """Bodies that had a contact point the day before, and have none on the day."""
    for organisation in after.organisations:
        organ = organisation.organ_id
        had = before.contact_points_of(organ, day - timedelta(days=1)) if organ in before else ()
        if had and organisation.open_on(day) and not after.contact_points_of(organ, day):
            yield f"name a contact point of {organ}: {', '.join(map(str, had))} has ended"


def _late(day: date, today: date) -> str:
    return (
        f"what was recorded from {day} to {today} stays with the organisations that it was"
        " recorded for"
    )
