"""Identifiers: parsed once, compared exactly, printed canonically."""

from __future__ import annotations

import enum
import functools
import hashlib
import re
from datetime import datetime
from typing import Final, Self, TypeAlias

from attrs import field, frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import is_text, shown, text, whole
from lienthong.model.time import check_aware, from_us, to_us

# Inside the classes below the name ``bytes`` is a property.
Octets: TypeAlias = bytes

_ORGAN: Final = re.compile(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*")
_QCVN102: Final = re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][A-Z0-9]{2}")
_PRE2016: Final = re.compile(r"[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}")
_ENTERPRISE: Final = re.compile(r"02[0-9]+")
_NUMBER: Final = re.compile(r"[0-9]{2,}[^\W_]*")
_YEAR_ORDINAL: Final = re.compile(r"[1-9][0-9]{3}\.[1-9][0-9]{0,9}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}")
MAX_ORGAN: Final = 35
UUID_BYTES: Final = 16
SHA256_BYTES: Final = 32
_RANDOM_BYTES: Final = 10
_CODE_PARTS: Final = 3
_VERSION: Final = 7
_VARIANT: Final = 0b10


class OrganScheme(enum.Enum):
    """The published shapes of organisation codes; none is ever converted into another."""

    QCVN102 = "QCVN102"
    """13 characters, right to left: ``000.00.31.H53`` (QCVN 102:2016)."""

    PRE2016 = "PRE2016"
    """Three groups, right to left: ``29.23.H19``."""

    QD20 = "QD20"
    """Left to right, at most 35 characters: ``H53.12.3`` (QĐ 20/2020/QĐ-TTg)."""

    ENTERPRISE = "ENTERPRISE"
    """``02`` and the tax code of a state enterprise: ``020100107370``."""

    OTHER = "OTHER"
    """None of them, yet found in directories in use: ``000.1137.H53``."""

    @property
    def label_vi(self) -> str:
        return _SCHEME_LABELS[self]


_SCHEME_LABELS: Final = {
    OrganScheme.QCVN102: "Mã theo QCVN 102:2016",
    OrganScheme.PRE2016: "Mã trước năm 2016",
    OrganScheme.QD20: "Mã theo QĐ 20/2020/QĐ-TTg",
    OrganScheme.ENTERPRISE: "Mã doanh nghiệp",
    OrganScheme.OTHER: "Mã ngoài các dạng đã công bố",
}


def _canonical_organ(value: str) -> str:
    if not is_text(value) or len(value) > MAX_ORGAN:
        raise _no_organ(value)
    return _upper_organ(value)


@functools.lru_cache(maxsize=4096)
def _upper_organ(value: str) -> str:
    """The canonical code; there are few, and every package and report holds several."""
    # The pattern is ASCII and is matched before upper-casing: "ß" and "ı" would become letters.
    if not _ORGAN.fullmatch(value):
        raise _no_organ(value)
    return value.upper()


def _no_organ(value: object) -> InvalidValue:
    expected = "groups of A-Z and 0-9 separated by dots, at most 35 characters"
    return InvalidValue(
        field="OrganId", found=shown(value), expected=expected, clause="QĐ 20/2020 Đ4-6"
    )


@frozen(order=True)
class OrganId:
    """Code of an organisation, upper case (QĐ 52/2019 Đ7.2a; QCVN 102 SĐ1:2022, ≤ 35 characters).

    Raises:
        InvalidValue: the text has none of the characters or the length that codes have.
    """

    value: str = field(converter=_canonical_organ)

    @property
    def scheme(self) -> OrganScheme:
        """Which of the published shapes the code has."""
        if _QCVN102.fullmatch(self.value):
            return OrganScheme.QCVN102
        if _PRE2016.fullmatch(self.value):
            return OrganScheme.PRE2016
        if not self.value.partition(".")[0].isdigit():
            return OrganScheme.QD20
        return OrganScheme.ENTERPRISE if _ENTERPRISE.fullmatch(self.value) else OrganScheme.OTHER

    def parent(self) -> OrganId | None:
        """The organisation above it by the rule of QCVN 102, which reads right to left.

        Returns:
            None for level 1, and for every other scheme: only the directory knows.
        """
        if self.scheme is not OrganScheme.QCVN102:
            return None
        groups = self.value.split(".")
        for place, group in enumerate(groups[:3]):
            if group.strip("0"):
                groups[place] = "0" * len(group)
                return OrganId(".".join(groups))
        return None

    def __str__(self) -> str:
        return self.value


@frozen
class DocumentNumber:
    """Number and notation of a document (QĐ 52/2019 Đ7.2c; NĐ 30/2020 PL VI 4-5).

    Written with a slash and without spaces; numbers below ten have a leading zero (PL I II.3).
    """

    number: str = field(validator=text(11, required=True, clause="NĐ 30/2020 PL VI 4"))
    notation: str = field(validator=text(30, required=True, clause="NĐ 30/2020 PL VI 5"))

    def __attrs_post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise InvalidValue(
                field="DocumentNumber.number",
                found=shown(self.number),
                expected="at least two digits, such as 05 or 52",
                clause="NĐ 30/2020 PL I II.3",
            )
        if not self.notation.isprintable() or any(map(str.isspace, self.notation)):
            raise InvalidValue(
                field="DocumentNumber.notation",
                found=shown(self.notation),
                expected="text without spaces, such as QĐ-UBND",
                clause="NĐ 30/2020 PL I II.3",
            )

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read ``52/2019/QĐ-UBND``: the number ends at the first slash.

        Raises:
            InvalidValue: there is no slash, or a part is wrong.
        """
        number, slash, notation = _text_of(value, "DocumentNumber").partition("/")
        if not slash or not number or not notation:
            expected = "number/notation, such as 52/2019/QĐ-UBND"
            raise InvalidValue(field="DocumentNumber", found=shown(value), expected=expected)
        return cls(number, notation)

    def __str__(self) -> str:
        return f"{self.number}/{self.notation}"


@frozen
class DocumentCode:
    """Code of a document: issuer, year of issue and ordinal in that year (QĐ 52/2019 Đ7.2b)."""

    organ: OrganId = field()
    year: int = field(validator=whole(1000, 9999, clause="QĐ 52/2019 Đ7.2b"))
    ordinal: int = field(validator=whole(1, 9_999_999_999, clause="QĐ 52/2019 Đ7.2b"))

    @organ.validator
    def _check_organ(self, _attribute: object, value: object) -> None:
        if not isinstance(value, OrganId):
            found = shown(value)
            raise InvalidValue(field="DocumentCode.organ", found=found, expected="OrganId")

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read ``H53.12.2019.52``.

        Raises:
            InvalidValue: it is no code, year and ordinal separated by dots.
        """
        parts = _text_of(value, "DocumentCode").rsplit(".", 2)
        if len(parts) != _CODE_PARTS or not _YEAR_ORDINAL.fullmatch(f"{parts[1]}.{parts[2]}"):
            expected = "organ.yyyy.ordinal, such as H53.12.2019.52"
            raise InvalidValue(
                field="DocumentCode",
                found=shown(value),
                expected=expected,
                clause="QĐ 52/2019 Đ7.2b",
            )
        return cls(OrganId(parts[0]), int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        return f"{self.organ}.{self.year:04d}.{self.ordinal}"


def _hyphenated(value: bytes) -> str:
    digits = value.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@frozen(order=True)
class _UUIDv7:
    """A UUID of version 7 (RFC 9562 5.7): the first 48 bits are milliseconds since 1970."""

    value: Octets = field(repr=_hyphenated)

    @value.validator
    def _check_value(self, _attribute: object, value: object) -> None:
        if isinstance(value, bytes) and len(value) == UUID_BYTES:
            if value[6] >> 4 == _VERSION and value[8] >> 6 == _VARIANT:
                return
            found = value.hex()
        else:
            found = shown(value)
        name = type(self).__name__
        raise InvalidValue(field=name, found=found, expected="a UUID of version 7, 16 bytes")

    @classmethod
    def new(cls, now: datetime, random: Octets) -> Self:
        """Make an identifier from an instant and ten random bytes.

        Raises:
            NaiveTime: the instant has no time zone.
            InvalidValue: it lies before 1970, or there are not ten bytes.
        """
        check_aware(now, field=f"{cls.__name__}.now")
        milliseconds = to_us(now) // 1000
        if milliseconds < 0:
            expected = "an instant since 1970"
            raise InvalidValue(field=cls.__name__, found=now.isoformat(), expected=expected)
        if len(random) != _RANDOM_BYTES:
            raise InvalidValue(field=cls.__name__, found="other", expected="10 random bytes")
        version = bytes([0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F])
        return cls(milliseconds.to_bytes(6, "big") + version + random[3:])

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read the hyphenated form.

        Raises:
            InvalidValue: it is no UUID of version 7.
        """
        if not _UUID.fullmatch(_text_of(value, cls.__name__)):
            expected = "a UUID of version 7 with hyphens"
            raise InvalidValue(field=cls.__name__, found=shown(value), expected=expected)
        return cls(bytes.fromhex(value.replace("-", "")))

    @classmethod
    def from_bytes(cls, value: Octets) -> Self:
        """Take the 16 bytes as they stand on the wire."""
        return cls(value)

    @property
    def bytes(self) -> Octets:
        return self.value

    @property
    def made_at(self) -> datetime:
        """The instant that its maker put in, UTC, to the millisecond."""
        return from_us(int.from_bytes(self.value[:6], "big") * 1000)

    def __str__(self) -> str:
        return _hyphenated(self.value)


@frozen(order=True)
class PackageId(_UUIDv7):
    """Identifier of a package, chosen by the sender: the idempotency key."""


@frozen(order=True)
class StatementId(_UUIDv7):
    """Identifier of a status report, chosen by the reporter: the idempotency key."""


@frozen(order=True)
class Sha256:
    """A SHA-256 hash (QĐ 28/2018 Đ6.1)."""

    value: Octets = field(repr=bytes.hex)

    @value.validator
    def _check_value(self, _attribute: object, value: object) -> None:
        if not isinstance(value, bytes) or len(value) != SHA256_BYTES:
            raise InvalidValue(field="Sha256", found=shown(value), expected="32 bytes")

    @classmethod
    def of(cls, data: Octets) -> Self:
        """Hash *data*."""
        return cls(hashlib.sha256(data).digest())

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read 64 hexadecimal digits.

        Raises:
            InvalidValue: it is written otherwise.
        """
        if not _HEX64.fullmatch(_text_of(value, "Sha256")):
            raise InvalidValue(field="Sha256", found=shown(value), expected="64 hexadecimal digits")
        return cls(bytes.fromhex(value))

    @property
    def bytes(self) -> Octets:
        return self.value

    @property
    def hex(self) -> str:
        """64 lower-case digits."""
        return self.value.hex()

    def __str__(self) -> str:
        return self.value.hex()


def _text_of(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidValue(field=name, found=shown(value), expected="text")
    return value
