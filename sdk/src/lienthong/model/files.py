"""Names of files: shown to people, kept verbatim, never used as a path."""

from __future__ import annotations

import re
from typing import Any, Final

from attrs import Attribute

from lienthong.errors import InvalidValue, MissingField
from lienthong.model.checks import path_of, shown

MAX_NAME_BYTES: Final = 255

# Control characters and surrogates cannot be shown; the others reorder or hide what is shown
# (Unicode UAX 9 bidi controls, zero-width characters, line separators, byte order mark).
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SEPARATORS: Final = re.compile('[/\\\\:*?"<>|\u2044\u2215\u29f8\uff0f\uff3c]')
_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"]
)


def file_name(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Validator: accept a name that no system can take for something else.

    Raises:
        MissingField: it is empty.
        InvalidValue: it has hidden or control characters, separators, is a device name of
            Windows, is ``.`` or ``..``, ends in a dot or space, or is longer than 255 bytes.
    """
    path = path_of(instance, attribute)
    if value == "":
        raise MissingField(field=path, clause="QĐ 52/2019 Đ7.2g")
    if not isinstance(value, str):
        raise InvalidValue(field=path, found=shown(value), expected="a file name")
    expected = _fault_of(value)
    if expected:
        raise InvalidValue(field=path, found=shown(value), expected=expected)


def _fault_of(name: str) -> str:
    if not name.isprintable() and _HIDDEN.search(name):
        return "a file name without control or hidden characters"
    if _SEPARATORS.search(name):
        return "a file name without path separators"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"a file name of at most {MAX_NAME_BYTES} bytes"
    if name != name.strip() or name.endswith("."):
        return "a file name that neither begins with a space nor ends in a space or dot"
    if name.partition(".")[0].rstrip().upper() in _DEVICES:
        return "a file name that is no device of Windows"
    return ""
