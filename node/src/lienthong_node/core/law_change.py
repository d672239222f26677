"""Changes of the law that the axis keeps: nothing is entered by which nobody could compute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Any

import attrs
from attrs import evolve, frozen

from lienthong.codec.json import dump
from lienthong.errors import InvalidValue, LawChanged
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.model.organisation import Directory
from lienthong.model.time import vietnam_date
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import SETTINGS, RuleSet
from lienthong.rules.sections.directory import Area
from lienthong_node.core.commands import PutLaw
from lienthong_node.core.decision import Accepted, Moment
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.law import WHOLE_AXIS, Kept, Law, Value, law_row, read_value, write_value


def decide_law(command: PutLaw, facts: RegistryFacts, moment: Moment) -> Accepted:
    """Enter or change a rule set or a calendar.

    Raises:
        OrganisationUnknown: the directory does not know whose it is to be.
        LawChanged, CalendarContradiction, InvalidValue, TooLarge: see ``LawChange.check``.
    """
    version = moment.directory_version + 1
    change = LawChange(
        wanted=entered(command.organ_id, command.value, facts.directory, version),
        before=facts.law,
        directory=facts.directory,
        today=vietnam_date(moment.now),
    )
    change.check(command.expected_version)
    wanted, row = change.wanted, law_row(change.wanted)
    envelope = dump(row)
    owner = OrganId(wanted.organ_id or command.caller.organ)
    return Accepted(
        body=DirectoryRecord(
            version=version,
            subject=wanted.subject.value,
            organ_id=owner,
            change_sha256=Sha256.of(envelope),
        ),
        subject_id=str(owner).encode(),
        envelope=envelope,
        parties=tuple(dict.fromkeys((str(owner), command.caller.organ))),
        law=row,
        law_after=change.after,
    )


def entered(organ_id: str, value: Value, directory: Directory, version: int = 0) -> Kept:
    """What will be kept: under the canonical code of whose it is, and needing no other rule set.

    Raises:
        OrganisationUnknown: the directory does not know the organisation.
    """
    owner = str(directory.resolve(OrganId(organ_id)).organ_id) if organ_id else WHOLE_AXIS
    alone = evolve(value, inherits="") if isinstance(value, RuleSet) else value
    return Kept(organ_id=owner, value=alone, version=version)


@frozen(kw_only=True)
class LawChange:
    """Something to enter, and the law without it and with it."""

    wanted: Kept
    before: Law
    directory: Directory
    today: date
    """The day in Vietnam."""

    @cached_property
    def after(self) -> Law:
        return self.before.after([self.wanted])

    @property
    def known(self) -> Kept | None:
        """What is kept under the same name."""
        return self.before.kept.get(self.wanted.key)

    @property
    def is_new(self) -> bool:
        """Whether it is not kept already, or something else in its place was entered later."""
        known = self.known
        if known is None or known.value != self.wanted.value:
            return True
        rivals = (kept for kept in self.before.kept.values() if kept.place == known.place)
        return any(kept.version > known.version for kept in rivals)

    def check(self, expected: int | None) -> None:
        """Nobody overwrites what they have not seen, and everybody can compute with it.

        Each calendar that it changes is laid out, on all days on which the law differs; those of
        others are not judged again.

        Args:
            expected: version of what is kept under its name, 0 for nothing; None for any.

        Raises:
            LawChanged: it is not at the version that was expected.
            TooLarge: its text is longer than what can be read.
            CalendarContradiction: with it, a working day has no hours, or two kinds of hours.
            InvalidValue: a calendar takes days away and does not cover today, has a base where
                none is above it, or leaves years between it and that of which neither speaks; a
                rule set names an organisation by another code than its own.
        """
        found = self.known.version if self.known is not None else 0
        if expected is not None and found != expected:
            raise LawChanged(name=self.wanted.value.name, found=found, expected=expected)
        value = self.wanted.value
        _check_text(self.wanted)
        if isinstance(value, RuleSet):
            _check_codes(value, self.directory)
        else:
            self._check_base(value)
            self._check_covers()
        self._check_calendars()

    def _check_base(self, table: CalendarTable) -> None:
        if not table.base:
            return
        if self.before.table_above(self.wanted.organ_id, self.directory, self.today) is None:
            expected = "no base: no calendar is above it"
            raise InvalidValue(field="calendar.base", found=table.base, expected=expected)

    def _check_covers(self) -> None:
        """One without today is let in where the one that is kept has no more days than it."""
        organ, directory, today = self.wanted.organ_id, self.directory, self.today
        known, table = (law.table(organ, directory, today) for law in (self.before, self.after))
        if table is None or known is None or table.first_year <= today.year <= table.last_year:
            return
        if table.first_year <= known.first_year and known.last_year <= table.last_year:
            return
        found = f"{table.first_year} to {table.last_year}"
        expected = f"years that include {today.year}"
        raise InvalidValue(field="calendar.last_year", found=found, expected=expected)

    def _check_calendars(self) -> None:
        for organ in _with_law_of_their_own(self.after):
            for day in _days(self.after, self.today):
                old = self.before.parts(organ, self.directory, day)
                new = self.after.parts(organ, self.directory, day)
                if new is None:
                    continue
                differs = old is None or old.key != new.key
                # What stays the same is laid out no more, only held on to.
                if differs or self.after.is_laid_out(new):
                    self.after.fitting_calendar(organ, self.directory, day)


def _check_text(wanted: Kept) -> None:
    """What is written is what will be read."""
    text = write_value(wanted.value)
    if write_value(read_value(wanted.subject, text)) != text:
        expected, found = "what its own text says", wanted.value.version
        raise InvalidValue(field=wanted.subject.value, found=found, expected=expected)


def check_named(law: Law, before: Directory, after: Directory) -> None:
    """No organisation gets another code under which a kept rule set names it.

    Raises:
        InvalidValue: one does; the rule set has to name it by its own code first.
    """
    for rules in _rule_sets(law):
        for key, code in _misnamed(rules, after):
            if (key, code) not in _misnamed(rules, before):
                raise _misnaming(f"{key} of {rules.name}", code, after)


def _check_codes(rules: RuleSet, directory: Directory) -> None:
    for key, code in _misnamed(rules, directory):
        raise _misnaming(key, code, directory)


def _misnaming(key: str, code: OrganId, directory: Directory) -> InvalidValue:
    expected = f"{directory.resolve(code).organ_id}, the code that the directory has for it"
    return InvalidValue(field=key, found=str(code), expected=expected)


def _misnamed(rules: RuleSet, directory: Directory) -> Iterator[tuple[str, OrganId]]:
    """Where another than the canonical code stands: whoever asks would find nothing there."""
    for key in SETTINGS:
        for code in _codes(rules[key]):
            if code in directory and directory.resolve(code).organ_id != code:
                yield key, code


def _codes(value: Any) -> Iterator[OrganId]:
    """The organisations that a setting names; areas are no organisations."""
    if isinstance(value, OrganId):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _codes(item)
    elif attrs.has(type(value)) and not isinstance(value, Area):
        for one in attrs.fields(type(value)):
            yield from _codes(getattr(value, one.name))


def _with_law_of_their_own(law: Law) -> Iterator[str]:
    """Whose calendar nobody else has."""
    organs = dict.fromkeys([WHOLE_AXIS, *(kept.organ_id for kept in law.kept.values())])
    for rules in _rule_sets(law):
        organs |= dict.fromkeys(str(own.organisation) for own in rules.office.own_hours)
    yield from organs


def _days(law: Law, today: date) -> Iterator[date]:
    """Today, and the days to come on which another rule set comes into force or ends."""
    ends = (day for rules in _rule_sets(law) for day in (rules.valid_from, rules.valid_to))
    yield from sorted({today, *(day for day in ends if day is not None and day > today)})


def _rule_sets(law: Law) -> Iterator[RuleSet]:
    return (kept.value for kept in law.kept.values() if isinstance(kept.value, RuleSet))
