"""An organisation reads in its own feed that its certificates end, once, whatever is restarted."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from lienthong.cli.app import application
from lienthong.client import Client, Profile
from lienthong.model.ids import OrganId
from lienthong.model.journal import ExpiryRecord
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong_node.admin_port import administration
from lienthong_node.core.credentials import Role
from lienthong_node.local import LocalAxis
from lienthong_node.provision import Holder, issue_profile
from lienthong_node.settings import load_settings
from tests.e2e.commands import asked
from tests.e2e.conftest import NAMES, A
from tests.e2e.forked_axis import ForkedAxis

FIRST, SECOND = "000.00.51.H53", "000.00.52.H53"
OWN = 2
"""Certificates of a profile: of its connection and of its signatures."""


@pytest.fixture
def short(tmp_path: Path) -> LocalAxis:
    """An axis that is not started, with an organisation whose certificates end in five days."""
    made = ForkedAxis.create(tmp_path / "axis", NAMES, disk_reserve_bytes=0)
    join(made, FIRST)
    return made


def join(axis: LocalAxis, code: str) -> None:
    """A new organisation, whose certificates end in five days."""
    organ_id = OrganId(code)
    organisation = Organisation(
        organ_id=organ_id,
        codes=[OrganCode(scheme=organ_id.scheme, value=organ_id)],
        names=[OrganName(value="Sở Xây dựng")],
    )
    holder = Holder(organ=code, name="Sở Xây dựng", role=Role.AGENCY)
    target, settings = axis.profile(code), load_settings(axis.data)
    with administration(axis.data) as admin:
        admin.put_organisations([organisation])
        key = admin.checkpoint_key
        issue_profile(axis.data, settings, holder, target, admin, key, days=5)


def first_told(axis: LocalAxis, code: str, count: int) -> list[ExpiryRecord]:
    """So many ends that an organisation is told of, as soon as it is; every item verified."""
    with Client(Profile.load(axis.profile(code))) as client:
        bodies = (item.entry.body for item in client.feed(follow=True))
        return list(islice((body for body in bodies if isinstance(body, ExpiryRecord)), count))


def all_told(axis: LocalAxis, code: str) -> list[ExpiryRecord]:
    with Client(Profile.load(axis.profile(code))) as client:
        bodies = [item.entry.body for item in client.feed()]
    return [body for body in bodies if isinstance(body, ExpiryRecord)]


def test_organisation_is_told_once_that_its_certificates_end(short: LocalAxis) -> None:
    with short.running():
        told = first_told(short, FIRST, OWN)
        assert {one.use for one in told} == {"transport", "signing"}
        assert {(str(one.organ_id), one.days_ahead) for one in told} == {(FIRST, 7)}
        assert all_told(short, A) == []
    join(short, SECOND)
    with short.running():
        # What the second one is told now comes from the same look as what the first one is.
        assert len(first_told(short, SECOND, OWN)) == OWN
        assert all_told(short, FIRST) == told
    assert asked("audit", "verify", short.data)["ok"] is True


@pytest.mark.parametrize(
    ("language", "words"), [("en", "certificate ends at"), ("vi", "sẽ hết hạn lúc")]
)
def test_people_read_it_in_the_feed(short: LocalAxis, language: str, words: str) -> None:
    with short.running():
        told = first_told(short, FIRST, OWN)
        given = ["--profile", str(short.profile(FIRST)), "watch", "--once"]
        shown = CliRunner().invoke(application, [*given, "--lang", language]).stdout
        rows = CliRunner().invoke(application, [*given, "--json"]).stdout.splitlines()
    lines = [line for line in shown.splitlines() if words in line]
    assert len(lines) == OWN
    found = [row for row in map(json.loads, rows) if row["about"] == "certificate"]
    assert {row["certificate_sha256"] for row in found} == {
        one.certificate_sha256.hex for one in told
    }
    assert {row["days_ahead"] for row in found} == {7}
