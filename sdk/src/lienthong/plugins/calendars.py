"""Finding calendars: the shipped ones by name, one's own by file, each with its base applied."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from lienthong.codec.toml_text import placed
from lienthong.errors import CalendarUnknown, InvalidValue
from lienthong.plugins.texts import MOST_BASES, identity, is_path, read_text
from lienthong.rules.calendar_table import CalendarTable, load_calendar, overridden

_SHIPPED: Final = files("lienthong").joinpath("data", "calendars")
_SUFFIX: Final = ".toml"


def calendar_names() -> Sequence[str]:
    """The calendars that come with the software, sorted."""
    names = (item.name for item in _SHIPPED.iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def find_calendar(name_or_path: str | Path) -> CalendarTable:
    """A shipped calendar by its name, or one's own by its file.

    A table with a base comes with the base's days; a base that is a file is looked for beside it.

    Raises:
        CalendarUnknown: no shipped calendar has this name.
        InvalidValue: the file cannot be read, or bases lead back to themselves.
        InputError: a file is wrong; the error names file, line and key.
    """
    return _found(name_or_path, Path(), ())


def read_calendar(path: Path) -> CalendarTable:
    """A calendar's file as it stands, without the days of its base.

    Raises:
        InvalidValue: it cannot be read.
        InputError: it is wrong; the error names file, line and key.
    """
    return load_calendar(read_text(path), str(path))


def _found(wanted: str | Path, folder: Path, users: tuple[str, ...]) -> CalendarTable:
    """The calendar *wanted*; *users* are the files whose base it is."""
    if isinstance(wanted, str) and not is_path(wanted):
        return _shipped(wanted)
    path = folder / wanted
    users = (*users, identity(path))
    text = read_text(path)
    own = load_calendar(text, str(path))
    if not own.base:
        return own
    try:
        if len(users) > MOST_BASES:
            found = f"{len(users)} calendars, one on the other"
            raise InvalidValue(field="base", found=found, expected=f"at most {MOST_BASES}")
        if is_path(own.base) and identity(path.parent / own.base) in users:
            expected = "a base that does not lead back to it"
            raise InvalidValue(field="base", found=own.base, expected=expected)
        if not is_path(own.base) and own.base not in calendar_names():
            expected = f"one of {', '.join(calendar_names())}, or a file"
            raise InvalidValue(field="base", found=own.base, expected=expected)
    except InvalidValue as error:
        raise placed(error, text, str(path)) from error
    return overridden(_found(own.base, path.parent, users), own)


def _shipped(name: str) -> CalendarTable:
    names = calendar_names()
    if name not in names:
        raise CalendarUnknown(name=name, known=", ".join(names))
    file_name = f"{name}{_SUFFIX}"
    return load_calendar(_SHIPPED.joinpath(file_name).read_text("utf-8"), file_name)
