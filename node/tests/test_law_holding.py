"""Whose rule sets and calendars hold for an organisation on a day, and their texts."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve

from lienthong.errors import (
    DataCorrupt,
    LaterRelease,
)
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganLink
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules import law as rules_law
from lienthong.rules.calendar import DayException
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.office import OwnHours
from lienthong.spi.records import LawRow
from lienthong_node.core.law import Kept, Law, Subject, law_row, load_law, read_value, write_value
from lienthong_node.core.law_change import entered
from node.tests.laws import (
    DIRECTORY,
    FESTIVAL,
    PROVINCE,
    VIETNAM,
    WHOLE,
    law,
    named,
    own_days,
    put,
    rules_of,
    working,
)
from node.tests.support import NOBODY, TODAY, A, B, C, organisation


class TestTexts:
    """A kept text needs nothing else, and later releases cannot change what it says."""

    @pytest.mark.parametrize("value", [PROVINCE, VIETNAM, own_days(FESTIVAL)])
    def test_rows_load_as_they_were(self, value: RuleSet | CalendarTable) -> None:
        kept = entered(B, value, DIRECTORY, 3)
        assert load_law(law_row(kept)) == kept

    def test_a_rule_set_says_what_it_has_inherited(self) -> None:
        text = write_value(find_rule_set("vinh-long-2019"))
        found = read_value(Subject.RULE_SET, text)
        assert isinstance(found, RuleSet)
        assert found.inherits == ""
        assert found.plain() == find_rule_set("vinh-long-2019").plain()

    def test_a_setting_that_only_later_releases_know_is_as_in_the_nation(self) -> None:
        lines = write_value(PROVINCE).splitlines(keepends=True)
        text = "".join(line for line in lines if not line.startswith("closed_code_grace_days"))
        found = read_value(Subject.RULE_SET, text)
        assert isinstance(found, RuleSet)
        assert found.directory.closed_code_grace_days == 90

    def test_what_a_later_release_has_written_is_not_called_damaged(self) -> None:
        text = write_value(VIETNAM).replace("first_year", "moon_year = 2026\nfirst_year", 1)
        row = LawRow(subject="calendar", organ_id="", name="vietnam", version=1, body=text.encode())
        with pytest.raises(LaterRelease, match="moon_year"):
            load_law(row)

    @pytest.mark.parametrize("body", [b"", b"\xff", b"\0"])
    def test_a_damaged_row_is_named(self, body: bytes) -> None:
        row = LawRow(subject="calendar", organ_id="", name="vietnam", version=1, body=body)
        with pytest.raises(DataCorrupt, match="vietnam"):
            load_law(row)


class TestWhoseHolds:
    def test_nothing_kept(self) -> None:
        assert Law().rules(B, DIRECTORY, TODAY) is None
        assert Law().calendar(B, DIRECTORY, TODAY) is None
        assert Law().version == 0

    @pytest.mark.parametrize("only", [PROVINCE, VIETNAM])
    def test_a_calendar_needs_days_and_hours(self, only: RuleSet | CalendarTable) -> None:
        assert law(("", only)).calendar(B, DIRECTORY, TODAY) is None

    def test_everybody_without_their_own_has_that_of_the_axis(self) -> None:
        for organ in (A, B, C, NOBODY):
            found, hours = WHOLE.rules(organ, DIRECTORY, TODAY), WHOLE.calendar
            assert found is not None
            assert found.version == PROVINCE.version
            assert hours(organ, DIRECTORY, TODAY) is hours(A, DIRECTORY, TODAY)

    def test_the_nearest_goes_first(self) -> None:
        kept = law(("", PROVINCE), (A, named("a")), (B, named("b")))
        names = [found.name for organ in (A, B, C, NOBODY) if (found := rules_of(kept, organ))]
        assert names == ["a", "b", "b", "tay-ninh-2019"]

    def test_one_that_is_not_in_force_leaves_it_to_what_is_above(self) -> None:
        kept = law(("", PROVINCE), (B, named("b", valid_from=date(2026, 7, 1))))
        before, after = rules_of(kept, B), kept.rules(B, DIRECTORY, date(2026, 7, 1))
        assert before is not None
        assert after is not None
        assert (before.name, after.name) == ("tay-ninh-2019", "b")

    def test_of_several_the_one_that_came_into_force_last(self) -> None:
        kept = law(("", named("new", valid_from=date(2026, 3, 1))), ("", PROVINCE))
        found = rules_of(kept, B)
        assert found is not None
        assert found.name == "new"

    def test_what_was_above_on_the_day(self) -> None:
        moved = organisation(
            C,
            parent=OrganId(A),
            former_parents=[OrganLink(organ_id=OrganId(B), valid_to=date(2026, 7, 1))],
        )
        directory = Directory((*DIRECTORY.organisations[:2], moved))
        kept = law(("", PROVINCE), (B, named("b")))
        days = (TODAY, date(2026, 7, 1))
        found = [kept.rules(C, directory, day) for day in days]
        assert [one.name for one in found if one] == ["b", "tay-ninh-2019"]

    def test_a_circle_of_parents_ends(self) -> None:
        circle = Directory((organisation(A, parent=OrganId(B)), organisation(B, parent=OrganId(A))))
        assert WHOLE.rules(A, circle, TODAY) is not None

    def test_own_days_change_those_above_and_follow_them(self) -> None:
        kept = law(("", PROVINCE), ("", VIETNAM), (B, own_days(FESTIVAL)))
        assert not working(kept, C, FESTIVAL)
        assert working(kept, A, FESTIVAL)
        later = date(2026, 5, 6)
        changed = evolve(
            VIETNAM,
            exceptions=[
                *VIETNAM.exceptions,
                DayException(day=later, is_working=False, name="Nghỉ", basis="QĐ 2"),
            ],
        )
        kept = kept.after([entered("", changed, DIRECTORY, 9)])
        assert not working(kept, B, later)
        assert not working(kept, B, FESTIVAL)

    def test_days_without_a_base_stand_alone(self) -> None:
        kept = law(("", PROVINCE), ("", VIETNAM), (B, own_days(base="")))
        new_year = date(2026, 1, 1)
        assert working(kept, B, new_year)
        assert not working(kept, A, new_year)

    def test_own_days_change_what_is_above_whatever_it_is_called(self) -> None:
        continued = evolve(VIETNAM, name="lich-2028")
        kept = law(("", PROVINCE), ("", VIETNAM), (B, own_days(FESTIVAL)), ("", continued))
        assert not working(kept, B, FESTIVAL)
        assert not working(kept, B, date(2026, 1, 1))
        assert put(own_days(FESTIVAL), B, kept).law is not None

    def test_of_several_calendars_the_one_entered_last(self) -> None:
        kept = law(("", PROVINCE), ("", VIETNAM), ("", own_days(FESTIVAL, base="")))
        assert not working(kept, B, FESTIVAL)

    def test_own_hours(self) -> None:
        [hours] = PROVINCE.office.hours
        longer = OwnHours(organisation=OrganId(C), hours=[evolve(hours, weekdays=range(6))])
        rules = named("some", office=evolve(PROVINCE.office, own_hours=(longer,)))
        kept = law(("", rules), ("", VIETNAM))
        saturday = date(2026, 3, 7)
        found = [kept.calendar(organ, DIRECTORY, TODAY) for organ in (B, C)]
        assert [len(one.sessions(saturday)) for one in found if one] == [0, 2]

    def test_own_days_that_do_not_fit_what_is_above_now_are_passed_over(self) -> None:
        far = own_days(first_year=2040, last_year=2040)
        kept = law(("", PROVINCE), ("", VIETNAM), (B, far))
        found = kept.calendar(C, DIRECTORY, TODAY)
        assert found is not None
        assert found.version == VIETNAM.version

    def test_own_days_in_a_circle_of_parents_end(self) -> None:
        circle = Directory((organisation(A, parent=OrganId(B)), organisation(B, parent=OrganId(A))))
        far = own_days(first_year=2040, last_year=2040)
        kept = law(("", PROVINCE), ("", VIETNAM), (A, far), (B, far))
        found = kept.calendar(A, circle, TODAY)
        assert found is not None
        assert found.version == VIETNAM.version

    def test_answers_follow_the_directory(self) -> None:
        kept = law(("", PROVINCE), (B, named("b")))
        assert rules_of(kept, C) is not rules_of(kept, A)
        free = Directory((organisation(A), organisation(B), organisation(C)))
        found = kept.rules(C, free, TODAY)
        assert found is not None
        assert found.name == "tay-ninh-2019"

    def test_the_newest_version_counts(self) -> None:
        assert WHOLE.version == 2
        changed = WHOLE.after([Kept(organ_id=B, value=own_days(), version=9)])
        assert changed.version == 9
        assert WHOLE.after([]) is WHOLE

    def test_all_that_holds_for_somebody(self) -> None:
        kept = law(("", PROVINCE), ("", VIETNAM), (B, own_days(FESTIVAL)))
        held = kept.held(B, DIRECTORY, TODAY)
        assert (held.rules, held.version) == (rules_of(kept, B), 3)
        assert held.table == kept.table(B, DIRECTORY, TODAY)
        assert held.calendar is kept.calendar(B, DIRECTORY, TODAY)

    def test_lists_have_one_order(self) -> None:
        kept = law((B, own_days(FESTIVAL)), ("", VIETNAM), ("", PROVINCE))
        names = [one.value.name for one in kept.ordered]
        assert names == ["vietnam", "tay-ninh-2019", "ours"]

    def test_answers_are_not_kept_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rules_law, "_REMEMBERED", 2)
        kept = law(("", PROVINCE), (B, named("b")))
        for organ in (A, B, C, NOBODY, A, B):
            found = rules_of(kept, organ)
            assert found is not None
            assert found.name == ("b" if organ in {B, C} else "tay-ninh-2019")


class TestTheseTestsNotice:
    @pytest.mark.planted("own days without those above them")
    def test_days_that_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rules_law, "overridden", lambda _, own: evolve(own, base=""))
        with pytest.raises(AssertionError):
            TestWhoseHolds().test_own_days_change_those_above_and_follow_them()

    @pytest.mark.planted("the axis's law before the organisation's own")
    def test_the_farthest_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        owners = rules_law.owners
        monkeypatch.setattr(rules_law, "owners", lambda *given: reversed(list(owners(*given))))
        with pytest.raises(AssertionError):
            TestWhoseHolds().test_the_nearest_goes_first()
