"""What is let in to the law that the axis keeps, what is not, and what a change costs."""

from __future__ import annotations

import gc
from datetime import date
from typing import Any

import pytest
from attrs import evolve

from lienthong.codec.json import load
from lienthong.errors import (
    CalendarContradiction,
    InputError,
    Internal,
    InvalidValue,
    LawChanged,
    OrganisationUnknown,
    TooLarge,
)
from lienthong.model.ids import OrganId
from lienthong.model.journal import DirectoryRecord
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.office import OwnHours
from lienthong.spi.records import LawRow
from lienthong_node import committer
from lienthong_node.core import law_change
from lienthong_node.core.commands import PutLaw
from lienthong_node.core.decision import Accepted
from lienthong_node.core.law import Kept, Law, Subject, read_value
from lienthong_node.core.law_change import LawChange, entered
from lienthong_node.stores import Recorded, registry_after
from node.tests import committing
from node.tests.due import VIETNAM_DAYS, Axis
from node.tests.laws import (
    DIRECTORY,
    FESTIVAL,
    OPERATOR,
    PROVINCE,
    STRICT,
    VIETNAM,
    WHOLE,
    change,
    crowded,
    laid_out,
    law,
    named,
    naming,
    own_days,
    put,
)
from node.tests.support import B_NEW_CODE, NOBODY, TODAY, A, B, C


class TestWhatIsNotLetIn:
    """Nothing is entered by which nobody could compute."""

    def test_somebody_unknown_has_no_law(self) -> None:
        with pytest.raises(OrganisationUnknown):
            put(VIETNAM, NOBODY)

    @pytest.mark.parametrize(("expected", "found"), [(0, 2), (1, 2), (99, 2)])
    def test_what_others_have_changed_is_not_overwritten(self, expected: int, found: int) -> None:
        with pytest.raises(LawChanged) as caught:
            put(VIETNAM, expected_version=expected)
        assert caught.value.facts == {"name": "vietnam", "found": found, "expected": expected}

    def test_a_new_one_is_expected_at_0(self) -> None:
        with pytest.raises(LawChanged):
            put(own_days(), B, expected_version=2)
        assert put(own_days(), B, expected_version=0).law is not None

    @pytest.mark.parametrize("years", [(2018, 2025), (2027, 2030)])
    def test_years_without_today(self, years: tuple[int, int]) -> None:
        table = own_days(base="", first_year=years[0], last_year=years[1])
        with pytest.raises(InvalidValue, match="2026"):
            put(table)

    @pytest.mark.parametrize("known", [law(("", PROVINCE)), Law()])
    def test_years_without_today_where_no_calendar_is_kept(self, known: Law) -> None:
        table = own_days(base="", first_year=2018, last_year=2025)
        assert put(table, known=known).law is not None

    def test_years_without_today_that_take_no_day_away(self) -> None:
        """What has ended is mended as it is: a day of it may still be counted."""
        table = own_days(base="", first_year=2018, last_year=2025)
        more = evolve(table, exceptions=[])
        assert put(more, known=law(("", PROVINCE), ("", table))).law is not None

    def test_years_of_which_nobody_speaks(self) -> None:
        with pytest.raises(InvalidValue, match="first_year"):
            put(own_days(first_year=2040, last_year=2041), B)

    @pytest.mark.parametrize(("organ", "known"), [("", WHOLE), (B, Law())])
    def test_a_base_where_nothing_is_above(self, organ: str, known: Law) -> None:
        with pytest.raises(InvalidValue, match="no base"):
            put(own_days(FESTIVAL), organ, known)

    def test_a_calendar_whose_text_nobody_could_read(self) -> None:
        with pytest.raises(TooLarge):
            put(crowded())

    @pytest.mark.parametrize("key", ["office.own_hours", "directory.not_ready", "paper.bodies"])
    def test_an_organisation_by_another_code_than_its_own(self, key: str) -> None:
        """Nobody would find what is said of it."""
        with pytest.raises(InvalidValue, match=B) as caught:
            put(naming(B_NEW_CODE, key))
        assert (caught.value.facts["field"], caught.value.facts["found"]) == (key, B_NEW_CODE)
        for code in (B, NOBODY):
            assert put(naming(code, key)).law is not None

    def test_a_working_day_without_hours(self) -> None:
        [hours] = PROVINCE.office.hours
        only = evolve(hours, valid_from=date(2026, 6, 1))
        with pytest.raises(CalendarContradiction, match="2018-01-02"):
            put(named("late", office=evolve(PROVINCE.office, hours=(only,))))

    def test_hours_of_one_organisation_that_contradict_its_calendar(self) -> None:
        [hours] = PROVINCE.office.hours
        monday = OwnHours(organisation=OrganId(C), hours=[evolve(hours, weekdays=(0,))])
        with pytest.raises(CalendarContradiction):
            put(named("some", office=evolve(PROVINCE.office, own_hours=(monday,))))

    def test_a_rule_set_that_contradicts_only_once_it_comes_into_force(self) -> None:
        [hours] = PROVINCE.office.hours
        office = evolve(PROVINCE.office, hours=(evolve(hours, weekdays=(0,)),))
        with pytest.raises(CalendarContradiction):
            put(named("next", office=office, valid_from=date(2027, 1, 1)))

    def test_a_calendar_of_the_axis_that_leaves_a_gap_to_one_below(self) -> None:
        far = own_days(first_year=2028, last_year=2028)
        known = law(("", PROVINCE), ("", VIETNAM), (B, far))
        with pytest.raises(InvalidValue, match="first_year"):
            put(evolve(VIETNAM, last_year=2026, exceptions=[], official_until=None), known=known)

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            (Subject.RULE_SET, 'name = "x"\ntitle = "X"\ninherits = "national-2020"\n'),
            (Subject.RULE_SET, 'name = "x"\ntitle = "X"\n'),
            (Subject.RULE_SET, "\0"),
            (Subject.CALENDAR, "name = 5"),
            (Subject.CALENDAR, 'name = "x"\nfirst_year = 2026\nlast_year = 2026\nday = 1\n'),
            (Subject.CALENDAR, "#" * 2_000_000),
        ],
    )
    def test_texts_that_are_wrong_or_need_another_file(self, subject: Subject, text: str) -> None:
        with pytest.raises(InputError):
            read_value(subject, text)


class TestWhatIsEntered:
    def test_the_entry_says_what_and_whose(self) -> None:
        made = put(own_days(FESTIVAL), B_NEW_CODE, expected_version=0)
        assert isinstance(made.body, DirectoryRecord)
        assert (made.body.version, made.body.subject, str(made.body.organ_id)) == (
            41,
            "calendar",
            B,
        )
        # Who entered it is told, too: it is by their feed that the law's changes are known.
        assert made.parties == (B, OPERATOR.organ)
        assert made.directory_changes == 1
        assert load(LawRow, made.envelope) == made.law
        assert b"\n" not in made.envelope

    def test_what_holds_for_all_is_the_operators_deed(self) -> None:
        made = put(PROVINCE)
        assert isinstance(made.body, DirectoryRecord)
        assert (made.body.subject, str(made.body.organ_id)) == ("rule_set", OPERATOR.organ)
        assert made.law is not None
        assert made.law.organ_id == ""

    def test_what_is_kept_already_is_found(self) -> None:
        assert not change(PROVINCE).is_new
        assert not change(VIETNAM).is_new
        assert change(VIETNAM, B).is_new
        assert change(named("tay-ninh-2019", valid_to=date(2030, 1, 1))).is_new

    @pytest.mark.parametrize(("value", "other"), [(VIETNAM, own_days(base="")), (PROVINCE, STRICT)])
    def test_one_goes_back_to_what_was_entered_before(
        self, value: RuleSet | CalendarTable, other: RuleSet | CalendarTable
    ) -> None:
        mistaken = change(other).after
        back = change(value, known=mistaken, version=100)
        assert back.is_new
        assert not change(other, known=mistaken).is_new
        held = back.after.held(B, DIRECTORY, TODAY)
        found = held.table if isinstance(value, CalendarTable) else held.rules
        assert found is not None
        assert found.version == value.version

    def test_what_other_days_or_others_have_does_not_make_it_new(self) -> None:
        later = named("next", valid_from=date(2027, 1, 1))
        known = law(("", PROVINCE), ("", later), (B, named("own")), (B, own_days(FESTIVAL)))
        assert not change(PROVINCE, known=known).is_new


class TestWhatAChangeCosts:
    """A calendar is laid out once, and only where it differs from what held before."""

    def test_of_one_organisation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = law(("", PROVINCE), ("", VIETNAM), (A, own_days(FESTIVAL)), (C, own_days(FESTIVAL)))
        made = laid_out(monkeypatch)
        first = change(own_days(date(2026, 3, 5), name="b"), B, known)
        first.check(None)
        # B has other days now, and C's change those of B.
        assert len(made) == 2
        first.check(None)
        again = change(first.wanted.value, B, known, version=100)
        again.check(None)
        assert len(made) == 2
        assert again.after.calendar(C, DIRECTORY, TODAY) is first.after.calendar(
            C, DIRECTORY, TODAY
        )

    def test_nothing_for_what_does_not_change(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = law(("", PROVINCE), ("", VIETNAM), (A, own_days(FESTIVAL)))
        found = known.calendar(A, DIRECTORY, TODAY)
        made = laid_out(monkeypatch)
        one = change(own_days(date(2026, 3, 5)), C, known)
        one.check(None)
        assert len(made) == 1
        del known
        gc.collect()
        assert one.after.calendar(A, DIRECTORY, TODAY) is found
        assert len(made) == 1

    def test_calendars_that_nobody_has_any_more_are_forgotten(self) -> None:
        known = law(("", PROVINCE), ("", VIETNAM))
        parts = known.parts(A, DIRECTORY, TODAY)
        assert parts is not None
        known.calendar(A, DIRECTORY, TODAY)
        changed = known.after([entered("", own_days(base=""), DIRECTORY, 9)])
        assert changed.is_laid_out(parts)
        del known
        gc.collect()
        assert not changed.is_laid_out(parts)

    def test_somebody_elses_misfit_is_not_judged_again(self) -> None:
        far = own_days(first_year=2040, last_year=2040)
        known = law(("", PROVINCE), ("", VIETNAM), (B, far))
        assert put(named("same"), A, known).law is not None


class TestBatches:
    def test_one_that_is_too_long_concerns_nobody_else(self) -> None:
        axis = Axis()
        axis.enter(PROVINCE)
        values = (crowded(), VIETNAM_DAYS)
        asked = [PutLaw(caller=committing.OPERATOR, value=value) for value in values]
        long, good = axis.drive(axis.committer.submit(asked))
        assert isinstance(long, TooLarge)
        assert isinstance(good, Recorded)
        assert not axis.committer.failing
        assert axis.committer.registry.law.calendar(B, DIRECTORY, TODAY) is not None

    def test_a_registry_that_cannot_be_made_concerns_its_command(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        axis, real = Axis(), registry_after

        def failing(registry: Any, decision: Accepted) -> Any:
            if decision.law is not None and decision.law.subject == "calendar":
                raise AssertionError
            return real(registry, decision)

        monkeypatch.setattr(committer, "registry_after", failing)
        asked = [
            PutLaw(caller=committing.OPERATOR, value=value) for value in (VIETNAM_DAYS, PROVINCE)
        ]
        bad, good = axis.drive(axis.committer.submit(asked))
        assert isinstance(bad, Internal)
        assert isinstance(good, Recorded)
        with axis.store.read() as view:
            assert [row.subject for row in view.laws()] == ["rule_set"]

    def test_what_was_checked_is_what_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        axis, made = Axis(), laid_out(monkeypatch)
        axis.enter(PROVINCE, evolve(VIETNAM_DAYS, name="once"))
        registry = axis.committer.registry
        assert registry.law.calendar(B, registry.directory, TODAY) is not None
        assert len(made) == 1


class TestTheseTestsNotice:
    @pytest.mark.planted("a law entered without judging it")
    def test_what_is_not_judged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LawChange, "_check_calendars", lambda _: None)
        with pytest.raises(pytest.fail.Exception):
            TestWhatIsNotLetIn().test_a_working_day_without_hours()

    @pytest.mark.planted("a law of others overwritten unseen")
    def test_what_is_overwritten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        check = LawChange.check
        monkeypatch.setattr(LawChange, "check", lambda one, _: check(one, None))
        with pytest.raises(pytest.fail.Exception):
            TestWhatIsNotLetIn().test_what_others_have_changed_is_not_overwritten(1, 2)

    @pytest.mark.planted("a text that is not read before it is kept")
    def test_texts_that_are_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(law_change, "_check_text", lambda _: None)
        with pytest.raises(pytest.fail.Exception):
            TestWhatIsNotLetIn().test_a_calendar_whose_text_nobody_could_read()

    @pytest.mark.planted("codes that nobody asks by")
    def test_codes_that_are_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(law_change, "_check_codes", lambda *_: None)
        key = "directory.not_ready"
        with pytest.raises(pytest.fail.Exception):
            TestWhatIsNotLetIn().test_an_organisation_by_another_code_than_its_own(key)

    @pytest.mark.planted("all calendars laid out at every change")
    def test_calendars_that_are_laid_out_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Law, "is_laid_out", lambda *_: True)
        with pytest.raises(AssertionError):
            TestWhatAChangeCosts().test_of_one_organisation(monkeypatch)

    @pytest.mark.planted("no way back to an earlier calendar")
    def test_what_is_kept_but_does_not_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Kept, "place", property(lambda kept: kept.key))
        with pytest.raises(AssertionError):
            TestWhatIsEntered().test_one_goes_back_to_what_was_entered_before(
                VIETNAM, own_days(base="")
            )
