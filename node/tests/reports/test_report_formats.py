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
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from lienthong.errors import FontMissing, FormatUnavailable, ReportUnprintable, TooLarge
from lienthong.fonts import find_font
from lienthong.registers.columns import harmless
from lienthong_node.reports.paper import Align, Cell, Column, Paper, Table, Text
from lienthong_node.reports.plain import as_csv, as_json, as_text

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


def cells(book: bytes, sheet: int) -> dict[str, str]:
    """The texts of a sheet, by their places."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        shared = ET.fromstring(parts.read("xl/sharedStrings.xml"))  # noqa: S314 - ours
        made = ET.fromstring(parts.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314
    texts = ["".join(one.itertext()) for one in shared.iter(f"{space}si")]
    return {
        one.attrib["r"]: texts[int("".join(one.itertext()))]
        for one in made.iter(f"{space}c")
        if one.get("t") == "s"
    }


@pytest.mark.parametrize("letter", ["Y", "ự", "𠀀"])
def test_a_text_that_is_too_long_for_a_cell_goes_on_below(letter: str) -> None:
    """A workbook's cell takes 32 767 characters, some of which count twice."""
    pytest.importorskip("xlsxwriter")
    from lienthong_node.reports.xlsx import as_xlsx

    text = letter * 40_000 + "END"
    made = as_xlsx(paper((1, text), (2, "next"), blocks=[Text(title="III", text=text)]))
    found = cells(made, 2)
    parts = [found[f"B{line}"] for line in (4, 5, 6)]
    assert "".join(parts) == text
    assert all(len(part.encode("utf-16-le")) // 2 <= 32_767 for part in parts)
    assert found["B7"] == "next"
    front = cells(made, 1)
    below = [front[place] for place in sorted(front) if front[place].startswith((letter, "END"))]
    assert "".join(below) == text


def test_a_sheet_that_is_full_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xlsxwriter")
    from lienthong_node.reports import xlsx

    monkeypatch.setattr(xlsx, "_ROWS", 9)
    assert xlsx.as_xlsx(paper(*[(1, "a")] * 6))
    with pytest.raises(TooLarge, match="Văn bản"):
        xlsx.as_xlsx(paper(*[(1, "a")] * 7))


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


def test_what_fits_no_page_is_named_with_a_way_out() -> None:
    """Headings are not split: they are repeated on each page."""
    font = installed_font()
    from lienthong_node.reports.pdf import as_pdf

    tall = Table(title="Bảng", columns=[Column("Tiêu đề " * 5000)], rows=[(1,), (2,)])
    with pytest.raises(ReportUnprintable) as caught:
        as_pdf(paper(blocks=[tall]), font)
    assert "--format xlsx" in caught.value.next_step("en")
    many = Table(title="Bảng", columns=[Column(f"M{n}") for n in range(90)], rows=[("1",) * 90])
    with pytest.raises(ReportUnprintable):
        as_pdf(paper(blocks=[many]), font)


def test_to_whom_it_goes_is_in_every_format() -> None:
    font = installed_font()
    pytest.importorskip("xlsxwriter")
    from lienthong_node.reports.pdf import as_pdf
    from lienthong_node.reports.xlsx import as_xlsx

    plain = paper((7, "x"))
    sent = evolve(plain, addressees=["UBND tỉnh", "Bộ A"], issued_by="Sở B")
    assert "Kính gửi: UBND tỉnh; Bộ A" in as_text(sent).decode()
    assert ["Kính gửi", "UBND tỉnh", "Bộ A"] in list(csv.reader(io.StringIO(as_csv(sent).decode())))
    assert json.loads(as_json(sent))["addressees"] == ["UBND tỉnh", "Bộ A"]
    assert json.loads(as_json(sent))["issued_by"] == "Sở B"
    with zipfile.ZipFile(io.BytesIO(as_xlsx(sent))) as book:
        assert "Kính gửi" in book.read("xl/sharedStrings.xml").decode()
    to_others = evolve(sent, addressees=["UBND tỉnh", "Bộ B"])
    unsaid = evolve(sent, addressees=[])
    assert len({as_pdf(one, font) for one in (sent, to_others, unsaid)}) == 3
    assert "Kính gửi" not in as_text(plain).decode()


def test_a_terminal_breaks_long_codes_and_never_cuts_them() -> None:
    columns = [Column(f"Mã {n}") for n in range(12)]
    code = "000.00.11.H53"
    table = Table(title="Mã", columns=columns, rows=[(code,) * 12])
    shown = as_text(paper(blocks=[table])).decode()
    assert "…" not in shown.partition("Mã 0")[2].partition("Bộ quy tắc")[0]


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
