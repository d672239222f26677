"""The values that plugins exchange refuse what they cannot mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from lienthong.errors import InvalidValue, LienthongError, MissingField, NaiveTime
from lienthong.model.ids import Sha256
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import (
    BlobStoreCapabilities,
    FileCheck,
    FileReport,
    FileVerifierCapabilities,
    GatewayCapabilities,
    GatewayState,
    GatewayStatus,
    Observation,
    Outcome,
    RecordStoreCapabilities,
    SignerCapabilities,
    TimeReading,
    TimeSourceCapabilities,
)
from lienthong.spi.capabilities import summary

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_time_reading_is_kept_in_utc() -> None:
    hanoi = NOW.astimezone(timezone(timedelta(hours=7)))
    reading = TimeReading(instant=hanoi, uncertainty=0.01, source="pool")
    assert (reading.instant, reading.instant.tzinfo) == (NOW, UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"uncertainty": -0.1},
        {"uncertainty": float("nan")},
        {"uncertainty": float("inf")},
        {"uncertainty": 1},
        {"uncertainty": "0.1"},
        {"source": ""},
        {"source": "a\nb"},
        {"instant": datetime(2026, 11, 22, 8)},  # noqa: DTZ001 - the refused input
        {"instant": "2026-11-22"},
    ],
)
def test_wrong_time_reading_is_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"instant": NOW, "uncertainty": 0.1, "source": "pool"}
    TimeReading(**right)
    with pytest.raises(LienthongError):
        TimeReading(**(right | wrong))


PASSED, UNDECIDED, FAILED = Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ((), UNDECIDED),
        ((PASSED,), PASSED),
        ((PASSED, PASSED), PASSED),
        ((PASSED, UNDECIDED), UNDECIDED),
        ((UNDECIDED, FAILED, PASSED), FAILED),
        ((FAILED,), FAILED),
    ],
)
def test_report_is_as_good_as_its_worst_check(
    outcomes: tuple[Outcome, ...], worst: Outcome
) -> None:
    checks = [FileCheck(name="x.y", outcome=outcome, reason="seen") for outcome in outcomes]
    report = FileReport(
        media_type="application/pdf",
        at=NOW,
        sha256=Sha256.of(b"%PDF"),
        verifier="v 1",
        checks=checks,
    )
    assert report.outcome is worst


@pytest.mark.parametrize("outcome", [UNDECIDED, FAILED])
def test_check_that_did_not_pass_needs_a_reason(outcome: Outcome) -> None:
    FileCheck(name="x.y", outcome=PASSED)
    with pytest.raises(MissingField, match="reason"):
        FileCheck(name="x.y", outcome=outcome)


def test_check_without_outcome_or_name_is_refused() -> None:
    with pytest.raises(InvalidValue):
        FileCheck(name="x.y", outcome="PASSED", reason="r")  # type: ignore[arg-type]
    with pytest.raises(MissingField):
        FileCheck(name="", outcome=PASSED)


def test_gateway_status_is_checked() -> None:
    status = GatewayStatus(state=GatewayState.DEGRADED, waiting=3, last_activity=NOW)
    assert status.waiting == 3
    with pytest.raises(InvalidValue):
        GatewayStatus(state=GatewayState.RUNNING, waiting=-1)
    with pytest.raises(NaiveTime):
        GatewayStatus(
            state=GatewayState.RUNNING,
            last_activity=datetime(2026, 1, 1),  # noqa: DTZ001 - the refused input
        )


def test_observation_cannot_be_changed_by_one_observer_for_the_next() -> None:
    facts: dict[str, Any] = {"index": 1, "late": False, "organ": "H53"}
    event = Observation(name="package.accepted", at=NOW, facts=facts)
    facts["index"] = 2
    assert event.facts["index"] == 1
    with pytest.raises(TypeError):
        event.facts["index"] = 3  # type: ignore[index]


@pytest.mark.parametrize("name", ["", "accepted", "Package.Accepted", "package accepted", "a.b\n"])
def test_observation_has_a_dotted_name(name: str) -> None:
    with pytest.raises(InvalidValue):
        Observation(name=name, at=NOW)


@pytest.mark.parametrize("fact", [b"bytes", None, ["list"], {"a": 1}])
def test_observation_holds_plain_facts_only(fact: Any) -> None:
    with pytest.raises(InvalidValue):
        Observation(name="package.accepted", at=NOW, facts={"fact": fact})


@pytest.mark.parametrize("algorithms", [(), ["ED25519"], [None]])
def test_signer_declares_known_algorithms(algorithms: Any) -> None:
    with pytest.raises(InvalidValue):
        SignerCapabilities(algorithms=algorithms)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (RecordStoreCapabilities, "shared"),
        (BlobStoreCapabilities, "shared"),
        (TimeSourceCapabilities, "authenticated"),
        (FileVerifierCapabilities, "revocation"),
        (GatewayCapabilities, "sends"),
        (GatewayCapabilities, "receives"),
    ],
)
def test_capabilities_are_not_declared_by_default(kind: Any, name: str) -> None:
    assert getattr(kind(), name) is False
    assert getattr(kind(**{name: True}), name) is True
    with pytest.raises(InvalidValue):
        kind(**{name: 1})


def test_capabilities_are_shown_in_words() -> None:
    algorithms = {SignatureAlgorithm.RSA_PSS_SHA256, SignatureAlgorithm.ED25519}
    assert summary(SignerCapabilities(algorithms=frozenset(algorithms))) == {
        "algorithms": ("ED25519", "RSA_PSS_SHA256"),
        "confirmed": False,
        "in_process": False,
    }
