"""TOML as text: parsing it, the lines of its keys, faults placed in their file, literals."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from lienthong.errors import InputError, InvalidValue, Malformed, NoSuchDay, TooLarge, UnknownField

MAX_TOML_BYTES: Final = 1024 * 1024

MAX_KEY_PARTS: Final = 16
"""Of a dotted key: reading one takes time by the square of its parts."""

_PART: Final = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
_LONG_KEY: Final = re.compile(rf"(?<![\w-])(?:{_PART}\.[ \t]*+){{{MAX_KEY_PARTS}}}")
_HEADER: Final = re.compile(r"\s*\[(\[?)\s*[\"']?([\w.-]+)[\"']?\s*\]")
_ASSIGNMENT: Final = re.compile(r"\s*[\"']?([^\"'=#]+?)[\"']?\s*=")
_VALUE: Final = re.compile(r"\s*([\w.-]+)\s*=\s*([^\s#]*)")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
_FAULT: Final = re.compile(r"at line (\d+)")
_LAST: Final = re.compile(r"\[\d+\]$|\.?[^.\[\]]+$")


def parse_toml(text: str, file_name: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Args:
        text: the whole file.
        file_name: how errors call it.

    Raises:
        NoSuchDay: a date does not exist.
        InvalidValue: a key is there twice.
        Malformed: it is no TOML; its facts name file and line.
        TooLarge: it is longer than 1 MiB, or a key has more than 16 parts.
    """
    if len(text) > MAX_TOML_BYTES:
        limit = f"{MAX_TOML_BYTES} characters"
        raise TooLarge(what=file_name, found=f"{len(text)} characters", limit=limit)
    _check_keys(text, file_name)
    try:
        # A fault at the very end of a text would come without its line.
        return tomllib.loads(f"{text}\n")
    except (ValueError, RecursionError) as error:
        reason = str(error)[:200]
        known = _FAULT.search(reason)
        line = int(known[1]) if known else None
        slip = _slip(text, reason, line)
        if slip is not None:
            raise placed(slip, text, file_name) from error
        raise Malformed(what=file_name, reason=reason, file=file_name, line=line) from error


def _check_keys(text: str, file_name: str) -> None:
    found = _LONG_KEY.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        what, limit = f"{file_name} line {line}: key", f"{MAX_KEY_PARTS} parts"
        raise TooLarge(what=what, found=f"more than {MAX_KEY_PARTS} parts", limit=limit)


def placed(error: InputError, text: str, file_name: str) -> InputError:
    """The same error, naming file, key and line."""
    key = str(error.facts.get("key", error.facts.get("field", "")))
    line = error.facts.get("line", line_of(text, key))
    place = file_name if line is None else f"{file_name} line {line}"
    facts = {**error.facts, "key": key, "line": line, "file": file_name}
    if isinstance(error, UnknownField):
        return UnknownField(**{**facts, "what": place})
    return type(error)(**{**facts, "field": f"{place}: {key}"})


def _slip(text: str, reason: str, line: int | None) -> InvalidValue | None:
    """29/02 of a common year, or a key that is there twice: slips, not faults of the syntax."""
    lines = text.split("\n")
    found = _VALUE.match(lines[line - 1]) if line is not None and line <= len(lines) else None
    if found is None:
        return None
    key, value = found[1], found[2]
    if reason.startswith("Cannot overwrite"):
        return InvalidValue(field=key, found="there twice", expected="each key once", line=line)
    if _DATE.match(value):
        try:
            date.fromisoformat(value[:10])
        except ValueError:
            return NoSuchDay(field=key, found=value, line=line)
    return None


def line_of(text: str, path: str) -> int | None:
    """The line, from 1, on which a key is set; None when it cannot be told.

    Where a line holds a whole table or list, that line is the one of everything inside.

    Args:
        text: the whole file.
        path: such as ``subject``, ``signer.position`` or ``relations[1].kind``.
    """
    lines = _first_lines(text)
    while path and path not in lines:
        path = _LAST.sub("", path)
    return lines.get(path)


@lru_cache(maxsize=4)
def _first_lines(text: str) -> Mapping[str, int]:
    """The first line of each path; a file with many faults asks again and again."""
    lines = dict[str, int]()
    for place, number in _lines(text):
        lines.setdefault(place, number)
    return lines


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The paths that are set, with their lines."""
    current, counts = "", dict[str, int]()
    for number, line in enumerate(text.split("\n"), start=1):
        header = _HEADER.match(line)
        if header is None:
            assignment = _ASSIGNMENT.match(line)
            if assignment:
                yield f"{current}{assignment[1].strip()}", number
            continue
        name = header[2]
        yield name, number
        if header[1]:
            counts[name] = counts.get(name, -1) + 1
            name = f"{name}[{counts[name]}]"
            yield name, number
        current = f"{name}."


def literal(value: object) -> str:
    """A value as TOML writes it on one line; an enumeration's member by its name."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return f"[{', '.join(literal(item) for item in value)}]"
    if isinstance(value, Mapping):
        rows = ", ".join(f"{key_literal(key)} = {literal(item)}" for key, item in value.items())
        return f"{{ {rows} }}" if rows else "{}"
    return quoted(value.name if isinstance(value, Enum) else str(value))


def key_literal(key: str) -> str:
    """A key, quoted where TOML wants it."""
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else quoted(key)


def quoted(text: str) -> str:
    """A text in quotation marks."""
    # JSON's escapes are those of TOML; DEL, which only TOML escapes, is refused by the model.
    return json.dumps(text, ensure_ascii=False)
