"""The forms and registers that are made from the file of reports."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
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
from lienthong.model.time import VIETNAM
from lienthong.plugins.calendars import find_calendar
from lienthong.reports.counting import Measure
from lienthong.reports.facts import CheckFacts, UnitFacts
from lienthong.reports.period import Period
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.figures import Figures, load_figures
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.paper import Paper, Table, Text
from lienthong_node.reports.snapshot import freeze, frozen_path, write_whole
from node.tests.reports.reporting import NEW_CODE, RULES, at, filled
from sdk.tests.reports.cast import ELSEWHERE, FINANCE, JUSTICE, OLD_OFFICE, UBND
from sdk.tests.reports.generated import generate

JOURNAL = generate(21, 80)
NOW = at("2026-11-02")
DAY = date(2026, 7, 1)
QUARTER = Period.parse("2026-Q3", 14)


@pytest.fixture(scope="module")
def store() -> MemoryRecordStore:
    return filled(JOURNAL.entries)


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


@pytest.mark.parametrize("period", ["2018", "2018-H1"])
def test_the_first_period_of_a_calendar_is_compared_with_no_data(
    book: ReportBook, period: str
) -> None:
    kind = Kind.YEAR if period == "2018" else Kind.HALF_YEAR
    rows = table(paper(book, kind, period=Period.parse(period)), "I. Kết quả").rows
    assert {row[3] for row in rows} == {"không có dữ liệu"}
    later = paper(book, Kind.YEAR, period=Period.parse("2019"))
    assert {row[3] for row in table(later, "I. Kết quả").rows} != {"không có dữ liệu"}


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
    assert sum(row[0] == "Chưa xác nhận thu hồi" for row in rows) == len(open_now)
    late = [facts for facts, _ in book.open_items([FINANCE], Measure.NOT_TAKEN, year, 100)]
    assert late == sorted(late, key=lambda facts: str(facts.take_by))
    assert all(facts.accepted_at is None for facts in late)
    assert len(book.open_items([FINANCE], Measure.NOT_TAKEN, year, 1)) == min(1, len(late))


def test_a_recall_is_listed_once_and_only_when_it_is_overdue(
    book: ReportBook, store: MemoryRecordStore, tmp_path: Path
) -> None:
    """The recipient has to carry it out; that the sender waits for it is no second breach."""
    waiting = [one for one in JOURNAL.lives if one.recalled and not one.recall_confirmed]
    inside = [one for one in waiting if one.recipient != ELSEWHERE]
    year = Period.parse("2026")

    def listed(from_book: ReportBook, now: datetime) -> int:
        request = Request(kind=Kind.YEAR, organ=str(UBND), period=year, with_units=True)
        made = make(request, from_book, RULES, now)
        assert results(made)["M9f"] == str(sum(one.sender != ELSEWHERE for one in waiting))
        rows = table(made, "Danh sách quá hạn chưa thực hiện").rows
        return sum("hu hồi" in str(row[0]) for row in rows)

    assert listed(book, NOW) == len(inside) > 0
    first = min(one.recalled for one in waiting if one.recalled)
    with closing(
        open_up_to_date(tmp_path / FILE_NAME, store, RULES, first, lambda _done, _total: None)
    ) as then:
        assert listed(then, first) == 0


def test_figures_are_of_each_unit_of_the_report(book: ReportBook) -> None:
    """What one unit checks is no check by another; who is not in the figures is there, too."""
    morning = datetime(2026, 9, 14, 8, tzinfo=VIETNAM)
    figures = Figures(
        units=(
            UnitFacts(organ_id=FINANCE, has_certificate=True, report_received_on=date(2026, 9, 15)),
        ),
        checks=tuple(CheckFacts(organ_id=organ, checked_at=morning) for organ in (UBND, FINANCE)),
    )
    own = results(paper(book, organ=str(UBND), figures=figures))["M11"]
    made = results(paper(book, organ=str(UBND), with_units=True, figures=figures))
    days = int(own.rpartition("/")[2].rstrip(")"))
    assert made["M11"] == f"0,00 % (0/{3 * days})"
    assert made["M16"] == made["M20"] == "33,33 % (1/3)"


@pytest.mark.parametrize(("day", "shown"), [(None, "không có dữ liệu"), (14, "(1/130)")])
def test_the_period_before_has_its_own_checks(
    book: ReportBook, day: int | None, shown: str
) -> None:
    """Where none was given for it, it has no data; that is not none on any day."""
    days = [datetime(2026, 1, 6, 8, tzinfo=VIETNAM)]
    days += [] if day is None else [datetime(2025, 7, day, 8, tzinfo=VIETNAM)] * 2
    checks = tuple(CheckFacts(organ_id=FINANCE, checked_at=at_) for at_ in days)
    made = paper(
        book, Kind.HALF_YEAR, period=Period.parse("2026-H1"), figures=Figures(checks=checks)
    )
    [row] = [row for row in table(made, "I. Kết quả").rows if row[0] == "M11"]
    assert str(row[2]).startswith("0,00 %")
    assert str(row[3]).endswith(shown)


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


def test_figures_may_have_any_code_that_the_directory_knows(
    book: ReportBook, tmp_path: Path
) -> None:
    file = tmp_path / "so-lieu.toml"
    text = '[[unit]]\norgan_id = "{}"\nstaff = 40\nstaff_with_account = 38\n'
    file.write_text(text.format(NEW_CODE), "utf-8")
    assert results(paper(book, figures=load_figures(file)))["M13"] == "95,00 % (38/40)"
    file.write_text(text.format("H53.99"), "utf-8")
    with pytest.raises(OrganisationUnknown, match="H53.99"):
        paper(book, figures=load_figures(file))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("[[unit]]\n", "unit[0].organ_id"),
        ('[[unit]]\norgan_id = "H53"\nstaf = 3\n', "unit[0].staf"),
        ('[[unit]]\norgan_id = "H53"\nstaff = "3"\n', "unit[0].staff"),
        ('[[unit]]\norgan_id = "H53"\nstaff = 3\n', "unit[0].staff_with_account"),
        ('[[unit]]\norgan_id = "H53"\n[[unit]]\norgan_id = "H53"\n', "unit[1]"),
        ('[[check]]\norgan_id = "H53"\nchecked_at = 2026-09-14T08:05:00\n', "check[0].checked_at"),
        (
            '[[check]]\norgan_id = "H53"\nchecked_at = 2026-09-14T08:05:00+07:00\nmissed = true\n',
            "check[0].missed",
        ),
        ("[[units]]\n", "units"),
        ("unit = 3\n", "unit"),
        ("[[unit]\n", "the file"),
        ("unit = " + "[" * 3000, "the file"),
    ],
)
def test_figures_that_are_wrong_are_named(tmp_path: Path, content: str, key: str) -> None:
    file = tmp_path / "so-lieu.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load_figures(file)
    assert caught.value.facts["key"] == key
    assert caught.value.facts["file"] == file


@pytest.mark.parametrize("wrong", ["2026-09-14T08:05:00", "2026-09-14", "'2026-09-14'", "true"])
def test_what_is_no_instant_is_told_what_one_is(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "so-lieu.toml"
    file.write_text(f'[[check]]\norgan_id = "H53"\nchecked_at = {wrong}\n', "utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load_figures(file)
    assert "instant" in str(caught.value.facts["expected"])


def test_a_scorecard_needs_weights(book: ReportBook) -> None:
    made = paper(book, Kind.CCHC, organ=str(UBND), with_units=True)
    if not RULES.rule_set.reports.scorecard:
        assert "trọng số" in text(made, "Chấm điểm")


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "bao-cao.csv"
    write_whole(path, b"so lieu")
    path.chmod(0o640)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            write_whole(path, b"so lieu" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"so lieu"
    link = tmp_path / "moi-nhat.csv"
    link.symlink_to(path)
    write_whole(link, b"so lieu moi")
    assert link.is_symlink()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"so lieu moi", 0o640)
    write_whole(Path("/dev/null"), b"so lieu")
    assert Path("/dev/null").is_char_device()


def test_a_frozen_report_is_never_overwritten(book: ReportBook, tmp_path: Path) -> None:
    made = paper(book)
    path = frozen_path(tmp_path, made, "csv")
    sha256 = freeze(path, b"so lieu", made)
    assert path.name == "quarterly-000.00.11.H53-2026-Q3.csv"
    with pytest.raises(ReportFrozen, match=sha256):
        freeze(path, b"so lieu khac", made)
    assert path.read_bytes() == b"so lieu"
    proof = path.with_name(f"{path.name}.sha256.json").read_text("utf-8")
    for value in (sha256, RULES.rule_set.version, find_calendar("vietnam").version):
        assert value in proof
    path.unlink()
    with pytest.raises(ReportFrozen):
        freeze(path, b"so lieu khac", made)


def test_a_freeze_that_fails_leaves_nothing(book: ReportBook, tmp_path: Path) -> None:
    made = paper(book)
    path = frozen_path(tmp_path, made, "csv")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            freeze(path, b"so lieu" * 4096, made)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(path.parent.iterdir()) == []
    assert freeze(path, b"so lieu", made)
    names = {one.name for one in path.parent.iterdir()}
    assert names == {path.name, f"{path.name}.sha256.json"}
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o444}


def test_reports_of_other_reach_are_told_apart(book: ReportBook, tmp_path: Path) -> None:
    made = [
        paper(book, organ=str(UBND), with_units=with_units, as_was=as_was)
        for with_units in (False, True)
        for as_was in (False, True)
    ]
    for seen in (
        {one.subtitle for one in made},
        {dict(one.source)["Phạm vi"] for one in made},
        {frozen_path(tmp_path, one, "csv") for one in made},
    ):
        assert len(seen) == len(made)
    freeze(frozen_path(tmp_path, made[3], "csv"), b"so lieu", made[3])
    proof = frozen_path(tmp_path, made[3], "csv.sha256.json").read_text("utf-8")
    assert json.loads(proof)["reach"] == ["with-units", "as-was"]


def test_no_figures_are_no_data(book: ReportBook) -> None:
    values = results(paper(book, figures=Figures()))
    for number in ("M11", "M12", "M13", "M14", "M15", "M16", "M18", "M20"):
        assert values[number] == "không có dữ liệu"
