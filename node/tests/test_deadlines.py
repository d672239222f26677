"""By when something is to be done with a delivery: what opens, what ends it, what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final

import pytest
from attrs import evolve

from lienthong.errors import NotFound, StoreFailed
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.report import Assignment
from lienthong.model.words import Urgency
from lienthong.spi.storage import WriteTransaction
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core.commands import AXIS as ITSELF
from lienthong_node.core.commands import (
    TellDeadline,
)
from lienthong_node.core.deadlines import FAR_US, sides_told
from node.tests.due import (
    PROVINCE,
    UNHEARD,
    UNNOTICED,
    VIETNAM_DAYS,
    Axis,
    E,
    lawful,
    local,
    settling_in,
    shown,
)
from node.tests.support import (
    BODY,
    OFFICE,
    A,
    B,
    package_id,
    recall,
    submit,
    update,
)


class Refusing(MemoryRecordStore):
    """Writes nothing while its disk fails."""

    refuses = False

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        if self.refuses:
            raise StoreFailed(reason="the disk fails")
        with super().write() as tx:
            yield tx


@pytest.fixture
def axis() -> Axis:
    return lawful()


class TestWhereThereIsNone:
    """A document never fails for want of a deadline."""

    def test_without_a_law(self) -> None:
        axis = Axis()
        package = axis.send(due_date=date(2026, 3, 3), reply_requested=True)
        axis.say(E.ARRIVE, package)
        row = axis.row(package)
        assert (row.deadlines, row.look_us, row.paper, row.legal_value) == ((), 0, None, None)
        assert axis.at("30/03/2026 08:30") == []

    def test_a_calendar_alone_is_none(self) -> None:
        axis = Axis()
        axis.enter(VIETNAM_DAYS)
        assert axis.due(axis.send()) == {}

    def test_rules_without_a_calendar_say_the_form(self) -> None:
        axis = Axis()
        axis.enter(PROVINCE)
        package = axis.send()
        assert axis.due(package) == {}
        assert axis.row(package).paper is not None

    def test_days_after_the_calendar(self) -> None:
        days = [one for one in VIETNAM_DAYS.exceptions if one.day.year <= 2026]
        axis = Axis()
        axis.enter(PROVINCE, evolve(VIETNAM_DAYS, last_year=2026, exceptions=days))
        axis.clock.set(local("31/12/2026 16:00"))
        package = axis.send(due_date=date(2027, 1, 4))
        axis.say(E.ARRIVE, package)
        assert axis.due(package) == {"SETTLED": "05/01 00:00"}
        known = axis.open(package, "SETTLED")
        assert known.warn_us == (known.since_us + known.due_us) // 2

    def test_a_day_that_no_instant_can_express(self, axis: Axis) -> None:
        package = axis.send(due_date=date(9999, 12, 31))
        assert axis.due(package) == UNNOTICED | {"TAKEN": "03/03 08:30"}

    def test_an_unknown_delivery(self, axis: Axis) -> None:
        missing = TellDeadline(caller=ITSELF, package_id=package_id().bytes, recipient=B)
        [outcome] = axis.drive(axis.committer.submit([missing]))
        assert isinstance(outcome, NotFound)


class TestTelling:
    def test_what_is_met_in_time_is_never_told(self, axis: Axis) -> None:
        package = axis.send()
        axis.say(E.ARRIVE, package)
        axis.clock.set(local("02/03/2026 16:00"))
        axis.say(E.ACCEPT, package)
        axis.say(E.FORWARD, package)
        assert axis.at("30/03/2026 08:30") == []
        assert axis.row(package).look_us == 0

    def test_the_last_instant_is_in_time(self, axis: Axis) -> None:
        axis.send()
        assert axis.at("03/03/2026 08:30") == [UNHEARD, "TAKEN AT_RISK 03/03 08:30"]
        axis.clock.advance(timedelta(microseconds=1))
        axis.watch.step(axis.clock())
        assert [body.stage.value for body, _ in axis.told()[1:]] == ["AT_RISK", "OVERDUE"]

    def test_each_stage_once(self, axis: Axis) -> None:
        axis.send()
        assert axis.at("03/03/2026 07:30") == [UNHEARD]
        assert axis.at("03/03/2026 07:31") == ["TAKEN AT_RISK 03/03 08:30"]
        assert axis.at("03/03/2026 08:00") == []
        assert axis.at("03/03/2026 08:31") == ["TAKEN OVERDUE 03/03 08:30"]
        assert axis.at("30/04/2026 08:31") == []

    def test_a_node_that_was_down_tells_only_that_it_is_late(self, axis: Axis) -> None:
        package = axis.send(due_date=date(2026, 3, 4), reply_requested=True)
        axis.say(E.ARRIVE, package)
        axis.start()
        assert axis.at("30/03/2026 08:30") == [
            "TAKEN OVERDUE 03/03 08:30",
            "FORWARDED OVERDUE 03/03 17:00",
            "REPLIED OVERDUE 05/03 00:00",
        ]
        axis.start()
        assert axis.at("31/03/2026 08:30") == []
        assert axis.row(package).look_us == FAR_US

    def test_asking_twice_tells_once(self, axis: Axis) -> None:
        package = axis.send()
        axis.clock.set(local("04/03/2026 08:30"))
        command = TellDeadline(caller=ITSELF, package_id=package.bytes, recipient=B)
        axis.drive(axis.committer.submit([command] * 3))
        assert [body.kind.value for body, _ in axis.told()] == ["NOTICED", "TAKEN"]

    def test_a_store_that_refuses_is_asked_again(self, axis: Axis) -> None:
        axis.send()
        axis.store.close()
        axis.store = store = Refusing(axis.store.medium)
        axis.start()
        axis.clock.set(local("04/03/2026 08:30"))
        store.refuses = True
        assert not axis.watch.step(axis.clock())
        store.refuses = False
        expected = {("NOTICED", "OVERDUE"): 1, ("TAKEN", "OVERDUE"): 1}
        assert axis.watch.step(axis.clock()) == expected

    def test_many_at_once(self, axis: Axis) -> None:
        for _ in range(130):
            axis.send()
        told = axis.watch.step(local("03/03/2026 08:30"))
        assert not told  # The committer's clock says when it is.
        axis.clock.set(local("03/03/2026 08:30"))
        expected = {("NOTICED", "OVERDUE"): 130, ("TAKEN", "AT_RISK"): 130}
        assert axis.watch.step(axis.clock()) == expected

    def test_ordinary_ones_warn_on_their_last_morning_and_urgent_ones_at_half_time(
        self, axis: Axis
    ) -> None:
        ordinary, urgent = axis.send(), axis.send(urgency=Urgency.HOA_TOC)
        for package in (ordinary, urgent):
            axis.say(E.ARRIVE, package)
        assert shown(axis.open(ordinary, "FORWARDED").warn_us) == "03/03 07:30"
        assert shown(axis.open(urgent, "FORWARDED").due_us) == "02/03 08:45"
        assert shown(axis.open(urgent, "FORWARDED").warn_us) == "02/03 08:37"

    def test_a_day_off_warns_on_the_working_day_before(self, axis: Axis) -> None:
        package = axis.send(due_date=date(2026, 3, 8))
        assert shown(axis.open(package, "SETTLED").due_us) == "09/03 00:00"
        assert shown(axis.open(package, "SETTLED").warn_us) == "06/03 07:30"

    def test_who_is_told(self, axis: Axis) -> None:
        package = axis.send(BODY, due_date=date(2026, 3, 4), reply_requested=True)
        axis.say(E.ARRIVE, package, BODY)
        axis.at("03/03/2026 08:00")
        axis.at("30/03/2026 08:30")
        assert {(body.kind.value, body.stage.value): parties for body, parties in axis.told()} == {
            ("TAKEN", "AT_RISK"): (BODY, OFFICE),
            ("FORWARDED", "AT_RISK"): (BODY, OFFICE),
            ("TAKEN", "OVERDUE"): (BODY, A, OFFICE),
            ("FORWARDED", "OVERDUE"): (BODY, OFFICE),
            ("REPLIED", "OVERDUE"): (BODY, A, OFFICE),
        }


class TestNotice:
    """The receipt is to be notified on its day (NĐ 30/2020 Đ21.2c)."""

    def test_what_is_sent_in_the_evening_is_received_on_the_next_working_day(
        self, axis: Axis
    ) -> None:
        axis.clock.set(local("06/03/2026 18:00"))
        package = axis.send(BODY)
        assert axis.due(package, BODY)["NOTICED"] == "10/03 00:00"
        assert axis.at("09/03/2026 07:30") == []
        assert axis.at("09/03/2026 08:00") == [
            "TAKEN AT_RISK 09/03 17:00",
            "NOTICED AT_RISK 10/03 00:00",
        ]
        assert "NOTICED OVERDUE 10/03 00:00" in axis.at("10/03/2026 00:01")
        assert {
            body.stage.value: parties
            for body, parties in axis.told()
            if body.kind is DeadlineKind.NOTICED
        } == {"AT_RISK": (BODY, OFFICE), "OVERDUE": (BODY, A, OFFICE)}

    @pytest.mark.parametrize("event", [E.ARRIVE, E.ACCEPT, E.REFUSE])
    def test_any_answer_is_one(self, axis: Axis, event: DeliveryEvent) -> None:
        package = axis.send()
        axis.say(event, package)
        assert "NOTICED" not in axis.due(package)

    def test_a_request_of_the_sender_is_none(self, axis: Axis) -> None:
        package = axis.send()
        axis.say(E.REQUEST_TAKE_BACK, package, reporter=OrganId(A))
        assert axis.at("03/03/2026 07:30") == [UNHEARD]
        axis.say(E.ARRIVE, package)
        assert "NOTICED" not in axis.due(package)

    @pytest.mark.parametrize("answer", [E.REFUSE_TAKE_BACK, E.APPLY_UPDATE, E.REFUSE_UPDATE])
    def test_the_answer_to_a_request_is_one_though_the_state_stays(
        self, axis: Axis, answer: DeliveryEvent
    ) -> None:
        """It enters with it too; an arrival that is reported afterwards begins nothing anew."""
        package = axis.send()
        if answer is E.REFUSE_TAKE_BACK:
            axis.say(E.REQUEST_TAKE_BACK, package, reporter=OrganId(A))
        else:
            axis.do(submit(update(package, created_at=axis.clock())))
        assert set(axis.due(package)) == {"NOTICED", "TAKEN"}
        axis.say(answer, package)
        expected = {"TAKEN": "03/03 08:30", "FORWARDED": "03/03 17:00"}
        assert axis.row(package).state == "SENT"
        assert axis.due(package) == expected
        assert "NOTICED" not in " ".join(axis.at("03/03/2026 07:45"))
        axis.say(E.ARRIVE, package)
        assert axis.due(package) == expected


class TestCourse:
    """What opens and ends deadlines."""

    def test_accepting_asks_to_settle(self) -> None:
        axis = Axis()
        axis.enter(settling_in(5), VIETNAM_DAYS)
        package = axis.send()
        axis.say(E.ARRIVE, package)
        assert axis.due(package) == {"TAKEN": "03/03 08:30", "FORWARDED": "03/03 17:00"}
        axis.say(E.ACCEPT, package)
        assert axis.due(package) == {"FORWARDED": "03/03 17:00", "SETTLED": "09/03 17:00"}
        axis.say(E.FORWARD, package)
        axis.say(E.START, package)
        assert axis.due(package) == {"SETTLED": "09/03 17:00"}
        axis.say(E.COMPLETE, package)
        assert axis.row(package).deadlines == ()
        assert axis.row(package).look_us == 0

    def test_accepting_at_once_begins_what_the_arrival_would_have(self) -> None:
        axis = Axis()
        axis.enter(settling_in(5), VIETNAM_DAYS)
        package = axis.send()
        axis.clock.set(local("03/03/2026 08:00"))
        axis.say(E.ACCEPT, package)
        expected = {"FORWARDED": "04/03 17:00", "SETTLED": "10/03 17:00"}
        assert axis.due(package) == expected
        axis.clock.set(local("04/03/2026 08:00"))
        axis.say(E.ARRIVE, package)
        assert axis.due(package) == expected

    def test_the_day_of_who_assigns_goes_before_the_rule(self) -> None:
        axis = Axis()
        axis.enter(settling_in(5), VIETNAM_DAYS)
        package = axis.send()
        axis.say(E.ARRIVE, package)
        axis.say(E.ACCEPT, package)
        lead = Assignment(unit="Phòng CNTT", due_date=date(2026, 3, 5))
        axis.say(E.FORWARD, package, assignments=[lead])
        assert axis.due(package) == {"SETTLED": "06/03 00:00"}
        assert axis.open(package, "SETTLED").calendar == ""

    def test_a_duty_clerk_who_accepts_starts_the_urgent_clock(self, axis: Axis) -> None:
        axis.clock.set(local("06/03/2026 20:00"))
        package = axis.send(urgency=Urgency.KHAN)
        axis.say(E.ARRIVE, package)
        assert axis.due(package)["FORWARDED"] == "09/03 09:30"
        axis.clock.set(local("06/03/2026 20:10"))
        axis.say(E.ACCEPT, package)
        assert axis.due(package)["FORWARDED"] == "06/03 22:10"

    @pytest.mark.parametrize("arrives", [True, False])
    @pytest.mark.parametrize("event", [E.REFUSE, E.AGREE_TAKE_BACK])
    def test_what_was_refused_or_taken_back_is_nobodys_duty(
        self, axis: Axis, event: DeliveryEvent, arrives: bool
    ) -> None:
        package = axis.send(due_date=date(2026, 3, 4))
        if arrives:
            axis.say(E.ARRIVE, package)
        if event is E.AGREE_TAKE_BACK:
            axis.say(E.REQUEST_TAKE_BACK, package, reporter=OrganId(A))
            assert axis.due(package)
        axis.say(event, package)
        assert axis.row(package).deadlines == ()
        assert axis.at("30/03/2026 08:30") == []

    def test_what_was_recalled_before_acceptance(self, axis: Axis) -> None:
        package = axis.send()
        axis.do(submit(recall(package, created_at=axis.clock())))
        assert axis.row(package).deadlines == ()

    def test_a_recall_stops_the_rest_until_it_is_rejected(self, axis: Axis) -> None:
        package = axis.send(due_date=date(2026, 3, 3), reply_requested=True)
        axis.say(E.ARRIVE, package)
        axis.say(E.ACCEPT, package)
        axis.do(submit(recall(package, created_at=axis.clock())))
        assert axis.due(package)["RECALL_CONFIRMED"] == "03/03 17:00"
        assert axis.at("04/03/2026 16:00") == ["RECALL_CONFIRMED OVERDUE 03/03 17:00"]
        axis.say(E.REJECT_RECALL, package)
        assert axis.at("04/03/2026 17:00") == [
            "FORWARDED OVERDUE 03/03 17:00",
            "REPLIED OVERDUE 04/03 00:00",
        ]

    def test_a_confirmed_recall_ends_everything(self, axis: Axis) -> None:
        package = axis.send()
        axis.say(E.ARRIVE, package)
        axis.say(E.ACCEPT, package)
        axis.do(submit(recall(package, created_at=axis.clock())))
        axis.say(E.CONFIRM_RECALL, package)
        assert axis.row(package).deadlines == ()

    def test_a_report_from_before_the_package_counts_from_the_package(self, axis: Axis) -> None:
        package = axis.send(urgency=Urgency.HOA_TOC)
        axis.say(E.ARRIVE, package, created_at=axis.clock() - timedelta(minutes=4))
        assert axis.due(package)["FORWARDED"] == "02/03 08:45"

    def test_versions_come_along(self, axis: Axis) -> None:
        package = axis.send()
        axis.at("04/03/2026 08:30")
        _, (body, _) = axis.told()
        known = axis.open(package, "TAKEN")
        assert body.rule_set == known.rule_set == PROVINCE.version
        assert body.calendar == known.calendar == VIETNAM_DAYS.version
        assert not body.provisional


class TestWhoseItIs:
    """Who may see an entry follows from this in all records: what is said here must never change.

    Parties of an entry are the recipient, then the sender where it is told as well, then who
    represents them; where this said otherwise one day, their representatives of that day would
    see entries that are none of theirs, or no longer see what is theirs.
    """

    BOTH: Final = frozenset(
        {
            ("NOTICED", "OVERDUE"),
            ("TAKEN", "OVERDUE"),
            ("REPLIED", "AT_RISK"),
            ("REPLIED", "OVERDUE"),
            ("RECALL_CONFIRMED", "AT_RISK"),
            ("RECALL_CONFIRMED", "OVERDUE"),
        }
    )

    @pytest.mark.parametrize("stage", DeadlineStage)
    @pytest.mark.parametrize("kind", DeadlineKind)
    def test_sides(self, kind: DeadlineKind, stage: DeadlineStage) -> None:
        assert sides_told(kind, stage) == 1 + ((kind.value, stage.value) in self.BOTH)
