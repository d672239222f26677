"""The report of changes of codes: once each, when it is in force and entered."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import PeriodNotBegun, ReportsUnusable
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganLink, OrganName
from lienthong.reports.period import Period
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.paper import Paper, Table
from node.tests.reports.reporting import RULES, at, enter, fill, organisation
from sdk.tests.reports.cast import ELSEWHERE, FINANCE, JUSTICE, OLD_OFFICE, UBND
from sdk.tests.reports.generated import generate

JULY, LATER = date(2026, 7, 1), date(2026, 9, 1)
NOW = at("2026-12-15")
OLD = organisation(OLD_OFFICE)
CENTRE = OrganId("000.01.14.H53")


def opened(folder: Path, store: MemoryRecordStore, now: datetime = NOW) -> ReportBook:
    path = folder / FILE_NAME
    return open_up_to_date(path, store, RULES, now, lambda _done, _total: None)


def centre(**fields: Any) -> Organisation:
    name = OrganName(value="Trung tâm Tư vấn pháp luật")
    return evolve(organisation(FINANCE), organ_id=CENTRE, names=[name], parent=JUSTICE, **fields)


@pytest.fixture
def store() -> MemoryRecordStore:
    """In June everything is entered; what happens in July and September is entered in July."""
    made = MemoryRecordStore()
    others = (organisation(UBND), organisation(FINANCE), organisation(JUSTICE))
    enter(made, at("2026-06-10"), *others, OLD, organisation(ELSEWHERE), centre())
    fill(made, ())
    enter(made, at("2026-07-20"), evolve(OLD, valid_to=JULY, successors=[JUSTICE]))
    names = [
        OrganName(value="Sở Tài chính", valid_to=LATER),
        OrganName(value="Sở Tài chính và Kế hoạch", valid_from=LATER),
    ]
    enter(made, at("2026-07-21"), organisation(FINANCE, names=names))
    moved = centre(former_parents=[OrganLink(organ_id=JUSTICE, valid_to=LATER)])
    enter(made, at("2026-07-22"), evolve(moved, parent=ELSEWHERE))
    return made


def report(book: ReportBook, month: str, organ: OrganId = UBND) -> Paper:
    request = Request(
        kind=Kind.CODES, organ=str(organ), period=Period.parse(month), with_units=True
    )
    with book.whole(RULES.version) as as_of:
        return make(request, book, RULES, as_of)


def lines(made: Paper, place: int = 1) -> list[tuple[str, ...]]:
    """What changed, of which code, from when, entered when."""
    block = made.blocks[place]
    assert isinstance(block, Table)
    return [tuple(str(row[n]) for n in (1, 2, 0, 7)) for row in block.rows]


def test_a_month_to_come_is_refused(store: MemoryRecordStore, tmp_path: Path) -> None:
    with closing(opened(tmp_path, store)) as book, pytest.raises(PeriodNotBegun):
        report(book, "2027-01")


def test_damage_is_named(store: MemoryRecordStore, tmp_path: Path) -> None:
    with closing(opened(tmp_path, store)) as book:
        with book.batch():
            book.keep_states([(3, 0, 0, b'{"organ_id":')])
        with pytest.raises(ReportsUnusable):
            report(book, "2026-07")


FIRST = date.min
CODE = OrganId("H53.11")


@pytest.mark.parametrize(
    "fields",
    [
        {"valid_from": FIRST},
        {"valid_to": FIRST, "successors": [JUSTICE]},
        {"names": [OrganName(value="Sở Tài chính", valid_from=FIRST)]},
        {"codes": [OrganCode(scheme=CODE.scheme, value=CODE, valid_from=FIRST)]},
        {"former_parents": [OrganLink(organ_id=JUSTICE, valid_to=FIRST)]},
    ],
)
def test_nothing_is_before_the_first_day_that_there_is(
    store: MemoryRecordStore, tmp_path: Path, fields: dict[str, Any]
) -> None:
    """Directories may hold any day."""
    enter(store, at("2026-08-03"), organisation(FINANCE, **fields))
    with closing(opened(tmp_path, store)) as book:
        assert report(book, "2026-08").kind == "codes"


def test_nothing_changed(store: MemoryRecordStore, tmp_path: Path) -> None:
    with closing(opened(tmp_path, store)) as book:
        made = report(book, "2026-08")
    assert [block.rows for block in made.blocks if isinstance(block, Table)] == [(), (), ()]


def test_each_change_is_in_the_month_in_which_it_is_in_force_and_entered(
    store: MemoryRecordStore, tmp_path: Path
) -> None:
    closed = ("Đóng mã", str(OLD_OFFICE), "01/07/2026", "20/07/2026")
    renamed = ("Đổi tên", str(FINANCE), "01/09/2026", "21/07/2026")
    moved = ("Đổi cơ quan cấp trên", str(CENTRE), "01/09/2026", "22/07/2026")
    with closing(opened(tmp_path, store)) as book:
        june, july, september = (report(book, f"2026-{n}") for n in ("06", "07", "09"))
        elsewhere = report(book, "2026-09", ELSEWHERE)
    assert {line[0] for line in lines(june)} == {"Cấp mã"}
    assert {line[1] for line in lines(june)} == {
        str(one) for one in (UBND, FINANCE, JUSTICE, OLD_OFFICE, CENTRE)
    }
    assert lines(july) == [closed]
    assert lines(july, 2) == [renamed, moved]
    assert lines(september) == [renamed, moved]
    assert lines(september, 2) == []
    assert lines(elsewhere) == [moved], "it has come to there"
    [block] = [one for one in july.blocks[1:2] if isinstance(one, Table)]
    assert block.rows[0][6] == f"Sở Tư pháp ({JUSTICE})"


def test_what_was_taken_back_is_told(store: MemoryRecordStore, tmp_path: Path) -> None:
    enter(store, at("2026-08-03"), evolve(OLD, valid_to=LATER, successors=[JUSTICE]))
    with closing(opened(tmp_path, store)) as book:
        august, september = report(book, "2026-08"), report(book, "2026-09")
    code = str(OLD_OFFICE)
    assert lines(august) == [("Bỏ nội dung đã nhập: đóng mã", code, "01/07/2026", "03/08/2026")]
    assert lines(august, 2) == [("Đóng mã", code, "01/09/2026", "03/08/2026")]
    assert ("Đóng mã", code, "01/09/2026", "03/08/2026") in lines(september)


def test_it_says_who_makes_it_and_to_whom_it_goes(store: MemoryRecordStore, tmp_path: Path) -> None:
    with closing(opened(tmp_path, store)) as book:
        made = report(book, "2026-07")
    assert made.issued_by == "Sở Thông tin và Truyền thông", "by the rule set"
    assert made.addressees[0] == "UBND tỉnh Tây Ninh"
    assert "Bộ Thông tin và Truyền thông" in made.addressees[1]


def test_what_was_read_bit_by_bit_is_what_is_read_at_once(
    store: MemoryRecordStore, tmp_path: Path
) -> None:
    def told(folder: Path) -> list[tuple[object, ...]]:
        with closing(opened(folder, store)) as book:
            states: Iterable[object] = book.organisation_states()
            return [(str(state),) for state in states]

    (tmp_path / "anew").mkdir()
    assert len(told(tmp_path)) == 9
    fill(store, generate(3, 4).entries)
    enter(store, NOW, evolve(OLD, valid_to=None))
    assert told(tmp_path) == told(tmp_path / "anew")
    assert len(told(tmp_path)) == 10
