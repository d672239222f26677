"""What people see on terminals of any width, and what pipes get."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.text import Text

from lienthong.cli.output import Rows, facts, show, table

SUBJECT = "Về việc phê duyệt kế hoạch ứng dụng công nghệ thông tin năm 2026"
ROWS = [("01981f5e-0000-7000-8000-000000000000", "sent", SUBJECT)] * 2


def on_terminal(made: Rows, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(made)
    return [line.rstrip() for line in captured.get().splitlines()]


def made() -> Rows:
    return table(["package", "state", "subject"], ROWS, long=(2,))


def test_wide_terminal_shows_one_line_a_row() -> None:
    lines = on_terminal(made(), 140)
    assert len(lines) == 3
    assert lines[1].endswith(SUBJECT)


def test_only_long_texts_are_folded() -> None:
    lines = on_terminal(made(), 80)
    assert len(lines) > 3
    assert lines[1].startswith(f"{ROWS[0][0]}  sent   Về việc")


@pytest.mark.parametrize("width", [40, 60])
def test_narrow_terminal_shows_rows_as_lines_of_their_own(width: int) -> None:
    text = "\n".join(on_terminal(made(), width))
    assert text.startswith(f"{ROWS[0][0]}")
    assert "subject" not in text
    assert " ".join(text.split()).count(SUBJECT) == 2


def test_long_text_may_come_first() -> None:
    rows = table(["file", "size"], [("công văn số 5.pdf", "78,121")], long=(0,))
    assert on_terminal(rows, 12)[0].startswith("công văn")


def test_empty_table_has_its_headings_only() -> None:
    assert on_terminal(table(["a", "b"], []), 80) == ["a  b"]


def test_pipe_gets_one_line_a_row_without_spaces_at_its_end() -> None:
    long = [("a", "x" * 500, ""), ("b", "", "")]
    runner = CliRunner()
    with runner.isolation() as (out, _, _):
        show(table(["one", "two", "three"], long, long=(1,)))
        show(facts([("name", "y" * 300), ("left out", None)]))
        show(Text("đã gửi"))
    lines = out.getvalue().decode().splitlines()
    assert [len(line.split()) for line in lines] == [3, 2, 1, 2, 2]
    assert all(line == line.rstrip() for line in lines)
