"""Days off and swapped working days for people's calendar programs (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from lienthong.errors import InvalidValue
from lienthong.model.time import check_aware
from lienthong.rules.calendar import DayException, DayStatus
from lienthong.rules.calendar_table import CalendarTable

_LINE_OCTETS: Final = 75
"""A longer line is folded (RFC 5545 3.1)."""

_ESCAPED: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_HEAD: Final = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//lienthong//work calendar//VI",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
)


def dump_icalendar(table: CalendarTable, years: Sequence[int], *, made_at: datetime) -> str:
    """The exceptions of some years as a calendar of whole days.

    A day keeps its UID when it is exported again, so that programs replace it. A provisional day
    is TENTATIVE; a swapped working day is shown as busy, a day off as free.

    Args:
        table: the days.
        years: at least one.
        made_at: when this export is made; later ones win.

    Raises:
        InvalidValue: the table does not cover a year, or there is none.
        NaiveTime: the instant has no time zone.
    """
    check_aware(made_at, field="made_at")
    if not years:
        raise InvalidValue(field="years", found="none", expected="at least one year")
    stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [*_HEAD, f"X-WR-CALNAME:{_escaped(table.name)}"]
    for year in sorted(set(years)):
        for exception in table.of_year(year):
            lines += _event(table, exception, stamp)
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(table: CalendarTable, exception: DayException, stamp: str) -> Iterator[str]:
    day = exception.day
    is_official = exception.status is DayStatus.OFFICIAL
    kind = "Ngày làm việc" if exception.is_working else "Ngày nghỉ"
    notes = f"{kind}. Căn cứ: {exception.basis} ({exception.status.label_vi})."
    yield "BEGIN:VEVENT"
    yield f"UID:{day:%Y%m%d}.{table.name}@lienthong"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(exception.name)}"
    yield f"DESCRIPTION:{_escaped(notes)}"
    yield f"CATEGORIES:{_escaped(kind)}"
    yield f"STATUS:{'CONFIRMED' if is_official else 'TENTATIVE'}"
    yield f"TRANSP:{'OPAQUE' if exception.is_working else 'TRANSPARENT'}"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    """Text as a value (RFC 5545 3.3.11)."""
    return text.translate(_ESCAPED)


def _folded(line: str) -> str:
    """A line as pieces of at most 75 octets that cut no letter in two."""
    pieces, size = [""], 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LINE_OCTETS:
            pieces.append(" ")
            size = 1
        pieces[-1] += letter
        size += width
    return "\r\n".join(pieces)
