"""Single values between messages and the model: words, dates, instants, identifiers."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sized
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from lienthong.errors import InvalidValue, MissingField, TooLarge
from lienthong.model.checks import shown
from lienthong.model.ids import (
    DocumentCode,
    DocumentNumber,
    OrganId,
    PackageId,
    Sha256,
    StatementId,
)
from lienthong.model.time import EPOCH, from_us, parse_date, to_us

E = TypeVar("E", bound=Enum)

_DEFINITION: Final = "its definition"
_MILLION: Final = 1_000_000
_NANOS: Final = 1_000_000_000
# Instants of these years need no further check.
_PLAIN_FROM: Final = 0
_PLAIN_TO: Final = 253_000_000_000


def words(kind: type[E]) -> Mapping[str, E]:
    """The members of an enumeration by their words."""
    return {member.value: member for member in kind}


def read_word(table: Mapping[str, E], word: str, *, field: str, clause: str = _DEFINITION) -> E:
    """The member of a word that must be given.

    Raises:
        MissingField: the word is empty.
        InvalidValue: there is no such word.
    """
    try:
        return table[word]
    except KeyError:
        raise _no_word(table, word, field, clause) from None


def read_word_or(table: Mapping[str, E], word: str, default: E, *, field: str) -> E:
    """The member of a word that may be left out.

    Raises:
        InvalidValue: there is no such word.
    """
    return read_word(table, word, field=field) if word else default


def read_number(table: Mapping[int, E], number: int, *, field: str) -> E:
    """The member of a protobuf enumeration.

    Raises:
        MissingField: it is UNSPECIFIED.
        InvalidValue: this version does not know it.
    """
    try:
        return table[number]
    except KeyError:
        if number == 0:
            raise MissingField(field=field, clause=_DEFINITION) from None
        expected = "one of " + ", ".join(member.name for member in table.values())
        raise InvalidValue(field=field, found=str(number), expected=expected) from None


def _no_word(table: Mapping[str, Enum], word: str, field: str, clause: str) -> Exception:
    if not word:
        return MissingField(field=field, clause=clause)
    return InvalidValue(field=field, found=shown(word), expected="one of " + ", ".join(table))


def read_date(value: str, *, field: str, clause: str = _DEFINITION) -> date:
    """A date that must be given as YYYY-MM-DD.

    Raises:
        MissingField: it is empty.
        InvalidValue: it is written otherwise.
    """
    if not value:
        raise MissingField(field=field, clause=clause)
    return parse_date(value, field=field)


def read_maybe_date(value: str, *, field: str) -> date | None:
    """A date that may be left out."""
    return parse_date(value, field=field) if value else None


def write_date(value: date | None) -> str:
    """YYYY-MM-DD, or the empty text."""
    return "" if value is None else value.isoformat()


def read_instant(value: Timestamp, *, field: str) -> datetime:
    """An instant, UTC, to the microsecond; what is finer is cut off.

    Raises:
        InvalidValue: it is out of range.
    """
    seconds, nanos = value.seconds, value.nanos
    if not 0 <= nanos < _NANOS:
        raise InvalidValue(field=field, found=f"{nanos} ns", expected="0 to 999999999 ns")
    if _PLAIN_FROM <= seconds < _PLAIN_TO:
        return EPOCH + timedelta(0, seconds, nanos // 1000)
    return from_us(seconds * _MILLION + nanos // 1000)


def write_instant(value: datetime) -> Timestamp:
    """The protobuf form of an aware instant."""
    seconds, microseconds = divmod(to_us(value), _MILLION)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)


def write_maybe_instant(value: datetime | None) -> Timestamp | None:
    """The protobuf form of an instant that may be left out."""
    return None if value is None else write_instant(value)


def read_organ(value: str, *, field: str) -> OrganId:
    """A code of an organisation that must be given.

    Raises:
        MissingField: it is empty.
        InvalidValue: it is no code.
    """
    if not value:
        raise MissingField(field=field, clause="QĐ 52/2019 Đ7.2a")
    return _organ(value)


@functools.lru_cache(maxsize=4096)
def _organ(value: str) -> OrganId:
    """There are few, and every package, report and entry names several."""
    return OrganId(value)


def read_number_text(value: str, *, field: str) -> DocumentNumber:
    """A document's number with its notation.

    Raises:
        MissingField: it is empty.
        InvalidValue: it is no number with notation.
    """
    if not value:
        raise MissingField(field=field, clause="QĐ 52/2019 Đ7.2c")
    return DocumentNumber.parse(value)


def read_maybe_code(value: str) -> DocumentCode | None:
    """A document's code, which may be left out."""
    return DocumentCode.parse(value) if value else None


def read_package_id(value: bytes, *, field: str) -> PackageId:
    """A package id that must be given."""
    if not value:
        raise MissingField(field=field, clause=_DEFINITION)
    return PackageId(value)


def read_maybe_package_id(value: bytes) -> PackageId | None:
    """A package id that may be left out."""
    return PackageId(value) if value else None


def read_statement_id(value: bytes, *, field: str) -> StatementId:
    """A statement id that must be given."""
    if not value:
        raise MissingField(field=field, clause=_DEFINITION)
    return StatementId(value)


def read_sha256(value: bytes, *, field: str) -> Sha256:
    """A hash that must be given."""
    if not value:
        raise MissingField(field=field, clause="QĐ 28/2018 Đ6.1")
    return Sha256(value)


def bound(items: Sized, *, most: int, field: str) -> None:
    """Refuse a long list before any of it is read.

    Raises:
        TooLarge: it has more than *most* items.
    """
    if len(items) > most:
        raise TooLarge(what=field, found=f"{len(items)} items", limit=f"{most} items")
