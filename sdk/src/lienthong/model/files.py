"""Names of files: shown to people, kept verbatim, never used as a path."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from attrs import Attribute

from lienthong.errors import InvalidValue, MissingField
from lienthong.model.checks import path_of, shown

MAX_NAME_BYTES: Final = 255

# Control characters and surrogates cannot be shown; format characters reorder or hide what is shown
# (Unicode UAX 9 bidi controls, zero-width characters, soft hyphens, byte order mark, tags).
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that show nothing: joiners, fillers, variation selectors.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_SEPARATORS: Final = re.compile('[/\\\\:*?"<>|\u2044\u2215\u29f8\uff0f\uff3c]')
_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"]
)


# Signs of other scripts that look like Latin letters, small and capital, by their small form: the
# part of Unicode UTS 39 that matters where people read Vietnamese.
_LOOKALIKES: Final = str.maketrans(
    "авегнікмопрстухьјѕԁԛԝһӏαβεηικμνορτυχγωϲϳ",
    "aberhikmonpctyxbjsdqwhlabehikmvoptuxywcj",
)


def skeleton(name: str) -> str:
    """The same for names that people or file systems take for one another.

    Capital and small letters, composed and decomposed accents, compatibility forms (wide letters,
    ligatures), letters of other scripts, and dots in front count alike; Vietnamese accents do not.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return folded.translate(_LOOKALIKES).strip(". ")


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


def _hides_something(name: str) -> bool:
    if not name.isprintable() and any(unicodedata.category(sign) in _HIDDEN for sign in name):
        return True
    return _INVISIBLE.search(name) is not None


def _fault_of(name: str) -> str:
    if _hides_something(name):
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
