"""Numbers of documents: which series, which is next, how they are written (NĐ 30/2020 Đ15, Đ22).

Pure: what was given out before comes in as a ``Stand``.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Final

from attrs import field, frozen

from lienthong.errors import (
    InvalidValue,
    NumberNotNext,
    RegisterDayGoesBack,
    RegisterSealed,
)
from lienthong.model.checks import a, text, whole
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind, KindGroup
from lienthong.model.time import check_aware, vietnam_date
from lienthong.rules.sections.numbering import Numbering, Series

ARRIVALS: Final = Series.COMMON.value
"""Incoming documents have one series, on paper or not (NĐ 30/2020 Đ22.2)."""

_COPIES: Final = "COPY"


class Register(enum.Enum):
    """The registers that give numbers out; the follow-up register has those of the incoming."""

    OUTGOING = "OUTGOING"
    """Sổ đăng ký văn bản đi (NĐ 30/2020 Đ16, PL IV I)."""

    INCOMING = "INCOMING"
    """Sổ đăng ký văn bản đến (NĐ 30/2020 Đ22, PL IV VI)."""


@frozen(kw_only=True)
class Place:
    """Where numbers run through together: one series of one organisation in one year."""

    register: Register = field(validator=a(Register))
    organ: OrganId = field(validator=a(OrganId))
    year: int = field(validator=whole(1900, 9998, clause="NĐ 30/2020 Đ15.1"))
    series: str = field(validator=text(250, required=True))

    def __str__(self) -> str:
        return f"{self.organ} {self.year} {self.register.value} {self.series}"


@frozen(kw_only=True)
class Stand:
    """How far a series has got."""

    place: Place
    following: int = 1
    """The number after the highest that was given out."""

    last_day: date | None = None
    """Of the number before the one that is asked for; None before the first."""

    next_day: date | None = None
    """Of the number after it, where a free one before the last is asked for."""

    first: int = 1
    """With which number it begins."""

    begins_anywhere: bool = False
    """Nothing is known of it: what came before stands in the register that was kept until then."""

    sealed_on: date | None = None
    """From this day on no number is given out."""

    successor: str = "-"


def register_day(on: date | datetime) -> date:
    """The day that decides year and number: that of an instant in Vietnam (time rule T10).

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: it is no day.
    """
    if isinstance(on, datetime):
        check_aware(on, field="on")
        return vietnam_date(on)
    if not isinstance(on, date):
        raise InvalidValue(field="on", found=repr(on), expected="an instant or a day")
    return on


def series_of(kind: DocumentKind, numbering: Numbering, body: str = "") -> str:
    """The series of a document that is issued.

    Every kind of legal document has its own (NĐ 30/2020 Đ15.1a), copies share one (PL I phần II),
    administrative ones as the head has decided (Đ15.1c: ``numbering.series``).

    Args:
        kind: what is issued.
        numbering: what the rule set says.
        body: the council, board or other advisory body that issues it with the organisation's seal;
            it has series of its own where ``numbering.advisory_series`` says so (PL I II.3a).
    """
    if kind.group is KindGroup.COPY:
        name = _COPIES
    elif kind.group is KindGroup.LEGAL or numbering.series is Series.PER_KIND:
        name = kind.value
    else:
        name = Series.COMMON.value
    return f"{name} {body}" if body and numbering.advisory_series else name


def next_number(
    stand: Stand,
    day: date,
    *,
    today: date | None = None,
    wanted: int | None = None,
    gaps_allowed: bool = False,
) -> int:
    """The number that a series gives out next.

    Numbers are consecutive and follow the order of days (NĐ 30/2020 Đ15.1, Đ22.2). A *wanted* one
    may also be a free one before the last: documents need not be sent in the order of their
    numbers. Where the book begins in the middle of a year, any number may be the first.

    Args:
        stand: how far the series has got.
        day: of the new line.
        today: on which it is entered, if not on that day.
        wanted: a number that stands on the document already, and is free.
        gaps_allowed: ``numbering.gaps_allowed``.

    Raises:
        RegisterSealed: the register is closed.
        RegisterDayGoesBack: the days would not follow the numbers.
        NumberNotNext: *wanted* leaves numbers out, or lies before the first.
    """
    place, following = stand.place, stand.following
    check_open(place.organ, stand.sealed_on, stand.successor, max(day, today or day))
    if wanted is not None:
        leaves_out = wanted > following and not (gaps_allowed or stand.begins_anywhere)
        if leaves_out or wanted < stand.first:
            last, free = f"{following - 1:02d}", f"{following:02d}"
            raise NumberNotNext(number=f"{wanted:02d}", series=place, last=last, next=free)
    number = following if wanted is None else wanted
    for neighbour, goes_back in (
        (stand.last_day, stand.last_day is not None and day < stand.last_day),
        (stand.next_day, stand.next_day is not None and day > stand.next_day),
    ):
        if goes_back:
            raise RegisterDayGoesBack(
                series=place, day=day, number=f"{number:02d}", neighbour=neighbour
            )
    return number


def check_open(organ: OrganId, sealed_on: date | None, successor: str, today: date) -> None:
    """A sealed register takes nothing more (regulations §10).

    Raises:
        RegisterSealed: the day of the seal has come.
    """
    if sealed_on is not None and today >= sealed_on:
        raise RegisterSealed(organ=organ, sealed_on=sealed_on, successor=successor)


def written_number(number: int, notation: str, *, kind: DocumentKind, year: int) -> DocumentNumber:
    """A number as it is printed: ``05/QĐ-UBND``, of a legal document ``52/2026/QĐ-UBND``.

    Below ten it has a zero in front (NĐ 30/2020 PL I II.3c).

    Raises:
        InvalidValue: the notation has spaces or more than 30 characters.
    """
    dated = kind.group is KindGroup.LEGAL and not notation.startswith(f"{year}/")
    return DocumentNumber(f"{number:02d}", f"{year}/{notation}" if dated else notation)


def number_of(written: DocumentNumber) -> int:
    """The number of a document that was numbered elsewhere.

    Raises:
        InvalidValue: it is not written as numbers are, such as 15A or 007.
    """
    digits = written.number
    yearly = digits.isascii() and digits.isdecimal() and int(digits) > 0
    if not yearly or f"{int(digits):02d}" != digits:
        expected = "a number of the yearly series, such as 05 or 52"
        clause = "NĐ 30/2020 Đ15.1"
        raise InvalidValue(
            field="Document.number", found=str(written), expected=expected, clause=clause
        )
    return int(digits)


def check_issued(issued: date, numbered: date, numbering: Numbering) -> None:
    """A document has the date of its number (NĐ 30/2020 Đ15.1).

    Where it is numbered before it is signed (Đ15.3: ``numbering.number_before_sign``) its date may
    be a later one of the same year.

    Raises:
        InvalidValue: it is another one.
    """
    early = numbering.number_before_sign
    if issued == numbered or (early and numbered < issued and issued.year == numbered.year):
        return
    expected = f"{numbered}, the day of its number" + (", or later in that year" if early else "")
    clause, found = "NĐ 30/2020 Đ15.1", issued.isoformat()
    raise InvalidValue(field="Document.issued_date", found=found, expected=expected, clause=clause)


def check_come(day: date, today: date, *, field: str) -> None:
    """Nothing is entered under a day to come: every entry until then would go back in time.

    Raises:
        InvalidValue: the day lies after today.
    """
    if day > today:
        found, expected = day.isoformat(), f"a day not after {today}"
        raise InvalidValue(
            field=field, found=found, expected=expected, clause="NĐ 30/2020 Đ15.1, Đ22.2"
        )


def check_year(day: date, today: date) -> None:
    """No number is given out into a year that has ended (NĐ 30/2020 Đ15.1, Đ22.2).

    Raises:
        InvalidValue: the day lies in another year than today.
    """
    if day.year != today.year:
        raise InvalidValue(
            field="day",
            found=day.isoformat(),
            expected=f"a day of {today.year}",
            clause="NĐ 30/2020 Đ15.1, Đ22.2",
        )


def written_code(code: DocumentCode, numbering: Numbering) -> str:
    """A document's code as the rule set writes it (QĐ 52/2019 Đ7.2b); on the wire it has dots."""
    ordinal = f"{code.ordinal:0{numbering.code_padding}d}"
    return numbering.code_separator.join((str(code.organ), str(code.year), ordinal))
