"""Plans of a reorganisation as TOML files.

::

    title = "Sắp xếp đơn vị hành chính cấp tỉnh"
    basis = "NQ 202/2025/QH15"
    effective = 2025-07-01

    [[found]]           # begins on that day
    code = "H53.200"
    name = "UBND phường"
    parent = "000.00.00.H53"

    [[merge]]           # each of these ends; one takes them over
    from = ["000.00.00.H39"]
    into = "000.00.00.H53"

    [[split]]           # one ends; several take it over
    from = "000.31.00.H53"
    into = ["H53.200", "H53.201"]

    [[rename]]          # another name, or also another code
    organ = "000.00.13.H53"
    name = "Sở Khoa học và Công nghệ"

    [[move]]            # comes under another organisation
    organs = ["000.32.00.H53"]
    under = "000.00.00.H53"

    [[contact_point]]   # an office sends and receives for bodies, until a day where one is given
    office = "000.00.01.H53"
    bodies = ["H53.200"]
    until = 2025-10-01
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from lienthong.codec.toml_text import MAX_TOML_BYTES, parse_toml, placed
from lienthong.codec.toml_values import (
    Reader,
    calendar_day,
    located,
    parsed,
    plain_text,
    read_table,
    tables,
    text_list,
    whole_number,
)
from lienthong.errors import ImportInvalid, InputError, MissingField, TooLarge
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation
from lienthong_node.core.plan import ContactPoint, Founding, Merge, Move, Plan, Rename, Split
from lienthong_node.core.reorganisation import reorganised

_CLAUSE: Final = "org merge"
_ORGAN: Final = parsed(OrganId)


@frozen
class PlanFile:
    """A plan with the text that it was read from, so that faults name their line."""

    name: str
    text: str
    plan: Plan

    def applied_to(self, directory: Directory) -> tuple[Organisation, ...]:
        """The organisations that the plan enters or changes.

        Raises:
            InputError: as ``reorganised``, with file and line.
        """
        try:
            return reorganised(self.plan, directory)
        except InputError as error:
            raise placed(error, self.text, self.name) from error


def read_plan(path: Path) -> PlanFile:
    """Read a plan from a file in UTF-8, with or without a byte order mark.

    Raises:
        ImportInvalid: the file cannot be read.
        TooLarge: it is longer than 1 MiB.
        InputError: as ``load_plan``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOML_BYTES + 1)
        if len(content) > MAX_TOML_BYTES:
            limit = f"{MAX_TOML_BYTES} bytes"
            raise TooLarge(what=path, found=f"more than {limit}", limit=limit)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ImportInvalid(file=path, line=0, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ImportInvalid(file=path, line=0, reason="it is not UTF-8") from error
    return load_plan(text, str(path))


def load_plan(text: str, file_name: str) -> PlanFile:
    """The plan that a TOML text describes; errors name file, line, key, found and expected.

    Raises:
        Malformed, TooLarge: it is no TOML, or longer than 1 MiB.
        UnknownField: there is a key that does not exist; the nearest existing one is named.
        MissingField: a key is missing, or the plan changes nothing.
        InvalidValue: a value is of another kind.
    """
    data = parse_toml(text, file_name)
    try:
        plan = _plan(**read_table(data, _READERS, ""))
    except InputError as error:
        raise placed(error, text, file_name) from error
    return PlanFile(file_name, text, plan)


def _plan(**given: Any) -> Plan:
    try:
        _need(given, "Plan", "title", "basis", "effective")
        if not any(given.get(key) for key in given.keys() - {"title", "basis", "effective"}):
            raise MissingField(field="Plan.merge", clause=_CLAUSE)
    except MissingField as error:
        raise located(error, "") from error
    return Plan(**given)


def _founding(**given: Any) -> Founding:
    _need(given, "Founding", "code", "name")
    return Founding(**given)


def _merge(**given: Any) -> Merge:
    _need(given, "Merge", "from", "into")
    return Merge(sources=given["from"], into=given["into"])


def _split(**given: Any) -> Split:
    _need(given, "Split", "from", "into")
    return Split(source=given["from"], into=given["into"])


def _rename(**given: Any) -> Rename:
    _need(given, "Rename", "organ")
    if "code" not in given:
        _need(given, "Rename", "name")
    return Rename(**given)


def _move(**given: Any) -> Move:
    _need(given, "Move", "organs", "under")
    return Move(**given)


def _contact_point(**given: Any) -> ContactPoint:
    _need(given, "ContactPoint", "office", "bodies")
    return ContactPoint(**given)


def _need(given: Mapping[str, Any], what: str, *keys: str) -> None:
    """Check that keys are there and hold something."""
    for key in keys:
        if given.get(key) in {None, "", ()}:
            raise MissingField(field=f"{what}.{key}", clause=_CLAUSE)


def _organs(value: object, key: str) -> tuple[OrganId, ...]:
    """A list of codes."""
    items = text_list(value, key)
    return tuple(_ORGAN(item, f"{key}[{place}]") for place, item in enumerate(items))


_READERS: Final[Mapping[str, Reader]] = {
    "title": plain_text,
    "basis": plain_text,
    "effective": calendar_day,
    "found": tables(
        _founding,
        {
            "code": _ORGAN,
            "name": plain_text,
            "aliases": _organs,
            "level": whole_number,
            "parent": _ORGAN,
            "in_charge": plain_text,
        },
    ),
    "merge": tables(_merge, {"from": _organs, "into": _ORGAN}),
    "split": tables(_split, {"from": _ORGAN, "into": _organs}),
    "rename": tables(_rename, {"organ": _ORGAN, "name": plain_text, "code": _ORGAN}),
    "move": tables(_move, {"organs": _organs, "under": _ORGAN}),
    "contact_point": tables(
        _contact_point, {"office": _ORGAN, "bodies": _organs, "until": calendar_day}
    ),
}
