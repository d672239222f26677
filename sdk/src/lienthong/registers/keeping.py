"""What every register of a book has: its file, its lines, and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from attrs import evolve

from lienthong.errors import InvalidValue
from lienthong.model.checks import shown
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.registers.asked import Key, as_organ, check_is
from lienthong.registers.file import BookFile
from lienthong.registers.ledger import Ledger
from lienthong.registers.lines import Entry, Line, LineState
from lienthong.registers.numbering import Register, check_open, register_day
from lienthong.rules.sections.numbering import Numbering

PATIENCE: Final = 10.0
"""Seconds to wait for another process that is writing."""


class BookMethods:
    """Opening a book, and what may become of a line; see ``RegisterBook``."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        numbering: Numbering | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """Open a book; ``create`` begins one.

        Args:
            path: of the file.
            numbering: that section of the rule set in force; the national defaults if None.
            patience: seconds to wait for another process.

        Raises:
            RegisterBookUnusable: it is not there, is something else, empty or damaged.
            RegisterBookFailed: it cannot be opened now.
        """
        self._open(path, numbering, patience, begin=False)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        numbering: Numbering | None = None,
        *,
        patience: float = PATIENCE,
    ) -> Self:
        """Begin a book in a new file, for its owner alone; otherwise as the constructor.

        Raises:
            RegisterBookUnusable: the file is there already.
            RegisterBookFailed: it cannot be made.
        """
        book = cls.__new__(cls)
        book._open(path, numbering, patience, begin=True)  # noqa: SLF001 - of this class
        return book

    def _open(
        self,
        path: str | os.PathLike[str],
        numbering: Numbering | None,
        patience: float,
        *,
        begin: bool,
    ) -> None:
        self.numbering = numbering if numbering is not None else Numbering()
        check_is(self.numbering, Numbering, "numbering")
        self.path = _as_path(path)
        self._file = BookFile(self.path, patience=patience, begin=begin)
        self._ledger = Ledger(self._file, self.numbering)

    def close(self) -> None:
        """Close the file; everything that was entered is durable already."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def use(self, line: Line, *, on: date | datetime) -> Line:
        """Say that a reserved number is used; saying so again changes nothing.

        Args:
            line: whose number.
            on: now.

        Raises:
            LineClosed: it was cancelled.
            RegisterSealed: it is that of a document to be issued, and the register was sealed.
        """
        today = register_day(on)
        with self._file.transaction():
            found = self._ledger.again(line)
            if found.state in {LineState.USED, LineState.RECALLED}:
                return found
            found.expecting(LineState.RESERVED)
            if found.place.register is Register.OUTGOING:
                self._check_open(found, today)
            return self._ledger.save(evolve(found, state=LineState.USED))

    def cancel(self, line: Line, reason: str) -> Line:
        """Give a reserved number up: its line stays, cancelled; its key may get another number.

        The number of an arrival is given up only when the axis, or whoever was told it, is known
        not to have it.

        Raises:
            InvalidValue: there is no reason.
            LineClosed: the number is used, or the document was recalled.
        """
        if not reason.strip():
            expected = "why the number is not used"
            raise InvalidValue(field="reason", found="nothing", expected=expected)
        with self._file.transaction():
            found = self._ledger.again(line)
            if found.is_given_up:
                return found
            found.expecting(LineState.RESERVED)
            entry = found.entry.noted(reason)
            return self._ledger.save(evolve(found, state=LineState.CANCELLED, entry=entry))

    def recall(self, line: Line, note: str) -> Line:
        """Mark a line as recalled; number and line stay (QĐ 52/2019 Đ8.3).

        Raises:
            LineClosed: its number was never used.
        """
        with self._file.transaction():
            found = self._ledger.again(line)
            found.expecting(LineState.USED, LineState.RECALLED)
            entry = found.entry.noted(note)
            return self._ledger.save(evolve(found, state=LineState.RECALLED, entry=entry))

    def amend(self, line: Line, change: Callable[[Entry], Entry]) -> Line:
        """Write something more on a line: who handles it, when it was sent, a remark.

        *change* runs while the book is held: it must not wait for anything.

        Raises:
            InvalidValue: the number would become another one.
        """
        with self._file.transaction():
            found = self._ledger.again(line)
            entry, written = change(found.entry), found.entry.written
            if entry.written != written:
                wrong, expected = str(entry.written), str(written)
                raise InvalidValue(field="Entry.written", found=wrong, expected=expected)
            return self._ledger.save(evolve(found, entry=entry))

    def find(self, register: Register, key: str, organ: str | OrganId) -> Line | None:
        """The line that a key of an organisation stands for; none whose number was cancelled."""
        check_is(register, Register, "register")
        Key(key)
        code = as_organ(organ)
        with self._file.reading():
            return self._ledger.by_key(register, key, code)

    def find_document(self, document: Document) -> Line | None:
        """The line of a document that was issued."""
        check_is(document, Document, "document")
        with self._file.reading():
            return self._ledger.by_document(document)

    def lines(
        self, register: Register, organ: str | OrganId | None = None, year: int | None = None
    ) -> tuple[Line, ...]:
        """The lines of a register, by organisation, year and the order in which they were made."""
        check_is(register, Register, "register")
        where, values = "register = ?", [register.value]
        if organ is not None:
            where, values = f"{where} AND organ = ?", [*values, str(as_organ(organ))]
        if year is not None:
            where, values = f"{where} AND year = ?", [*values, str(year)]
        with self._file.reading():
            return self._ledger.select(f"{where} ORDER BY organ, year, id", *values)

    def _check_open(self, line: Line, today: date) -> None:
        organ = line.place.organ
        part = self._ledger.seals.part(organ, line.day)
        check_open(organ, part.sealed_on, part.successor, today)


def _as_path(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path)
    except TypeError as error:
        raise InvalidValue(field="path", found=shown(path), expected="a path") from error
