"""N-09: headers that are too large, too many, endless or ill-formed harm nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from hyperframe.frame import ContinuationFrame, DataFrame, SettingsFrame

from lienthong.client import Profile
from lienthong_node import interceptor
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.e2e.conftest import NAMES
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.network.conftest import GENEROUS, Inside
from tests.network.http2 import Line, framed, header_frames, request_headers
from tests.network.neighbours import Neighbours
from tests.network.vitals import MIB, needs_proc, processor_seconds, resident
from tests.tiers import tier

ROUNDS: Final = tier(1, 20)
LITTLE: Final = b"\x00\x01a\x01b"
"""A header field of two octets in five, which costs its reader a hundred times as much."""

OBEDIENT_MIB: Final = 32
DISOBEDIENT_MIB: Final = 192
"""Who does not accept the node's settings may send what gRPC allows before: 16 MiB as HPACK counts
them, in fields as small as that."""

Attack = Callable[[Line], str]


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedAxis]:
    """Its own one: memory that it has given back would hide what other attacks cost."""
    with forked_axis(tmp_path_factory.mktemp("headers"), NAMES, **GENEROUS) as made:
        yield made


def _call(*more: tuple[str, str]) -> Attack:
    def attack(line: Line) -> str:
        return _finish(line, line.begin(request_headers("/x" if not more else _PATH, *more)))

    return attack


_PATH: Final = "/lienthong.axis.v1.Directory/GetOrganisation"


def _finish(line: Line, stream: int) -> str:
    data = DataFrame(stream, framed(b""))
    data.flags.add("END_STREAM")
    line.send(data.serialize())
    return line.status(stream, 10)


def _only(*headers: tuple[str, str]) -> Attack:
    return lambda line: _finish(line, line.begin(headers))


def _many_little(line: Line) -> str:
    stream = line.next_stream()
    block = line.encoder.encode(list(request_headers()), huffman=False) + LITTLE * 400_000
    line.send(header_frames(stream, block))
    return _finish(line, stream)


def _endless(line: Line) -> str:
    """CONTINUATION frames without an end."""
    stream = line.next_stream()
    block = line.encoder.encode(list(request_headers()), huffman=False)
    line.send(header_frames(stream, block, whole=False))
    piece = ContinuationFrame(stream, LITTLE * 800).serialize()
    for _ in range(3_000):
        if not line.send(piece):
            break
    return line.status(stream, 10)


def _churn(line: Line) -> str:
    """Fields that push each other out of the table, whose size changes all the time."""
    stream = line.next_stream()
    block = line.encoder.encode(list(request_headers()), huffman=False)
    for number in range(300):
        name = b"x%03d" % number
        block += b"\x40" + bytes([len(name)]) + name + b"\x10" + b"v" * 16
    line.send(header_frames(stream, block))
    line.send(SettingsFrame(0, {SettingsFrame.HEADER_TABLE_SIZE: 0}).serialize() * 100)
    line.send(SettingsFrame(0, {SettingsFrame.HEADER_TABLE_SIZE: 2**31 - 1}).serialize() * 100)
    return _finish(line, stream)


GOOD: Final = request_headers()

TOO_LARGE: Final[Mapping[str, Attack]] = {
    "20 KB in one": _call(("x-junk", "j" * 20_000)),
    "1 MB in one": _call(("x-junk", "j" * 1_000_000)),
    "10,000 fields": _call(*((f"x-{number}", "j" * 8) for number in range(10_000))),
    "400,000 little ones": _many_little,
    "without an end": _endless,
}
"""Never handled."""

ILL_FORMED: Final[Mapping[str, Attack]] = {
    "no path": _only(*(header for header in GOOD if header[0] != ":path")),
    "a pseudo header after others": _only(*GOOD, (":path", "/x")),
    "an unknown pseudo header": _only((":foo", "x"), *GOOD),
    "another method": _only((":method", "GET"), *GOOD[1:]),
    "upper case": _only(*GOOD, ("X-Upper", "1")),
    "no scheme": _only(*(header for header in GOOD if header[0] != ":scheme")),
    "an empty name": _only(*GOOD, ("", "1")),
    "two paths": _only((":path", "/x"), *GOOD),
}
"""Refused or read as what they say; never as anything else."""


def attack_all(profile: Profile, *, polite: bool) -> dict[str, str]:
    """Try everything, each on a connection of its own; returns how each ended."""
    ends = {}
    for name, attack in {**TOO_LARGE, **ILL_FORMED, "churn": _churn}.items():
        for _ in range(ROUNDS):
            with Line.opened(profile, polite=polite) as line:
                ends[name] = attack(line)
    return ends


def check_ends(ends: Mapping[str, str]) -> None:
    """Nothing that is too large was handled."""
    handled = [name for name in TOO_LARGE if ends.get(name) == "0"]
    assert not handled, f"handled in spite of their size: {handled}"


@needs_proc
@pytest.mark.parametrize(
    ("polite", "most"), [(True, OBEDIENT_MIB), (False, DISOBEDIENT_MIB)], ids=["obedient", "not"]
)
def test_abused_headers_cost_little_and_nobody_else_notices(
    axis: ForkedAxis, attacker: Profile, figure: Figure, *, polite: bool, most: int
) -> None:
    memory, before = resident(axis.pid), processor_seconds(axis.pid)
    with Neighbours.calling(axis) as others:
        ends = attack_all(attacker, polite=polite)
    grown = (resident(axis.pid) - memory) // MIB
    spent = processor_seconds(axis.pid) - before
    figure(
        "N-09",
        wanted=f"0 crashes, 0 oversized handled, <= +{most} MiB, 0 calls of others failed",
        found=f"{len(ends)} abuses {'with' if polite else 'without'} accepted settings: "
        f"0 crashes, +{grown} MiB, {spent:.1f} CPU s; {others.summary}",
    )
    others.check()
    check_ends(ends)
    assert grown <= most
    assert '"level": "error"' not in axis.log.read_text("utf-8")


def oversized(profile: Profile) -> str:
    """How a call ends that comes with 100 KB of fields, before the settings were accepted."""
    with Line.opened(profile, polite=False) as line:
        return _call(("x-junk", "j" * 100_000))(line)


def test_the_node_refuses_what_grpc_lets_pass(axis: ForkedAxis, attacker: Profile) -> None:
    check_ends({"20 KB in one": oversized(attacker)})


@pytest.mark.planted("metadata limit off")
def test_a_node_without_the_limit_is_found(
    at_rest: LocalAxis,
    inside: Inside,
    attacker_inside: Profile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interceptor, "METADATA_LIMIT", 2**40)
    found: list[Any] = []
    with inside():
        # gRPC refuses at random what lies between its two limits, a few of a hundred at this size.
        found += [oversized(attacker_inside) for _ in range(4)]
    with pytest.raises(AssertionError, match="in spite of their size"):
        check_ends({"20 KB in one": min(found)})
