"""Calendars by name and by file, with the days of their bases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lienthong.errors import CalendarUnknown, InvalidValue
from lienthong.plugins.calendars import calendar_names, find_calendar, read_calendar

OWN = """\
name = "h53-13"
base = "vietnam"
first_year = 2026
last_year = 2026

[exceptions]
2026-01-02 = { working = true, name = "Trực", basis = "Thông báo 5", status = "official" }
"""


def written(folder: Path, name: str, text: str = OWN) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_unknown_names_come_with_the_known_ones() -> None:
    with pytest.raises(CalendarUnknown, match="calendar vietnamese; there are vietnam"):
        find_calendar("vietnamese")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(InvalidValue, match="none.toml is unreadable"):
        find_calendar(str(missing))
    missing.write_bytes(b"name = '\xff'")
    with pytest.raises(InvalidValue, match="not UTF-8"):
        find_calendar(missing)


def test_a_fault_names_the_file_that_has_it(tmp_path: Path) -> None:
    written(tmp_path, "tinh.toml", OWN.replace("working = true", "working = 1"))
    own = written(tmp_path, "so.toml", OWN.replace('"vietnam"', '"tinh.toml"'))
    with pytest.raises(InvalidValue, match=r"tinh\.toml line 7: exceptions\.2026-01-02\.working"):
        find_calendar(own)


@pytest.mark.parametrize("base", ["so.toml", "../so.toml", "none", "none.toml"])
def test_bases_that_lead_nowhere_or_back(tmp_path: Path, base: str) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    written(tmp_path, "so.toml", OWN.replace('"vietnam"', '"a/so.toml"'))
    own = written(folder, "so.toml", OWN.replace('"vietnam"', f'"{base}"'))
    with pytest.raises((InvalidValue, CalendarUnknown)):
        find_calendar(own)


def test_shipped_calendars_are_found_by_name() -> None:
    assert calendar_names() == ["vietnam"]
    for name in calendar_names():
        assert find_calendar(name).name == name


def test_an_own_calendar_has_the_days_of_its_base(tmp_path: Path) -> None:
    own = written(tmp_path, "so.toml")
    assert len(read_calendar(own).exceptions) == 1
    found = find_calendar(own)
    general = find_calendar("vietnam")
    assert (found.name, found.first_year, found.last_year) == ("h53-13", 2018, 2027)
    assert found.version.startswith("h53-13@")
    changed = {item.day for item in found.exceptions} - {
        item.day for item in general.exceptions if item in found.exceptions
    }
    assert changed == {date(2026, 1, 2)}


def test_bases_may_have_bases(tmp_path: Path) -> None:
    day = '2026-06-01 = { working = false, name = "Riêng", basis = "b", status = "official" }\n'
    written(tmp_path, "tinh.toml")
    text = OWN.replace('"vietnam"', '"tinh.toml"').replace('"h53-13"', '"h53-13-01"')
    found = find_calendar(written(tmp_path, "phong.toml", text.partition("2026-01-02")[0] + day))
    own = {item.day: item.is_working for item in found.exceptions}
    assert own[date(2026, 1, 2)]
    assert not own[date(2026, 6, 1)]
    assert not own[date(2026, 5, 1)]
