"""The formats of reports: nothing in them is run, and Vietnamese is readable."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from lienthong.errors import FontMissing, FormatUnavailable
from lienthong_node.reports.fonts import find_font
from lienthong_node.reports.paper import Align, Cell, Column, Paper, Table, Text
from lienthong_node.reports.plain import as_csv, as_json, as_text, harmless

DANGEROUS = ('=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\tTab", "  =1+1")
COLUMNS = (Column("Số đến", 10, Align.RIGHT), Column("Trích yếu", 40))


def paper(*rows: tuple[Cell, ...], blocks: Sequence[Table | Text] = ()) -> Paper:
    return Paper(
        kind="registers",
        organisation="Sở Tài chính",
        organ_id="H53.11",
        title="Sổ đăng ký văn bản đến",
        subtitle="Quý III năm 2026",
        period="2026-Q3",
        first="2026-07-01",
        last="2026-09-30",
        blocks=[
            Table(title="Văn bản: đến [1]/*?", columns=COLUMNS, rows=rows),
            Table(title="Văn bản: đến [2]/*?", columns=COLUMNS, rows=[]),
            Text(title="II. Khó khăn"),
            *blocks,
        ],
        source=[("Bộ quy tắc", "tay-ninh-2019@0")],
    )


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_format_runs_what_a_document_says(text: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(paper((1, text))).decode("utf-8-sig"))))
    assert ["1", f"'{text}"] in rows
    pytest.importorskip("xlsxwriter")
    from lienthong_node.reports.xlsx import as_xlsx

    with zipfile.ZipFile(io.BytesIO(as_xlsx(paper((1, text))))) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    assert "<v>1</v>" in sheet


@pytest.mark.parametrize("cell", ["15/QĐ-UBND", "Về việc -", "a=b", "", -3])
def test_what_is_no_formula_stays_as_it_is(cell: Cell) -> None:
    assert harmless(cell) == cell


def test_json_holds_all_of_it() -> None:
    data = json.loads(as_json(paper((7, "Về việc gửi, nhận"))))
    assert data["blocks"][0]["rows"] == [[7, "Về việc gửi, nhận"]]
    assert data["source"] == {"Bộ quy tắc": "tay-ninh-2019@0"}
    assert data["period"] == {"name": "2026-Q3", "first": "2026-07-01", "last": "2026-09-30"}


def test_a_terminal_shows_brackets_as_they_are() -> None:
    shown = as_text(paper((7, "[bold]không phải thẻ[/bold]"))).decode()
    assert "[bold]không phải thẻ[/bold]" in shown
    assert "Không phát sinh." in shown


def test_equal_reports_are_equal_files() -> None:
    pytest.importorskip("xlsxwriter")
    from lienthong_node.reports.xlsx import as_xlsx

    assert as_xlsx(paper((1, "a"))) == as_xlsx(paper((1, "a")))
    assert as_xlsx(paper((1, "a"))) != as_xlsx(paper((1, "b")))


def installed_font() -> Path:
    """A font that surely has all letters."""
    pytest.importorskip("reportlab")
    found = next(Path("/usr/share/fonts").rglob("DejaVuSerif.ttf"), None)
    if found is None:
        pytest.skip("DejaVu is not installed")
    return found


def without_vietnamese() -> Path:
    """A font that comes with ReportLab."""
    reportlab = pytest.importorskip("reportlab")
    return Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


def test_a_report_is_printed_in_vietnamese() -> None:
    installed_font()
    from lienthong_node.reports.pdf import as_pdf

    rows = [(number, f"Về việc gửi, nhận văn bản điện tử <{number}>") for number in range(200)]
    made = as_pdf(paper(*rows, (7, "x" * 300)))
    assert made.startswith(b"%PDF")
    assert made == as_pdf(paper(*rows, (7, "x" * 300))), "equal reports are equal files"


def test_a_row_taller_than_a_page_goes_on_on_the_next() -> None:
    font = installed_font()
    from lienthong_node.reports.pdf import as_pdf

    def pages(recipients: int) -> int:
        cell = "; ".join(f"Ủy ban nhân dân xã số {number}" for number in range(recipients))
        return as_pdf(paper((1, cell)), font).count(b"/Type /Page\n")

    assert pages(1500) > pages(1) + 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from lienthong_node.reports.pdf import as_pdf
    from lienthong_node.reports.xlsx import as_xlsx

    for name in ("xlsxwriter", "reportlab.lib.pagesizes"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(FormatUnavailable, match="XlsxWriter"):
        as_xlsx(paper())
    with pytest.raises(FormatUnavailable, match="reportlab"):
        as_pdf(paper())


def test_a_missing_font_is_named_with_a_way_out(tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    with pytest.raises(FontMissing, match="LiberationSerif"):
        find_font(folders=[tmp_path])
    with pytest.raises(FontMissing, match=r"nho\.ttf"):
        find_font(tmp_path / "nho.ttf")
    error = FontMissing(looked_for="x")
    assert "--font" in error.next_step("vi")


def test_a_file_that_is_no_font_is_named(tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    from lienthong_node.reports.pdf import as_pdf

    file = tmp_path / "hong.ttf"
    file.write_bytes(b"no font at all")
    with pytest.raises(FontMissing, match=r"hong\.ttf"):
        as_pdf(paper(), file)
    with pytest.raises(FontMissing, match=r"Vera\.ttf"):
        as_pdf(paper(), without_vietnamese())


def test_the_best_font_that_has_all_letters_is_taken(tmp_path: Path) -> None:
    good, lacking = installed_font(), without_vietnamese()
    for name in ("LiberationSerif-Regular.ttf", "DejaVuSerif-Bold.ttf"):
        shutil.copyfile(lacking, tmp_path / name)
    with pytest.raises(FontMissing, match="LiberationSerif"):
        find_font(folders=[tmp_path])
    shutil.copyfile(good, tmp_path / "DejaVuSerif.ttf")
    font = find_font(folders=[tmp_path])
    assert (font.regular.name, font.bold.name) == ("DejaVuSerif.ttf", "DejaVuSerif.ttf")
    for name in ("FreeSerif.ttf", "FreeSerifBold.ttf"):
        shutil.copyfile(good, tmp_path / name)
    font = find_font(folders=[tmp_path])
    assert (font.regular.name, font.bold.name) == ("FreeSerif.ttf", "FreeSerifBold.ttf")
