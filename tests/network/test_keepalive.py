"""N-11: who pings without end is sent away, and nobody else notices."""

from __future__ import annotations

from typing import Final

import pytest

from lienthong.client import Profile
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.e2e.forked_axis import ForkedAxis
from tests.network.conftest import Inside, SetOption
from tests.network.http2 import ENHANCE_YOUR_CALM, Line, pings
from tests.network.neighbours import Neighbours
from tests.tiers import tier

PINGS: Final = 50
EVERY_S: Final = 0.01
LINES: Final = tier(5, 200)


def sent_away_after(profile: Profile) -> int:
    """Ping all the time; returns after how many pings the node said to calm down.

    Raises:
        AssertionError: it never did.
    """
    with Line.opened(profile) as line:
        for number, ping in enumerate(pings(PINGS), start=1):
            line.send(ping)
            left = line.goaway(EVERY_S)
            if left is not None:
                assert left.error_code == ENHANCE_YOUR_CALM
                assert left.additional_data == b"too_many_pings"
                return number
    raise AssertionError(f"{PINGS} pings were borne")


def test_a_pinger_is_sent_away(axis: ForkedAxis, attacker: Profile, figure: Figure) -> None:
    with Neighbours.calling(axis) as others:
        borne = [sent_away_after(attacker) for _ in range(LINES)]
    figure(
        "N-11",
        wanted="GOAWAY ENHANCE_YOUR_CALM for each, 0 calls of others failed",
        found=f"{len(borne)} of {LINES} sent away after <= {max(borne)} pings; {others.summary}",
    )
    others.check()


@pytest.mark.planted("ping strikes off")
def test_a_node_that_bears_all_pings_is_found(
    at_rest: LocalAxis,
    inside: Inside,
    attacker_inside: Profile,
    set_option: SetOption,
) -> None:
    set_option("grpc.http2.max_ping_strikes", 0)
    with inside(), pytest.raises(AssertionError, match="were borne"):
        sent_away_after(attacker_inside)
