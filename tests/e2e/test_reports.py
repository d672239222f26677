"""Reports of a node that has really run: beside it from a backup, and from its own folder."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lienthong.client import Client, Profile
from lienthong.model.ids import DocumentNumber
from lienthong.model.time import vietnam_date
from lienthong.model.words import RefusalCode
from lienthong_node.cli import cli
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import NAMES, A, B, C, MakeDocument, package_of

YEAR = str(vietnam_date(datetime.now(UTC)).year)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_LANG", "en")


@pytest.fixture
def axis(tmp_path: Path) -> LocalAxis:
    return LocalAxis.create(tmp_path / "axis", NAMES, disk_reserve_bytes=0)


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs the command, by a calendar that has every year in which these tests may run."""
    calendar = tmp_path / "lich.toml"
    calendar.write_text(
        'name = "dai-han"\nbase = "vietnam"\nfirst_year = 2028\nlast_year = 2090\n', "utf-8"
    )
    return functools.partial(_report, "--calendar", calendar)


def _report(
    option: str, calendar: Path, data: Path, organ: str, kind: str, *options: object
) -> dict[str, Any]:
    arguments = ["report", kind, data, "--org", organ, "--period", YEAR, "--json", *options]
    arguments += [option, calendar]
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    made: dict[str, Any] = json.loads(found.stdout or found.stderr)
    return made


def results(made: dict[str, Any]) -> dict[str, str]:
    return {row[0]: row[2] for row in made["blocks"][0]["rows"]}


def live(axis: LocalAxis, document: MakeDocument, pdf: Path) -> None:
    """A sends two documents to B and C; B takes both up, C refuses one and looks at no other."""
    clients = {code: Client(Profile.load(axis.profile(code))) for code in (A, B, C)}
    signed = datetime.now(UTC) - timedelta(minutes=5)
    for number in (1, 2):
        issued = document(
            number=DocumentNumber(f"{number:02}", "QĐ-UBND"),
            signed_at=signed,
            issued_at=signed + timedelta(minutes=1),
        )
        package = package_of(clients[A].send(issued, [pdf], [B, C]))
        clients[B].arrived(package)
        clients[B].accept(package, register_number=number)
        if number == 1:
            clients[B].forward(package, unit="Phòng Ngân sách")
            clients[C].arrived(package)
            clients[C].refuse(package, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm")
    for client in clients.values():
        client.close()


def test_what_agencies_did_is_what_is_reported(
    axis: LocalAxis,
    document: MakeDocument,
    pdf: Path,
    tmp_path: Path,
    report: Callable[..., dict[str, Any]],
) -> None:
    counts = tmp_path / "counts.db"
    with axis.running():
        live(axis, document, pdf)
        told = report(axis.data, A, "year")
        assert told["error"]["code"] == "report.behind"
        backup = tmp_path / "backup"
        CliRunner().invoke(cli, ["backup", str(axis.data), "--to", str(backup)])
        beside = report(backup, A, "year", "--counts", counts)
        live(axis, document, pdf)
    assert results(beside)["M1a"] == "4"
    own = report(axis.data, A, "year", "--counts", counts)
    sent = results(own)
    assert sent["M1a"] == "8"
    assert sent["M2"] == "100,00 % (2/2)", "each was sent twice, and issued once"
    assert sent["M4x"] == "0"
    assert sent["M19"] == "75,00 % (6/8)"
    refused = results(report(axis.data, C, "year"))
    assert refused["M8a"] == "2"
    entered = report(axis.data, A, "codes")["blocks"][1]["rows"]
    assert ["Cấp mã", A, NAMES[A]] in [row[1:4] for row in entered]
    registers = report(axis.data, B, "registers")["blocks"]
    assert [row[1] for row in registers[0]["rows"]] == [1, 1, 2, 2]
    assert registers[0]["rows"][0][6] == "Phòng Ngân sách"
    assert registers[1]["rows"] == []
