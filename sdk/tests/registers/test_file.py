"""The book's file: missing, damaged, foreign, full, held by somebody else."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import pytest

from lienthong.errors import (
    InvalidValue,
    RegisterBookFailed,
    RegisterBookUnusable,
)
from lienthong.model.kinds import DocumentKind
from lienthong.registers import Line, Register, RegisterBook

DAY = date(2026, 11, 20)


def take(book: RegisterBook, key: str) -> Line:
    return book.take_number(
        key, organ="H53", kind=DocumentKind.CONG_VAN, notation="UBND-VP", on=DAY
    )


def test_a_new_book_is_for_its_owner_alone(book: RegisterBook, path: Path) -> None:
    take(book, "a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"%PDF-1.7 not a book", b"\0" * 4096, b"x"])
def test_a_file_of_something_else_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RegisterBookUnusable, match="registers.db"):
        RegisterBook(path)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE line (x)")
    before = path.read_bytes()
    with pytest.raises(RegisterBookUnusable, match="a database of something else"):
        RegisterBook(path)
    assert path.read_bytes() == before


def test_a_book_of_a_later_version_is_refused(book: RegisterBook, path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 2")
    with pytest.raises(RegisterBookUnusable, match="version 2, this software has 1"):
        RegisterBook(path)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(RegisterBookUnusable, match="no regular file"):
        RegisterBook(path)


def test_a_book_that_is_not_there_is_not_begun(tmp_path: Path) -> None:
    """A name that is mistyped, or a folder that is not mounted, must not begin at 01 again."""
    for path in (tmp_path / "registers.bd", tmp_path / "nowhere" / "registers.db"):
        with pytest.raises(RegisterBookUnusable, match="there is no such file"):
            RegisterBook(path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RegisterBookFailed, match="No such file or directory"):
        RegisterBook.create(tmp_path / "nowhere" / "registers.db")


def check_emptied(book: RegisterBook, path: Path) -> None:
    take(book, "a")
    book.close()
    path.write_bytes(b"")
    with pytest.raises(RegisterBookUnusable, match="empty"), RegisterBook(path) as again:
        assert take(again, "b").number == 2


def test_an_emptied_book_does_not_begin_again(book: RegisterBook, path: Path) -> None:
    check_emptied(book, path)


@pytest.mark.planted("number given out twice")
def test_an_emptied_book_that_begins_again_would_be_noticed(
    book: RegisterBook, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(path: Path) -> None:
        path.unlink()
        RegisterBook.create(path).close()

    monkeypatch.setattr("lienthong.registers.file._check", begin)
    with pytest.raises(AssertionError):
        check_emptied(book, path)


def test_a_book_is_not_begun_over_another(book: RegisterBook, path: Path) -> None:
    take(book, "a")
    with pytest.raises(RegisterBookUnusable, match="there already"):
        RegisterBook.create(path)
    assert take(book, "b").number == 2


def test_a_name_means_nothing_else_to_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with RegisterBook.create(":memory:") as book:
        take(book, "a")
    with RegisterBook(":memory:") as book:
        assert take(book, "b").number == 2


@pytest.mark.parametrize("path", ["a\0b", "a\ud800"])
def test_what_is_no_path_is_refused(path: str) -> None:
    for begin in (RegisterBook, RegisterBook.create):
        with pytest.raises(RegisterBookUnusable):
            begin(path)
    with pytest.raises(InvalidValue, match="a path"):
        RegisterBook(12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("entry", b"{"),
        ("state", "LOST"),
        ("day", "soon"),
        ("organ", "?"),
        ("year", "x"),
        ("number", "x"),
    ],
)
def test_a_damaged_line_is_named(
    book: RegisterBook, path: Path, column: str, value: object
) -> None:
    take(book, "a")
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(f"UPDATE line SET {column} = ?", (value,))  # noqa: S608
    with pytest.raises(RegisterBookUnusable, match="line 1|day soon"):
        book.lines(Register.OUTGOING)


def test_a_damaged_file_is_told(book: RegisterBook, path: Path) -> None:
    for turn in range(50):
        take(book, f"a{turn}")
    book.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    with pytest.raises(RegisterBookUnusable), RegisterBook(path) as again:
        again.lines(Register.OUTGOING)


def test_a_full_disk_gives_no_number_out(book: RegisterBook, path: Path) -> None:
    take(book, "a")
    with book._file.reading():
        ((pages,),) = book._file.rows("PRAGMA page_count")
        book._file.rows(f"PRAGMA max_page_count = {pages}")
    taken = ["a"]

    def fill() -> None:
        for turn in range(10_000):
            take(book, f"b{turn}")
            taken.append(f"b{turn}")

    with pytest.raises(RegisterBookFailed, match="full") as caught:
        fill()
    assert caught.value.retryable
    assert [line.key for line in book.lines(Register.OUTGOING)] == taken
    with RegisterBook(path) as roomy:
        assert take(roomy, f"b{len(taken) - 1}").number == len(taken) + 1


def test_a_closed_book_says_so(book: RegisterBook) -> None:
    book.close()
    with pytest.raises(RegisterBookFailed, match="closed"):
        take(book, "a")


def test_a_book_that_somebody_else_holds_is_waited_for_and_then_told(path: Path) -> None:
    with RegisterBook.create(path) as busy, RegisterBook(path, patience=0.05) as waiting:
        with busy._file.transaction(), pytest.raises(RegisterBookFailed, match="locked"):
            take(waiting, "a")
        assert take(waiting, "a").number == 1


def test_a_book_is_read_while_somebody_writes(path: Path) -> None:
    with RegisterBook.create(path) as busy:
        take(busy, "a")
        with busy._file.transaction(), RegisterBook(path, patience=0.05) as reader:
            assert len(reader.lines(Register.OUTGOING)) == 1


def test_only_one_of_many_begins_a_book(path: Path) -> None:
    begun: list[RegisterBook] = []

    def begin() -> None:
        with suppress(RegisterBookUnusable):
            begun.append(RegisterBook.create(path))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (book,) = begun
    with book:
        assert take(book, "a").number == 1
