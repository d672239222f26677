"""N-10: what is one byte too large, declared too large or compressed is refused, exactly so."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from attrs import frozen
from hyperframe.frame import DataFrame

from lienthong.client import Profile
from lienthong_node import uploads
from lienthong_node.local import LocalAxis
from lienthong_node.server import MESSAGE_LIMIT
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2
from tests.conftest import Figure
from tests.e2e.conftest import A
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Answer, Party
from tests.network.conftest import Inside, SetOption
from tests.network.http2 import FRAME, Line, framed, request_headers
from tests.network.neighbours import Neighbours
from tests.network.vitals import MIB, needs_proc, resident

MAX_FILE: Final = 5 * 1024**3
MOST_MIB: Final = 64
EXHAUSTED: Final = "RESOURCE_EXHAUSTED"
INVALID: Final = "INVALID_ARGUMENT"


@frozen
class Case:
    """A request and the only answer that it may get: gRPC's status and the stable code."""

    ask: Callable[[Party], Answer]
    status: str
    code: str


def begin(size: int, content: bytes = b"") -> Callable[[Party], Answer]:
    sha256 = hashlib.sha256(content or os.urandom(9)).digest()
    request = exchange_pb2.BeginUploadRequest(sha256=sha256, size=size)
    return lambda party: party.ask("Exchange/BeginUpload", request)


def upload(content: bytes, *chunks: bytes, size: int | None = None) -> Callable[[Party], Answer]:
    """Declare *content* and send *chunks*."""

    def ask(party: Party) -> Answer:
        answer = begin(len(content) if size is None else size, content)(party)
        key = exchange_pb2.BeginUploadResponse.FromString(answer.data[0]).upload_id
        requests = [exchange_pb2.UploadRequest(upload_id=key)]
        requests += [exchange_pb2.UploadRequest(chunk=chunk) for chunk in chunks]
        return party.ask("Exchange/Upload", *requests)

    return ask


def message(size: int) -> Callable[[Party], Answer]:
    """A request of this size: an unknown code, padded with a field that nobody knows."""
    # Field 15, a text: tag, length in four octets, content.
    length = size - 5
    octets = bytes(((length >> shift) & 0x7F) | 0x80 for shift in (0, 7, 14))
    padded = b"\x7a" + octets + bytes([length >> 21]) + bytes(length)
    assert len(padded) == size
    return lambda party: party.ask("Directory/GetOrganisation", padded)


def cases() -> Mapping[str, Case]:
    """Fresh ones, because a file is uploaded once."""
    whole = os.urandom(CHUNK_LIMIT)
    over = os.urandom(CHUNK_LIMIT + 1)
    three, other = os.urandom(3), os.urandom(4)
    return {
        "chunk - 1": Case(upload(whole[1:], whole[1:]), "OK", ""),
        "chunk": Case(upload(whole, whole), "OK", ""),
        "chunk + 1": Case(upload(over, over), EXHAUSTED, "codec.too_large"),
        "message": Case(message(MESSAGE_LIMIT), "OK", ""),
        "message + 1": Case(message(MESSAGE_LIMIT + 1), EXHAUSTED, ""),
        "file": Case(begin(MAX_FILE), "OK", ""),
        "file + 1": Case(begin(MAX_FILE + 1), EXHAUSTED, "codec.too_large"),
        "an endless file": Case(begin(2**63), EXHAUSTED, "codec.too_large"),
        "more than declared": Case(upload(three, three + b"x"), INVALID, "exchange.size_mismatch"),
        "another hash": Case(upload(other, other[::-1]), INVALID, "exchange.hash_mismatch"),
    }


def check_cases(axis: LocalAxis) -> int:
    """Every request gets exactly its answer.

    Raises:
        AssertionError: one gets another.
    """
    found = cases()
    with Party.opened(axis.profile(A)) as party:
        for name, case in found.items():
            answer = case.ask(party)
            assert (answer.status, answer.code) == (case.status, case.code), f"{name}: {answer}"
    return len(found)


def bomb(line: Line) -> str:
    """Grows a thousandfold."""
    headers = request_headers(
        "/lienthong.axis.v1.Directory/GetOrganisation", ("grpc-encoding", "gzip")
    )
    return _send(line, line.begin(headers), framed(gzip.compress(bytes(3 * MIB)), flags=1))


def unannounced(line: Line) -> str:
    """Compressed, says the message; in no way, say the headers."""
    return _send(line, line.begin(request_headers()), framed(b"x" * 10, flags=1))


def four_gigabytes(line: Line) -> str:
    """A prefix that promises 4 GiB."""
    return _send(line, line.begin(request_headers()), framed(b"x" * 100, length=2**32 - 1))


def _send(line: Line, stream: int, octets: bytes) -> str:
    pieces = [octets[at : at + FRAME] for at in range(0, len(octets), FRAME)]
    for piece in pieces:
        line.send(DataFrame(stream, piece).serialize())
    end = DataFrame(stream, b"")
    end.flags.add("END_STREAM")
    line.send(end.serialize())
    return line.status(stream, 10)


RAW: Final[Mapping[str, tuple[Callable[[Line], str], str]]] = {
    "gzip": (bomb, "12"),
    "compressed unannounced": (unannounced, "13"),
    "4 GiB promised": (four_gigabytes, "8"),
}
"""Requests that no library sends, with gRPC's number for their end."""


@needs_proc
def test_every_size_gets_its_exact_answer(
    axis: ForkedAxis, attacker: Profile, figure: Figure
) -> None:
    memory = resident(axis.pid)
    with Neighbours.calling(axis) as others:
        count = check_cases(axis)
        ends = {}
        for name, (ask, _) in RAW.items():
            with Line.opened(attacker) as line:
                ends[name] = ask(line)
    grown = (resident(axis.pid) - memory) // MIB
    figure(
        "N-10",
        wanted=f"exact statuses, <= +{MOST_MIB} MiB, 0 calls of others failed",
        found=f"{count + len(ends)} requests exact, +{grown} MiB; {others.summary}",
    )
    others.check()
    assert ends == {name: end for name, (_, end) in RAW.items()}
    assert grown <= MOST_MIB


@pytest.mark.planted("message limit off")
def test_a_node_without_a_message_limit_is_found(
    at_rest: LocalAxis, inside: Inside, set_option: SetOption
) -> None:
    set_option("grpc.max_receive_message_length", -1)
    with inside(), pytest.raises(AssertionError, match=r"message \+ 1"):
        check_cases(at_rest)


@pytest.mark.planted("chunk limit off by one")
def test_a_node_that_counts_chunks_wrongly_is_found(
    at_rest: LocalAxis, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_LIMIT", CHUNK_LIMIT + 1)
    with inside(), pytest.raises(AssertionError, match=r"chunk \+ 1"):
        check_cases(at_rest)


@pytest.mark.planted("compression accepted")
def test_a_node_that_takes_compressed_messages_is_found(
    inside: Inside, attacker_inside: Profile, set_option: SetOption
) -> None:
    set_option("grpc.compression_enabled_algorithms_bitset", None)
    with inside(), Line.opened(attacker_inside) as line:
        assert bomb(line) != RAW["gzip"][1]
