"""M11 from the axis's journal, from what people have written down, and from both."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from lienthong.model.ids import OrganId
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.model.time import VIETNAM
from lienthong.reports.counts import Counts
from lienthong.reports.facts import CheckFacts
from lienthong.reports.period import Period
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core.credentials import Credentials, Role
from lienthong_node.reports.book import FILE_NAME
from lienthong_node.reports.figures import Figures
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.forms import Scope
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.paper import Table
from node.tests.reports.reporting import RULES, fill, write
from node.tests.support import credential
from sdk.tests.reports.cast import FINANCE, JUSTICE, OLD_OFFICE, UBND

MAY: Final = Period.parse("2026-05")
NOW: Final = datetime(2026, 8, 3, 9, tzinfo=VIETNAM)
RESULTS: Final = (CheckResult(name="feed", passed=True),)
EARLY: Final = datetime(2026, 5, 4, 7, 45, tzinfo=VIETNAM)
LATE: Final = datetime(2026, 5, 4, 13, 15, tzinfo=VIETNAM)
DAY: Final = timedelta(days=1)
"""Days of work from a Monday on; the first of the month is a holiday."""


def made(organ: OrganId, at: datetime) -> tuple[datetime, InterconnectionRecord]:
    return at, InterconnectionRecord(organ_id=organ, results=RESULTS)


def missed(organ: OrganId, due: datetime) -> tuple[datetime, InterconnectionRecord]:
    return due + timedelta(hours=9), InterconnectionRecord(organ_id=organ, missed_at=due)


def m11(
    folder: Path,
    entries: list[tuple[datetime, InterconnectionRecord]],
    organ: OrganId = FINANCE,
    written: list[datetime] | None = None,
    *,
    with_units: bool = False,
) -> str:
    """M11 of a month in which this was recorded, and this written down.

    Finance operates the axis, and justice since July.
    """
    operating = Credentials(
        credential(str(one), roles=(Role.OPERATOR,), registered_at=since, not_before=since)
        for one, since in ((FINANCE, EARLY - 90 * DAY), (JUSTICE, EARLY + 60 * DAY))
    )
    store = MemoryRecordStore()
    fill(store, ())
    for at, record in entries:
        write(store, at, record)
    noted = [CheckFacts(organ_id=organ, checked_at=at) for at in written or ()]
    figures = Figures(checks=None if written is None else tuple(noted))
    book = open_up_to_date(folder / FILE_NAME, store, RULES, NOW, lambda _done, _total: None)
    with closing(book):
        request = Request(
            kind=Kind.MONTHLY,
            organ=str(organ),
            period=MAY,
            figures=figures,
            with_units=with_units,
        )
        paper = make(request, book, RULES, NOW, operating)
    [table] = [one for one in paper.blocks if isinstance(one, Table) and one.title == "I. Kết quả"]
    [row] = [row for row in table.rows if row[0] == "M11"]
    return str(row[2])


def test_what_nobody_recorded_or_wrote_down_is_no_data(tmp_path: Path) -> None:
    assert m11(tmp_path, []) == "không có dữ liệu"
    assert m11(tmp_path, [made(JUSTICE, EARLY)]) == "không có dữ liệu"


def test_two_checks_a_day_are_complete(tmp_path: Path) -> None:
    entries = [made(FINANCE, EARLY), made(FINANCE, LATE), made(FINANCE, EARLY + DAY)]
    assert m11(tmp_path, entries) == "5,00 % (1/20)"


def test_who_checks_without_having_to_changes_nothing(tmp_path: Path) -> None:
    entries = [made(FINANCE, at + day * DAY) for day in range(28) for at in (EARLY, LATE)]
    volunteer = [made(JUSTICE, EARLY + timedelta(minutes=1))]
    assert m11(tmp_path, volunteer, JUSTICE) == "không có dữ liệu"
    everything = sorted(entries + volunteer, key=lambda one: one[0])
    whole = tmp_path / "whole"
    whole.mkdir()
    assert m11(whole, everything, UBND, with_units=True) == "100,00 % (20/20)"


@pytest.mark.planted("checks of volunteers counted as duties")
def test_a_report_that_counts_everybody_who_checks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scope, "_had_to_check", lambda _scope, _unit: True)
    assert m11(tmp_path, [made(JUSTICE, EARLY)], JUSTICE) == "0,00 % (0/20)"


def test_what_was_missed_is_no_check_but_tells_that_one_was_due(tmp_path: Path) -> None:
    assert m11(tmp_path, [missed(FINANCE, EARLY), missed(FINANCE, LATE)]) == "0,00 % (0/20)"


def test_a_successor_has_the_checks_of_what_it_took_over(tmp_path: Path) -> None:
    entries = [made(OLD_OFFICE, EARLY), made(JUSTICE, LATE), missed(JUSTICE, EARLY + DAY)]
    assert m11(tmp_path, entries, JUSTICE) == "5,00 % (1/20)"


def test_what_is_written_down_counts_beside_the_journal(tmp_path: Path) -> None:
    entries = [made(FINANCE, EARLY), made(FINANCE, LATE)]
    assert m11(tmp_path, entries, written=[EARLY + DAY, LATE + DAY]) == "10,00 % (2/20)"


def test_what_is_in_both_counts_once(tmp_path: Path) -> None:
    """Of one check in the journal the paper has the same one, some seconds off."""
    noted = EARLY + timedelta(seconds=40)
    assert m11(tmp_path, [made(FINANCE, EARLY)], written=[noted]) == "0,00 % (0/20)"


@pytest.mark.planted("check in journal and figures counted twice")
def test_a_report_that_adds_both_up_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scope, "_checks_of", _sum_of_both)
    entries, noted = [made(FINANCE, EARLY)], EARLY + timedelta(seconds=40)
    assert m11(tmp_path, entries, written=[noted]) == "5,00 % (1/20)"


def _sum_of_both(scope: Scope, unit: OrganId, stated: dict[OrganId, Counts]) -> Counts:
    return Counts.merged(
        source[organ]
        for source in (scope._single, stated)
        for organ in scope.groups[unit]
        if organ in source
    )
