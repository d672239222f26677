"""N-14: what was said once has its effect once; what was said elsewhere or long ago has none."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, Final

import pytest
from attrs import evolve, frozen

from lienthong.client.faults import from_fault
from lienthong.codec.signed import dump_statement
from lienthong.errors import LienthongError
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.report import Assignment, CheckSummary, RegisterEntry, Statement
from lienthong.model.signing import STATEMENT_TYPE
from lienthong.model.time import vietnam_date
from lienthong_node.core import report as report_core
from lienthong_node.core import submit as submit_core
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.raw import Outcome, Party, messages
from tests.e2e.spoilt import in_process
from tests.hostile.conftest import Parties
from tests.hostile.metrics import GENEROUS
from tests.tiers import SEED, tier

TIMES: Final = tier(commit=1_000, nightly=10_000)
EACH: Final = tier(commit=40, nightly=1_000)
IN_ONE: Final = 250
REFUSED_SOON: Final = timedelta(minutes=5)
REFUSED_OLD: Final = timedelta(days=7)
WORK: Final = (DeliveryEvent.ACCEPT, DeliveryEvent.START, DeliveryEvent.COMPLETE)


def acceptance(party: Party, package: PackageId, **fields: Any) -> Statement:
    """A valid acceptance."""
    now = datetime.now(UTC)
    parts: dict[str, Any] = {
        "register": RegisterEntry(number=7, date=vietnam_date(now) - timedelta(days=9)),
        "check": CheckSummary(complete=True, intact=True, authentic=True, checked_at=now),
    }
    return party.statement(DeliveryEvent.ACCEPT, package, **(parts | fields))


def arrived(a: Party, b: Party) -> PackageId:
    """A package that B has, and has not accepted yet."""
    package = a.send(B)
    [outcome] = b.report(b.statement(DeliveryEvent.ARRIVE, package))
    assert isinstance(outcome, journal_pb2.Receipt), outcome
    return package


def view(party: Party, package: PackageId) -> exchange_pb2.GetPackageResponse:
    request = exchange_pb2.GetPackageRequest(package_id=package.bytes)
    [found] = messages(exchange_pb2.GetPackageResponse, party.ask("Exchange/GetPackage", request))
    assert isinstance(found, exchange_pb2.GetPackageResponse)
    return found


def state(party: Party, package: PackageId) -> str:
    [delivery] = view(party, package).deliveries
    return delivery.state


def entries(party: Party, package: PackageId) -> int:
    """How many journal entries there are about a package."""
    request = exchange_pb2.GetHistoryRequest(package_id=package.bytes)
    [page] = messages(exchange_pb2.GetHistoryResponse, party.ask("Exchange/GetHistory", request))
    return len(page.items)


def handed_over(party: Party, items: Sequence[exchange_pb2.ReportItem]) -> list[Outcome]:
    """Hand signed reports over, many in a message."""
    outcomes: list[Outcome] = []
    for start in range(0, len(items), IN_ONE):
        request = exchange_pb2.ReportRequest(items=items[start : start + IN_ONE])
        for answer in messages(exchange_pb2.ReportResponse, party.ask("Exchange/Report", request)):
            outcomes += [
                from_fault(result.fault) if result.HasField("fault") else result.receipt
                for result in answer.results
            ]
    return outcomes


def test_the_same_acceptance_again_and_again(parties: Parties, figure: Figure) -> None:
    a, b = parties[A], parties[B]
    package = arrived(a, b)
    payload = dump_statement(acceptance(b, package))
    item = exchange_pb2.ReportItem(envelope=b.sealed(payload, STATEMENT_TYPE))
    outcomes = handed_over(b, [item] * TIMES)
    receipts = {
        outcome.SerializeToString(deterministic=True)
        for outcome in outcomes
        if isinstance(outcome, journal_pb2.Receipt)
    }
    effects = entries(a, package) - 2
    figure(
        "N-14",
        wanted=f"{TIMES} times the same acceptance: 1 entry, 1 receipt",
        found=f"{len(outcomes)} times: {effects} entry, {len(receipts)} receipt",
    )
    assert len(outcomes) == TIMES
    assert all(isinstance(outcome, journal_pb2.Receipt) for outcome in outcomes)
    assert (len(receipts), effects) == (1, 1)
    assert state(b, package) == DeliveryState.ACCEPTED.value


@frozen
class Attack:
    """Something signed that must have no effect; counted where it has."""

    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def accepted(self) -> int:
        return sum(not isinstance(outcome, LienthongError) for outcome in self.outcomes)


def foreign_audiences(a: Party, b: Party, chance: random.Random, count: int) -> Attack:
    """Envelopes that were meant for another node."""
    own = a.profile.axis
    names = [own.upper(), f"{own}.", f" {own}", own[:-1], f"{own}\u200b", "khac.example"]
    names += [f"axis-{chance.getrandbits(64):x}.example" for _ in range(count)]
    package = arrived(a, b)
    outcomes = a.submit(*(a.submission(a.manifest(B, audience=name)) for name in names))
    outcomes += b.report(*(acceptance(b, package, audience=name) for name in names))
    assert state(b, package) == DeliveryState.ARRIVED.value
    return Attack("another audience", tuple(outcomes))


def wrong_ages(a: Party, b: Party, chance: random.Random, count: int) -> Attack:
    """Envelopes that are too old, or of a clock that is ahead."""
    now, spread = datetime.now(UTC), 10 * 365 * 86_400
    times = [now - REFUSED_OLD - timedelta(seconds=1), now + REFUSED_SOON + timedelta(seconds=60)]
    for _ in range(count):
        away = timedelta(seconds=chance.uniform(60, spread))
        times += [now - REFUSED_OLD - away, now + REFUSED_SOON + away]
    package = arrived(a, b)
    outcomes = a.submit(*(a.submission(a.manifest(B, created_at=when)) for when in times[:200]))
    for start in range(0, len(times), IN_ONE):
        part = times[start : start + IN_ONE]
        early = RegisterEntry(number=7, date=vietnam_date(min(part)))
        outcomes += b.report(
            *(acceptance(b, package, created_at=when, register=early) for when in part)
        )
    assert state(b, package) == DeliveryState.ARRIVED.value
    return Attack("wrong age", tuple(outcomes))


def other_certificates(a: Party, b: Party, others: Sequence[Party], count: int) -> Attack:
    """B's acceptance from a connection, or with a signature, that is not B's."""
    package = arrived(a, b)
    outcomes: list[Outcome] = []
    for other in others:
        values = [acceptance(b, package) for _ in range(count)]
        outcomes += other.report(*values)
        signed = [
            exchange_pb2.ReportItem(envelope=b.sealed(dump_statement(value), STATEMENT_TYPE))
            for value in values
        ]
        outcomes += handed_over(other, signed)
        outcomes += evolve(b, signer=other.signer).report(*values)
        own = [evolve(value, reporter=OrganId(other.organ)) for value in values]
        outcomes += other.report(*own)
    assert state(b, package) == DeliveryState.ARRIVED.value
    return Attack("another certificate", tuple(outcomes))


def reordered(a: Party, b: Party) -> Attack:
    """Work that is reported before what it stands on; what is refused may come again in order."""
    outcomes: list[Outcome] = []
    unit = (Assignment(unit="Phòng CNTT"),)
    for order in permutations(WORK):
        if order[0] is DeliveryEvent.ACCEPT:
            continue
        package = arrived(a, b)
        values = {
            DeliveryEvent.ACCEPT: acceptance(b, package),
            DeliveryEvent.START: b.statement(DeliveryEvent.START, package, assignments=unit),
            DeliveryEvent.COMPLETE: b.statement(DeliveryEvent.COMPLETE, package, assignments=unit),
        }
        before = order[: order.index(DeliveryEvent.ACCEPT)]
        outcomes += b.report(*(values[event] for event in before))
        assert state(b, package) == DeliveryState.ARRIVED.value
        assert all(
            isinstance(outcome, journal_pb2.Receipt)
            for outcome in b.report(*(values[event] for event in WORK))
        )
        assert state(b, package) == DeliveryState.COMPLETED.value
    return Attack("reordered", tuple(outcomes))


def attacks(found: Parties, count: int) -> Iterator[Attack]:
    """Every attack in turn; an assertion fails where one had an effect that shows."""
    chance = random.Random(SEED)
    a, b = found[A], found[B]
    yield foreign_audiences(a, b, chance, min(count, 100))
    yield wrong_ages(a, b, chance, count)
    yield other_certificates(a, b, [found[C], a], min(count, 50))
    yield reordered(a, b)


def test_nothing_from_elsewhere_or_long_ago_is_taken_over(parties: Parties, figure: Figure) -> None:
    found = list(attacks(parties, EACH))
    tried = sum(len(attack.outcomes) for attack in found)
    accepted = {attack.name: attack.accepted for attack in found if attack.accepted}
    figure(
        "N-14",
        wanted="every replay refused: other certificate, other audience, wrong age, other order",
        found=f"{tried - sum(accepted.values())} of {tried} refused",
    )
    assert not accepted, f"seed {SEED}"
    assert all(attack.outcomes for attack in found)


def test_a_report_of_before_is_answered_and_changes_nothing_any_more(parties: Parties) -> None:
    """The acceptance comes again after the work is done: its old receipt, no step back."""
    a, b = parties[A], parties[B]
    package = arrived(a, b)
    value = acceptance(b, package)
    payload = dump_statement(value)
    item = exchange_pb2.ReportItem(envelope=b.sealed(payload, STATEMENT_TYPE))
    [first] = handed_over(b, [item])
    unit = (Assignment(unit="Phòng CNTT"),)
    b.report(
        b.statement(DeliveryEvent.START, package, assignments=unit),
        b.statement(DeliveryEvent.COMPLETE, package, assignments=unit),
    )
    before = entries(a, package)
    again = handed_over(b, [item] * 50)
    assert all(outcome == first for outcome in again)
    assert entries(a, package) == before
    assert state(b, package) == DeliveryState.COMPLETED.value


# The check itself: an axis in this process whose code is spoilt.


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    made = LocalAxis.create(tmp_path_factory.mktemp("spoilt"), NAMES, **GENEROUS)
    with in_process(made), ExitStack() as stack:
        yield {code: stack.enter_context(Party.opened(made.profile(code))) for code in NAMES}


def _unchecked(*_: object) -> None:
    """Looks at nothing."""


def _believed(organ: OrganId, *_: object) -> str:
    """Whoever the message names."""
    return str(organ)


@pytest.mark.planted("audience not checked")
def test_an_unchecked_audience_is_noticed(spoilt: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (submit_core, report_core):
        monkeypatch.setattr(module, "check_audience", _unchecked)
    with pytest.raises(AssertionError, match="ACCEPTED"):
        list(attacks(spoilt, 2))


@pytest.mark.planted("age not checked")
def test_an_unchecked_age_is_noticed(spoilt: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (submit_core, report_core):
        monkeypatch.setattr(module, "check_created", _unchecked)
    with pytest.raises(AssertionError, match="ACCEPTED"):
        list(attacks(spoilt, 2))


@pytest.mark.planted("org id from message")
def test_an_organisation_believed_from_the_message_is_noticed(
    spoilt: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_core, "acting_organ", _believed)
    monkeypatch.setattr(report_core, "check_signer", _unchecked)
    with pytest.raises(AssertionError, match="ACCEPTED"):
        list(attacks(spoilt, 2))
