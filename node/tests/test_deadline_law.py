"""What a change of the law does to open deadlines, and what else stands with a delivery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from lienthong.errors import DataCorrupt
from lienthong.model.delivery import DeliveryState
from lienthong.model.file_signature import Certificates, Finding
from lienthong.model.report import CheckSummary
from lienthong.model.words import AttachmentKind, CopyForm, FileRole
from lienthong.rules.calendar import DayException
from lienthong.spi.records import DeliveryRow
from lienthong.testing.values import signatures
from lienthong_node.audit import audit
from lienthong_node.core import deadlines
from lienthong_node.core.deadlines import with_told
from node.tests.committing import KEY
from node.tests.due import (
    MORNING,
    PROVINCE,
    UNHEARD,
    UNNOTICED,
    VIETNAM_DAYS,
    Axis,
    E,
    lawful,
    local,
    registered,
    settling_in,
)
from node.tests.support import (
    ANNEX,
    BODY,
    OFFICE,
    A,
    B,
    C,
    file,
    recall,
    submit,
    update,
)


@pytest.fixture
def axis() -> Axis:
    return lawful()


class TestNewLaw:
    """Open deadlines follow the law; what has passed never moves."""

    DAY_OFF: Final = evolve(
        VIETNAM_DAYS,
        exceptions=[
            *VIETNAM_DAYS.exceptions,
            DayException(
                day=date(2026, 3, 3), is_working=False, name="Nghỉ đột xuất", basis="CĐ 1"
            ),
        ],
    )

    def test_an_open_one_moves(self, axis: Axis) -> None:
        package = axis.send()
        axis.say(E.ARRIVE, package)
        size = axis.size
        axis.enter(self.DAY_OFF)
        axis.watch.step(axis.clock())
        assert axis.due(package) == {"TAKEN": "04/03 08:30", "FORWARDED": "04/03 17:00"}
        assert axis.open(package, "TAKEN").calendar == self.DAY_OFF.version
        assert axis.size == size + 1  # The law's own entry is all.
        assert axis.at("04/03/2026 08:00")[:1] == ["TAKEN AT_RISK 04/03 08:30"]

    def test_one_that_has_passed_stays_though_nobody_was_told(self, axis: Axis) -> None:
        package = axis.send()
        axis.clock.set(local("03/03/2026 09:00"))
        axis.enter(self.DAY_OFF)
        assert axis.at("03/03/2026 09:00") == [UNHEARD, "TAKEN OVERDUE 03/03 08:30"]
        assert axis.due(package) == UNNOTICED | {"TAKEN": "03/03 08:30"}

    def test_what_was_told_once_is_not_told_again(self, axis: Axis) -> None:
        axis.send()
        assert axis.at("03/03/2026 08:00") == [UNHEARD, "TAKEN AT_RISK 03/03 08:30"]
        axis.enter(self.DAY_OFF)
        axis.watch.step(axis.clock())
        assert axis.at("04/03/2026 08:00") == []
        assert axis.at("04/03/2026 08:31") == ["TAKEN OVERDUE 04/03 08:30"]

    def test_a_day_that_somebody_named_stays(self, axis: Axis) -> None:
        package = axis.send(due_date=date(2026, 3, 3))
        before = axis.open(package, "SETTLED")
        axis.enter(self.DAY_OFF)
        axis.watch.step(axis.clock())
        assert axis.open(package, "SETTLED") == before

    def test_a_law_that_came_while_the_node_was_down(self, axis: Axis) -> None:
        package = axis.send()
        axis.enter(self.DAY_OFF)
        axis.start()
        axis.watch.step(axis.clock())
        assert axis.due(package) == UNNOTICED | {"TAKEN": "04/03 08:30"}

    def test_a_shorter_time_by_another_rule_set(self, axis: Axis) -> None:
        package = axis.send()
        receiving = evolve(PROVINCE.receiving, escalate_after=timedelta(hours=2))
        axis.enter(evolve(PROVINCE, receiving=receiving))
        axis.watch.step(axis.clock())
        assert axis.due(package) == UNNOTICED | {"TAKEN": "02/03 10:30"}


class TestCounting:
    def test_open_and_late_ones(self, axis: Axis) -> None:
        package = axis.send(due_date=date(2026, 3, 4), reply_requested=True)
        axis.say(E.ARRIVE, package)
        axis.at("03/03/2026 09:00")
        opened, over = axis.watch.count(axis.clock())
        assert opened == {"TAKEN": 1, "FORWARDED": 1, "REPLIED": 1}
        assert +over == {"TAKEN": 1}

    def test_a_recall_stops_the_count_of_the_rest(self, axis: Axis) -> None:
        package = axis.send()
        axis.say(E.ARRIVE, package)
        axis.say(E.ACCEPT, package)
        axis.do(submit(recall(package, created_at=axis.clock())))
        opened, _ = axis.watch.count(axis.clock())
        assert opened == {"RECALL_CONFIRMED": 1}


class TestRulings:
    """Paper and legal value are stored with the delivery."""

    def test_paper_by_the_senders_rules(self, axis: Axis) -> None:
        plans = file(
            ANNEX, "ban-do.pdf", role=FileRole.ATTACHMENT, attachment_kind=AttachmentKind.MAP
        )
        found = axis.row(axis.send(files=(plans,))).paper
        assert found is not None
        assert (found.value, found.rows, found.rule_set) == (
            "E_AND_PAPER",
            (5,),
            PROVINCE.version,
        )

    def test_an_update_that_brings_a_map_asks_for_paper(self, axis: Axis) -> None:
        plans = file(
            ANNEX, "ban-do.pdf", role=FileRole.ATTACHMENT, attachment_kind=AttachmentKind.MAP
        )
        package = axis.send()
        forms = []
        for files in ({}, {"files": [plans]}, {}):
            axis.do(submit(update(package, B, created_at=axis.clock(), **files)))
            axis.say(E.APPLY_UPDATE, package)
            found = axis.row(package).paper
            assert found is not None
            forms.append((found.value, found.rows))
        assert forms == [("E_ONLY", (9,)), ("E_AND_PAPER", (5,)), ("E_AND_PAPER", (5,))]

    def test_an_accepted_document_stays_to_be_checked(self, axis: Axis) -> None:
        """The recipient's check says nothing of each signature: it is never an original for it."""
        package = axis.send()
        axis.say(E.ARRIVE, package)
        assert axis.row(package).legal_value is None
        check = CheckSummary(complete=True, intact=True, authentic=True, checked_at=axis.clock())
        axis.say(E.ACCEPT, package, check=check)
        found = axis.row(package).legal_value
        assert found is not None
        assert (found.value, found.rows[0]) == ("PENDING_CHECK", 11)

    @pytest.mark.parametrize(
        ("changes", "value", "row"),
        [
            ({}, "ORIGINAL_EQUIVALENT", 1),
            ({"agency": Finding.BAD}, "INFORMATION_ONLY", 2),
            ({"certificates": Certificates.UNAVAILABLE}, "PENDING_CHECK", 11),
            ({"copy_form": CopyForm.SAO_Y}, "COPY_EQUIVALENT_TO_BAN_CHINH", 6),
        ],
    )
    def test_what_its_recipient_found_of_the_signatures_says_its_worth(
        self, axis: Axis, changes: dict[str, Any], value: str, row: int
    ) -> None:
        package = axis.send()
        check = CheckSummary(
            complete=True,
            intact=True,
            authentic=True,
            checked_at=axis.clock(),
            signatures=signatures(**changes),
        )
        axis.say(E.ACCEPT, package, check=check)
        found = axis.row(package).legal_value
        assert found is not None
        assert (found.value, found.rows[0]) == (value, row)

    def test_a_judgement_that_had_to_wait_is_made_good_once(self, axis: Axis) -> None:
        package = axis.send()
        waiting, later = Finding.UNKNOWN, Finding.GOOD
        values = []
        for signer in (waiting, later, Finding.BAD):
            check = CheckSummary(
                complete=True,
                intact=True,
                authentic=True,
                checked_at=axis.clock(),
                signatures=signatures(signer=signer),
            )
            axis.say(E.ACCEPT, package, check=check)
            found = axis.row(package).legal_value
            assert found is not None
            values.append(found.value)
        assert values == ["PENDING_CHECK", "ORIGINAL_EQUIVALENT", "ORIGINAL_EQUIVALENT"]

    def test_a_recalled_document_has_no_effect(self, axis: Axis) -> None:
        package = axis.send()
        axis.do(submit(recall(package, created_at=axis.clock())))
        found = axis.row(package).legal_value
        assert axis.row(package).state == DeliveryState.RECALLED.value
        assert found is not None
        assert (found.value, found.rows[0]) == ("NO_EFFECT", 17)


def _first(row: DeliveryRow, **fields: Any) -> DeliveryRow:
    deadlines = (evolve(row.deadlines[0], **fields), *row.deadlines[1:])
    return evolve(row, deadlines=deadlines)


class TestAudit:
    """What was told is in the journal, and the rows say the same."""

    @pytest.fixture
    def late(self) -> Axis:
        axis = Axis(registered())
        axis.enter(settling_in(5), VIETNAM_DAYS)
        for event in (None, E.ACCEPT, E.COMPLETE):
            axis.clock.set(local(MORNING))
            package = axis.send(due_date=date(2026, 3, 4))
            axis.say(E.ARRIVE, package)
            if event is not None:
                axis.say(E.ACCEPT, package)
            if event is E.COMPLETE:
                axis.say(E.COMPLETE, package, information_only=True)
        axis.do(submit(recall(package, created_at=axis.clock())))
        axis.at("03/03/2026 08:00")
        axis.enter(TestNewLaw.DAY_OFF)
        axis.at("03/03/2026 08:01")
        axis.at("04/03/2026 12:00")
        return axis

    def test_a_sound_store(self, late: Axis) -> None:
        told = {(body.kind.value, body.stage.value) for body, _ in late.told()}
        assert ("TAKEN", "OVERDUE") in told
        assert ("SETTLED", "AT_RISK") in told
        list(audit(late.store, KEY))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda row: _first(row, stage=""), "was told of TAKEN"),
            (lambda row: _first(row, stage="AT_RISK"), "deadlines"),
            (lambda row: _first(row, due_us=row.deadlines[0].due_us + 1), "was told of TAKEN"),
            (lambda row: evolve(row, look_us=7), "deadlines"),
            (lambda row: evolve(row, deadlines=()), "deadlines"),
            (lambda row: _first(row, kind="RECALL_CONFIRMED"), "deadlines"),
        ],
    )
    def test_a_row_that_says_otherwise(
        self, late: Axis, change: Callable[[DeliveryRow], DeliveryRow], said: str
    ) -> None:
        with late.store.write() as tx:
            watched = tx.watched_deliveries(2**63 - 1, None, 9)
            [row] = [one for one in watched if one.state == DeliveryState.ARRIVED.value]
            changed = change(row)
            if said.startswith("was"):  # Looked at as it must be: only the journal contradicts.
                changed = with_told(changed, changed.deadlines[0])
            tx.put_deliveries((changed,))
        with pytest.raises(DataCorrupt, match=said):
            list(audit(late.store, KEY))

    @pytest.mark.parametrize(
        "parties", [(A, BODY), (A, BODY, OFFICE), (BODY,), (C, BODY), (OFFICE, BODY, A)]
    )
    def test_an_entry_is_first_of_all_its_sides(self, parties: tuple[str, ...]) -> None:
        """Whose it is follows from their order; the office is told beside the body it serves."""
        axis = Axis(registered())
        axis.enter(PROVINCE, VIETNAM_DAYS)
        axis.send(BODY)
        axis.at("04/03/2026 16:00")
        list(audit(axis.store, KEY))
        journal = axis.store.medium.records.journal
        last = max(journal)
        assert journal[last].parties == (BODY, A, OFFICE)
        journal[last] = evolve(journal[last], parties=parties)
        with pytest.raises(DataCorrupt, match="parties"):
            list(audit(axis.store, KEY))

    def test_a_recall_stops_what_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        axis = Axis(registered())
        axis.enter(PROVINCE, VIETNAM_DAYS)
        package = axis.send()
        axis.say(E.ARRIVE, package)
        axis.say(E.ACCEPT, package)
        axis.do(submit(recall(package, created_at=axis.clock())))
        with monkeypatch.context() as patch:
            patch.setattr(deadlines, "_running", lambda _, found: list(found))
            told = axis.at("04/03/2026 16:00")
        assert "FORWARDED OVERDUE 03/03 17:00" in told
        with pytest.raises(DataCorrupt, match="nothing is to be done"):
            list(audit(axis.store, KEY))
