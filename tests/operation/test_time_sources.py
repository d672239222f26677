"""N-16: time sources that lie, a clock that is wrong: nothing is signed that names a wrong time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from attrs import evolve

from lienthong.errors import ConnectionFailed, TimeDisputed
from lienthong.model.clocks import Agreement, ClockSample, agree
from lienthong_node import time_guard
from lienthong_node.time_guard import HARD_S, TRUST_S
from lienthong_node.time_watch import LOOK_S
from tests.conftest import Figure
from tests.operation.clocks import UNSURE_S, World, ahead, drifting, honest
from tests.tiers import tier

HOUR = 3600.0
DAY = 24 * HOUR
DISPUTED = TimeDisputed.code
DRIFT_S = tier(7_200.0, 12 * HOUR)

Worlds = Callable[..., World]


@pytest.fixture
def worlds() -> Iterator[Worlds]:
    made: list[World] = []

    def new(**fields: object) -> World:
        made.append(World(**fields))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for world in made:
        world.close()


def codes(outcomes: list[tuple[float, str]]) -> set[str]:
    return {code for _, code in outcomes}


def refused_since(outcomes: list[tuple[float, str]]) -> float:
    """From which second on nothing was accepted any more."""
    accepted = [at for at, code in outcomes if code == "ok"]
    return max(accepted, default=-1.0) + 1.0


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]


# --- Liars -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", [HOUR, -DAY, 6.0, -1.5, 0.2])
def test_one_liar_of_three_is_ignored_and_alarmed(
    worlds: Worlds, caplog: pytest.LogCaptureFixture, figure: Figure, lie: float
) -> None:
    world = worlds()
    assert codes(world.live(120.0)) == {"ok"}
    world.sources[1].lie = ahead(lie)
    with caplog.at_level(logging.WARNING, "lienthong_node.time_watch"):
        first = world.live(LOOK_S)
        noticed = alarms(caplog)
    later = world.live(300.0)
    figure(
        "N-16",
        wanted=f"1 of 3 sources {lie:+.0f} s: alarmed <= 60 s, 0 wrong signatures, none refused",
        found=f"alarmed in {LOOK_S:.0f} s, {len(world.wrong)} wrong, {codes(first + later)}",
    )
    assert ["source b" in line for line in noticed] == [True]
    assert codes(first + later) == {"ok"}
    assert world.wrong == []


def test_a_drifting_source_is_alarmed_before_it_matters(
    worlds: Worlds, caplog: pytest.LogCaptureFixture, figure: Figure
) -> None:
    world = worlds()
    world.sources[2].lie = drifting(200.0, since=0.0)
    with caplog.at_level(logging.WARNING, "lienthong_node.time_watch"):
        outcomes = world.live(DRIFT_S, step=LOOK_S)
    figure(
        "N-16",
        wanted="1 of 3 sources drifts 200 ppm: alarmed, 0 wrong signatures, none refused",
        found=f"{len(alarms(caplog))} alarm, {len(world.wrong)} wrong, {codes(outcomes)}",
    )
    assert len(alarms(caplog)) == 1
    assert codes(outcomes) == {"ok"}
    assert world.wrong == []


@pytest.mark.parametrize(
    ("one", "other"),
    [(HOUR, HOUR), (-DAY, -DAY), (HOUR, -DAY), (2.0, 2.0), (2.0, -2.0), (HOUR, 0.5)],
)
def test_two_liars_of_three_stop_signing(
    worlds: Worlds, figure: Figure, one: float, other: float
) -> None:
    world = worlds()
    world.live(125.0)
    began = world.passed
    world.sources[0].lie, world.sources[1].lie = ahead(one), ahead(other)
    outcomes = world.live(300.0)
    stopped = refused_since(outcomes) - began
    world.sources[0].lie = honest
    resumed = world.live(2 * LOOK_S)
    figure(
        "N-16",
        wanted=f"2 of 3 sources {one:+.0f} s and {other:+.0f} s: signing stops <= 60 s",
        found=f"stopped after {stopped:.0f} s, {len(world.wrong)} wrong, resumes by itself",
    )
    assert stopped <= TRUST_S
    assert codes(outcomes) <= {"ok", DISPUTED}
    assert world.wrong == []
    assert resumed[-1][1] == "ok"


def test_two_drifting_sources_stop_signing_when_they_are_a_second_off(worlds: Worlds) -> None:
    world = worlds()
    for source in world.sources[:2]:
        source.lie = drifting(200.0, since=0.0)
    outcomes = world.live(DRIFT_S, step=LOOK_S)
    a_second_off = (1.0 + UNSURE_S) * 1e6 / 200.0
    assert a_second_off <= refused_since(outcomes) <= a_second_off + TRUST_S + 2 * LOOK_S
    assert world.wrong == []


def failing(_: float) -> float:
    raise ConnectionFailed(endpoint="told", reason="dead")


@pytest.mark.parametrize(("dead", "stops"), [(1, False), (2, True), (3, True)])
def test_dead_sources_stop_signing_when_most_are(worlds: Worlds, dead: int, stops: bool) -> None:
    world = worlds()
    world.live(120.0)
    for source in world.sources[:dead]:
        source.lie = failing
    outcomes = world.live(200.0)
    assert (refused_since(outcomes) - 120.0 <= TRUST_S) is stops
    assert codes(outcomes) == ({"ok", DISPUTED} if stops else {"ok"})


def test_sources_that_are_unsure_say_nothing(worlds: Worlds) -> None:
    world = worlds()
    for source in world.sources[:2]:
        source.unsure = 10.0
    assert codes(world.live(30.0)) == {DISPUTED}


def hiding(world: World) -> World:
    """The clock is 4.5 s off; a liar that admits much agrees with everybody."""
    world.error = 4.5
    world.sources[2].lie, world.sources[2].unsure = ahead(1.9), 1.99
    return world


def test_a_liar_that_knows_little_hides_no_wrong_clock(worlds: Worlds) -> None:
    assert codes(hiding(worlds()).live(120.0)) == {DISPUTED}


def test_a_watch_that_died_stops_signing(worlds: Worlds) -> None:
    """What matters is the last look that was good, not whether anybody still looks."""
    world = worlds()
    world.live(11.0)
    for _ in range(200):
        world.passed += 1.0
        world.send()
    assert world.send() == DISPUTED
    assert world.guard.reason(world.clock()).endswith("no time source was asked for a minute")


# --- A wrong clock -----------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [DAY, -DAY, 400 * DAY, HARD_S + 0.5, -HARD_S - 0.5])
def test_a_clock_that_jumps_stops_signing_at_once(
    worlds: Worlds, figure: Figure, jump: float
) -> None:
    """Row "clock off by a day": before any look, and before the journal's time moves."""
    world = worlds()
    world.live(125.0)
    world.error = jump
    outcomes = world.live(100.0)
    world.error = 0.0
    resumed = world.live(2 * LOOK_S)
    figure(
        "N-16",
        wanted=f"the clock jumps {jump:+.0f} s: nothing signed from the next second on",
        found=f"{codes(outcomes)}, {len(world.wrong)} wrong, resumes by itself",
    )
    assert codes(outcomes) == {DISPUTED}
    assert world.wrong == []
    assert resumed[-1][1] == "ok"


@pytest.mark.parametrize("error", [DAY, -DAY, 2.0])
def test_a_clock_that_is_wrong_at_the_start_signs_nothing(worlds: Worlds, error: float) -> None:
    world = worlds(error=error)
    assert codes(world.live(120.0)) == {DISPUTED}
    world.error = 0.0
    assert world.live(2 * LOOK_S)[-1][1] == "ok"


@pytest.mark.parametrize(
    ("error", "stops"), [(0.9, False), (-0.9, False), (2.0, True), (-4.9, True)]
)
def test_a_second_is_borne_for_ever_and_more_for_a_minute(
    worlds: Worlds, error: float, stops: bool
) -> None:
    world = worlds()
    world.live(120.0)
    world.error = error
    outcomes = world.live(180.0)
    assert codes(outcomes[:20]) == {"ok"}
    assert (refused_since(outcomes) - 120.0 <= TRUST_S) is stops


def test_nothing_is_signed_before_a_source_has_answered(worlds: Worlds) -> None:
    world = worlds()
    assert world.send() == DISPUTED
    assert "no time source has answered yet" in world.guard.reason(world.clock())


# --- The check itself --------------------------------------------------------------------------


@pytest.mark.planted("clock believed whatever the time sources say")
def test_a_node_without_the_guard_is_noticed(worlds: Worlds) -> None:
    world = worlds(guarded=False)
    world.live(20.0)
    world.error = HOUR
    world.live(20.0)
    assert world.wrong


@pytest.mark.planted("first time source believed")
def test_believing_the_first_source_is_noticed(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_guard, "agree", lambda said, **_: _only(said))
    world = worlds()
    world.sources[0].lie = ahead(HOUR)
    assert codes(world.live(30.0)) == {DISPUTED}


@pytest.mark.planted("as unsure as the most unsure time source")
def test_a_result_that_a_liar_makes_unsure_is_noticed(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_guard, "agree", _widest)
    world = hiding(worlds())
    world.live(30.0)
    assert world.wrong


def _widest(said: list[ClockSample], *, asked: int) -> Agreement | None:
    found = agree(said, asked=asked)
    if found is None:
        return None
    reach = [abs(one.offset - found.offset) + one.distance for one in found.agreeing]
    return evolve(found, distance=max(reach))


def _only(said: list[ClockSample]) -> Agreement:
    first = said[0]
    return Agreement(offset=first.offset, distance=first.distance, agreeing=(first,), others=())


def test_true_time_is_what_the_worlds_clock_shows(worlds: Worlds) -> None:
    world = worlds(error=2.5)
    assert world.clock() - world.true == timedelta(seconds=2.5)
