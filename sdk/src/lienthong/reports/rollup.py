"""Whose counts a report of an organisation takes in: its own, and those of what it took over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from lienthong.errors import OrganisationUnknown
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory


def heirs(directory: Directory, on: date) -> Mapping[OrganId, OrganId]:
    """The one successor of each organisation that is closed on a day.

    What was split has several, and its counts cannot be divided: they stay its own.
    """
    found = {}
    for organisation in directory.organisations:
        if organisation.open_on(on) or not organisation.successors:
            continue
        try:
            current = directory.current(organisation.organ_id, on)
        except OrganisationUnknown:
            continue
        if len(current) == 1:
            found[organisation.organ_id] = current[0].organ_id
    return MappingProxyType(found)


def with_predecessors(
    organs: Iterable[OrganId], successor_of: Mapping[OrganId, OrganId]
) -> frozenset[OrganId]:
    """The organisations and all that they succeeded, over any number of steps."""
    found = set(organs)
    while new := {old for old, heir in successor_of.items() if heir in found} - found:
        found |= new
    return frozenset(found)


def with_units(organ: OrganId, directory: Directory, on: date) -> frozenset[OrganId]:
    """An organisation and all that are under it on a day in Vietnam.

    Raises:
        OrganisationUnknown: the directory does not know it.
    """
    found = {directory.resolve(organ).organ_id}
    parents = {
        unit.organ_id: directory.resolve(above).organ_id
        for unit in directory.organisations
        if (above := unit.parent_on(on)) is not None and above in directory
    }
    while new := {unit for unit, parent in parents.items() if parent in found} - found:
        found |= new
    return frozenset(found)


def stands_under(unit: OrganId, organ: OrganId, directory: Directory, on: date) -> bool:
    """Whether a unit is an organisation, is under it on a day in Vietnam, or has ended into it.

    Also by way of others, that have ended into it together with all that was under them.
    """
    waiting, seen = [unit], set[OrganId]()
    while waiting:
        code = waiting.pop()
        if code not in directory:
            continue
        found = directory.resolve(code)
        if organ in found.all_codes():
            return True
        if found.organ_id in seen:
            continue
        seen.add(found.organ_id)
        above = found.parent_on(on)
        waiting += [] if above is None else [above]
        waiting += found.successors if found.ended_by(on) else ()
    return False
