"""``lienthong check``: what people and scripts see, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from lienthong.model.ids import OrganId
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.model.time import VIETNAM

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

Run = Callable[..., Result]
SENDER, OTHER = "000.00.00.H53", "000.00.13.H53"
GOOD = CheckResult(name="feed", passed=True)
BAD = CheckResult(name="clock", passed=False)
MONDAY = datetime(2026, 11, 16, tzinfo=VIETNAM)


def at(text: str, days: int = 0) -> datetime:
    hours, minutes = map(int, text.split(":"))
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes)


@pytest.fixture
def month(axis: ScriptedAxis) -> ScriptedAxis:
    """Checks of a week in November, made by two organisations; the last was missed."""
    now = axis.pki.now
    made = [
        (at("23:50", -16), SENDER, (GOOD,)),
        (at("07:45"), SENDER, (GOOD,)),
        (at("13:15"), SENDER, (GOOD, BAD)),
        (at("07:46", 1), OTHER, (GOOD,)),
    ]
    for moment, organ, results in made:
        axis.pki.now = moment
        axis.tell(InterconnectionRecord(organ_id=OrganId(organ), results=results), SENDER)
    axis.pki.now = at("00:01", 15)
    axis.tell(InterconnectionRecord(organ_id=OrganId(SENDER), missed_at=at("14:00", 14)))
    axis.pki.now = now
    return axis


def test_without_checks_it_says_so(axis: ScriptedAxis, as_sender: Run) -> None:
    axis.tell(InterconnectionRecord(organ_id=OrganId(SENDER), results=(GOOD,)))
    result = as_sender("check", "list", "--month", "2019-05")
    assert (result.exit_code, result.stdout) == (0, "no checks in this month\n")
    assert as_sender("check", "list", "--month", "2019-05", "--json").stdout == ""


def test_a_month_is_listed_by_organisation_and_day(month: ScriptedAxis, as_sender: Run) -> None:
    result = as_sender("check", "list", "--month", "2026-11", "--json")
    own, other = map(json.loads, result.stdout.splitlines())
    assert (own["organ_id"], other["organ_id"]) == (SENDER, OTHER)
    assert own["days"] == [
        {
            "day": "2026-11-16",
            "made": [
                {"at": "07:45", "passed": True, "failed": []},
                {"at": "13:15", "passed": False, "failed": ["clock"]},
            ],
            "missed": [],
        },
        {"day": "2026-11-30", "made": [], "missed": ["14:00"]},
    ]
    assert "2026-11-16" not in own["lacking"]
    assert own["days_to_check"] > own["days_complete"] == 1
    assert [day["day"] for day in other["days"]] == ["2026-11-17"]


def test_of_others_days_are_counted_only_where_they_missed_a_check(
    month: ScriptedAxis, as_sender: Run
) -> None:
    """An operator sees the checks also of those who need not check."""
    listed = ("check", "list", "--month", "2026-11")
    _, other = map(json.loads, as_sender(*listed, "--json").stdout.splitlines())
    assert (other["days_complete"], other["days_to_check"], other["lacking"]) == (None, None, [])
    assert as_sender(*listed).stdout.count("days complete") == 1
    month.tell(InterconnectionRecord(organ_id=OrganId(OTHER), missed_at=at("14:00", 1)), SENDER)
    _, other = map(json.loads, as_sender(*listed, "--json").stdout.splitlines())
    assert "2026-11-17" in other["lacking"]


def test_the_end_of_the_month_before_is_not_in_it(month: ScriptedAxis, as_sender: Run) -> None:
    result = as_sender("check", "list", "--month", "2026-10", "--json")
    assert [day["day"] for day in json.loads(result.stdout)["days"]] == ["2026-10-31"]


def test_people_read_it_in_their_language(month: ScriptedAxis, as_sender: Run) -> None:
    shown = as_sender("check", "list", "--month", "2026-11", "--lang", "vi").stdout
    assert "thứ Hai, 16/11/2026  07:45, 13:15 (lỗi: đồng hồ)" in shown
    assert "số ngày kiểm tra đủ: " in shown
    english = as_sender("check", "list", "--month", "2026-11").stdout
    assert "Mon 2026-11-16  07:45, 13:15 (failed: clock)" in english


def test_a_feed_tells_checks_and_whose_was_missed(month: ScriptedAxis, as_sender: Run) -> None:
    vi = as_sender("watch", "--once", "--lang", "vi").stdout.splitlines()
    assert vi[1] == "1  2026-11-16 07:45:00  000.00.00.H53  kiểm tra liên thông: không có lỗi"
    assert vi[2].endswith("000.00.00.H53  kiểm tra liên thông: lỗi: đồng hồ")
    assert vi[4].endswith(
        "axis.test  000.00.00.H53: chưa kiểm tra liên thông, hạn 2026-11-30 14:00:00"
    )
    en = as_sender("watch", "--once").stdout.splitlines()
    assert en[4].endswith("000.00.00.H53: interconnection check missed, due 2026-11-30 14:00:00")
    data = json.loads(as_sender("watch", "--once", "--json").stdout.splitlines()[2])
    assert (data["about"], data["organ_id"]) == ("check", SENDER)
    assert [one["passed"] for one in data["results"]] == [True, False]


def test_names_from_others_steer_no_terminal(axis: ScriptedAxis, as_sender: Run) -> None:
    hostile = CheckResult(name="a\u202eb", passed=False)
    axis.tell(InterconnectionRecord(organ_id=OrganId(SENDER), results=(hostile,)))
    for words in (("check", "list"), ("watch", "--once")):
        assert "a\\u202eb" in as_sender(*words).stdout


def test_what_fails_ends_with_1_and_is_recorded(axis: ScriptedAxis, as_sender: Run) -> None:
    axis.faults.clock_ahead = timedelta(hours=1)
    result = as_sender("check", "run", "--lang", "vi")
    assert result.exit_code == 1
    assert "đồng hồ" in result.stdout
    assert "LỖI" in result.stdout
    assert "đã ghi thành mục 0" in result.stdout
    assert axis.calls.count("RecordCheck") == 1


def test_a_dry_run_records_nothing(axis: ScriptedAxis, as_sender: Run) -> None:
    axis.tell(InterconnectionRecord(organ_id=OrganId(SENDER), results=(GOOD,)))
    result = as_sender("check", "run", "--dry-run")
    assert result.exit_code == 0, result.stdout
    assert "not recorded" in result.stdout
    assert "RecordCheck" not in axis.calls
