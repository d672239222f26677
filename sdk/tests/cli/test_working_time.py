"""The time rules on the command line: the worked cases of the regulations, and bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lienthong.cli.failures import ExitCode
from sdk.tests.rules.worked_cases import OTHER_ZONES, RECEIVED, REPORTS, SENT, WORKING_DAYS

Run = Callable[..., Result]
Ask = Callable[..., dict[str, Any]]
KEYS = {
    "result",
    "provisional",
    "rule",
    "clause",
    "calendar_version",
    "rule_set",
    "rule_set_version",
}
RULES = """\
name = "h53-13"
title = "Nội quy của một sở"
inherits = "tay-ninh-2019"
"""


def iso(text: str) -> str:
    """``13/11/2026 16:59`` as an instant of ISO 8601 in Vietnam."""
    form = "%d/%m/%Y %H:%M:%S" if text.count(":") == 2 else "%d/%m/%Y %H:%M"
    return datetime.strptime(text, form).isoformat() + "+07:00"  # noqa: DTZ007 - the zone follows


@pytest.fixture
def ask(run: Run) -> Ask:
    """The object that a time command prints."""

    def answer(*arguments: str | Path | int) -> dict[str, Any]:
        result = run(*map(str, arguments), "--json")
        assert result.exit_code == 0, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        assert found.keys() >= KEYS
        return found

    return answer


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("2026-11-13T16:59:00", "model.naive_time", "time zone"),
        ("2026-11-13 16:59", "model.naive_time", "time zone"),
        ("2026-02-29T08:00:00+07:00", "model.no_such_day", "there is no such day"),
        ("2026-04-31T08:00:00Z", "model.no_such_day", "there is no such day"),
        ("2026/04/31 08:00:00", "model.no_such_day", "there is no such day"),
        ("2026-11-13", "model.invalid_value", "2026-11-13T16:59:00+07:00"),
        ("2026-11-13T16:59:00 Asia/Saigon", "model.invalid_value", "2026-11-13T16:59:00+07:00"),
        ("2026-11-13T25:00:00Z", "model.invalid_value", "2026-11-13T16:59:00+07:00"),
        ("13/11/2026 16:59:00", "model.invalid_value", "2026-11-13T16:59:00+07:00"),
        ("2017-12-31T08:00:00+07:00", "rules.outside_calendar", "2018-2027"),
        ("2028-01-01T08:00:00+07:00", "rules.outside_calendar", "2018-2027"),
        ("2027-12-31T17:00:00+07:00", "rules.outside_calendar", "2018-2027"),
    ],
)
@pytest.mark.parametrize("command", ["received-at", "send-by", "forward-by"])
def test_bad_instants_are_refused(run: Run, command: str, given: str, code: str, says: str) -> None:
    result = run(command, given, "--json")
    assert (result.exit_code, result.stdout) == (ExitCode.INPUT, "")
    error = json.loads(result.stderr)["error"]
    assert error["code"] == code
    assert says in error["message"]
    assert f"error[{code}]" in run(command, given).stderr


def test_a_naive_instant_comes_with_the_way_out(run: Run) -> None:
    result = run("received-at", "2026-11-13T16:59:00", "--lang", "vi")
    assert "lỗi[model.naive_time]" in result.stderr
    assert "+07:00" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add-days", "2026-02-29", "3"), "model.no_such_day"),
        (("add-working-days", "2026-04-31", "3"), "model.no_such_day"),
        (("add-days", "13/11/2026", "3"), "model.invalid_value"),
        (("add-days", "2026-11-13", "0"), "model.invalid_value"),
        (("add-working-days", "2026-11-13", "3651"), "model.invalid_value"),
        (("add-working-days", "2027-11-13", "200"), "rules.outside_calendar"),
        (("add-days", "9999-12-31", "3"), "rules.outside_calendar"),
        (("report-day", "2026", "4"), "model.invalid_value"),
        (("report-day", "0", "3"), "model.invalid_value"),
        (("report-day", "2030", "3"), "rules.outside_calendar"),
        (("add-days", "2026-11-13", "3", "--rule-set", "none.toml"), "model.invalid_value"),
        (("add-days", "2026-11-13", "3", "--calendar", "none.toml"), "model.invalid_value"),
    ],
)
def test_bad_days_and_files_are_refused(run: Run, arguments: tuple[str, ...], code: str) -> None:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stdout) == (ExitCode.INPUT, "")
    assert json.loads(result.stderr)["error"]["code"] == code


BELOW_ZERO = (
    ("add-working-days", "2026-11-22", "-3"),
    ("add-days", "2026-11-22", "-3"),
    ("calendar", "add-days", "2026-11-22", "-3"),
    ("report-day", "-2026", "3"),
)


@pytest.mark.parametrize("arguments", BELOW_ZERO)
def test_numbers_below_zero_are_refused_as_numbers(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--json")
    error = json.loads(result.stderr)["error"]
    assert (result.exit_code, error["code"]) == (ExitCode.INPUT, "model.invalid_value")
    assert error["facts"]["found"] in arguments


@pytest.mark.planted("a number below zero is taken for an option")
def test_a_number_that_is_taken_for_an_option_is_noticed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lienthong.cli.base._NEGATIVE", re.compile("never"))
    assert run(*BELOW_ZERO[0], "--json").exit_code == ExitCode.USAGE


def test_unknown_options_are_still_unknown(run: Run) -> None:
    result = run("add-days", "2026-11-22", "3", "--fro", "H53")
    assert (result.exit_code, "--fro" in result.stderr) == (ExitCode.USAGE, True)


def test_unknown_names_and_words_are_refused(run: Run) -> None:
    for option, code in (("--rule-set", "rule_set"), ("--calendar", "calendar")):
        result = run("add-days", "2026-11-13", "3", option, "tay-nin", "--json")
        assert result.exit_code == ExitCode.NOT_FOUND
        assert json.loads(result.stderr)["error"]["code"] == f"rules.{code}_unknown"
    for arguments in (["add-days", "2026-11-13", "x"], ["add-days"], ["report-day", "2026", "x"]):
        assert run(*arguments).exit_code == ExitCode.USAGE
    assert run("send-by", "2026-11-13T08:00:00Z", "--urgency", "GAP").exit_code == ExitCode.USAGE


@pytest.mark.parametrize(("case", "entered", "received", "forward"), RECEIVED)
def test_received_and_forwarded(
    ask: Ask, case: int, entered: str, received: str, forward: str
) -> None:
    found = ask("received-at", iso(entered))
    assert (case, found["result"], found["rule"]) == (case, iso(received), "T2")
    assert found["clause"] == "QĐ 52/2019 Đ10.2"
    assert (found["provisional"], found["rule_set"]) == (False, "tay-ninh-2019")
    for given in (entered, received):
        due = ask("forward-by", iso(given))
        assert (case, due["result"], due["rule"]) == (case, iso(forward), "T6")
        assert due["received_at"] == iso(received)


@pytest.mark.parametrize(("case", "text", "received"), OTHER_ZONES)
def test_other_zones(ask: Ask, case: int, text: str, received: str) -> None:
    assert (case, ask("received-at", text)["result"]) == (case, iso(received))


@pytest.mark.parametrize(("case", "signed", "deadline", "decree_30"), SENT)
def test_sent(ask: Ask, case: int, signed: str, deadline: str, decree_30: str) -> None:
    found = ask("send-by", iso(signed))
    assert (case, found["result"], found["rule"]) == (case, iso(deadline), "T3")
    assert (case, found["decree_30"]) == (case, iso(decree_30))
    target = datetime.fromisoformat(found["target"])
    assert (target - datetime.fromisoformat(iso(signed))).days == 0
    assert found["target"].endswith("T00:00:00+07:00")


def test_case_24_an_urgent_document_at_night(ask: Ask) -> None:
    sent = ask("send-by", "2026-11-14T22:15:00+07:00", "--urgency", "HOA_TOC")
    assert (sent["result"], sent["rule"]) == ("2026-11-14T22:30:00+07:00", "T4")
    assert "target" not in sent
    received = ask("received-at", "2026-11-14T22:16:00+07:00")["result"]
    assert received == "2026-11-16T07:30:00+07:00"
    due = ask("forward-by", "2026-11-14T22:16:00+07:00", "--urgency", "hoa_toc")
    assert (due["result"], due["received_at"]) == ("2026-11-16T07:45:00+07:00", received)


def test_an_urgent_document_where_office_hours_do_not_matter(ask: Ask, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(f"{RULES}[receiving]\nurgent_in_office_hours = false\n", "utf-8")
    given = ("forward-by", "2026-11-14T22:16:00+07:00", "--urgency", "HOA_TOC")
    found = ask(*given, "--rule-set", rules)
    assert found["result"] == "2026-11-14T22:31:00+07:00"
    assert found["rule_set"] == "h53-13"


def test_case_29_edxml_times_are_vietnamese(ask: Ask) -> None:
    assert ask("received-at", "2026/11/13 16:59:00")["result"] == "2026-11-13T16:59:00+07:00"


def test_case_33_an_undecided_day_makes_it_provisional(ask: Ask, tmp_path: Path) -> None:
    given = ("received-at", "2026-11-23T17:05:00+07:00")
    open_ = ask(*given)
    assert (open_["result"], open_["provisional"]) == ("2026-11-25T07:30:00+07:00", True)
    rules = tmp_path / "rules.toml"
    for decision, day in (("OFF", 25), ("WORKING", 24)):
        rules.write_text(f'{RULES}[calendar]\nculture_day = "{decision}"\n', "utf-8")
        found = ask(*given, "--rule-set", rules)
        assert found["result"] == f"2026-11-{day}T07:30:00+07:00"
        assert not found["provisional"]
        assert found["calendar_version"] != open_["calendar_version"]


def test_doubts_about_the_receipt_are_doubts_about_forwarding(ask: Ask) -> None:
    assert ask("forward-by", "2026-11-23T17:05:00+07:00")["provisional"]


@pytest.mark.parametrize(("case", "day", "count", "expected"), WORKING_DAYS)
def test_working_days(ask: Ask, case: int, day: str, count: int, expected: str) -> None:
    found = ask("add-working-days", day, count)
    assert (case, found["result"], found["rule"]) == (case, expected, "T7")
    assert found["until"] == f"{expected}T17:00:00+07:00"


def test_days_move_off_days_off(ask: Ask) -> None:
    found = ask("add-days", "2026-02-13", 1)
    assert (found["result"], found["rule"]) == ("2026-02-23", "T8")
    assert found["until"] == "2026-02-24T00:00:00+07:00"


@pytest.mark.parametrize(("case", "year", "month", "expected"), REPORTS)
def test_reports(ask: Ask, case: int, year: int, month: int, expected: str) -> None:
    found = ask("report-day", year, month)
    assert (case, found["result"], found["rule"]) == (case, expected, "T11")


@pytest.mark.parametrize(("choice", "day"), [("PREVIOUS", 13), ("EXACT", 15), ("NEXT", 16)])
def test_a_report_moves_as_the_rule_set_says(
    ask: Ask, tmp_path: Path, choice: str, day: int
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(f'{RULES}[reports]\non_day_off = "{choice}"\n', "utf-8")
    assert ask("report-day", 2026, 3, "--rule-set", rules)["result"] == f"2026-03-{day}"


def test_an_office_with_a_saturday_service_and_seasons(ask: Ask, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    hours = """
[[office.hours]]
sessions = ["07:00-11:00", "13:30-17:30"]
season_from = "04-16"
season_to = "10-15"
[[office.hours]]
sessions = ["07:30-11:30", "13:00-17:00"]
season_from = "10-16"
season_to = "04-15"
[[office.hours]]
sessions = ["07:30-11:00"]
weekdays = ["SAT"]
"""
    rules.write_text(RULES + hours, "utf-8")

    def received(text: str) -> str:
        return str(ask("received-at", iso(text), "--rule-set", rules)["result"])

    assert received("14/11/2026 09:00") == iso("14/11/2026 09:00")
    assert received("14/11/2026 11:00") == iso("16/11/2026 07:30")
    assert received("22/08/2026 12:00") == iso("22/08/2026 13:30")
    assert received("15/04/2026 06:00") == iso("15/04/2026 07:30")
    assert received("16/04/2026 06:00") == iso("16/04/2026 07:00")
    due = ask("forward-by", iso("14/11/2026 09:00"), "--rule-set", rules)
    assert due["result"] == iso("16/11/2026 17:00")


def test_a_calendar_of_ones_own_decides(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "lich.toml"
    file.write_text(
        'name = "h53-13"\nbase = "vietnam"\nfirst_year = 2026\nlast_year = 2026\n[exceptions]\n'
        '2026-11-16 = { working = false, name = "Riêng", basis = "TB 5", status = "official" }\n',
        "utf-8",
    )
    found = ask("received-at", iso("13/11/2026 17:00"), "--calendar", file)
    assert found["result"] == iso("17/11/2026 07:30")
    assert found["calendar_version"].startswith("h53-13@")


@pytest.mark.parametrize(
    "arguments",
    [
        ("received-at", "2026-11-13T17:00:00+07:00"),
        ("send-by", "2026-11-13T17:00:00+07:00", "--urgency", "KHAN"),
        ("forward-by", "2026-11-13T17:00:00+07:00"),
        ("add-working-days", "2026-11-13", "3"),
        ("add-days", "2026-11-13", "3"),
        ("report-day", "2026", "3"),
    ],
)
def test_commands_are_the_same_inside_the_group(run: Run, arguments: tuple[str, ...]) -> None:
    at_top, in_group = run(*arguments, "--json"), run("calendar", *arguments, "--json")
    assert (at_top.exit_code, at_top.stdout) == (in_group.exit_code, in_group.stdout)
    assert at_top.exit_code == 0
    assert arguments[0] not in run("calendar", "--help").stdout.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "to be sent by 11:30:00 Mon 2026-11-16",
                "better the same day: by 24:00 Fri 2026-11-13",
                "NĐ 30/2020 Đ18.1: by 24:00 Mon 2026-11-16",
            ],
        ),
        (
            "vi",
            [
                "phải gửi chậm nhất 11:30:00 thứ Hai, 16/11/2026",
                "nên gửi trong ngày: chậm nhất 24:00 thứ Sáu, 13/11/2026",
                "NĐ 30/2020 Đ18.1: chậm nhất 24:00 thứ Hai, 16/11/2026",
            ],
        ),
    ],
)
def test_people_read_one_clear_line_first(run: Run, language: str, lines: list[str]) -> None:
    result = run("send-by", "2026-11-13T16:50:00+07:00", "--lang", language)
    shown = result.stdout.splitlines()
    assert shown[:3] == lines
    assert shown[3].startswith("T3 · QĐ 28/2018 Đ6.2 · vietnam@")
    assert len(shown) == 4


def test_people_are_warned_of_what_is_provisional(run: Run) -> None:
    result = run("add-days", "2027-03-01", "3", "--lang", "vi")
    assert "ngày cuối: thứ Năm, 04/03/2027" in result.stdout
    assert "cảnh báo: tạm tính" in result.stdout
    assert "warning" not in run("add-days", "2026-03-02", "3").stdout


def test_a_rule_set_that_is_not_in_force_is_told(run: Run) -> None:
    old, new = (run("received-at", f"{year}-05-05T17:00:00+07:00") for year in (2018, 2026))
    assert "not in force" in old.stdout
    assert "not in force" not in new.stdout
    found = json.loads(run("received-at", "2018-05-02T17:00:00+07:00", "--json").stdout)
    assert found["in_force"] is False
