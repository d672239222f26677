"""The forms and registers that are made from the file of reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import (
    ConfigInvalid,
    OrganisationUnknown,
    OutsideCalendar,
    PeriodNotBegun,
    ReportFrozen,
)
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.reports.counting import Measure
from lienthong.reports.period import Period
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.figures import Figures, load_figures
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.paper import Paper, Table, Text
from lienthong_node.reports.snapshot import freeze, frozen_path
from lienthong_node.reports.terms import province
from node.tests.reporting import NEW_CODE, ORGANISATIONS, RULES, at, fill
from sdk.tests.reports.cast import ELSEWHERE, FINANCE, JUSTICE, OLD_OFFICE, UBND
from sdk.tests.reports.generated import generate

JOURNAL = generate(21, 80)
NOW = at("2026-11-02")
QUARTER = Period.parse("2026-Q3", 14)


@pytest.fixture(scope="module")
def store() -> MemoryRecordStore:
    made = MemoryRecordStore()
    fill(made, JOURNAL.entries)
    return made


@pytest.fixture(scope="module")
def book(
    store: MemoryRecordStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReportBook]:
    made = open_up_to_date(
        tmp_path_factory.mktemp("data") / FILE_NAME, store, RULES, NOW, lambda _done, _total: None
    )
    yield made
    made.close()


def paper(book: ReportBook, kind: Kind = Kind.QUARTERLY, **fields: Any) -> Paper:
    values: dict[str, Any] = {"kind": kind, "organ": str(FINANCE), "period": QUARTER}
    return make(Request(**(values | fields)), book, RULES, NOW)


def table(made: Paper, title: str) -> Table:
    [one] = [block for block in made.blocks if block.title == title]
    assert isinstance(one, Table)
    return one


def text(made: Paper, title: str) -> str:
    [one] = [block for block in made.blocks if block.title == title]
    assert isinstance(one, Text)
    return one.text


def results(made: Paper) -> dict[str, str]:
    return {str(row[0]): str(row[2]) for row in table(made, "I. Kết quả").rows}


def test_an_unknown_organisation_is_named(book: ReportBook) -> None:
    with pytest.raises(OrganisationUnknown, match="H53.99"):
        paper(book, organ="H53.99")


def test_a_period_in_the_future_is_refused(book: ReportBook) -> None:
    with pytest.raises(PeriodNotBegun, match="2027-Q1"):
        paper(book, period=Period.parse("2027-Q1"))


def test_a_period_outside_the_calendar_is_refused(book: ReportBook) -> None:
    with pytest.raises(OutsideCalendar, match="2009"):
        paper(book, period=Period.parse("2009-Q3"))


def test_of_an_empty_period_nothing_occurred(book: ReportBook) -> None:
    made = paper(book, period=Period.parse("2025-Q1"))
    values = results(made)
    assert values["M1a"] == "0"
    assert values["M4"] == "không phát sinh"
    assert values["M13"] == "không có dữ liệu"
    assert table(made, "Danh sách quá hạn chưa thực hiện").rows == ()


def test_a_period_that_goes_on_says_so(book: ReportBook) -> None:
    assert "chưa kết thúc" in paper(book, period=Period.parse("2026-Q4")).subtitle
    assert "chưa kết thúc" not in paper(book).subtitle


def test_what_is_overdue_is_listed_oldest_first(book: ReportBook) -> None:
    year = Period.parse("2026")
    made = paper(book, Kind.YEAR, period=year)
    rows = table(made, "Danh sách quá hạn chưa thực hiện").rows
    open_now = [
        life
        for life in JOURNAL.lives
        if life.recipient == FINANCE and life.recalled and not life.recall_confirmed
    ]
    assert sum(row[0] == "Chưa thực hiện thu hồi" for row in rows) == len(open_now)
    late = [facts for facts, _ in book.open_items([FINANCE], Measure.NOT_TAKEN, year, 100)]
    assert late == sorted(late, key=lambda facts: str(facts.take_by))
    assert all(facts.accepted_at is None for facts in late)
    assert len(book.open_items([FINANCE], Measure.NOT_TAKEN, year, 1)) == min(1, len(late))


def test_any_code_of_the_organisation_will_do(book: ReportBook) -> None:
    assert results(paper(book, organ=NEW_CODE)) == results(paper(book))


def test_a_successor_reports_for_what_was_closed(book: ReportBook) -> None:
    year = Period.parse("2026")
    now = results(paper(book, Kind.YEAR, organ=str(JUSTICE), period=year))
    then = results(paper(book, Kind.YEAR, organ=str(JUSTICE), period=year, as_was=True))
    old = results(paper(book, Kind.YEAR, organ=str(OLD_OFFICE), period=year, as_was=True))
    assert int(now["M2a"]) == int(then["M2a"]) + int(old["M2a"])
    assert int(old["M2a"]) > 0


def test_a_report_of_the_province_ranks_its_units(book: ReportBook) -> None:
    made = paper(book, Kind.YEAR, organ=str(UBND), period=Period.parse("2026"), with_units=True)
    ranked = table(made, "Xếp hạng các đơn vị").rows
    assert [row[0] for row in ranked] == [1, 2, 3]
    assert {row[1] for row in ranked} == {"UBND tỉnh Tây Ninh", "Sở Tài chính", "Sở Tư pháp"}
    assert table(made, "Vi phạm thời hạn, theo đơn vị").rows
    assert table(made, "I. Kết quả").columns[3].title == "Kỳ trước"


def test_the_four_parts_of_a_quarterly_report(book: ReportBook, tmp_path: Path) -> None:
    file = tmp_path / "so-lieu.toml"
    file.write_text(
        f"""
[[unit]]
organ_id = "{FINANCE}"
staff = 40
staff_with_account = 38
report_received_on = 2026-09-15
difficulties = "Đường truyền chậm"
about_software = "Thêm nhắc việc"
about_regulation = "Bỏ bản giấy"

[[check]]
organ_id = "{FINANCE}"
checked_at = 2026-09-14T08:05:00+07:00
""",
        "utf-8",
    )
    made = paper(book, figures=load_figures(file))
    assert results(made)["M13"] == "95,00 % (38/40)"
    assert results(made)["M11"].startswith("0,00 %")
    assert results(made)["M20"] == "100,00 % (1/1)"
    assert text(made, "II. Khó khăn, vướng mắc") == "Đường truyền chậm"
    assert text(made, "III. Đề xuất, kiến nghị về phần mềm") == "Thêm nhắc việc"
    assert text(made, "IV. Đề xuất, kiến nghị về quy chế") == "Bỏ bản giấy"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("[[unit]]\n", "unit[0].organ_id"),
        ('[[unit]]\norgan_id = "H53"\nstaf = 3\n', "unit[0].staf"),
        ('[[unit]]\norgan_id = "H53"\nstaff = "3"\n', "unit[0].staff"),
        ('[[unit]]\norgan_id = "H53"\nstaff = 3\n', "unit[0].staff_with_account"),
        ('[[unit]]\norgan_id = "H53"\n[[unit]]\norgan_id = "H53"\n', "unit[1]"),
        ('[[check]]\norgan_id = "H53"\nchecked_at = 2026-09-14T08:05:00\n', "check[0].checked_at"),
        ("[[units]]\n", "units"),
        ("unit = 3\n", "unit"),
        ("[[unit]\n", "the file"),
    ],
)
def test_figures_that_are_wrong_are_named(tmp_path: Path, content: str, key: str) -> None:
    file = tmp_path / "so-lieu.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load_figures(file)
    assert caught.value.facts["key"] == key
    assert caught.value.facts["file"] == file


def test_a_scorecard_needs_weights(book: ReportBook) -> None:
    made = paper(book, Kind.CCHC, organ=str(UBND), with_units=True)
    if not RULES.rule_set.reports.scorecard:
        assert "trọng số" in text(made, "Chấm điểm")


def test_registers_hold_each_document_once_in_order(book: ReportBook) -> None:
    made = paper(book, Kind.REGISTERS, period=Period.parse("2026"))
    incoming = table(made, "Sổ đăng ký văn bản đến").rows
    numbers = [row[1] for row in incoming]
    mine = sorted(
        life.number for life in JOURNAL.lives if life.recipient == FINANCE and life.accepted
    )
    assert numbers == mine
    assert len(table(made, "Sổ theo dõi giải quyết văn bản đến").rows) == len(mine)
    outgoing = table(made, "Sổ đăng ký văn bản đi").rows
    assert len(outgoing) == sum(issue.sender == FINANCE for issue in JOURNAL.issues)
    assert len(table(made, "Sổ đăng ký văn bản đi").columns) == 10
    assert len(table(made, "Sổ đăng ký văn bản đến").columns) == 10
    assert len(table(made, "Sổ theo dõi giải quyết văn bản đến").columns) == 7


def test_a_province_is_the_top_of_the_directory() -> None:
    directory = Directory(ORGANISATIONS)
    assert province(FINANCE, directory) == province(OLD_OFFICE, directory) == "H53"
    assert province(ELSEWHERE, directory) == "H04"
    assert province(OrganId("H53.12"), directory) == "H53"


def test_a_frozen_report_is_never_overwritten(book: ReportBook, tmp_path: Path) -> None:
    made = paper(book)
    path = frozen_path(tmp_path, made, "csv")
    sha256 = freeze(path, b"so lieu", made)
    assert path.name == "quarterly-000.00.11.H53-2026-Q3.csv"
    with pytest.raises(ReportFrozen, match=sha256):
        freeze(path, b"so lieu khac", made)
    assert path.read_bytes() == b"so lieu"
    proof = path.with_name(f"{path.name}.sha256.json").read_text("utf-8")
    for value in (sha256, RULES.rule_set.version, RULES.table.version):
        assert value in proof
    path.unlink()
    with pytest.raises(ReportFrozen):
        freeze(path, b"so lieu khac", made)


def test_no_figures_are_no_data(book: ReportBook) -> None:
    values = results(paper(book, figures=Figures()))
    for number in ("M11", "M12", "M13", "M14", "M15", "M16", "M18", "M20"):
        assert values[number] == "không có dữ liệu"
