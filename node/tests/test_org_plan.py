"""Plans of a reorganisation as files: every fault names file, line, key, found and expected."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lienthong.errors import (
    ImportInvalid,
    InputError,
    InvalidValue,
    Malformed,
    MissingField,
    NoSuchDay,
    TooLarge,
    UnknownField,
)
from lienthong.model.ids import OrganId
from lienthong_node.core.plan import ContactPoint, Founding, Merge, Move, Rename, Split
from lienthong_node.org_plan import load_plan, read_plan
from node.tests.support import DIRECTORY, HEIR, NOBODY, A, B, C, D

HEAD = 'title = "Sắp xếp"\nbasis = "NQ 202/2025/QH15"\neffective = 2025-07-01\n'
MERGE = f"[[merge]]\nfrom = ['{B}']\ninto = '{A}'\n"
WHOLE = f"""{HEAD}
[[found]]
code = "{NOBODY}"
name = "Sở mới"
aliases = ["H53.99"]
level = 2
parent = "{A}"
[[merge]]
from = ["{B}", "{C}"]
into = "{NOBODY}"
[[split]]
from = "{D}"
into = ["{NOBODY}", "{HEIR}"]
[[rename]]
organ = "{A}"
name = "UBND tỉnh (mới)"
[[move]]
organs = ["{HEIR}"]
under = "{A}"
[[contact_point]]
office = "{HEIR}"
bodies = ["{NOBODY}"]
until = 2025-10-01
"""


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        load_plan(text, "plan.toml").applied_to(DIRECTORY)
    return caught.value


def test_all_that_a_plan_can_say() -> None:
    plan = load_plan(WHOLE, "plan.toml").plan
    assert (plan.title, plan.effective) == ("Sắp xếp", date(2025, 7, 1))
    assert plan.found == (
        Founding(
            code=OrganId(NOBODY),
            name="Sở mới",
            aliases=(OrganId("H53.99"),),
            level=2,
            parent=OrganId(A),
        ),
    )
    assert plan.merge == (Merge(sources=(OrganId(B), OrganId(C)), into=OrganId(NOBODY)),)
    assert plan.split == (Split(source=OrganId(D), into=(OrganId(NOBODY), OrganId(HEIR))),)
    assert plan.rename == (Rename(organ=OrganId(A), name="UBND tỉnh (mới)"),)
    assert plan.move == (Move(organs=(OrganId(HEIR),), under=OrganId(A)),)
    [duty] = plan.contact_point
    assert duty == ContactPoint(
        office=OrganId(HEIR), bodies=(OrganId(NOBODY),), until=date(2025, 10, 1)
    )


@pytest.mark.parametrize(
    ("text", "error", "key", "line"),
    [
        ("title = ", Malformed, None, 1),
        ("", MissingField, "title", None),
        (HEAD, MissingField, "merge", None),
        (f"{HEAD}found = []", MissingField, "merge", None),
        (HEAD.replace("2025-07-01", "0001-01-01") + MERGE, InvalidValue, "effective", 3),
        (
            f"{HEAD}[[rename]]\norgan = '{B}'\nname = '{'x' * 201}'",
            InvalidValue,
            "rename[0].name",
            6,
        ),
        (HEAD.replace("2025-07-01", "2025-02-29"), NoSuchDay, "effective", 3),
        (HEAD.replace("2025-07-01", '"soon"'), InvalidValue, "effective", 3),
        (HEAD.replace("2025-07-01", "2025-07-01T00:00:00+07:00"), InvalidValue, "effective", 3),
        (HEAD.replace("NQ 202/2025/QH15", ""), MissingField, "basis", 2),
        (f"{HEAD}efective = 1", UnknownField, "efective", 4),
        (f"{HEAD}[[merge]]\nfrom = ['{B}']", MissingField, "merge[0].into", 4),
        (f"{HEAD}[[merge]]\nfrom = []\ninto = '{A}'", MissingField, "merge[0].from", 5),
        (f"{HEAD}[[merge]]\nfrom = '{B}'\ninto = '{A}'", InvalidValue, "merge[0].from", 5),
        (f"{HEAD}[[merge]]\nfrom = ['?']\ninto = '{A}'", InvalidValue, "merge[0].from[0]", 5),
        (f"{HEAD}[[merge]]\nfrom = ['{B}']\nto = '{A}'", UnknownField, "merge[0].to", 6),
        (f"{HEAD}[[rename]]\norgan = '{B}'", MissingField, "rename[0].name", 4),
        (f"{HEAD}[[found]]\ncode = '{NOBODY}'", MissingField, "found[0].name", 4),
        (f"{HEAD}[[split]]\nfrom = '{B}'", MissingField, "split[0].into", 4),
        (f"{HEAD}[[move]]\norgans = ['{B}']", MissingField, "move[0].under", 4),
        (f"{HEAD}[[contact_point]]\noffice = '{B}'", MissingField, "contact_point[0].bodies", 4),
        (f"{HEAD}[merge]\nfrom = 1", InvalidValue, "merge", 4),
        # What only the directory shows.
        (
            f"{HEAD}[[merge]]\nfrom = ['{B}', '{NOBODY}']\ninto = '{A}'",
            InvalidValue,
            "merge[0].from",
            5,
        ),
        (
            f"{HEAD}[[found]]\ncode = '{NOBODY}'\nname = 'Sở'\nlevel = 10",
            InvalidValue,
            "found[0].level",
            7,
        ),
    ],
)
def test_a_fault_names_file_line_and_key(
    text: str, error: type[InputError], key: str | None, line: int | None
) -> None:
    found = refused(text)
    assert type(found) is error
    assert (found.facts.get("key"), found.facts["line"]) == (key, line)
    assert found.facts["file"] == "plan.toml"
    assert "plan.toml" in str(found)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    with pytest.raises(ImportInvalid):
        read_plan(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ImportInvalid, match="UTF-8"):
        read_plan(path)
    path.write_text(WHOLE, "utf-8")
    assert read_plan(path).name == str(path)


def test_a_byte_order_mark_is_no_part_of_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(WHOLE, "utf-8-sig")
    assert read_plan(path).plan == load_plan(WHOLE, "plan.toml").plan


def test_of_a_file_that_is_too_long_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    with path.open("wb") as file:
        # Behind the limit it is no text: whoever reads on says so instead.
        file.write(b"#" * (1024 * 1024 + 1) + b"\xff")
    with pytest.raises(TooLarge, match="more than 1048576 bytes"):
        read_plan(path)
