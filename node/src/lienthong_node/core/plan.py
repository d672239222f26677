"""A reorganisation as it was decided: what begins, ends, is renamed or moves on one day."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from lienthong.model.ids import OrganId


@frozen(kw_only=True)
class Founding:
    """An organisation that begins on the day."""

    code: OrganId
    name: str
    aliases: tuple[OrganId, ...] = ()
    level: int = 0
    parent: OrganId | None = None
    in_charge: str = ""


@frozen(kw_only=True)
class Merge:
    """Organisations that end on the day; one other takes all of them over."""

    sources: tuple[OrganId, ...]
    into: OrganId


@frozen(kw_only=True)
class Split:
    """An organisation that ends on the day; several others share what it had."""

    source: OrganId
    into: tuple[OrganId, ...]


@frozen(kw_only=True)
class Rename:
    """An organisation that goes on under another name, or also under another code.

    Under another code it is a new organisation that takes the old one over: a closed code is never
    used again, and what was signed under it keeps it (regulations §10).
    """

    organ: OrganId
    name: str = ""
    code: OrganId | None = None


@frozen(kw_only=True)
class Move:
    """Organisations that come under another one.

    Where nothing was known above one, the other stands there at once: nothing is routed by it.
    """

    organs: tuple[OrganId, ...]
    under: OrganId


@frozen(kw_only=True)
class ContactPoint:
    """An office that sends and receives for bodies from the day on (QĐ 52/2019 Đ6.3)."""

    office: OrganId
    bodies: tuple[OrganId, ...]
    until: date | None = None
    """First day on which it no longer does."""


@frozen(kw_only=True)
class Plan:
    """A reorganisation on one day in Vietnam."""

    title: str
    basis: str
    """The decision that orders it."""

    effective: date
    """First day of the new structure."""

    found: tuple[Founding, ...] = ()
    merge: tuple[Merge, ...] = ()
    split: tuple[Split, ...] = ()
    rename: tuple[Rename, ...] = ()
    move: tuple[Move, ...] = ()
    contact_point: tuple[ContactPoint, ...] = ()
