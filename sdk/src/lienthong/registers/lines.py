"""Lines of the registers, and the rows that they are printed as (NĐ 30/2020 PL IV)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from attrs import evolve, field, frozen

from lienthong.errors import LineClosed
from lienthong.model.checks import a, as_tuple, maybe, text, texts, whole
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers.columns import FollowUpRow, IncomingRow, OutgoingRow, day_text
from lienthong.registers.numbering import Place, Register

MAX_NOTES: Final = 1000
MAX_NOTE: Final = 1000
"""Characters."""

RECALLED_UNREGISTERED: Final = "Đã thu hồi trước tiếp nhận"
"""Note of a line without a number (regulations §13b D20)."""


class LineState(enum.Enum):
    """What became of a number; none is ever given out again."""

    RESERVED = "RESERVED"
    """Given out, and not on a document yet."""

    USED = "USED"
    CANCELLED = "CANCELLED"
    """Given out and never used; the line stays, with the reason."""

    RECALLED = "RECALLED"
    """The document was recalled; number and line stay (QĐ 52/2019 Đ8.3)."""

    @property
    def label_vi(self) -> str:
        return _LABELS[self]


_LABELS: Final = {
    LineState.RESERVED: "Đã giữ số",
    LineState.USED: "Đã dùng",
    LineState.CANCELLED: "Đã hủy số",
    LineState.RECALLED: "Đã thu hồi",
}


@frozen(kw_only=True)
class Entry:
    """What is written on a line; empty as far as it is not known yet."""

    written: DocumentNumber | None = field(default=None, validator=maybe(DocumentNumber))
    """Số, ký hiệu; of an incoming document the sender's."""

    document_code: DocumentCode | None = field(default=None, validator=maybe(DocumentCode))
    issuer_code: OrganId | None = field(default=None, validator=maybe(OrganId))
    issuer_name: str = field(default="", validator=text(200))
    issued_date: date | None = field(default=None, validator=maybe(date))
    kind: DocumentKind | None = field(default=None, validator=maybe(DocumentKind))
    subject: str = field(default="", validator=text(500))
    signer: str = field(default="", validator=text(50))
    recipients: tuple[str, ...] = field(
        default=(), converter=as_tuple, validator=texts(200, most=100_000)
    )
    """Of an outgoing document: names, or codes where no name is known."""

    unit: str = field(default="", validator=text(2000))
    """Who handles an incoming document."""

    moved_on: date | None = field(default=None, validator=maybe(date))
    """Ngày chuyển: an outgoing document was sent, an incoming one passed on."""

    due_on: date | None = field(default=None, validator=maybe(date))
    settled_on: date | None = field(default=None, validator=maybe(date))
    progress: DeliveryState | None = field(default=None, validator=maybe(DeliveryState))
    reply: str = field(default="", validator=text(50))
    notes: tuple[str, ...] = field(
        default=(), converter=as_tuple, validator=texts(MAX_NOTE, most=MAX_NOTES)
    )

    def noted(self, note: str) -> Entry:
        """With one more remark, on one line; the same twice is one."""
        note = " ".join(note.split())[:MAX_NOTE]
        return self if note in self.notes else evolve(self, notes=(*self.notes, note))

    def is_of(self, document: Document) -> bool:
        """Whether the line is that document's, sent once more."""
        described = (document.number, document.issued_date, document.kind, document.subject)
        known = (self.written, self.issued_date, self.kind, self.subject)
        return (document.issuer_code, *described) == (self.issuer_code, *known)


@frozen(kw_only=True)
class Line:
    """One line of a register."""

    id: int = field(validator=whole(1, 2**63 - 1))
    """Names the line inside its book."""

    place: Place = field(validator=a(Place))
    number: int | None = field(validator=maybe(int))
    """In its series; None only for what was recalled before it got one (§13b D20)."""

    ordinal: int | None = field(validator=maybe(int))
    """Of the document's code, over all series of a year (Đ7.2b); None where it is not known."""

    day: date = field(validator=a(date))
    """The Vietnamese day on which the number was given out; of an incoming one, ngày đến."""

    state: LineState = field(validator=a(LineState))
    key: str = field(validator=text(250, required=True))
    """For what it was given out."""

    entry: Entry = field(validator=a(Entry))
    elsewhere: bool = field(default=False, validator=a(bool))
    """The number stood on the document already; the book did not give it out."""

    def expecting(self, *states: LineState) -> Line:
        """The line itself, if it is in one of these states.

        Raises:
            LineClosed: it is in another one.
        """
        if self.state in states:
            return self
        number = "-" if self.number is None else f"{self.number:02d}"
        expected = " / ".join(one.value for one in states)
        raise LineClosed(
            number=number, series=self.place, state=self.state.value, expected=expected
        )

    @property
    def is_given_up(self) -> bool:
        """Whether its number was cancelled."""
        return self.state is LineState.CANCELLED

    @property
    def code(self) -> DocumentCode | None:
        """The code of an outgoing document: organisation, year, ordinal (QĐ 52/2019 Đ7.2b)."""
        if self.ordinal is None or self.place.register is not Register.OUTGOING:
            return None
        return DocumentCode(self.place.organ, self.place.year, self.ordinal)


def entry_of(document: Document, recipients: Iterable[str] = ()) -> Entry:
    """What a register says of a document."""
    return Entry(
        written=document.number,
        document_code=document.document_code,
        issuer_code=document.issuer_code,
        issuer_name=document.issuer_name,
        issued_date=document.issued_date,
        kind=document.kind,
        subject=document.subject,
        signer=document.signer.full_name,
        recipients=tuple(recipients),
        due_on=document.due_date,
    )


def duplicates(lines: Iterable[Line], document: Document) -> Iterator[Line]:
    """Lines of the same document: one code, or one number of one issuer in one year.

    The warning of NĐ 30/2020 PL VI I.III.1h; the year is that of the document's date.
    """
    for line in lines:
        entry = line.entry
        if line.number is None or line.state is LineState.CANCELLED:
            continue
        code = document.document_code is not None and entry.document_code == document.document_code
        numbered = entry.written == document.number and entry.issuer_code == document.issuer_code
        same_year = (
            entry.issued_date is not None and entry.issued_date.year == document.issued_date.year
        )
        if code or (numbered and same_year):
            yield line


def outgoing_row(line: Line) -> OutgoingRow:
    """The line as the register of outgoing documents has it."""
    entry = line.entry
    return OutgoingRow(
        number="" if entry.written is None else str(entry.written),
        issued_date=day_text(entry.issued_date or line.day),
        title=_title(entry),
        signer=entry.signer,
        recipients="; ".join(entry.recipients),
        copies=len(entry.recipients) or "",
        moved_on=day_text(entry.moved_on),
        note=_note(line),
    )


def incoming_row(line: Line) -> IncomingRow:
    """The line as the register of incoming documents has it."""
    entry = line.entry
    return IncomingRow(
        arrived_on=day_text(line.day),
        arrival_number=_arrival(line),
        author=entry.issuer_name,
        number="" if entry.written is None else str(entry.written),
        issued_date=day_text(entry.issued_date),
        title=_title(entry),
        unit=entry.unit,
        moved_on=day_text(entry.moved_on),
        note=_note(line),
    )


def follow_up_row(line: Line) -> FollowUpRow:
    """An incoming document's line as the follow-up register has it."""
    entry = line.entry
    numbered = f"{entry.kind.label_vi if entry.kind else ''} {entry.written or ''}".strip()
    described = (numbered, day_text(entry.issued_date), entry.issuer_name)
    label = entry.progress.label_vi if entry.progress else ""
    return FollowUpRow(
        arrival_number=_arrival(line),
        described=", ".join(filter(None, described)),
        unit=entry.unit,
        due=day_text(entry.due_on),
        progress=f"{label} {day_text(entry.settled_on)}".strip(),
        reply=entry.reply,
        note=_note(line),
    )


def _arrival(line: Line) -> int | str:
    return "" if line.number is None else line.number


def _title(entry: Entry) -> str:
    return ": ".join(filter(None, (entry.kind.label_vi if entry.kind else "", entry.subject)))


def _note(line: Line) -> str:
    state = "" if line.state is LineState.USED or line.number is None else line.state.label_vi
    if line.state is LineState.RESERVED:
        state = f"{state}: {line.key}"
    return "; ".join(filter(None, (state, *line.entry.notes)))
