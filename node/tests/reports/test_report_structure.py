"""By which structure and name of an organisation reports are made: those of the day."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path

from lienthong.codec.json import dump
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation, OrganLink, OrganName
from lienthong.model.time import VIETNAM
from lienthong.reports.period import Period
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.terms import province
from node.tests.reports.reporting import ORGANISATIONS, RULES
from sdk.tests.reports.cast import ELSEWHERE, FINANCE, OLD_OFFICE, UBND

DAY = date(2026, 7, 1)


def test_a_province_is_the_top_of_the_directory() -> None:
    directory = Directory(ORGANISATIONS)
    assert province(FINANCE, directory, DAY) == province(OLD_OFFICE, directory, DAY) == "H53"
    assert province(ELSEWHERE, directory, DAY) == "H04"
    assert province(OrganId("H53.12"), directory, DAY) == "H53"


def test_a_province_and_a_name_are_those_of_the_day(tmp_path: Path) -> None:
    organ, eve = OrganId("000.00.90.H53"), DAY - timedelta(days=1)
    moved = Organisation(
        organ_id=organ,
        names=[
            OrganName(value="Sở cũ", valid_to=DAY),
            OrganName(value="Sở mới", valid_from=DAY),
        ],
        parent=ELSEWHERE,
        former_parents=[OrganLink(organ_id=UBND, valid_to=DAY)],
    )
    directory = Directory((*ORGANISATIONS, moved))
    assert [province(organ, directory, on) for on in (eve, DAY)] == ["H53", "H04"]
    is_outside = RULES.terms(directory).is_outside
    assert [is_outside(UBND, organ, on) for on in (eve, DAY)] == [False, True]
    request = Request(kind=Kind.REGISTERS, organ=str(organ), period=Period.parse("2025"))
    with closing(ReportBook(tmp_path / FILE_NAME)) as book:
        with book.batch():
            book.keep_organisations([(str(organ), dump(moved))])
        names = [
            make(request, book, RULES, datetime.combine(on, time(12), VIETNAM)).organisation
            for on in (eve, DAY)
        ]
    assert names == ["Sở cũ", "Sở mới"]
