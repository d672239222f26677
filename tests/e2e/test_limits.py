"""Fair shares over the wire: who asks too much is told when to come back, others notice nothing."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import grpc
import pytest

from lienthong.client import Client
from lienthong.errors import LimitReached
from lienthong_node import committer
from lienthong_node.local import LocalAxis
from lienthong_node.uploads import MAX_OPEN
from lienthong_proto.axis.v1 import admin_pb2, exchange_pb2, journal_pb2
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.raw import Answer, Party, messages
from tests.e2e.spoilt import in_process

PER_SECOND: Final = 40
BURST: Final = 40
OPEN: Final = 5
WHO_AM_I: Final = "/lienthong.axis.v1.Directory/GetOrganisation"
SUBSCRIBE: Final = "/lienthong.axis.v1.Exchange/Subscribe"

Parties = dict[str, Party]


def _octets(data: bytes) -> bytes:
    return data


BYTES: Final = (_octets, _octets)
"""Serialiser and deserialiser that leave everything as it is."""


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """An axis with small shares."""
    made = LocalAxis.create(
        tmp_path_factory.mktemp("axis"),
        NAMES,
        disk_reserve_bytes=0,
        requests_per_second=PER_SECOND,
        burst=BURST,
        concurrent_streams=OPEN,
    )
    with made.running():
        yield made


@pytest.fixture
def parties(axis: LocalAxis) -> Iterator[Parties]:
    """A, B, C and the operator, after their shares have grown full again."""
    time.sleep(BURST / PER_SECOND)
    with ExitStack() as stack:
        folders = {code: axis.profile(code) for code in (A, B, C)}
        folders["operator"] = axis.data / "operator"
        yield {name: stack.enter_context(Party.opened(path)) for name, path in folders.items()}


def look(party: Party) -> Answer:
    return party.ask("Directory/GetOrganisation", b"")


def status(parties: Parties) -> Any:
    answer = parties["operator"].ask("Admin/GetStatus", b"")
    [found] = messages(admin_pb2.GetStatusResponse, answer)
    return found


def is_refused(answer: Answer, limit: str) -> bool:
    """Whether it is a refusal of this kind, which then must say when to come back."""
    if answer.ok:
        return False
    assert (answer.status, answer.code) == ("RESOURCE_EXHAUSTED", LimitReached.code)
    assert answer.facts["limit"] == limit
    assert answer.retry_after is not None
    assert 0 < answer.retry_after <= 1
    return True


def test_calls_a_second(parties: Parties) -> None:
    assert all(look(parties[A]).ok for _ in range(BURST))
    # Nothing may follow the refusal: what passes takes what it has promised.
    answers = (look(parties[A]) for _ in range(2 * BURST))
    refused = next((each for each in answers if is_refused(each, "calls a second")), None)
    assert refused is not None
    for other in (B, C, "operator"):
        assert look(parties[other]).ok
    assert refused.retry_after is not None
    time.sleep(refused.retry_after)
    assert look(parties[A]).ok


def test_the_client_waits_as_long_as_it_is_told(
    parties: Parties, clients: dict[str, Client]
) -> None:
    """Nothing is lost and nothing fails: the SDK comes back when there is room."""
    while not is_refused(look(parties[A]), "calls a second"):
        pass
    started = time.monotonic()
    for _ in range(10):
        clients[A].organisation(B)
    assert time.monotonic() - started > 5 / PER_SECOND


def test_the_shares_are_announced(clients: dict[str, Client]) -> None:
    limits = clients[C].account().limits
    assert (limits.requests_per_second, limits.burst, limits.concurrent_streams) == (
        PER_SECOND,
        BURST,
        OPEN,
    )


@contextmanager
def following(party: Party) -> Iterator[Any]:
    """A feed that is being followed."""
    request = exchange_pb2.SubscribeRequest(follow=True).SerializeToString()
    feed = party.channel.unary_stream(SUBSCRIBE, *BYTES)(request, timeout=60)
    try:
        next(feed)
        yield feed
    finally:
        feed.cancel()


def test_open_calls(parties: Parties) -> None:
    a = parties[A]
    with ExitStack() as stack:
        for _ in range(OPEN):
            stack.enter_context(following(a))
        assert is_refused(look(a), "open calls")
        assert look(parties[B]).ok
    deadline = time.monotonic() + 5
    while is_refused(look(a), "open calls"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_readers_that_go_away_in_the_middle_of_a_page_leave_nothing_behind(
    axis: LocalAxis, parties: Parties
) -> None:
    """Their calls end while the node is writing to them."""
    a, b = parties[A], parties[B]
    for _ in range(8):
        content = os.urandom(200_000)
        value = a.manifest(B, content=content)
        [receipt] = a.submit(a.submission(value, content))
        assert isinstance(receipt, journal_pb2.Receipt)
    request = exchange_pb2.SubscribeRequest(page_size=1, inline_limit=262_144, follow=True)
    for _ in range(10):
        feed = b.channel.unary_stream(SUBSCRIBE, *BYTES)(request.SerializeToString())
        next(feed)
        feed.cancel()
    deadline = time.monotonic() + 5
    while status(parties).open_streams > 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lines = [json.loads(line) for line in axis.log.read_text("utf-8").splitlines()]
    # But for the key of this test's node, which lies in a file.
    loggers = {line["logger"] for line in lines if line["level"] != "info"}
    assert loggers == {"lienthong_node.checkpoint_key"}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts files as Linux shows them")
def test_uploads_that_were_only_begun_hold_few_files_open(
    axis: LocalAxis, parties: Parties
) -> None:
    files = Path(f"/proc/{axis.pid}/fd")
    before = len(list(files.iterdir()))
    begun = 0
    while begun < 2 * MAX_OPEN:
        sha256 = hashlib.sha256(begun.to_bytes(4)).digest()
        request = exchange_pb2.BeginUploadRequest(sha256=sha256, size=10)
        if is_refused(parties[A].ask("Exchange/BeginUpload", request), "calls a second"):
            time.sleep(0.2)
        else:
            begun += 1
    assert len(list(files.iterdir())) <= before + MAX_OPEN + 10


class TestWaitingCommands:
    """In this process, where the queue can be made short."""

    @pytest.fixture
    def short(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parties]:
        monkeypatch.setattr(committer, "MAX_WAITING", 3)
        axis = LocalAxis.create(tmp_path, {A: NAMES[A], B: NAMES[B]}, disk_reserve_bytes=0)
        with in_process(axis), ExitStack() as stack:
            yield {code: stack.enter_context(Party.opened(axis.profile(code))) for code in (A, B)}

    def test_what_does_not_fit_is_refused_for_itself(self, short: Parties) -> None:
        a, b = short[A], short[B]
        outcomes = a.submit(*(a.submission(a.manifest(B)) for _ in range(8)))
        taken = [one for one in outcomes if isinstance(one, journal_pb2.Receipt)]
        refused = [one for one in outcomes if isinstance(one, LimitReached)]
        assert len(taken) + len(refused) == 8
        assert len(taken) >= 3
        assert refused
        assert all(one.facts["limit"] == "waiting commands" for one in refused)
        assert all(float(str(one.facts["retry_after"])) == 1 for one in refused)
        [receipt] = b.submit(b.submission(b.manifest(A)))
        assert isinstance(receipt, journal_pb2.Receipt)

    def test_the_refused_ones_pass_later(self, short: Parties) -> None:
        a = short[A]
        waiting = [a.submission(a.manifest(B)) for _ in range(8)]
        indexes: set[int] = set()
        for _ in range(8):
            outcomes = a.submit(*waiting)
            done = [isinstance(one, journal_pb2.Receipt) for one in outcomes]
            indexes |= {one.index for one in outcomes if isinstance(one, journal_pb2.Receipt)}
            waiting = [w for w, is_done in zip(waiting, done, strict=True) if not is_done]
            if not waiting:
                break
        assert len(indexes) == 8


def test_metadata_that_is_too_long_is_refused_before_anything(parties: Parties) -> None:
    method = parties[A].channel.unary_unary(WHO_AM_I, *BYTES)
    with pytest.raises(grpc.RpcError) as caught:
        method(b"", timeout=10, metadata=(("x-junk", "j" * 20_000),))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert look(parties[A]).ok
