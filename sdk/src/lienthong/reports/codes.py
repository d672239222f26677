"""R6: what happened to the codes of organisations (QĐ 52/2019 Đ12.1; QĐ 20/2020).

A directory says what is when, and is corrected. So each state of an organisation is taken as a list
of events with their days, and what an entry of the journal adds to that list, or takes from it, is
what it changed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from attrs import evolve, field, frozen

from lienthong.model.ids import OrganId
from lienthong.model.organisation import Organisation
from lienthong.model.time import vietnam_date


class CodeEvent(enum.Enum):
    """What happens to a code, or to the organisation that has it."""

    OPENED = "OPENED"
    CLOSED = "CLOSED"
    RENAMED = "RENAMED"
    MOVED = "MOVED"
    """Under another organisation."""

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


_LABELS: Final = {
    CodeEvent.OPENED: "Cấp mã",
    CodeEvent.CLOSED: "Đóng mã",
    CodeEvent.RENAMED: "Đổi tên",
    CodeEvent.MOVED: "Đổi cơ quan cấp trên",
}


@frozen(kw_only=True)
class State:
    """An organisation as an entry of the journal left it."""

    organisation: Organisation
    entered_at: datetime
    entry: int
    """Index of the journal entry."""


@frozen(kw_only=True)
class CodeChange:
    """One line of the report."""

    event: CodeEvent
    organ_id: OrganId
    """Canonical code of the organisation."""

    code: OrganId
    """The code that it is about."""

    effective: date | None = None
    """From which day in Vietnam on; None where no day was entered."""

    before: str = ""
    """Name, or code of the organisation above it, until then."""

    after: str = ""
    successors: tuple[OrganId, ...] = ()
    """Who took over, when the organisation itself ended."""

    name: str = field(default="", eq=False)
    """What the organisation is called that day."""

    entered_at: datetime | None = field(default=None, eq=False)
    entry: int = field(default=0, eq=False)
    withdrawn: bool = field(default=False, eq=False)
    """The entry says that it does not happen, or otherwise: what was entered before was wrong."""

    @property
    def counts_on(self) -> date:
        """The day from which it is both in force and entered: so each change is reported once."""
        entered = self._entered_on
        return entered if self.withdrawn else max(entered, self.effective or entered)

    @property
    def day(self) -> date:
        """When it happens; without a day of its own, when it was entered."""
        return self.effective or self._entered_on

    @property
    def _entered_on(self) -> date:
        return date.min if self.entered_at is None else vietnam_date(self.entered_at)


def code_changes(states: Iterable[State]) -> Iterator[CodeChange]:
    """What each state changed.

    Args:
        states: of any organisations, in the order of the journal.
    """
    known: dict[OrganId, Organisation] = {}
    for state in states:
        new = state.organisation
        old = known.get(new.organ_id)
        known[new.organ_id] = new
        before = () if old is None else tuple(_events(old))
        after = tuple(_events(new))
        taken_back = [evolve(one, withdrawn=True) for one in before if one not in after]
        added = [one for one in after if one not in before]
        corrected = [] if old is None else list(_corrections(old, new))
        for change in (*taken_back, *added, *corrected):
            yield evolve(change, entered_at=state.entered_at, entry=state.entry)


def _events(organisation: Organisation) -> Iterator[CodeChange]:
    """What a state says happens, ever."""
    for code, start, end in _periods(organisation):
        yield _event(organisation, CodeEvent.OPENED, start, code=code)
        if end is not None:
            heirs = organisation.successors if end == organisation.valid_to else ()
            yield _event(organisation, CodeEvent.CLOSED, end, code=code, successors=heirs)
    for (_, before), (day, after) in pairwise(_names(organisation)):
        yield _event(organisation, CodeEvent.RENAMED, day, before=before, after=after)
    for (_, before), (day, after) in pairwise(_parents(organisation)):
        yield _event(organisation, CodeEvent.MOVED, day, before=before, after=after)


def _corrections(old: Organisation, new: Organisation) -> Iterator[CodeChange]:
    """A first name or parent that is another one now: no day of the state tells that."""
    for event, of in ((CodeEvent.RENAMED, _names), (CodeEvent.MOVED, _parents)):
        before, after = of(old)[0][1], of(new)[0][1]
        if before != after:
            yield _event(new, event, None, before=before, after=after)


def _event(
    organisation: Organisation, event: CodeEvent, day: date | None, **fields: Any
) -> CodeChange:
    name = organisation.names[0].value if day is None else organisation.name_on(day)
    own = organisation.organ_id
    values = {"organ_id": own, "code": own, "effective": day, "name": name} | fields
    return CodeChange(event=event, **values)


def _periods(organisation: Organisation) -> Iterator[tuple[OrganId, date | None, date | None]]:
    """Each code with the times in which it is good: for as long as its organisation at most."""
    for code in organisation.all_codes():
        dated = [(one.valid_from, one.valid_to) for one in organisation.codes if one.value == code]
        for start, end in dated or [(None, None)]:
            first = max(filter(None, (organisation.valid_from, start)), default=None)
            last = min(filter(None, (organisation.valid_to, end)), default=None)
            if first is None or last is None or first < last:
                yield code, first, last


def _names(organisation: Organisation) -> list[tuple[date | None, str]]:
    """Its names in order, each with its first day."""
    names = [(one.valid_from, one.value) for one in organisation.names]
    return sorted(names, key=lambda name: name[0] or date.min)


def _parents(organisation: Organisation) -> list[tuple[date | None, str]]:
    """What was above it, in order, each with its first day."""
    former = sorted(organisation.former_parents, key=lambda link: link.valid_to or date.max)
    found: list[tuple[date | None, str]] = []
    start: date | None = None
    for link in former:
        found.append((start, str(link.organ_id)))
        start = link.valid_to
    return [*found, (start, str(organisation.parent or ""))]
