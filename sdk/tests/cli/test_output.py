"""What people see on terminals of any width, and what pipes get."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.text import Text

from lienthong.cli import data, views
from lienthong.cli.output import Rows, facts, show, table
from lienthong.cli.texts import Words
from lienthong.codec.signed import dump_entry
from lienthong.errors import Language
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, PackageId, Sha256, StatementId
from lienthong.model.journal import (
    FeedItem,
    JournalEntry,
    Receipt,
    StatementRecord,
    VerificationRecord,
)
from lienthong.testing.values import signatures

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
    lines = on_terminal(made(), 90)
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


def test_report_that_changed_nothing_says_so() -> None:
    """A repeated or late report has a receipt too, which must not read like a change."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    organ = OrganId("000.00.13.H53")
    record = StatementRecord(
        statement_id=StatementId.new(now, bytes(10)),
        package_id=PackageId.new(now, bytes(10)),
        recipient=organ,
        reporter=organ,
        event=DeliveryEvent.REFUSE,
        payload_sha256=Sha256.of(b""),
        envelope_sha256=Sha256.of(b""),
    )
    entry = JournalEntry(index=7, nonce=bytes(32), recorded_at=now, axis="axis.test", body=record)
    receipt = Receipt(entry=dump_entry(entry), index=7, checkpoint="unread")
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as captured:
        console.print(views.of_receipt(Words("en"), receipt))
    assert "as before" in captured.get()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "the axis checked the signatures: original equivalent"),
        ("vi", "trục kiểm tra chữ ký số: có giá trị như bản gốc"),
    ],
)
def test_what_the_axis_has_verified(language: Language, said: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    record = VerificationRecord(
        package_id=PackageId.new(now, bytes(10)),
        recipient=OrganId("000.00.13.H53"),
        found=signatures(),
        value=LegalValue.ORIGINAL_EQUIVALENT,
        rule_set="tay-ninh-2019@1",
        checked_at=now,
        checker="lienthong-node 1",
    )
    entry = JournalEntry(index=7, nonce=bytes(32), recorded_at=now, axis="axis.test", body=record)
    receipt = Receipt(entry=dump_entry(entry), index=7, checkpoint="unread")
    line = views.item_line(Words(language), FeedItem(receipt=receipt, entry=entry)).plain
    assert said in line
    assert "000.00.13.H53" in line
    shown = data.of_entry(entry)
    assert (shown["about"], shown["value"]) == ("verification", "ORIGINAL_EQUIVALENT")
    assert shown["found"]["report"] == record.found.report.hex
