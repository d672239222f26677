"""Organisations with their names and codes over time (regulations §6, §10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from attrs import field, frozen

from lienthong.errors import CodeTaken, OrganisationUnknown
from lienthong.model.checks import a, as_tuple, many, maybe, refuse, text, whole
from lienthong.model.folding import folded
from lienthong.model.ids import OrganId, OrganScheme

MAX_LEVEL: Final = 9
MAX_BODIES: Final = 5000
"""Bodies that one contact point may serve."""


@frozen(kw_only=True)
class OrganCode:
    """A code that an organisation answers to, in one scheme, for some time."""

    scheme: OrganScheme = field(validator=a(OrganScheme))
    value: OrganId = field(validator=a(OrganId))
    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it is no longer in force; None while it is."""

    def __attrs_post_init__(self) -> None:
        _check_period(self, self.valid_from, self.valid_to)


@frozen(kw_only=True)
class OrganName:
    """A name that an organisation has had for some time."""

    value: str = field(validator=text(200, required=True, clause="NĐ 30/2020 PL VI 7"))
    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it is no longer in use; None while it is."""

    def __attrs_post_init__(self) -> None:
        _check_period(self, self.valid_from, self.valid_to)


@frozen(kw_only=True)
class Organisation:
    """An organisation of the directory (QĐ 52/2019 Đ6.3; QCVN 102; QĐ 20/2020)."""

    organ_id: OrganId = field(validator=a(OrganId))
    """Canonical code: the one under which it was first entered."""

    codes: tuple[OrganCode, ...] = field(
        default=(), converter=as_tuple, validator=many(OrganCode, most=50)
    )
    """Every code, the canonical one included or not."""

    names: tuple[OrganName, ...] = field(
        converter=as_tuple, validator=many(OrganName, least=1, most=50)
    )
    level: int = field(default=0, validator=whole(0, MAX_LEVEL))
    """1 is a ministry or province; 0 when not known."""

    parent: OrganId | None = field(default=None, validator=maybe(OrganId))
    in_charge: str = field(default="", validator=text(200))
    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it no longer exists; None while it exists."""

    successors: tuple[OrganId, ...] = field(
        default=(), converter=as_tuple, validator=many(OrganId, most=50)
    )
    """Canonical codes of the organisations that took over."""

    contact_point_of: tuple[OrganId, ...] = field(
        default=(), converter=as_tuple, validator=many(OrganId, most=MAX_BODIES)
    )
    """Bodies for which this organisation's office sends and receives (QĐ 52/2019 Đ6.3)."""

    version: int = field(default=0, validator=whole(0, 2**63 - 1))
    """Directory version of its last change."""

    def __attrs_post_init__(self) -> None:
        _check_period(self, self.valid_from, self.valid_to)

    def all_codes(self) -> tuple[OrganId, ...]:
        """The canonical code and every alias, each once."""
        return tuple(dict.fromkeys((self.organ_id, *(code.value for code in self.codes))))

    def name_on(self, day: date) -> str:
        """Its name on a day in Vietnam; the newest one when no period covers the day."""
        for name in self.names:
            if _covers(name.valid_from, name.valid_to, day):
                return name.value
        return self.names[-1].value

    def open_on(self, day: date) -> bool:
        """Whether it exists on a day in Vietnam."""
        return _covers(self.valid_from, self.valid_to, day)


@frozen
class Directory:
    """All organisations of an axis at one version; looks codes and names up.

    Raises:
        CodeTaken: two organisations claim one code.
    """

    organisations: tuple[Organisation, ...] = field(
        default=(), converter=as_tuple, validator=many(Organisation, most=1_000_000)
    )
    _by_code: dict[OrganId, Organisation] = field(init=False, repr=False, eq=False)
    _offices: dict[OrganId, tuple[OrganId, ...]] = field(init=False, repr=False, eq=False)
    _folded: tuple[tuple[str, Organisation], ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        by_code: dict[OrganId, Organisation] = {}
        for organisation in self.organisations:
            for code in organisation.all_codes():
                holder = by_code.setdefault(code, organisation)
                if holder is not organisation:
                    raise CodeTaken(organ=str(code), holder=str(holder.organ_id))
        object.__setattr__(self, "_by_code", by_code)
        object.__setattr__(self, "_offices", _offices(self.organisations, by_code))
        object.__setattr__(self, "_folded", tuple(_folded_rows(self.organisations)))

    def __len__(self) -> int:
        return len(self.organisations)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def resolve(self, code: OrganId) -> Organisation:
        """The organisation that has this code or had it.

        Raises:
            OrganisationUnknown: no organisation has it.
        """
        try:
            return self._by_code[code]
        except KeyError:
            raise OrganisationUnknown(organ=str(code)) from None

    def current(self, code: OrganId, on: date) -> tuple[Organisation, ...]:
        """The organisations to address on a day: itself while open, otherwise its successors.

        Returns:
            In the order in which successors are named; empty when all of them are closed too.

        Raises:
            OrganisationUnknown: no organisation has the code.
        """
        found: dict[OrganId, Organisation] = {}
        seen: set[OrganId] = set()
        waiting = [self.resolve(code)]
        while waiting:
            organisation = waiting.pop(0)
            if organisation.organ_id in seen:
                continue
            seen.add(organisation.organ_id)
            if organisation.open_on(on):
                found[organisation.organ_id] = organisation
            else:
                waiting.extend(self.resolve(heir) for heir in organisation.successors)
        return tuple(found.values())

    def acts_for(self, organ: OrganId, other: OrganId) -> bool:
        """Whether *organ* is *other* or its contact point (QĐ 52/2019 Đ6.3).

        Raises:
            OrganisationUnknown: one of the codes is not known.
        """
        mine, theirs = self.resolve(organ), self.resolve(other)
        if mine.organ_id == theirs.organ_id:
            return True
        return not set(theirs.all_codes()).isdisjoint(mine.contact_point_of)

    def served_by(self, office: OrganId) -> tuple[OrganId, ...]:
        """Canonical codes of *office* and of the bodies whose contact point it is (Đ6.3).

        Raises:
            OrganisationUnknown: its code is not known.
        """
        found = self.resolve(office)
        bodies = (self._by_code.get(code) for code in found.contact_point_of)
        known = [body.organ_id for body in bodies if body is not None]
        return tuple(dict.fromkeys([found.organ_id, *known]))

    def contact_points_of(self, body: OrganId) -> tuple[OrganId, ...]:
        """Canonical codes of the organisations whose office serves *body* (QĐ 52/2019 Đ6.3)."""
        return self._offices.get(body, ())

    def search(self, text: str) -> tuple[Organisation, ...]:
        """Organisations whose names or codes contain every word; case and marks do not matter."""
        words = folded(text).split()
        return tuple(
            organisation
            for line, organisation in self._folded
            if all(word in line for word in words)
        )


def _offices(
    organisations: Iterable[Organisation], by_code: Mapping[OrganId, Organisation]
) -> dict[OrganId, tuple[OrganId, ...]]:
    """Contact points by the canonical code of the body that they serve."""
    offices: dict[OrganId, tuple[OrganId, ...]] = {}
    for organisation in organisations:
        for code in organisation.contact_point_of:
            body = by_code[code].organ_id if code in by_code else code
            offices[body] = (*offices.get(body, ()), organisation.organ_id)
    return offices


def _folded_rows(organisations: Iterable[Organisation]) -> Iterator[tuple[str, Organisation]]:
    for organisation in organisations:
        codes = " ".join(map(str, organisation.all_codes()))
        names = " ".join(name.value for name in organisation.names)
        yield folded(f"{codes} {names}"), organisation


def _covers(start: date | None, end: date | None, day: date) -> bool:
    return (start is None or start <= day) and (end is None or day < end)


def _check_period(instance: object, start: date | None, end: date | None) -> None:
    if start is not None and end is not None and end < start:
        expected = f"a day not before {start.isoformat()}"
        raise refuse(instance, "valid_to", found=end.isoformat(), expected=expected)
