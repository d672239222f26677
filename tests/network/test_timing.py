"""N-01: how long a refusal takes does not tell a stranger whether a package exists."""

from __future__ import annotations

import itertools
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, Final

import pytest

from lienthong.errors import NotFound
from lienthong.spi.storage import ReadView
from lienthong_node.local import LocalAxis
from lienthong_node.services import exchange
from lienthong_node.services.visibility import visible_package
from lienthong_proto.axis.v1 import exchange_pb2
from tests.conftest import Figure
from tests.e2e.conftest import A, B, C
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Party, new_package_id
from tests.network.conftest import Inside
from tests.tiers import SEED, tier

PAIRS: Final = tier(400, 2_000)
THINGS: Final = 20
WANTED: Final = 0.6


def area(first: Sequence[float], second: Sequence[float]) -> float:
    """Chance that one of *first* takes longer than one of *second*, or the other way round.

    0.5 is a coin (the area under the curve of the best guess), 1 is certainty.
    """
    ordered = sorted(second)
    beaten = sum(
        (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in first
    )
    found = beaten / (len(first) * len(second))
    return max(found, 1 - found)


def distinguish(axis: LocalAxis, pairs: int) -> float:
    """Measure a stranger's refusals for packages of others and for packages that never were."""
    chance = random.Random(SEED)
    with (
        Party.opened(axis.profile(A)) as sender,
        Party.opened(axis.profile(C)) as stranger,
    ):
        there = [sender.send(B).bytes for _ in range(THINGS)]
        never = [new_package_id().bytes for _ in range(THINGS)]
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(50):
            _seconds(stranger, never[0])
        for there_id, never_id in itertools.islice(
            itertools.cycle(zip(there, never, strict=True)), pairs
        ):
            asked = [(True, there_id), (False, never_id)]
            chance.shuffle(asked)
            for exists, package_id in asked:
                times[exists].append(_seconds(stranger, package_id))
    return area(times[True], times[False])


def _seconds(party: Party, package_id: bytes) -> float:
    request = exchange_pb2.GetPackageRequest(package_id=package_id)
    started = time.perf_counter()
    answer = party.ask("Exchange/GetPackage", request)
    seconds = time.perf_counter() - started
    assert answer.code == NotFound.code
    return seconds


def test_the_curve_knows_sure_and_blind_guesses() -> None:
    assert area([2, 3], [0, 1]) == area([0, 1], [2, 3]) == 1
    assert area([1, 2], [1, 2]) == 0.5


def test_a_refusal_takes_as_long_for_what_exists(axis: ForkedAxis, figure: Figure) -> None:
    found = distinguish(axis, PAIRS)
    figure(
        "N-01",
        wanted=f"AUC <= {WANTED} over {PAIRS} pairs",
        found=f"AUC {found:.3f} (seed {SEED})",
    )
    assert found <= WANTED, f"seed {SEED}"


@pytest.mark.planted("timing tells what exists")
def test_a_node_that_looks_longer_at_what_exists_is_found(
    at_rest: LocalAxis, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(view: ReadView, package_id: bytes, *rest: Any) -> Any:
        if view.package(package_id) is not None:
            time.sleep(0.01)
        return visible_package(view, package_id, *rest)

    monkeypatch.setattr(exchange, "visible_package", slow)
    with inside():
        assert distinguish(at_rest, 40) > WANTED
