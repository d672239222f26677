"""``lienthong register``, and the commands that enter what they do."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import Result

from lienthong.errors import RegisterBookFailed
from lienthong.model.time import vietnam_date
from lienthong.registers import RegisterBook
from lienthong.registers.columns import IncomingRow, OutgoingRow, titles

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

Run = Callable[..., Result]

SENDER, RECIPIENT = "000.00.00.H53", "000.00.13.H53"
KIND = ("--kind", "QUYET_DINH", "--notation", "QĐ-UBND")


@pytest.fixture
def book(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "registers.db"
    assert run("register", "new", path).exit_code == 0
    return path


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refusal(result: Result) -> Any:
    assert result.exit_code != 0
    assert "Traceback" not in result.stderr
    return json.loads(result.stderr.splitlines()[-1])["error"]["code"]


def number(run: Run, book: Path, key: str, *more: str) -> Result:
    arguments = ["register", "number", key, *KIND, "--for", "H53", "--register", book, "--json"]
    return run(*arguments, *more)


def this_year() -> int:
    return vietnam_date(datetime.now(UTC)).year


# --- Numbers --------------------------------------------------------------------------------------


def test_a_book_is_never_begun_by_a_typing_error(run: Run, tmp_path: Path) -> None:
    result = number(run, tmp_path / "registers.bd", "a")
    assert refusal(result) == "cli.usage"
    assert list(tmp_path.iterdir()) == []


def test_a_book_is_not_begun_twice(run: Run, book: Path) -> None:
    assert number(run, book, "a").exit_code == 0
    assert refusal(run("register", "new", book, "--json")) == "register.book_unusable"
    assert said(number(run, book, "a"))["number"] == "01/QĐ-UBND"


def test_a_file_of_something_else_is_refused(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "thu.pdf"
    other.write_bytes(b"%PDF-1.7")
    assert refusal(number(run, other, "a")) == "register.book_unusable"


def test_numbers_are_taken_and_cancelled(run: Run, book: Path) -> None:
    assert said(number(run, book, "a"))["number"] == "01/QĐ-UBND"
    again = said(number(run, book, "a"))
    assert (again["number"], again["code"], again["line"]["state"]) == (
        "01/QĐ-UBND",
        f"H53.{this_year()}.1",
        "RESERVED",
    )
    cancel = ["register", "cancel", "a", "--register", book, "--json", "--reason", "không ban hành"]
    cancel += ["--for", "H53"]
    assert said(run(*cancel))["line"]["state"] == "CANCELLED"
    assert refusal(run(*cancel)) == "register.line_unknown"
    assert said(number(run, book, "a"))["number"] == "02/QĐ-UBND"


def test_the_rule_set_decides(run: Run, book: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mot-day.toml"
    rules.write_text(
        'name = "mot-day"\ntitle = "Một dãy"\nsources = ["QĐ 1"]\ninherits = "tay-ninh-2019"\n'
        '[numbering]\nseries = "COMMON"\ncode_separator = "-"\ncode_padding = 4\n'
    )
    found = said(number(run, book, "a", "--rule-set", str(rules)))
    assert (found["code"], found["line"]["place"]["series"]) == (
        f"H53-{this_year()}-0001",
        "COMMON",
    )
    assert refusal(number(run, book, "b")) == "register.series_fixed"


def test_a_sealed_register_is_closed(run: Run, book: Path) -> None:
    seal = ["register", "seal", "--for", "H53", "--on", "2020-11-01", "--register", book, "--json"]
    assert said(run(*seal, "--successor", "H54"))["sealed_on"] == "2020-11-01"
    assert refusal(number(run, book, "a")) == "register.sealed"
    assert refusal(run(*seal)) == "register.sealed"


def test_a_seal_is_taken_back(run: Run, book: Path) -> None:
    where = ["--register", book, "--json"]
    said(run("register", "seal", "--for", "H53", "--on", "2062-07-01", *where))
    assert said(run("register", "unseal", "--for", "H53", *where)) == {"organ": "H53"}
    assert refusal(run("register", "unseal", "--for", "H53", *where)) == "register.line_unknown"


def test_a_number_has_no_day_of_an_ended_year(run: Run, book: Path) -> None:
    assert refusal(number(run, book, "a", "--date", "2020-11-20")) == "model.invalid_value"


@pytest.mark.parametrize("key", ["", "a\udcff", "a\0"])
def test_a_key_that_names_nothing_is_refused(run: Run, book: Path, key: str) -> None:
    assert refusal(number(run, book, key)) in {"model.invalid_value", "model.missing_field"}


def test_organisations_of_one_book_are_kept_apart(
    as_sender: Run, as_recipient: Run, book: Path, tmp_path: Path
) -> None:
    """Each works on its own registers, unless it names another one."""
    where = ["--register", book, "--json"]
    for whose, run in ((SENDER, as_sender), (RECIPIENT, as_recipient)):
        assert said(run("register", "number", "draft-1", *KIND, *where))["line"]["place"][
            "organ"
        ] == str(whose)
    cancel = ["register", "cancel", "draft-1", "--reason", "không ban hành", *where]
    assert said(as_recipient(*cancel))["line"]["place"]["organ"] == RECIPIENT
    assert refusal(as_recipient(*cancel)) == "register.line_unknown"
    (line,) = map(json.loads, as_sender("register", "list", "outgoing", *where).stdout.splitlines())
    assert (line["place"]["organ"], line["state"]) == (SENDER, "RESERVED")
    out = tmp_path / "out.csv"
    assert said(as_sender("register", "export", "outgoing", "--out", out, *where))["lines"] == 1


def test_a_book_is_not_written_over(run: Run, book: Path, tmp_path: Path) -> None:
    said(number(run, book, "a"))
    (other := tmp_path / "again.db").symlink_to(book)
    for out in (book, other):
        export = ["register", "export", "outgoing", "--for", "H53", "--out", out]
        assert refusal(run(*export, "--register", book, "--json")) == "model.invalid_value"
    assert said(number(run, book, "b"))["number"] == "02/QĐ-UBND"


def test_an_emptied_book_is_not_begun_again(run: Run, book: Path) -> None:
    said(number(run, book, "a"))
    book.write_bytes(b"")
    for which in (["list", "outgoing"], ["cancel", "a", "--reason", "thử"]):
        found = run("register", *which, "--for", "H53", "--register", book, "--json")
        assert refusal(found) == "register.book_unusable"
    assert refusal(number(run, book, "b")) == "register.book_unusable"


def test_people_read_it_in_their_language(run: Run, book: Path) -> None:
    arguments = ["register", "number", "a", *KIND, "--for", "H53", "--register", book]
    result = run(*arguments, "--lang", "vi")
    assert result.stdout.startswith("01/QĐ-UBND\n")
    assert "Đã giữ số" in result.stdout


def test_a_number_of_a_day_to_come_would_block_the_register(run: Run, book: Path) -> None:
    arguments = ["register", "number", "a", *KIND, "--for", "H53", "--register", book, "--json"]
    assert refusal(run(*arguments, "--date", "2990-01-01")) == "model.invalid_value"


# --- With the axis --------------------------------------------------------------------------------


@pytest.fixture
def document(axis: ScriptedAxis, files: Path) -> Path:
    path = files / "document.toml"
    text = path.read_text().replace("52/QĐ-UBND", "01/QĐ-UBND")
    path.write_text(text.replace("2026-11-20", "2020-11-20"))
    return path


def test_without_number_and_book_nothing_is_accepted(as_recipient: Run, sent: str) -> None:
    result = as_recipient("accept", sent)
    assert result.exit_code == 2
    assert "--register BOOK" in result.stderr


def test_a_document_goes_through_both_registers(
    as_sender: Run, as_recipient: Run, document: Path, files: Path, book: Path, tmp_path: Path
) -> None:
    kept = ["--register", book, "--json"]
    sending = ["send", document, "--file", files / "main.pdf", "--to", RECIPIENT, *kept]
    package = said(as_sender(*sending))["package_id"]
    accepted = said(as_recipient("accept", package, *kept))
    assert said(as_recipient("accept", package, *kept))["register"] == accepted["register"]
    assert (accepted["register"]["number"], accepted["register"]["state"]) == (1, "USED")
    said(as_recipient("forward", package, "--lead", "Phòng Bưu chính", *kept))
    said(as_recipient("complete", package, "--information-only", *kept))

    listed = as_recipient("register", "list", "follow-up", "--for", RECIPIENT, "--register", book)
    assert "Phòng Bưu chính" in listed.stdout
    for which, kind in (("outgoing", OutgoingRow), ("incoming", IncomingRow)):
        out = tmp_path / f"{which}.csv"
        run, year = (as_sender, 2020) if which == "outgoing" else (as_recipient, this_year())
        export = ["register", "export", which, "--year", year, "--out", out, *kept]
        assert said(run(*export)) == {"path": str(out), "lines": 1}
        heading, row = csv.reader(out.read_text("utf-8-sig").splitlines())
        assert tuple(heading) == titles(kind)
        assert "01/QĐ-UBND" in row


def test_a_second_document_with_one_number_is_not_sent(
    as_sender: Run, document: Path, files: Path, book: Path
) -> None:
    sending = ["send", document, "--file", files / "main.pdf", "--to", RECIPIENT, "--json"]
    said(as_sender(*sending, "--register", book))
    document.write_text(document.read_text().replace("Về việc", "Việc khác:"))
    result = as_sender(*sending, "--register", book)
    assert refusal(result) == "register.number_taken"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_could_not_be_entered_is_told(
    as_sender: Run,
    document: Path,
    files: Path,
    book: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: tuple[str, ...],
) -> None:
    def full(*given: object) -> None:
        raise RegisterBookFailed(path="registers.db", reason="disk is full")

    monkeypatch.setattr(RegisterBook, "amend", full)
    sending = ["send", document, "--file", files / "main.pdf", "--to", RECIPIENT]
    result = as_sender(*sending, "--register", book, *form)
    assert result.exit_code == 0
    assert "01/QĐ-UBND of 2020-11-20: done, but not noted" in result.stderr
    assert "contextlib" not in result.stderr


def test_the_environment_names_the_book(
    as_sender: Run,
    as_recipient: Run,
    document: Path,
    files: Path,
    book: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIENTHONG_REGISTER", str(book))
    sending = ["send", document, "--file", files / "main.pdf", "--to", RECIPIENT, "--json"]
    package = said(as_sender(*sending))["package_id"]
    result = as_recipient("accept", package)
    assert "arrival number 1, " in result.stderr
    assert "register entry" not in result.stderr
