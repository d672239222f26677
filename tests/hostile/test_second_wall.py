"""N-02: with the store's filter by party switched off, the node still shows nothing of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from attrs import evolve

from lienthong.spi.records import DeliveryRow, JournalRow
from lienthong_node.local import LocalAxis
from lienthong_node.security_log import Event
from lienthong_node.services import visibility
from lienthong_proto.axis.v1 import exchange_pb2
from lienthong_storage_sqlite.view import SQLiteReadView
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, D
from tests.e2e.probes import Thing, check_silent, things_between
from tests.e2e.raw import Party, messages
from tests.e2e.spoilt import in_process
from tests.hostile.conftest import Parties
from tests.hostile.metrics import GENEROUS, security_events
from tests.tiers import tier

PACKAGES = tier(commit=10, nightly=200)


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """An axis in this process, so that its store can be spoilt."""
    made = LocalAxis.create(tmp_path_factory.mktemp("spoilt"), NAMES, **GENEROUS)
    with in_process(made):
        yield made


@pytest.fixture(scope="module")
def inside(axis: LocalAxis) -> Iterator[Parties]:
    with ExitStack() as stack:
        yield {code: stack.enter_context(Party.opened(axis.profile(code))) for code in NAMES}


def everything(self: SQLiteReadView, _: str, start: int, limit: int) -> Sequence[JournalRow]:
    """The feed of everybody."""
    return self.journal(start, limit)


def everybodys(
    self: SQLiteReadView, _: str, *, incoming: bool, states: Any, before: Any, limit: int
) -> Sequence[DeliveryRow]:
    """The deliveries of B or A, whoever asks."""
    organ = B if incoming else A
    return _listing(self, organ, incoming=incoming, states=states, before=before, limit=limit)


_listing = SQLiteReadView.list_deliveries


def leaks(stranger: Party, things: Sequence[Thing]) -> int:
    """How many answers to a stranger hold something of the things."""
    found, cursor = 0, 0
    listing = exchange_pb2.ListDeliveriesRequest
    asked = [
        ("Exchange/ListDeliveries", listing(direction=exchange_pb2.DIRECTION_INCOMING)),
        ("Exchange/ListDeliveries", listing(direction=exchange_pb2.DIRECTION_OUTGOING)),
    ]
    for name, listed in asked:
        found += _tells(name, stranger, listed, things)
    while True:
        request = exchange_pb2.SubscribeRequest(
            from_index=cursor, inline_limit=262_144, page_size=20
        )
        answer = stranger.ask("Exchange/Subscribe", request)
        pages = list(messages(exchange_pb2.SubscribeResponse, answer))
        found += _tells("Exchange/Subscribe", stranger, request, things)
        if not pages or pages[-1].next_index == cursor:
            return found
        cursor = pages[-1].next_index


def _tells(name: str, stranger: Party, request: Any, things: Sequence[Thing]) -> int:
    try:
        check_silent(name, stranger.ask(name, request), things, b"")
    except AssertionError:
        return 1
    return 0


def _without_filter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SQLiteReadView, "feed", everything)
    patch.setattr(SQLiteReadView, "list_deliveries", everybodys)


def test_nothing_of_others_without_the_filter_of_the_store(
    axis: LocalAxis, inside: Parties, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    inside[C].send(D)
    things = things_between(inside[A], inside[B], PACKAGES)
    assert leaks(inside[A], things) > 0  # the check sees what parties are shown
    _without_filter(monkeypatch)
    found = sum(leaks(inside[organ], things) for organ in (C, D))
    figure(
        "N-02",
        wanted="filter of the store off: 0 leaks through the second wall",
        found=f"{PACKAGES} packages, {found} leaks",
    )
    assert found == 0
    assert Event.DATA_DAMAGED.value in {line["event"] for line in security_events(axis)}


@pytest.mark.planted("party filter off")
def test_both_walls_off_are_noticed(inside: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that say themselves that they concern everybody pass the second wall too."""
    things = things_between(inside[A], inside[B], 2)

    def open_to_all(self: SQLiteReadView, *asked: Any) -> Sequence[JournalRow]:
        rows = everything(self, *asked)
        return [evolve(row, parties=(*row.parties, C)) for row in rows]

    monkeypatch.setattr(SQLiteReadView, "feed", open_to_all)
    assert leaks(inside[C], things) > 0


@pytest.mark.planted("party filter off")
def test_a_list_without_the_second_wall_is_noticed(
    inside: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = things_between(inside[A], inside[B], 2)
    _without_filter(monkeypatch)
    monkeypatch.setattr(visibility, "may_act", lambda *_: True)
    assert leaks(inside[C], things) > 0
