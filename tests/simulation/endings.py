"""How a run ends: no more faults, everything comes through, and everybody looks back."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from lienthong.errors import DataCorrupt
from lienthong_node.audit import audit
from lienthong_node.history import Journal, judge
from lienthong_node.history.journal import entries
from tests.simulation import keys
from tests.simulation.hearing import hand_over
from tests.simulation.invariants import Broken, nothing_skipped
from tests.simulation.node import SimNode

if TYPE_CHECKING:
    from tests.simulation.world import World

ROUNDS: Final = 60
"""More than any upload has chunks."""


def finish(world: World) -> None:
    """Let everything come through, and judge the whole.

    Raises:
        InvariantBroken: something does not come through, or is wrong in the end.
    """
    chance = random.Random(world.seed)
    world.medium.plan, world.offset = "", 0
    world.note("drain")
    if world.node is None:
        world.start()
    _drain(world, chance)
    _tell_late(world, chance)
    _drain(world, chance)
    for desk in world.desks.values():
        for item in desk.client.outbox.values():
            world.require([Broken("I1", f"{item.id} was never answered")])
    world.recorder.end()
    _look_back(world)


def _drain(world: World, chance: random.Random) -> None:
    for _ in range(ROUNDS):
        if not _round(world, chance):
            break


def _tell_late(world: World, chance: random.Random) -> None:
    """The deadline worker looks once more; then everything that is late is told."""
    node = world.node
    if node is None:
        return
    world.at_node(node, SimNode.tend, chance)
    world.check()
    if not world.faults.rolls_back:
        with node.store.read() as view:
            world.require(world.ledger.lateness.missing(view, node.clock()))


def _round(world: World, chance: random.Random) -> bool:
    """Everybody tries once more; whether anything is left to do."""
    before = _progress(world)
    for desk in world.desks.values():
        desk.client.give_up()
        for item in list(desk.client.outbox.values()):
            hand_over(world, desk, item)
        desk.client.read(chance)
    for _ in range(ROUNDS):
        while world.network.packets:
            world.deliver(world.network.packets.pop(0), chance)
        if world.node is not None:
            world.at_node(world.node, SimNode.commit, chance)
        world.check()
        if not world.network.packets:
            break
    return _progress(world) != before or any(desk.client.outbox for desk in world.desks.values())


def _progress(world: World) -> tuple[int, ...]:
    """How far the journal and everybody's feed are."""
    return (len(world.ledger.rows), *(desk.client.cursor for desk in world.desks.values()))


def _look_back(world: World) -> None:
    node = world.node
    if node is None or world.faults.rolls_back:
        return
    with node.store.read() as view:
        world.require(world.ledger.look_again(view, node.blobs))
        journal = Journal(entries=tuple(entries(view)))
    for code in world.desks:
        seen, concerning = world.ledger.seen.get(code, []), world.ledger.concerning(code)
        world.require(nothing_skipped(code, seen, concerning, len(world.ledger.rows)))
    try:
        for _ in audit(node.store, keys.KEY, node.blobs):
            pass
    except DataCorrupt as error:
        world.require([Broken("AUDIT", str(error))])
    found = judge(world.recorder.events, journal)
    world.require(Broken(one.promise.name, one.text) for one in found)
    world.note(f"end {len(world.ledger.rows)} {world.ledger.roots[-1].hex()[:16]}")
