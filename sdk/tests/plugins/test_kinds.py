"""Every kind of plugin is found, asked with its own arguments and kept to its contract."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from lienthong.errors import NaiveTime, NotFound, NotSupported, PluginFailed
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import Trust, TrustedAuthority, TrustPurpose
from lienthong.plugins import SEAMS, PluginKind, describe
from lienthong.spi import GatewayState, Outcome

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TRUST = Trust(
    authorities=[
        TrustedAuthority(
            certificate=b"DER",
            label="CA of the test",
            kind=SignatureKind.CONG_VU,
            purposes=[TrustPurpose.FILES],
        )
    ]
)

TIME = """
from datetime import UTC, datetime
from lienthong.spi import TimeReading, TimeSource, TimeSourceCapabilities, hookimpl

SPI_VERSION = 1
CAPABILITIES = TimeSourceCapabilities()

class Stopped(TimeSource):
    def __init__(self, uri):
        self.uri = uri
    def now(self):
        return TimeReading(
            instant=datetime(2026, 11, 22, 8, tzinfo=UTC), uncertainty=0.5, source=self.uri
        )
    def close(self):
        pass

@hookimpl
def lienthong_time_source_factory(scheme):
    return Stopped if scheme == "stopped" else None
"""

VERIFIER = """
from attrs import evolve

from lienthong.model.ids import Sha256
from lienthong.spi import *

SPI_VERSION = 1
CAPABILITIES = FileVerifierCapabilities()

class Lenient(FileVerifier):
    def __init__(self, trust):
        self.trust = trust
    def verify(self, stream, media_type, at, evidence=None, *, content=None):
        check = FileCheck(
            name="file.read", outcome=Outcome.PASSED, reason=self.trust.authorities[0].label
        )
        return FileReport(
            media_type=media_type,
            at=at,
            sha256=Sha256.of(stream.read()),
            verifier="lenient 1",
            checks=[check],
        )
    def give_way(self):
        self.trust = evolve(self.trust, authorities=[
            evolve(one, label="in the background") for one in self.trust.authorities
        ])
    def close(self):
        pass

@hookimpl
def lienthong_file_verifier_factory(media_type):
    return Lenient
"""

GATEWAY = """
import time
from lienthong.spi import *

SPI_VERSION = 1
CAPABILITIES = GatewayCapabilities(sends=True)

class Pipe(Gateway):
    def __init__(self, uri, secrets):
        self.state = GatewayState.STOPPED
    def start(self):
        self.state = GatewayState.RUNNING
    def stop(self, *, grace):
        time.sleep(grace)
        self.state = GatewayState.STOPPED
    def status(self):
        return GatewayStatus(state=self.state)

@hookimpl
def lienthong_gateway_factory(scheme):
    return Pipe
"""

RULES = """
from lienthong.errors import NotFound
from lienthong.spi import *

SPI_VERSION = 1
CAPABILITIES = RuleSetCapabilities()

class Shelf(RuleSetSource):
    def names(self):
        return ["tay-ninh-2019"]
    def text(self, name):
        if name != "tay-ninh-2019":
            raise NotFound(what=name)
        return "title = 'x'"

@hookimpl
def lienthong_rule_sets():
    return Shelf()
"""


def test_time_source_is_opened_and_read(shelf: Any, make_host: Any) -> None:
    shelf.put(TIME, group="lienthong.time_sources", name="stopped")
    reading = make_host().open_time_source("stopped:clock").now()
    assert (reading.instant, reading.uncertainty, reading.source) == (NOW, 0.5, "stopped:clock")


def test_time_source_that_is_not_authenticated_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put(TIME, group="lienthong.time_sources", name="stopped")
    with pytest.raises(NotSupported, match="stopped does not support authenticated"):
        make_host().open_time_source("stopped:", authenticated=True)


def test_time_without_a_zone_never_leaves_the_source(shelf: Any, make_host: Any) -> None:
    naive = TIME.replace("8, tzinfo=UTC", "8")
    shelf.put(naive, group="lienthong.time_sources", name="stopped")
    source = make_host().open_time_source("stopped:")
    with pytest.raises(NaiveTime):
        source.now()


def test_lying_time_source_is_named(shelf: Any, make_host: Any) -> None:
    lying = TIME.replace("return TimeReading(", "return dict(")
    shelf.put(lying, group="lienthong.time_sources", name="stopped")
    source = make_host().open_time_source("stopped:")
    with pytest.raises(PluginFailed, match="failed at now: it answered dict, expected TimeReading"):
        source.now()


def test_plugin_that_declines_its_own_name_is_named(shelf: Any, make_host: Any) -> None:
    shelf.put(TIME, group="lienthong.time_sources", name="ticking")
    with pytest.raises(PluginFailed, match="declined 'ticking', which it announces"):
        make_host().open_time_source("ticking:")


def test_file_verifier_is_found_by_media_type(shelf: Any, make_host: Any) -> None:
    shelf.put(VERIFIER, group="lienthong.file_verifiers", name="application/x-acme")
    verifier = make_host().open_file_verifier("Application/X-Acme; version=1.7", TRUST)
    report = verifier.verify(io.BytesIO(b"%PDF"), "application/pdf", NOW)
    assert report.outcome is Outcome.PASSED
    assert report.checks[0].reason == "CA of the test"


def test_file_verifier_in_the_background_is_told_to_give_way(shelf: Any, make_host: Any) -> None:
    shelf.put(VERIFIER, group="lienthong.file_verifiers", name="application/x-acme")
    verifier = make_host().open_file_verifier("application/x-acme", TRUST, background=True)
    report = verifier.verify(io.BytesIO(b"%PDF"), "application/pdf", NOW)
    assert report.checks[0].reason == "in the background"


def test_file_verifier_without_revocation_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put(VERIFIER, group="lienthong.file_verifiers", name="application/x-acme")
    with pytest.raises(NotSupported, match="revocation"):
        make_host().open_file_verifier("application/x-acme", revocation=True)


def test_gateway_starts_and_stops(shelf: Any, make_host: Any) -> None:
    shelf.put(GATEWAY, group="lienthong.gateways", name="pipe")
    gateway = make_host().open_gateway("pipe:config.toml", sends=True)
    gateway.start()
    assert gateway.status().state is GatewayState.RUNNING
    gateway.stop(grace=0)
    assert gateway.status().state is GatewayState.STOPPED


def test_gateways_grace_is_added_to_the_deadline(shelf: Any, make_host: Any) -> None:
    shelf.put(GATEWAY, group="lienthong.gateways", name="pipe")
    make_host(call=0.5).open_gateway("pipe:").stop(grace=0.7)


def test_gateway_of_the_other_direction_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put(GATEWAY, group="lienthong.gateways", name="pipe")
    with pytest.raises(NotSupported, match="receives"):
        make_host().open_gateway("pipe:", receives=True)


def test_rule_sets_are_texts_by_name(shelf: Any, make_host: Any) -> None:
    shelf.put(RULES, group="lienthong.rule_sets", name="provinces")
    source = make_host().open_rule_sets("provinces")
    assert source.names() == ["tay-ninh-2019"]
    assert source.text("tay-ninh-2019") == "title = 'x'"
    with pytest.raises(NotFound):
        source.text("absent")


@pytest.mark.parametrize("answer", ["'tay-ninh'", "[1]", "None", "{'a'}"])
def test_lying_rule_set_source_is_named(shelf: Any, make_host: Any, answer: str) -> None:
    shelf.put(
        RULES.replace('["tay-ninh-2019"]', answer), group="lienthong.rule_sets", name="provinces"
    )
    source = make_host().open_rule_sets("provinces")
    with pytest.raises(PluginFailed, match="failed at names: it answered"):
        source.names()


def test_rule_set_hook_that_answers_something_else_is_named(shelf: Any, make_host: Any) -> None:
    wrong = RULES.replace("return Shelf()", "return ['tay-ninh-2019']")
    shelf.put(wrong, group="lienthong.rule_sets", name="provinces")
    with pytest.raises(PluginFailed, match="answered list, expected RuleSetSource"):
        make_host().open_rule_sets("provinces")


def test_description_is_rows_of_plain_words(shelf: Any, make_host: Any) -> None:
    shelf.put(GATEWAY, group="lienthong.gateways", name="pipe")
    shelf.put("raise OSError('x')", group="lienthong.rule_sets", name="torn", distribution="torn")
    rows = {row["name"]: row for row in describe(make_host(), language="vi")}
    assert rows["pipe"] == {
        "kind": "gateway",
        "name": "pipe",
        "distribution": "acme-toys",
        "version": "4.2",
        "module": shelf.modules[0],
        "state": "ready",
        "problem": "",
        "next_step": "",
        "capabilities": {"sends": True, "receives": False},
    }
    assert rows["torn"]["state"] == "broken"
    assert str(rows["torn"]["problem"]).startswith("không nạp được plugin torn")


def test_description_without_probing_loads_nothing(shelf: Any, make_host: Any) -> None:
    shelf.put("raise OSError('x')", group="lienthong.rule_sets", name="torn")
    [row] = [row for row in describe(make_host(), probe=False) if row["name"] == "torn"]
    assert (row["state"], row["problem"], row["capabilities"]) == ("installed", "", {})


def test_every_kind_has_a_seam_of_its_own() -> None:
    assert set(SEAMS) == set(PluginKind)
    assert len({seam.group for seam in SEAMS.values()}) == len(SEAMS)
    assert len({seam.hook for seam in SEAMS.values()}) == len(SEAMS)
