"""``calendar``: years as people and scripts see them, files exported, checked, compared."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from rich.console import Console

from lienthong.cli.commands.calendars import show
from lienthong.cli.commands.options import CALENDAR
from lienthong.cli.failures import ExitCode
from lienthong.cli.texts import Words
from lienthong.cli.year import year_view
from lienthong.rules.calendar import DayStatus
from lienthong.rules.calendar_table import load_calendar

Run = Callable[..., Result]
OWN = """\
name = "h53-13"
base = "vietnam"
first_year = 2026
last_year = 2026

[exceptions]
2026-01-02 = { working = true, name = "Trực", basis = "Thông báo 5/TB", status = "official" }
2026-06-01 = { working = false, name = "Riêng", basis = "Thông báo 6/TB", status = "provisional" }
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "lich.toml"
    path.write_text(OWN, "utf-8")
    return path


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("2026-01-02", "2026-02-29", "model.no_such_day", "line 7: exceptions.2026-02-29"),
        ("2026-06-01", "2026-01-02", "model.invalid_value", "line 8: 2026-01-02"),
        ("2026-01-02", "2025-01-02", "model.invalid_value", "line 7: exceptions.2025-01-02"),
        ("official", "sure", "model.invalid_value", "line 7: exceptions.2026-01-02.status"),
        ("working = true", "working = 1", "model.invalid_value", "2026-01-02.working"),
        ("basis", "bais", "codec.unknown_field", "line 7"),
        ('"vietnam"', '"vietnan"', "model.invalid_value", "line 2: base is vietnan"),
        ("[exceptions]", "[exceptions", "codec.malformed", "line 6"),
    ],
)
def test_faults_of_a_file_are_named_with_their_line(
    run: Run, own: Path, old: str, new: str, code: str, says: str
) -> None:
    own.write_text(OWN.replace(old, new, 1), "utf-8")
    result = run("calendar", "check", own, "--json")
    assert result.exit_code == ExitCode.INPUT
    [found] = [json.loads(line) for line in result.stdout.splitlines()]
    [fault] = found["faults"]
    assert (found["file"], found["version"], fault["code"]) == (str(own), None, code)
    assert says in fault["message"]
    shown = run("calendar", "check", own, "--lang", "vi")
    assert shown.stdout.startswith(f"[{code}]")
    used = run("add-days", "2026-01-05", "1", "--calendar", own)
    assert (used.stdout, f"error[{code}]" in used.stderr) == ("", True)


def test_every_fault_of_a_file_is_told_in_order(run: Run, own: Path) -> None:
    wrong = OWN.replace("Trực", "").replace('"provisional"', '"maybe"').replace("base", "bas")
    own.write_text(wrong.replace("last_year = 2026", ""), "utf-8")
    result = run("calendar", "check", own, "--json")
    faults = json.loads(result.stdout)["faults"]
    assert [(fault["line"], fault["key"]) for fault in faults] == [
        (2, "bas"),
        (7, "exceptions.2026-01-02.name"),
        (8, "exceptions.2026-06-01.status"),
        (None, "last_year"),
    ]


def test_files_are_checked_together_with_base_and_hours(
    run: Run, own: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    hours = '[[office.hours]]\nsessions = ["07:30-11:30"]\nweekdays = ["TUE"]\n'
    rules.write_text(f'name = "h53"\ntitle = "T"\ninherits = "tay-ninh-2019"\n{hours}', "utf-8")
    result = run("calendar", "check", own, tmp_path / "none.toml", "--json")
    good, missing = (json.loads(line) for line in result.stdout.splitlines())
    assert (result.exit_code, good["faults"]) == (ExitCode.INPUT, [])
    assert "none.toml is unreadable" in missing["faults"][0]["message"]
    result = run("calendar", "check", own, "--rule-set", rules, "--json")
    assert json.loads(result.stdout)["faults"][0]["code"] == "rules.calendar_contradiction"
    assert run("calendar", "check", own, "--rule-set", "none").exit_code == ExitCode.NOT_FOUND
    assert run("calendar", "check").exit_code == ExitCode.USAGE


def test_a_good_file_is_told_with_what_it_replaces(run: Run, own: Path) -> None:
    [found] = rows(run("calendar", "check", own, "--json"))
    assert found["version"].startswith("h53-13@")
    assert found["replacing"] == ["2026-01-02"]
    assert {"2026-06-01", "2026-11-24"} <= set(found["provisional"])
    shown = run("calendar", "check", own, "--lang", "vi").stdout
    assert f"{own} hợp lệ: h53-13@" in shown
    assert "khác lịch gốc 1" in shown


def test_years_that_are_not_covered_are_refused(run: Run, tmp_path: Path) -> None:
    for command in (["show", "2028"], ["export", "2026", "2028", "--output", tmp_path / "x.ics"]):
        result = run("calendar", *command)
        assert result.exit_code == ExitCode.INPUT
        assert "2018 to 2027" in result.stderr
    assert not (tmp_path / "x.ics").exists()
    assert run("calendar", "show", "twenty").exit_code == ExitCode.USAGE
    assert run("calendar", "prefill", "1900").exit_code == ExitCode.USAGE


def test_shows_every_day_of_a_year_to_scripts(run: Run) -> None:
    found = {row["day"]: row for row in rows(run("calendar", "show", "2026", "--json"))}
    assert len(found) == 365
    working = {"2026-01-02": False, "2026-01-10": True, "2026-08-31": False, "2026-08-22": True}
    assert {day: found[day]["working"] for day in working} == working
    assert found["2026-01-10"]["basis"] == "12729/VPCP-KGVX"
    assert found["2026-01-10"]["sessions"] == ["07:30-11:30", "13:00-17:00"]
    assert [day for day, row in found.items() if row["provisional"]] == ["2026-11-24"]
    assert found["2026-11-24"]["status"] == "provisional"
    assert found["2026-01-10"]["stands_for"] == "2026-01-02"
    assert {tuple(row) for row in found.values()} == {tuple(found["2026-01-10"])}, "one shape"
    plain = found["2026-01-05"]
    assert (plain["weekday"], plain["working"], plain["name"]) == (1, True, None)


def test_shows_people_twelve_months_with_marks(run: Run) -> None:
    shown = run("calendar", "show", "2026", "--rule-set", "tay-ninh-2019").stdout
    assert all(f"{month:02}/2026" in shown for month in range(1, 13))
    grid = shown.partition("× off")[0]
    january = [line[:28].split() for line in grid.splitlines()]
    assert ["1×", "2×", "3", "4"] in january
    assert ["5", "6", "7", "8", "9", "10+", "11"] in january
    assert "22+" in grid
    assert "31×" in grid
    assert "24?" in grid
    assert shown.count("12729/VPCP-KGVX") == 2
    assert "Ngày Văn hóa Việt Nam" in shown


@pytest.mark.parametrize(("width", "beside"), [(120, 3), (80, 2), (40, 1), (10, 1)])
def test_months_stand_side_by_side_where_there_is_room(width: int, beside: int) -> None:
    shown = io.StringIO()
    Console(width=width, file=shown).print(year_view(Words("en"), 2026, ()), soft_wrap=True)
    [first] = [line for line in shown.getvalue().splitlines() if "01/2026" in line]
    assert first.count("/2026") == beside


def test_a_province_may_have_decided_about_the_day_of_culture(run: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    head = 'name = "h53"\ntitle = "Tỉnh"\ninherits = "tay-ninh-2019"\n[calendar]\nculture_day = '
    for decision, marked in (("OFF", "24×"), ("WORKING", "24 ")):
        rules.write_text(f'{head}"{decision}"\n', "utf-8")
        shown = run("calendar", "show", "2026", "--rule-set", rules).stdout
        assert f"23  {marked}" in shown.partition("11/2026")[2]
        assert "24?" not in shown


def test_an_unpublished_year_is_told_as_such(run: Run) -> None:
    assert (
        "đã công bố đến thứ Năm, 31/12/2026"
        in run("calendar", "show", "2027", "--lang", "vi").stdout
    )
    assert "published until" not in run("calendar", "show", "2026").stdout


def test_a_calendar_of_ones_own_is_shown_with_what_it_replaces(run: Run, own: Path) -> None:
    shown = run("calendar", "show", "2026", "--calendar", own).stdout
    assert "instead of" in shown
    assert "Thông báo 5/TB" in shown
    assert "instead of" not in run("calendar", "show", "2026").stdout


def test_exports_a_file_for_calendar_programs(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lich.ics"
    path.write_text("old")
    [found] = rows(run("calendar", "export", "2026", "2027", "--output", path, "--json"))
    text = path.read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == found["days"]
    assert "UID:20260110.vietnam@lienthong\r\n" in text
    result = run("calendar", "export", "2026", "--output", tmp_path / "no" / "x.ics")
    assert result.exit_code == ExitCode.INPUT
    assert run("calendar", "export", "2026").exit_code == ExitCode.USAGE


def test_prefill_without_the_library_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    result = run("calendar", "prefill", "2028", "--json")
    assert (result.exit_code, result.stdout) == (ExitCode.ENVIRONMENT, "")
    error = json.loads(result.stderr)["error"]
    assert error["code"] == "config.not_installed"
    assert "pip install 'lienthong[calendar]'" in error["next_step"]


def test_prefill_prints_a_draft_that_loads(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("holidays")
    text = run("calendar", "prefill", "2028").stdout
    assert json.loads(run("calendar", "prefill", "2028", "--json").stdout) == {"calendar": text}
    for gap in ("02/01/2026", "24/11", "112.3"):
        assert gap in text
    table = load_calendar(text)
    assert table.exceptions
    assert {item.status for item in table.exceptions} == {DayStatus.PROVISIONAL}
    path = tmp_path / "lich-2028.toml"
    path.write_text(text.replace('name = "', 'base = "vietnam"\nname = "', 1), "utf-8")
    assert rows(run("calendar", "check", path, "--json"))[0]["faults"] == []
    assert len(rows(run("calendar", "show", "2028", "--calendar", path, "--json"))) == 366


def test_the_library_alone_misses_the_swap_of_january_2026(run: Run, tmp_path: Path) -> None:
    """Why it may only pre-fill: the comparison with the shipped calendar shows its gap."""
    pytest.importorskip("holidays")
    path = tmp_path / "draft.toml"
    path.write_text(run("calendar", "prefill", "2026").stdout, "utf-8")
    [told] = rows(run("calendar", "diff", "vietnam", path, "--json"))
    found = {row["key"]: row for row in told["differences"]}
    for day in ("2026-01-02", "2026-01-10"):
        assert found[day]["one"]["basis"] == "12729/VPCP-KGVX"
        assert found[day]["other"] is None


def test_differences_are_told_day_by_day(run: Run, own: Path) -> None:
    [told] = rows(run("calendar", "diff", "vietnam", own, "--json"))
    assert told["one"].startswith("vietnam@")
    assert told["other"].startswith("h53-13@")
    found = told["differences"]
    assert [row["key"] for row in found] == ["2026-01-02", "2026-06-01"]
    assert found[0]["one"]["working"] is False
    assert found[0]["other"]["working"] is True
    assert found[1]["one"] is None
    assert "working: Trực" in run("calendar", "diff", "vietnam", own).stdout
    assert run("calendar", "diff", "vietnam", "vietnam").stdout == "no difference\n"
    [told] = rows(run("calendar", "diff", "vietnam", "vietnam", "--json"))
    assert told["differences"] == []
    assert run("calendar", "diff", "vietnam", "none").exit_code == ExitCode.NOT_FOUND


def test_differences_of_years_are_told_too(run: Run, own: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.toml"
    alone.write_text(OWN.replace('base = "vietnam"\n', ""), "utf-8")
    [told] = rows(run("calendar", "diff", "vietnam", alone, "--json"))
    found = {row["key"]: row for row in told["differences"]}
    assert (found["first_year"]["one"], found["first_year"]["other"]) == (2018, 2026)
    assert found["official_until"] == {
        "key": "official_until",
        "one": "2026-12-31",
        "other": None,
    }


def test_names_of_calendars_are_completed() -> None:
    option = next(one for one in show.params if one.name == "calendar")
    items = CALENDAR.shell_complete(click.Context(show), option, "vi")
    assert [(item.value, item.type) for item in items] == [("vietnam", "plain"), ("vi", "file")]
