"""Checks of the interconnection through a real node: the command line, the wire, rights, limits."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from lienthong.cli.app import application
from lienthong.client import Client, Profile
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.model.time import VIETNAM, vietnam_date
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import calendar_of
from lienthong.rules.interconnection import checks_due_on
from lienthong_node.limits import CHECKS_AT_ONCE
from lienthong_node.local import OPERATOR, LocalAxis, free_port
from lienthong_node.settings import load_settings
from lienthong_proto.axis.v1 import evidence_pb2, exchange_pb2, journal_pb2
from tests.e2e.commands import asked
from tests.e2e.conftest import A
from tests.e2e.raw import Party

GOOD = journal_pb2.CheckResult(name="feed", passed=True, note="0–7")


def check(profile: Path, *arguments: str | Path) -> Result:
    """Run ``lienthong check …``."""
    words = ["check", *map(str, arguments), "--profile", str(profile)]
    return CliRunner().invoke(application, words, env={"LIENTHONG_LANG": "en"})


def data(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def size(party: Party) -> int:
    """Entries of the journal."""
    answer = party.ask("Evidence/GetCheckpoint", evidence_pb2.GetCheckpointRequest())
    note = evidence_pb2.GetCheckpointResponse.FromString(answer.data[0]).checkpoint
    return int(note.split("\n")[1])


def request(*results: journal_pb2.CheckResult) -> exchange_pb2.RecordCheckRequest:
    return exchange_pb2.RecordCheckRequest(results=results)


@pytest.fixture(scope="module")
def staff(axis: LocalAxis) -> Iterator[Client]:
    """Somebody of the operating organisation who may read its feed."""
    folder = axis.folder / "profiles" / "staff"
    asked("credential", "issue", axis.data, OPERATOR, "--out", folder)
    with Client(Profile.load(folder)) as client:
        yield client


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((), "model.missing_field"),
        ((GOOD,) * 51, "codec.too_large"),
        ((journal_pb2.CheckResult(name="feed\x1b[2J"),), "model.invalid_value"),
        ((journal_pb2.CheckResult(name="f" * 51),), "model.invalid_value"),
        ((journal_pb2.CheckResult(name="feed", note="n" * 201),), "model.invalid_value"),
        ((journal_pb2.CheckResult(name="feed", note="a\0b"),), "model.invalid_value"),
    ],
    ids=["none", "too many", "control characters", "long name", "long note", "null"],
)
def test_hostile_results_are_refused_and_nothing_recorded(
    a: Party, results: tuple[journal_pb2.CheckResult, ...], code: str
) -> None:
    before = size(a)
    assert a.ask("Exchange/RecordCheck", request(*results)).code == code
    assert size(a) == before


def test_without_an_axis_it_is_an_error_and_nothing_is_recorded(tmp_path: Path) -> None:
    axis = LocalAxis.create(tmp_path / "axis", {A: "UBND tỉnh"}, disk_reserve_bytes=0)
    result = check(axis.profile(A), "run", "--json")
    assert (result.exit_code, result.stdout) == (5, "")
    assert json.loads(result.stderr)["error"]["code"] == "client.connection_failed"
    with axis.running(), Party.opened(axis.profile(A)) as party:
        answer = party.ask("Exchange/Subscribe", exchange_pb2.SubscribeRequest())
        assert b"check" not in b"".join(answer.data)
        assert data(check(axis.profile(A), "run", "--json"))["passed"]


def test_a_check_is_looked_at_recorded_and_listed(
    axis: LocalAxis, clients: dict[str, Client], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.jsonl"
    dry = data(check(axis.profile(A), "run", "--dry-run", "--witness", kept, "--json"))
    assert (dry["passed"], dry["index"], dry["faults"]) == (True, None, [])
    done = data(check(axis.profile(A), "run", "--witness", kept, "--json"))
    assert [one["name"] for one in done["results"]] == [
        "certificates",
        "clock",
        "directory",
        "journal",
        "feed",
        "receipt",
        "deliveries",
    ]
    clients[A].receipt(done["index"])
    listed = data(check(axis.profile(A), "list", "--json"))
    assert listed["organ_id"] == A
    [*_, day] = listed["days"]
    assert day["missed"] == []
    assert day["made"][-1]["passed"]


def test_what_fails_is_recorded_and_shows(axis: LocalAxis, tmp_path: Path) -> None:
    cursor = tmp_path / "cursor"
    cursor.write_text("1000000\n")
    result = check(axis.profile(A), "run", "--cursor", cursor, "--json")
    assert result.exit_code == 1
    found = data(result)
    assert [one["name"] for one in found["results"] if not one["passed"]] == ["feed"]
    assert found["faults"][0]["code"] == "exchange.cursor_beyond_journal"
    assert isinstance(found["index"], int)
    listed = data(check(axis.profile(A), "list", "--json"))
    assert listed["days"][-1]["made"][-1]["failed"] == ["feed"]
    shown = check(axis.profile(A), "run", "--cursor", cursor)
    assert "FAILED" in shown.stdout
    assert "feed" in check(axis.profile(A), "list").stdout


def test_an_unusable_cursor_file_is_named(axis: LocalAxis, tmp_path: Path) -> None:
    cursor = tmp_path / "cursor"
    cursor.write_text("twelve")
    result = check(axis.profile(A), "run", "--cursor", cursor)
    assert result.exit_code == 3
    assert str(cursor) in result.stderr


@pytest.mark.parametrize("month", ["2026-Q3", "2026", "2026-13", "soon"])
def test_a_month_is_a_month(axis: LocalAxis, month: str) -> None:
    assert check(axis.profile(A), "list", "--month", month).exit_code == 3


def test_operators_see_the_checks_of_all_and_others_only_their_own(
    clients: dict[str, Client], staff: Client, b: Party
) -> None:
    receipt = clients[A].record_check([CheckResult(name="canary", passed=True)])
    [item] = [item for item in staff.feed(receipt.index) if item.entry.index == receipt.index]
    assert staff.receipt(receipt.index).entry == item.receipt.entry
    answer = b.ask("Exchange/Subscribe", exchange_pb2.SubscribeRequest())
    assert b"canary" not in b"".join(answer.data)
    asked_for = evidence_pb2.GetReceiptRequest(index=receipt.index)
    assert b.ask("Evidence/GetReceipt", asked_for).status == "NOT_FOUND"


def test_an_operator_checks_without_reading_documents(axis: LocalAxis, staff: Client) -> None:
    found = data(check(axis.data / "operator", "run", "--json"))
    names = [one["name"] for one in found["results"]]
    assert names == ["certificates", "clock", "directory", "journal"]
    assert [item.entry.index for item in staff.feed(found["index"])] == [found["index"]]
    assert check(axis.data / "operator", "list").exit_code == 7


def test_checks_have_a_limit_of_their_own(tmp_path: Path) -> None:
    axis = LocalAxis.create(tmp_path / "axis", {A: "UBND tỉnh"}, disk_reserve_bytes=0)
    with axis.running(), Party.opened(axis.profile(A)) as party:
        codes = [party.ask("Exchange/RecordCheck", request(GOOD)).code for _ in range(40)]
    assert codes[:CHECKS_AT_ONCE] == [""] * CHECKS_AT_ONCE
    assert codes[-1] == "access.limit_reached"


class TestMissed:
    """A node whose clock is eight days ahead: nobody has checked for a week."""

    AHEAD: Final = 8

    @pytest.fixture
    def late(self, tmp_path: Path) -> LocalAxis:
        address = f"127.0.0.1:{free_port()}"
        settings: dict[str, Any] = {"disk_reserve_bytes": 0, "metrics_listen": address}
        axis = LocalAxis.create(tmp_path / "axis", {A: "UBND tỉnh"}, **settings)
        axis.command = (sys.executable, str(Path(__file__).with_name("ahead.py")), str(self.AHEAD))
        asked("credential", "issue", axis.data, OPERATOR, "--out", tmp_path / "staff")
        return axis

    def metric(self, axis: LocalAxis, name: str) -> float | None:
        """A figure of the operating organisation; None before there is one."""
        address = load_settings(axis.data).metrics_listen
        with urlopen(f"http://{address}/metrics") as answer:
            text = answer.read().decode()
        wanted = f'{name}{{organ="{OPERATOR}"}} '
        found = [line for line in text.splitlines() if line.startswith(wanted)]
        return float(found[0].removeprefix(wanted)) if found else None

    def awaited(self, axis: LocalAxis, name: str) -> float:
        """The same, once it is more than 0."""
        for _ in range(600):
            if found := self.metric(axis, name):
                return found
            time.sleep(0.1)
        raise AssertionError(f"no {name}")

    def due(self, since: datetime) -> list[datetime]:
        """The check times that have passed, by the rule set of a new node."""
        rules, table = find_rule_set("tay-ninh-2019"), find_calendar("vietnam")
        calendar = calendar_of(table, rules)
        now = datetime.now(UTC) + timedelta(days=self.AHEAD) - timedelta(minutes=1)
        days = (vietnam_date(since) + timedelta(days=number) for number in range(self.AHEAD + 2))
        return [
            one.at
            for day in days
            for one in checks_due_on(day, rules.reports, calendar)
            if one.at >= since and one.end <= now
        ]

    def test_missed_checks_are_told_once_also_after_a_restart(
        self, late: LocalAxis, tmp_path: Path
    ) -> None:
        since = datetime.now(UTC)
        profile = Profile.load(tmp_path / "staff")
        with late.running(), Client(profile) as staff:
            self.awaited(late, "lienthong_checks_missed_total")
            last = staff.record_check([CheckResult(name="feed", passed=True)])
            told = [item.entry.body for item in staff.feed(inline_limit=0)]
        missed = [
            one.missed_at
            for one in told
            if isinstance(one, InterconnectionRecord) and one.missed_at
        ]
        assert missed == self.due(since) != []
        with late.running(), Client(profile) as staff:
            # Once it knows of the last check the worker has looked, and told what it had to tell.
            self.awaited(late, "lienthong_checks_last_timestamp_seconds")
            assert self.metric(late, "lienthong_checks_missed_total") == 0
            staff.record_check([CheckResult(name="feed", passed=True)])
            again = [item.entry.body for item in staff.feed(last.index + 1, inline_limit=0)]
            listed = data(
                check(tmp_path / "staff", "list", "--month", month_of(missed[-1]), "--json")
            )
        assert [
            one for one in again if isinstance(one, InterconnectionRecord) and one.missed_at
        ] == []
        shown = [day for day in listed["days"] if day["missed"]]
        assert shown[-1]["missed"][-1] == f"{missed[-1].astimezone(VIETNAM):%H:%M}"


def month_of(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%Y-%m}"
