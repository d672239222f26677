"""The rule sets and calendars that the axis keeps, by the operator's commands and on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve
from click.testing import CliRunner

from lienthong.cli.app import application
from lienthong.client import Client, Profile
from lienthong.errors import LawChanged, LienthongError, OrganisationUnknown
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode
from lienthong.model.time import vietnam_date
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import load_calendar
from lienthong_node.admin_port import OPERATOR_PROFILE, administration
from lienthong_node.local import LocalAxis
from lienthong_node.opening import open_for_audit, utc_now
from lienthong_proto.axis.v1 import admin_pb2, directory_pb2
from tests.e2e.commands import asked, command, refused
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Party

TODAY: Final = vietnam_date(utc_now())
FESTIVAL: Final = next(
    day
    for day in (date(TODAY.year, 3, 1) + timedelta(days=number) for number in range(30))
    if day.weekday() < 5
)
"""A working day everywhere."""


def own_days(path: Path, *lines: str, base: str = "vietnam", name: str = "le-hoi") -> Path:
    """A file with an organisation's own days."""
    head = (
        f'name = "{name}"\nbase = "{base}"\nfirst_year = {TODAY.year}\nlast_year = {TODAY.year}\n'
    )
    path.write_text("\n".join([head, "[exceptions]", *lines, ""]), "utf-8")
    return path


def festival(basis: str = "QĐ 1/QĐ-UBND") -> str:
    return (
        f'{FESTIVAL} = {{ working = false, name = "Lễ hội", basis = "{basis}",'
        ' status = "official" }'
    )


@pytest.fixture
def stopped(tmp_path: Path) -> LocalAxis:
    """An axis of the test's own that is not running."""
    return ForkedAxis.create(
        tmp_path, {A: NAMES[A], B: NAMES[B], C: NAMES[C]}, disk_reserve_bytes=0
    )


@pytest.fixture(params=["running", "stopped"])
def data(request: pytest.FixtureRequest, stopped: LocalAxis) -> Iterator[Path]:
    """The data folder of an axis, while its node runs and while it does not."""
    if request.param == "stopped":
        yield stopped.data
        return
    with stopped.running():
        yield stopped.data


def law_of(party: Party, *organs: str) -> list[directory_pb2.Law]:
    """What the axis tells a party that it keeps, for all or for some."""
    answer = party.ask("Directory/GetLaw", directory_pb2.GetLawRequest(organ_ids=organs))
    return list(directory_pb2.GetLawResponse.FromString(answer.data[0]).laws)


def kept(data: Path) -> list[Any]:
    """Everything that the axis keeps."""
    return [asked("calendar", "list", data), asked("rules", "list", data)]


class TestNothingIsChanged:
    """A law that is entered wrongly changes nothing, and the error says what is wrong."""

    @pytest.mark.parametrize(
        ("text", "code", "told"),
        [
            ("name = [", "codec.malformed", "wrong.toml"),
            ('name = "x"\nfirst_year = 2026\n', "model.missing_field", "last_year"),
            ('name = "x"\nfirst_year = 1990\nlast_year = 1991\n', "model.invalid_value", "years"),
            ('name = "x"\nbase = "y"\nfirst_year = 2100\nlast_year = 2100\n', None, "first_year"),
            ("#" * 1_100_000, "codec.too_large", "bytes"),
        ],
    )
    def test_by_a_calendar(
        self, data: Path, tmp_path: Path, text: str, code: str | None, told: str
    ) -> None:
        before = kept(data)
        file = tmp_path / "wrong.toml"
        file.write_text(text, "utf-8")
        error = refused("calendar", "put", data, file, "--org", B)
        assert error["code"] == (code or "model.invalid_value")
        assert told in error["message"]
        assert kept(data) == before

    def test_by_a_rule_set_whose_hours_leave_days_out(self, data: Path, tmp_path: Path) -> None:
        before = kept(data)
        file = tmp_path / "wrong.toml"
        file.write_text(
            'name = "wrong"\ntitle = "Sai"\ninherits = "tay-ninh-2019"\nvalid_from = 2026-01-01\n'
            '[office]\nhours = [{ sessions = ["07:30-11:30"], weekdays = ["MON"] }]\n',
            "utf-8",
        )
        assert refused("rules", "put", data, file)["code"] == "rules.calendar_contradiction"
        assert kept(data) == before

    def test_by_what_is_only_tried(self, data: Path, tmp_path: Path) -> None:
        before = kept(data)
        file = own_days(tmp_path / "own.toml", festival())
        told = asked("calendar", "put", data, file, "--org", B, "--dry-run")
        assert (told["entered"], told["dry_run"], told["organisations"]) == (False, True, 1)
        assert [day["day"] for day in told["days"]] == [FESTIVAL.isoformat()]
        assert kept(data) == before

    def test_by_somebody_unknown(self, data: Path, tmp_path: Path) -> None:
        file = own_days(tmp_path / "own.toml", festival())
        error = refused("calendar", "put", data, file, "--org", "000.00.98.H53")
        assert error["code"] == "directory.organisation_unknown"

    def test_by_a_name_that_there_is_not(self, data: Path) -> None:
        assert refused("rules", "put", data, "nowhere")["code"] == "rules.rule_set_unknown"
        assert refused("calendar", "put", data, "nowhere")["code"] == "rules.calendar_unknown"
        assert refused("calendar", "show", data, "nowhere")["code"] == "exchange.not_found"
        assert refused("rules", "show", data, "vietnam")["code"] == "exchange.not_found"


class TestCommands:
    def test_a_new_axis_has_both(self, data: Path) -> None:
        [calendar] = asked("calendar", "list", data)["calendars"]
        [rules] = asked("rules", "list", data)["rule_sets"]
        assert calendar["content_version"] == find_calendar("vietnam").version
        assert rules["content_version"] == find_rule_set("tay-ninh-2019").version
        assert (calendar["organ_id"], rules["organ_id"]) == (None, None)

    def test_an_organisation_of_its_own(self, data: Path, tmp_path: Path) -> None:
        file = own_days(tmp_path / "own.toml", festival())
        told = asked("calendar", "put", data, file, "--org", B)
        assert (told["entered"], told["organ_id"], told["organisations"]) == (True, B, 1)
        assert asked("calendar", "diff", data, file, "--org", B)["days"] == []
        [day] = asked("calendar", "diff", data, file, "--org", C)["days"]
        assert (day["day"], day["before"]) == (FESTIVAL.isoformat(), None)
        found = load_calendar(asked("calendar", "show", data, "--org", B)["text"])
        assert FESTIVAL in {item.day for item in found.exceptions}
        text = command("calendar", "show", data, "le-hoi", "--org", B)[1]
        assert len(load_calendar(text).exceptions) == 1

    def test_the_same_once_more_changes_nothing(self, data: Path, tmp_path: Path) -> None:
        file = own_days(tmp_path / "own.toml", festival())
        first = asked("calendar", "put", data, file, "--org", B)
        before = kept(data)
        again = asked("calendar", "put", data, file, "--org", B)
        assert (again["entered"], again["version"]) == (False, first["version"])
        assert not asked("rules", "put", data, "tay-ninh-2019")["entered"]
        assert kept(data) == before

    def test_one_goes_back_to_what_was_entered_before(self, data: Path, tmp_path: Path) -> None:
        first = own_days(tmp_path / "first.toml", festival())
        asked("calendar", "put", data, first, "--org", B)
        other = own_days(tmp_path / "other.toml", name="khac")
        asked("calendar", "put", data, other, "--org", B)
        [day] = asked("calendar", "diff", data, first, "--org", B)["days"]
        assert day["day"] == FESTIVAL.isoformat()
        told = asked("calendar", "put", data, first, "--org", B)
        assert (told["entered"], told["organisations"]) == (True, 1)
        assert asked("calendar", "diff", data, first, "--org", B)["days"] == []
        assert not asked("calendar", "put", data, first, "--org", B)["entered"]

    def test_somebody_elses_change_is_not_overwritten(self, data: Path, tmp_path: Path) -> None:
        own = tmp_path / "own.toml"
        first = asked("calendar", "put", data, own_days(own, festival()), "--org", B)
        own_days(own, festival("QĐ 2/QĐ-UBND"))
        asked("calendar", "put", data, own, "--org", B, "--expected-version", first["version"])
        own_days(own, festival("QĐ 3/QĐ-UBND"))
        seen = ("--expected-version", first["version"])
        error = refused("calendar", "put", data, own, "--org", B, *seen)
        assert error["code"] == "directory.law_changed"
        assert error["next_step"]

    def test_another_rule_set_for_some(self, data: Path) -> None:
        rows = asked("rules", "diff", data, "vinh-long-2019", "--org", C)["settings"]
        assert "reports.quarterly" in {row["key"] for row in rows}
        told = asked("rules", "put", data, "vinh-long-2019", "--org", C)
        assert (told["organisations"], told["settings"]) == (1, rows)
        assert asked("rules", "show", data, "--org", C)["name"] == "vinh-long-2019"
        assert asked("rules", "show", data, "--org", B)["name"] == "tay-ninh-2019"

    def test_for_calendar_programs(self, data: Path, tmp_path: Path) -> None:
        asked("calendar", "put", data, own_days(tmp_path / "own.toml", festival()), "--org", B)
        output = tmp_path / "lich.ics"
        told = asked("calendar", "export", data, TODAY.year, "--org", B, "--output", output)
        assert told["days"] == len(find_calendar("vietnam").of_year(TODAY.year)) + 1
        assert f"DTSTART;VALUE=DATE:{FESTIVAL:%Y%m%d}" in output.read_text("utf-8")

    def test_an_organisation_by_its_other_code(self, data: Path, tmp_path: Path) -> None:
        """Said under that code, it would hold for nobody."""
        other = OrganId("H53.13")
        with administration(data) as admin:
            known = admin.directory().resolve(OrganId(B))
            codes = [*known.codes, OrganCode(scheme=other.scheme, value=other)]
            admin.put_organisations([evolve(known, codes=codes)])
        file = tmp_path / "rules.toml"
        file.write_text(
            'name = "ours"\ntitle = "Riêng"\ninherits = "tay-ninh-2019"\n'
            f'[directory]\nnot_ready = ["{other}"]\n',
            "utf-8",
        )
        error = refused("rules", "put", data, file)
        assert (error["code"], B in error["message"]) == ("model.invalid_value", True)


class TestInit:
    @pytest.mark.parametrize(
        ("option", "value", "code"),
        [
            ("--rule-set", "nowhere", "rules.rule_set_unknown"),
            ("--calendar", "nowhere", "rules.calendar_unknown"),
            ("--calendar", "missing.toml", "model.invalid_value"),
        ],
    )
    def test_with_what_there_is_not_makes_nothing(
        self, tmp_path: Path, option: str, value: str, code: str
    ) -> None:
        data = tmp_path / "node"
        error = refused("init", data, "--axis", "truc.test", option, value)
        assert error["code"] == code
        assert not data.exists()

    def test_with_a_calendar_that_leaves_today_out_makes_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "old.toml"
        file.write_text('name = "old"\nfirst_year = 2018\nlast_year = 2019\n', "utf-8")
        data = tmp_path / "node"
        error = refused("init", data, "--axis", "truc.test", "--calendar", file)
        assert str(TODAY.year) in error["message"]
        assert not data.exists()

    def test_with_others(self, tmp_path: Path) -> None:
        data = tmp_path / "node"
        made = asked("init", data, "--axis", "truc.test", "--rule-set", "phu-tho-2019")
        assert made["rule_set"] == find_rule_set("phu-tho-2019").version
        [rules] = asked("rules", "list", data)["rule_sets"]
        assert rules["content_version"] == made["rule_set"]


class TestVendors:
    """Whoever embeds the SDK, or calls the command, computes with what the axis keeps."""

    def test_by_the_client(self, stopped: LocalAxis, tmp_path: Path) -> None:
        asked(
            "calendar", "put", stopped.data, own_days(tmp_path / "o.toml", festival()), "--org", B
        )
        asked("rules", "put", stopped.data, "phu-tho-2019", "--org", C)
        with stopped.running(), Client(Profile.load(stopped.profile(B))) as client:
            own, other = client.law(), client.law(C, TODAY)
            with pytest.raises(OrganisationUnknown):
                client.law("000.00.98.H53")
            with Party.opened(stopped.profile(B)) as party:
                whose = [
                    {one.organ_id for one in law_of(party, *asked_for)} for asked_for in ([], [B])
                ]
                refused_codes = [
                    party.ask("Directory/GetLaw", directory_pb2.GetLawRequest(organ_ids=codes)).code
                    for codes in (["000.00.98.H53"], [B] * 101)
                ]
        assert whose == [{"", B, C}, {"", B}]
        assert refused_codes == ["directory.organisation_unknown", "codec.too_large"]
        assert own.calendar is not None
        assert other.calendar is not None
        assert [one.is_working(FESTIVAL) for one in (own.calendar, other.calendar)] == [False, True]
        assert own.rules is not None
        assert own.rules.version == find_rule_set("tay-ninh-2019").version
        assert other.rules is not None
        assert other.rules.name == "phu-tho-2019"

    def test_by_the_command(
        self, axis: LocalAxis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LIENTHONG_PROFILE", str(axis.profile(B)))
        folder = tmp_path / "luat"
        found = CliRunner().invoke(application, ["law", C, "--save", str(folder), "--json"])
        assert found.exit_code == 0, found.stderr
        told = json.loads(found.stdout)
        assert told["rule_set"] == find_rule_set("tay-ninh-2019").version
        assert find_calendar(told["calendar_path"]).version == told["calendar"]
        assert find_rule_set(told["rule_set_path"]).version == told["rule_set"]
        occupied = CliRunner().invoke(application, ["law", "--save", told["calendar_path"]])
        assert occupied.exit_code != 0


class TestNode:
    def test_two_operators_at_once(self, stopped: LocalAxis, tmp_path: Path) -> None:
        """Both have seen the same; the one who comes second is told so."""
        tables = [
            load_calendar(own_days(tmp_path / "own.toml", festival(f"QĐ {n}")).read_text("utf-8"))
            for n in range(4)
        ]

        def put(number: int) -> int | LienthongError:
            with administration(stopped.data) as admin:
                try:
                    return admin.put_law(tables[number], B, expected_version=0)
                except LienthongError as error:
                    return error

        with stopped.running(), ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(put, range(4)))
        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert sum(isinstance(one, LawChanged) for one in outcomes) == 3

    def test_what_was_entered_outlives_the_node(self, stopped: LocalAxis, tmp_path: Path) -> None:
        with stopped.running():
            file = own_days(tmp_path / "own.toml", festival())
            asked("calendar", "put", stopped.data, file, "--org", B)
            asked("rules", "put", stopped.data, "phu-tho-2019", "--org", C)
            before = kept(stopped.data)
        assert kept(stopped.data) == before
        stopped.start()
        stopped.kill()
        with stopped.running():
            assert kept(stopped.data) == before
        asked("audit", "verify", stopped.data)
        log = (stopped.data / "security.log").read_text("utf-8")
        assert log.count('"law.changed"') == 2 * 4

    def test_a_backup_has_it(self, stopped: LocalAxis, tmp_path: Path) -> None:
        file = own_days(tmp_path / "own.toml", festival())
        asked("calendar", "put", stopped.data, file, "--org", B)
        copy = tmp_path / "copy"
        asked("backup", stopped.data, "--to", copy)
        key = str(Profile.load(stopped.profile(B)).checkpoint_key)
        asked("audit", "verify", copy, "--axis-key", key)
        with open_for_audit(copy, key) as (store, _, _), store.read() as view:
            found = {(row.subject, row.organ_id, row.name) for row in view.laws()}
        assert found == {
            ("rule_set", "", "tay-ninh-2019"),
            ("calendar", "", "vietnam"),
            ("calendar", B, "le-hoi"),
        }

    def test_operators_alone_change_it(self, stopped: LocalAxis) -> None:
        with stopped.running(), Party.opened(stopped.profile(B)) as agency:
            [law, *_] = law_of(agency)
            answer = agency.ask("Admin/PutLaw", admin_pb2.PutLawRequest(law=law))
        assert answer.code == "access.role_missing"

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"subject": "law"}, "rule_set or calendar"),
            ({"subject": ""}, "rule_set or calendar"),
            ({"name": "another"}, "name"),
            ({"text": ""}, "name"),
            ({"text": "\x00" * 100}, "calendar"),
            ({"text": 'name = "x"\ninherits = "/etc/passwd"'}, "inherits"),
            (
                {"text": 'name = "vietnam"\nbase = "../x.toml"\nfirst_year=2020\nlast_year=2030'},
                "base",
            ),
            ({"organ_id": "!!!"}, "OrganId"),
        ],
    )
    def test_what_is_no_law_is_refused(
        self, axis: LocalAxis, fields: dict[str, str], told: str
    ) -> None:
        with Party.opened(axis.data / OPERATOR_PROFILE) as operator:
            seen = [str(one) for one in law_of(operator)]
            [law] = [one for one in law_of(operator) if one.subject == "calendar"]
            for name, value in fields.items():
                setattr(law, name, value)
            answer = operator.ask("Admin/PutLaw", admin_pb2.PutLawRequest(law=law))
            assert (answer.status, told in answer.text) == ("INVALID_ARGUMENT", True), answer
            assert [str(one) for one in law_of(operator)] == seen
