"""N-01: who is no party to something cannot tell it from what never existed.

The methods come from the wire contract: a new one without an entry in ``PROBES`` fails here. Every
probe is asked twice, about something that exists between others and about something that never
did; the answers must be the same, identifiers apart. And no answer to a stranger may hold anything
of what it is a stranger to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any, Final

import pytest

from lienthong.errors import NotFound, RoleMissing
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import PackageId
from lienthong.model.organisation import Directory
from lienthong.model.words import FileRole
from lienthong.spi.records import JournalRow, PackageRow
from lienthong.spi.storage import ReadView
from lienthong_node.core.commands import Caller
from lienthong_node.local import LocalAxis
from lienthong_node.services import evidence, exchange
from lienthong_node.services.feed import follow
from lienthong_node.services.visibility import concerns, visible_entry
from lienthong_node.stores import Recorded, read_recorded
from lienthong_proto.axis.v1 import evidence_pb2, exchange_pb2, journal_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, D
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.probes import (
    PROBES,
    Public,
    ask,
    begin_upload,
    check_silent,
    check_stranger,
    submission_of,
    things_between,
    things_that_never_were,
)
from tests.e2e.raw import CONTENT, METHODS, Party, entry
from tests.e2e.spoilt import in_process

ROUNDS: Final = int(os.environ.get("LIENTHONG_ROUNDS", "30"))
"""Packages that strangers ask for; 130 make more than 10 000 calls."""


Parties = dict[str, Party]


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """An axis with limits that nobody reaches."""
    made = ForkedAxis.create(
        tmp_path_factory.mktemp("axis"),
        NAMES,
        disk_reserve_bytes=0,
        requests_per_second=100_000,
        burst=100_000,
    )
    with made.running():
        yield made


@contextmanager
def opened(axis: LocalAxis) -> Iterator[Parties]:
    with ExitStack() as stack:
        yield {code: stack.enter_context(Party.opened(axis.profile(code))) for code in NAMES}


def test_every_method_of_the_contract_has_an_entry() -> None:
    assert set(PROBES) == set(METHODS)


def test_strangers_learn_nothing(parties: Parties, figure: Figure) -> None:
    """C and D have a life of their own, so that their answers are not simply empty."""
    parties[C].send(D)
    things = things_between(parties[A], parties[B], ROUNDS)
    missing = things_that_never_were(ROUNDS)
    calls = sum(check_stranger(parties[organ], things, missing) for organ in (C, D))
    figure("N-01", wanted="0 leaks to strangers", found=f"{calls} calls, 0 leaks")
    assert calls > 500


def test_parties_do_learn(parties: Parties) -> None:
    """The probes ask rightly: to A and B they bring what strangers do not get."""
    a, b = parties[A], parties[B]
    [thing] = things_between(a, b, 1)
    for party in (a, b):
        for name in (
            "Exchange/Download",
            "Exchange/GetPackage",
            "Exchange/GetHistory",
            "Exchange/Subscribe",
            "Evidence/GetReceipt",
        ):
            probes = PROBES[name]
            assert not isinstance(probes, Public)
            for probe in probes:
                answer = ask(party, name, probe(party, thing))
                assert answer.ok, name
                octets = b"".join(answer.data)
                assert any(mark in octets for mark in thing.marks()), name
    asked = ask(a, "Exchange/BeginUpload", begin_upload(a, thing))
    assert exchange_pb2.BeginUploadResponse.FromString(asked.data[0]).complete


def test_a_file_of_ones_own_package_opens_no_file_of_others(parties: Parties) -> None:
    c = parties[C]
    own = c.send(D)
    things = [*things_between(parties[A], parties[B], 1), *things_that_never_were(1)]
    found = [
        c.ask(
            "Exchange/Download",
            exchange_pb2.DownloadRequest(package_id=own.bytes, sha256=thing.sha256),
        )
        for thing in things
    ]
    texts = {thing.hidden(answer.text) for thing, answer in zip(things, found, strict=True)}
    assert {answer.status for answer in found} == {"NOT_FOUND"}
    assert len(texts) == 1


def test_a_recipient_sees_nothing_of_the_other_recipients(parties: Parties) -> None:
    """Who else received it stands in the signed manifest; what they did with it does not."""
    package = parties[A].send(B, C)
    arrival = parties[C].statement(DeliveryEvent.ARRIVE, package)
    [receipt] = parties[C].report(arrival)
    assert isinstance(receipt, journal_pb2.Receipt)
    b = parties[B]
    view = b.ask("Exchange/GetPackage", exchange_pb2.GetPackageRequest(package_id=package.bytes))
    deliveries = exchange_pb2.GetPackageResponse.FromString(view.data[0]).deliveries
    assert [delivery.recipient for delivery in deliveries] == [B]
    for name, request in (
        ("Exchange/GetHistory", exchange_pb2.GetHistoryRequest(package_id=package.bytes)),
        ("Exchange/Subscribe", exchange_pb2.SubscribeRequest()),
    ):
        assert arrival.statement_id.bytes not in b"".join(b.ask(name, request).data)
    asked = evidence_pb2.GetReceiptRequest(statement_id=arrival.statement_id.bytes)
    assert b.ask("Evidence/GetReceipt", asked).status == "NOT_FOUND"


def test_operators_read_no_documents(axis: LocalAxis, parties: Parties) -> None:
    things = things_between(parties[A], parties[B], 1)
    with Party.opened(axis.data / "operator") as operator:
        for name, probes in PROBES.items():
            if isinstance(probes, Public):
                if name != "Admin/Backup":
                    check_silent(name, operator.ask(name, *probes.requests[:1]), things, b"")
                continue
            for probe in probes:
                answer = ask(operator, name, probe(operator, things[0]))
                assert answer.code == RoleMissing.code, name


def test_a_package_id_of_others_is_refused_and_nothing_more_is_said(parties: Parties) -> None:
    """The one thing that shows: an identifier of 74 random bits that was used is not free."""
    [thing] = things_between(parties[A], parties[B], 1)
    value = parties[C].manifest(D, package_id=thing.package)
    answer = ask(parties[C], "Exchange/Submit", submission_of(parties[C], value, CONTENT))
    [result] = exchange_pb2.SubmitResponse.FromString(answer.data[0]).results
    assert result.fault.code == "exchange.id_reused"
    assert dict(result.fault.facts) == {"what": f"package id {thing.package}"}


# The checker itself: an axis in this process, in which the filter is switched off.


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    """Parties of an axis whose code can be spoilt."""
    folder = tmp_path_factory.mktemp("leaky")
    axis = LocalAxis.create(
        folder, NAMES, disk_reserve_bytes=0, requests_per_second=100_000, burst=100_000
    )
    with in_process(axis), opened(axis) as found:
        yield found


def _package_without_filter(
    view: ReadView, package_id: bytes, *_: object
) -> tuple[PackageRow, JournalRow]:
    package = view.package(package_id)
    if package is None:
        raise NotFound(what=f"package {PackageId(package_id)}")
    return package, view.journal(package.index, 1)[0]


def _package_denied(
    view: ReadView, package_id: bytes, caller: Caller, directory: Directory, on: date
) -> tuple[PackageRow, JournalRow]:
    """Says "not yours" instead of "not there"."""
    package, row = _package_without_filter(view, package_id)
    if not concerns(row, caller, directory, on):
        raise RoleMissing(method="GetPackage", roles="party")
    return package, row


def _entry_without_filter(
    view: ReadView, index: int | None, _: Caller, __: Directory, ___: date, asked: str
) -> Recorded:
    if index is None or not view.journal(index, 1):
        raise NotFound(what=f"receipt of {asked}")
    return read_recorded(view, index)


def _entry_with_its_index(
    view: ReadView, index: int | None, caller: Caller, directory: Directory, on: date, asked: str
) -> Recorded:
    """Says where the entry of others stands."""
    told = asked if index is None else f"entry {index}"
    return visible_entry(view, index, caller, directory, on, told)


LEAKS: Final[Mapping[str, tuple[Any, str, Any]]] = {
    "the filter of packages is off": (exchange, "visible_package", _package_without_filter),
    "strangers are denied instead": (exchange, "visible_package", _package_denied),
    "the filter of receipts is off": (evidence, "visible_entry", _entry_without_filter),
    "history without filter": (
        exchange,
        "visible_history",
        lambda view, package_id, *_: view.journal_of(package_id),
    ),
    "refusals tell the index": (evidence, "visible_entry", _entry_with_its_index),
    "everybody reads B's feed": (
        exchange,
        "follow",
        lambda node, request, *_: follow(node, request, B),
    ),
}


def test_the_axis_in_this_process_is_tight(leaky: Parties) -> None:
    """Otherwise the tests below would prove nothing."""
    things = things_between(leaky[A], leaky[B], 1)
    assert check_stranger(leaky[C], things, things_that_never_were(1))


@pytest.mark.planted("NOT_FOUND vs PERMISSION_DENIED")
@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_noticed(leaky: Parties, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    things = things_between(leaky[A], leaky[B], 1)
    module, attribute, spoilt = LEAKS[name]
    monkeypatch.setattr(module, attribute, spoilt)
    with pytest.raises(AssertionError, match="tells|shows"):
        check_stranger(leaky[C], things, things_that_never_were(1))


def test_an_own_file_is_not_taken_for_an_attachment_of_others(parties: Parties) -> None:
    """Possession counts by organisation, also for the second of two files."""
    [thing] = things_between(parties[A], parties[B], 1)
    files = [entry(), entry(thing.content, "phu-luc.pdf", role=FileRole.ATTACHMENT)]
    value = parties[C].manifest(D, files=files)
    answer = ask(parties[C], "Exchange/Submit", submission_of(parties[C], value, CONTENT))
    [result] = exchange_pb2.SubmitResponse.FromString(answer.data[0]).results
    assert result.fault.code == "exchange.file_missing"
