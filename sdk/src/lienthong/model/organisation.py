"""Organisations with their names and codes over time (regulations §6, §10)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from attrs import field, frozen

from lienthong.errors import CodeTaken, OrganisationUnknown
from lienthong.model.checks import a, as_tuple, many, maybe, text, whole
from lienthong.model.folding import folded
from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.lookup import folded_rows, make_room, predecessors, remembered
from lienthong.model.periods import check_period, covers

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
        check_period(self, self.valid_from, self.valid_to)


@frozen(kw_only=True)
class OrganName:
    """A name that an organisation has had for some time."""

    value: str = field(validator=text(200, required=True, clause="NĐ 30/2020 PL VI 7"))
    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it is no longer in use; None while it is."""

    def __attrs_post_init__(self) -> None:
        check_period(self, self.valid_from, self.valid_to)


@frozen(kw_only=True)
class OrganLink:
    """Another organisation, for some time."""

    organ_id: OrganId = field(validator=a(OrganId))
    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it no longer holds; None while it does."""

    def __attrs_post_init__(self) -> None:
        check_period(self, self.valid_from, self.valid_to)


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
    """The organisation above it, where no former one covers the day."""

    former_parents: tuple[OrganLink, ...] = field(
        default=(), converter=as_tuple, validator=many(OrganLink, most=50)
    )
    """The organisations that were above it before, until it moved."""

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

    acting_for: tuple[OrganLink, ...] = field(
        default=(), converter=as_tuple, validator=many(OrganLink, most=MAX_BODIES)
    )
    """Bodies for which it does so only for some time."""

    version: int = field(default=0, validator=whole(0, 2**63 - 1))
    """Directory version of its last change."""

    def __attrs_post_init__(self) -> None:
        check_period(self, self.valid_from, self.valid_to)

    def all_codes(self) -> tuple[OrganId, ...]:
        """The canonical code and every alias, each once."""
        return tuple(dict.fromkeys((self.organ_id, *(code.value for code in self.codes))))

    def name_on(self, day: date) -> str:
        """Its name on a day in Vietnam; the newest one when no period covers the day."""
        for name in self.names:
            if covers(name.valid_from, name.valid_to, day):
                return name.value
        return self.names[-1].value

    def open_on(self, day: date) -> bool:
        """Whether it exists on a day in Vietnam."""
        return covers(self.valid_from, self.valid_to, day)

    def ended_by(self, day: date) -> bool:
        """Whether it existed before a day in Vietnam, and no longer does."""
        return self.valid_to is not None and self.valid_to <= day

    def parent_on(self, day: date) -> OrganId | None:
        """The organisation above it on a day in Vietnam."""
        for former in self.former_parents:
            if covers(former.valid_from, former.valid_to, day):
                return former.organ_id
        return self.parent

    def code_period(self, code: OrganId, on: date) -> tuple[date | None, date | None]:
        """From which day, and until before which, a code of it may be written to.

        A code is good for as long as its organisation at most (regulations §10). Of several periods
        of one code the last that has begun by a day in Vietnam counts, otherwise the first to come.
        """
        dated = [(one.valid_from, one.valid_to) for one in self.codes if one.value == code]
        periods = [
            (
                max((day for day in (self.valid_from, start) if day is not None), default=None),
                min((day for day in (self.valid_to, end) if day is not None), default=None),
            )
            for start, end in dated or [(None, None)]
        ]
        begun = [period for period in periods if period[0] is None or period[0] <= on]
        if begun:
            return max(begun, key=lambda period: period[1] or date.max)
        return min(periods, key=lambda period: period[0] or date.min)

    def codes_on(self, day: date) -> tuple[OrganId, ...]:
        """The codes under which it may be written to on a day in Vietnam."""
        return tuple(code for code in self.all_codes() if covers(*self.code_period(code, day), day))


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
    _offices: dict[OrganId, tuple[_Duty, ...]] = field(init=False, repr=False, eq=False)
    _predecessors: dict[OrganId, tuple[Organisation, ...]] = field(init=False, repr=False, eq=False)
    _folded: tuple[tuple[str, Organisation], ...] = field(init=False, repr=False, eq=False)
    _heirs: dict[tuple[OrganId, date], tuple[Organisation, ...]] = field(
        init=False, repr=False, eq=False, factory=dict
    )
    _open: dict[tuple[OrganId, date], bool] = field(init=False, repr=False, eq=False, factory=dict)
    _acting: dict[tuple[OrganId, date], tuple[OrganId, ...]] = field(
        init=False, repr=False, eq=False, factory=dict
    )

    def __attrs_post_init__(self) -> None:
        by_code: dict[OrganId, Organisation] = {}
        for organisation in self.organisations:
            for code in organisation.all_codes():
                holder = by_code.setdefault(code, organisation)
                if holder is not organisation:
                    raise CodeTaken(organ=str(code), holder=str(holder.organ_id))
        object.__setattr__(self, "_by_code", by_code)
        object.__setattr__(self, "_offices", _offices(self.organisations, by_code))
        object.__setattr__(self, "_predecessors", predecessors(self.organisations, by_code))
        object.__setattr__(self, "_folded", tuple(folded_rows(self.organisations)))

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

    def is_open(self, code: OrganId, on: date) -> bool:
        """Whether an organisation may be written to under a code on a day in Vietnam.

        Raises:
            OrganisationUnknown: no organisation has the code.
        """
        return remembered(self._open, (code, on), lambda: code in self.resolve(code).codes_on(on))

    def current(self, code: OrganId, on: date) -> tuple[Organisation, ...]:
        """The organisations to address on a day: itself while open, otherwise its successors.

        Returns:
            In the order in which successors are named; empty when all of them are closed too.

        Raises:
            OrganisationUnknown: no organisation has the code.
        """
        make_room(self._heirs)
        organisation, passed = self.resolve(code), dict[tuple[OrganId, date], None]()
        while (key := (organisation.organ_id, on)) not in self._heirs and key not in passed:
            passed[key] = None
            if not organisation.ended_by(on) or len(organisation.successors) != 1:
                break
            organisation = self.resolve(organisation.successors[0])
        heirs = self._heirs.get(key)
        if heirs is None:
            heirs = tuple(one for one in self.line_of(key[0], on) if one.open_on(on))
        # All that ended into one another have the same heirs: a long line is walked but once.
        self._heirs.update(dict.fromkeys(passed, heirs))
        return heirs

    def line_of(self, code: OrganId, on: date) -> tuple[Organisation, ...]:
        """An organisation and all that took over from it by a day, also what has ended since.

        Raises:
            OrganisationUnknown: no organisation has the code.
        """
        found: dict[OrganId, Organisation] = {}
        waiting = deque([self.resolve(code)])
        while waiting:
            organisation = waiting.popleft()
            if found.setdefault(organisation.organ_id, organisation).ended_by(on):
                waiting.extend(
                    heir
                    for heir in map(self.resolve, organisation.successors)
                    if heir.organ_id not in found
                )
        return tuple(found.values())

    def successor_of(self, code: OrganId, on: date) -> Organisation:
        """The organisation under which statistics count a code in the structure of a day.

        Itself while it exists, afterwards what took it over. What several have taken over cannot
        be divided among them, and what nobody has must not be lost: both stay themselves.

        Raises:
            OrganisationUnknown: no organisation has the code.
        """
        current = self.current(code, on)
        return current[0] if len(current) == 1 else self.resolve(code)

    def acts_for(self, organ: OrganId, other: OrganId, on: date) -> bool:
        """Whether *organ* is *other*, or one of its representatives on a day in Vietnam.

        Raises:
            OrganisationUnknown: one of the codes is not known.
        """
        mine, theirs = self.resolve(organ).organ_id, self.resolve(other).organ_id
        return mine == theirs or mine in self.representatives_of(theirs, on)

    def representatives_of(self, body: OrganId, on: date) -> tuple[OrganId, ...]:
        """Canonical codes of who else acts for *body* on a day in Vietnam.

        Its contact points (QĐ 52/2019 Đ6.3); once it has ended its successors and theirs instead,
        to whom its rights and duties about old documents pass (regulations §10).
        """
        return remembered(self._acting, (body, on), lambda: self._representatives_of(body, on))

    def _representatives_of(self, body: OrganId, on: date) -> tuple[OrganId, ...]:
        organisation = self._by_code.get(body)
        if organisation is None or not organisation.ended_by(on):
            return self.contact_points_of(body, on)
        heirs = [heir.organ_id for heir in self.current(body, on)]
        acting = (one for heir in heirs for one in (heir, *self.contact_points_of(heir, on)))
        return tuple(dict.fromkeys(acting))

    def represented_by(self, organ: OrganId, on: date) -> tuple[OrganId, ...]:
        """Canonical codes of *organ* and of all that it acts for on a day in Vietnam.

        Raises:
            OrganisationUnknown: its code is not known.
        """
        found = self.resolve(organ)
        own = (found.organ_id, *self._bodies(found, on))
        heirs = [one for one in own if self._by_code[one].open_on(on)]
        ended = (code for heir in heirs for code in self._ended_into(heir, on))
        return tuple(dict.fromkeys((*own, *ended)))

    def contact_points_of(self, body: OrganId, on: date) -> tuple[OrganId, ...]:
        """Canonical codes of the organisations whose office serves *body* on a day (Đ6.3).

        None once it has ended: then its successors act for it, and their offices.
        """
        organisation = self._by_code.get(body)
        if organisation is not None and organisation.ended_by(on):
            return ()
        return tuple(
            dict.fromkeys(
                duty.office.organ_id
                for duty in self._offices.get(body, ())
                if covers(duty.link.valid_from, duty.link.valid_to, on) and duty.office.open_on(on)
            )
        )

    def _bodies(self, office: Organisation, on: date) -> Iterator[OrganId]:
        """Canonical codes of the bodies that an office serves."""
        if not office.open_on(on):
            return
        for link in _links(office):
            body = self._by_code.get(link.organ_id)
            if (
                body is not None
                and not body.ended_by(on)
                and covers(link.valid_from, link.valid_to, on)
            ):
                yield body.organ_id

    def _ended_into(self, heir: OrganId, on: date) -> Iterator[OrganId]:
        """All that had ended into *heir* by a day, also by way of others that have ended too."""
        chain, seen = list(self._predecessors.get(heir, ())), set[OrganId]()
        while chain:
            organisation = chain.pop(0)
            if organisation.organ_id not in seen and organisation.ended_by(on):
                seen.add(organisation.organ_id)
                chain.extend(self._predecessors.get(organisation.organ_id, ()))
                yield organisation.organ_id

    def search(self, text: str) -> tuple[Organisation, ...]:
        """Organisations whose names or codes contain every word; case and marks do not matter."""
        words = folded(text).split()
        return tuple(
            organisation
            for line, organisation in self._folded
            if all(word in line for word in words)
        )


@frozen
class _Duty:
    """An office that serves a body for some time."""

    office: Organisation
    link: OrganLink


def _links(office: Organisation) -> Iterator[OrganLink]:
    """The bodies that an office serves, each with its time."""
    for code in office.contact_point_of:
        yield OrganLink(organ_id=code)
    yield from office.acting_for


def _offices(
    organisations: Iterable[Organisation], by_code: Mapping[OrganId, Organisation]
) -> dict[OrganId, tuple[_Duty, ...]]:
    """Contact points by the canonical code of the body that they serve."""
    offices: dict[OrganId, tuple[_Duty, ...]] = {}
    for organisation in organisations:
        for link in _links(organisation):
            code = link.organ_id
            body = by_code[code].organ_id if code in by_code else code
            offices[body] = (*offices.get(body, ()), _Duty(organisation, link))
    return offices
