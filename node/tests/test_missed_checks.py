"""Which checks of the interconnection were missed, and what is told of them."""

from __future__ import annotations

from datetime import datetime

import pytest
from attrs import evolve

from lienthong.errors import (
    DiskFull,
)
from lienthong.model.journal import JournalBody
from lienthong.rules.sections.reports import CheckDays
from lienthong_node.core.commands import (
    PutCredential,
)
from lienthong_node.core.credentials import Role
from lienthong_node.core.interconnection import CheckLog
from node.tests.committing import OPERATOR
from node.tests.desk import (
    CALENDAR,
    DAY,
    PROVINCE,
    Desk,
    at,
    close,
    desk,
    missing,
    named,
    told,
    with_times,
)
from node.tests.support import (
    OFFICE,
    TODAY,
    A,
    C,
    credential,
)

__all__ = ["desk"]


class TestMissed:
    def test_what_was_due_before_the_law_was_entered_is_nobodys(self, desk: Desk) -> None:
        assert desk.look(at("12:00")) == []
        assert desk.look(at("23:59")) == []

    def test_it_is_told_once_when_its_time_is_over(self, desk: Desk) -> None:
        assert desk.look(at("00:00:59", 1)) == []
        assert desk.look(at("00:01", 1)) == [f"{OFFICE} 02 14:00"]
        assert desk.look(at("00:02", 1)) == []
        assert [told(one) for one in desk.journal(OFFICE)] == [f"{OFFICE} 02 14:00"]

    def test_what_was_made_is_not_missed(self, desk: Desk) -> None:
        desk.check(at("13:15"))
        desk.check(at("07:45", 1))
        assert desk.look(at("12:00", 1)) == []
        assert desk.look(at("12:00", 2)) == [f"{OFFICE} 03 14:00", f"{OFFICE} 04 08:00"]

    def test_who_checks_for_others_does_not_do_their_duty(self, desk: Desk) -> None:
        desk.check(at("13:15"), A)
        assert desk.look(at("01:00", 1)) == [f"{OFFICE} 02 14:00"]

    def test_on_days_off_nothing_is(self, desk: Desk) -> None:
        for day in range(5):
            desk.check(at("08:45", day))
            desk.check(at("14:00", day))
        assert desk.look(at("10:00", 7)) == []
        assert desk.look(at("12:00", 7)) == [f"{OFFICE} 09 08:00"]

    def test_every_day_where_the_rule_set_says_so(self, desk: Desk) -> None:
        reports = evolve(PROVINCE.reports, check_days=CheckDays.EVERY_DAY)
        desk.keep(evolve(PROVINCE, reports=reports))
        assert len(desk.look(at("01:00", 7))) == 1 + 2 * 6

    def test_a_restart_tells_nothing_again_and_leaves_nothing_out(self, desk: Desk) -> None:
        desk.check(at("13:15"))
        assert desk.look(at("12:00", 1)) == [f"{OFFICE} 03 08:00"]
        desk.restart()
        assert desk.look(at("12:01", 1)) == []
        desk.restart()
        assert desk.look(at("12:00", 2)) == [f"{OFFICE} 03 14:00", f"{OFFICE} 04 08:00"]

    def test_what_was_missed_while_the_node_was_down_is_told(self, desk: Desk) -> None:
        desk.restart()
        desk.clock.set(at("09:00", 2))
        assert len(desk.look(at("09:00", 2))) == 3

    def test_what_is_long_gone_is_not_told_any_more(self, desk: Desk) -> None:
        desk.restart()
        told = desk.look(at("12:00", 100))
        assert told[0] == f"{OFFICE} 11 08:00"
        assert told[-1] == f"{OFFICE} 10 08:00"
        desk.restart()
        assert desk.look(at("12:01", 100)) == []

    def test_what_is_long_gone_is_remembered_no_longer(self, desk: Desk) -> None:
        for day in range(100):
            desk.check(at("08:45", day))
            desk.look(at("12:00", day))
        assert len(desk.checking.log.made[OFFICE]) <= 33
        assert len(desk.checking.log.told[OFFICE]) <= 33

    def test_another_law_judges_nothing_that_was_over(self, desk: Desk) -> None:
        """More check times, or a working day that was none, make nothing missed of before."""
        for day in range(5):
            desk.check(at("08:45", day))
            desk.check(at("14:00", day))
        saturday = evolve(CALENDAR.exceptions[0], day=TODAY + 5 * DAY, is_working=True)
        days = sorted((*CALENDAR.exceptions, saturday), key=lambda one: one.day)
        desk.clock.set(at("08:10", 7))
        desk.keep(with_times(8, 14, 16), evolve(CALENDAR, exceptions=tuple(days)))
        assert desk.look(at("08:11", 7)) == []
        desk.restart()
        assert desk.look(at("08:12", 7)) == []
        desk.check(at("08:45", 7))
        assert desk.look(at("00:05", 8)) == [f"{OFFICE} 09 14:00", f"{OFFICE} 09 16:00"]

    def test_a_change_long_after_the_node_was_set_up_forgives_no_running_check(
        self, desk: Desk
    ) -> None:
        for day in range(46):
            desk.check(at("08:45", day))
            desk.check(at("10:59", day))
            desk.look(at("12:00", day))
        desk.restart()
        desk.clock.set(at("15:00", 45))
        desk.keep(CALENDAR, evolve(PROVINCE, title="Bộ quy tắc sửa đổi"))
        assert desk.look(at("23:00", 45)) == []
        assert desk.look(at("00:05", 46)) == [f"{OFFICE} 16 14:00"]

    def test_who_is_named_today_has_missed_nothing_before(self, desk: Desk) -> None:
        """Also when it has checked of its own accord; and not what its office checked."""
        desk.check(at("08:45"), C)
        for day in range(5):
            desk.check(at("08:46", day))
            desk.check(at("14:00", day))
        desk.clock.set(at("18:00", 4))
        desk.keep(named(C))
        assert desk.look(at("18:01", 4)) == []
        desk.restart()
        assert desk.look(at("12:00", 7)) == [f"{C} 09 08:00"]

    def test_who_operates_from_today_on_has_missed_nothing_before(self, desk: Desk) -> None:
        desk.check(at("08:45"), C)
        for day in range(5):
            desk.check(at("08:46", day))
            desk.check(at("14:00", day))
        desk.clock.set(at("18:00", 4))
        new = credential(
            C, roles=(Role.OPERATOR,), fingerprint="cd" * 32, registered_at=at("18:00", 4)
        )
        desk.done(PutCredential(caller=OPERATOR, credential=new))
        desk.restart()
        assert desk.look(at("00:05", 5)) == []
        desk.check(at("08:45", 7))
        assert desk.look(at("12:00", 7)) == [f"{C} 09 08:00"]

    def test_what_the_named_one_missed_while_the_node_was_down_is_told(self) -> None:
        desk = Desk()
        desk.keep(named(C), CALENDAR)
        desk.restart()
        assert len(desk.look(at("09:00", 2))) == 3

    def test_the_last_check_of_who_has_ended_is_told_and_no_later_one(self, desk: Desk) -> None:
        desk.keep(named(C))
        desk.check(at("08:45"), C)
        close(desk, C, TODAY + DAY)
        assert desk.look(at("23:00")) == []
        assert desk.look(at("00:05", 1)) == [f"{C} 02 14:00"]
        assert desk.look(at("12:05", 1)) == [f"{OFFICE} 03 08:00"]

    def test_what_cannot_be_told_is_logged_once(
        self, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        record = missing(OFFICE, at("08:00")).record
        for _ in range(3):
            desk.checking.says(record, DiskFull())
        assert len(caplog.records) == 1

    @pytest.mark.planted("past checks judged by a new law")
    def test_a_log_that_does_not_look_for_changes_of_the_law_is_found(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for day in range(2):
            desk.check(at("08:45", day))
            desk.check(at("14:00", day))
        desk.clock.set(at("18:00", 1))
        desk.keep(with_times(8, 10, 14))
        monkeypatch.setattr(CheckLog, "_is_duty", lambda _log, _organ, _due, _facts: True)
        assert desk.look(at("18:01", 1)) == [f"{OFFICE} 02 10:00", f"{OFFICE} 03 10:00"]

    def test_a_clock_that_is_set_back_tells_nothing_twice(self, desk: Desk) -> None:
        assert len(desk.look(at("00:05", 1))) == 1
        assert desk.look(at("23:00")) == []
        assert desk.look(at("00:05", 1)) == []

    def test_a_new_rule_set_asks_for_nothing_of_before(self, desk: Desk) -> None:
        """Who has checked of his own accord has not missed what nobody asked for then."""
        desk = Desk()
        desk.check(at("08:45"))
        desk.clock.set(at("15:00", 4))
        desk.keep(PROVINCE, CALENDAR)
        assert desk.look(at("23:00", 4)) == []
        assert desk.look(at("12:00", 7)) == [f"{OFFICE} 09 08:00"]

    def test_another_rule_set_in_the_afternoon_forgives_no_check_of_the_day(
        self, desk: Desk
    ) -> None:
        desk.clock.set(at("15:00"))
        desk.keep(evolve(PROVINCE, title="Bộ quy tắc sửa đổi"))
        assert desk.look(at("00:05", 1)) == [f"{OFFICE} 02 14:00"]

    def test_without_a_calendar_nothing_is_missed_and_nothing_told_later(self) -> None:
        desk = Desk()
        desk.keep(PROVINCE)
        assert desk.look(at("12:00", 3)) == []
        desk.keep(CALENDAR)
        assert desk.look(at("12:01", 3)) == []
        assert desk.look(at("00:05", 4)) == [f"{OFFICE} 05 14:00"]

    @pytest.mark.planted("missed check told again")
    def test_a_check_that_is_told_twice_is_found(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker that does not look for what it has told tells it after every restart."""
        assert desk.look(at("00:05", 1)) == [f"{OFFICE} 02 14:00"]
        learn = CheckLog.learn

        def forget(log: CheckLog, body: JournalBody, recorded_at: datetime) -> None:
            learn(log, body, recorded_at)
            log.told.clear()

        monkeypatch.setattr(CheckLog, "learn", forget)
        desk.restart()
        assert desk.look(at("00:06", 1)) == [f"{OFFICE} 02 14:00"]
        assert len(desk.journal(OFFICE)) == 2
