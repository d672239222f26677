"""The kinds of steps, each as what it does to the world."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from lienthong.model.ids import PackageId
from tests.simulation import actions
from tests.simulation.actions import Desk
from tests.simulation.client import Item
from tests.simulation.disk import PLANS
from tests.simulation.hearing import begin, hand_over, note_invoke
from tests.simulation.lateness import DAY_OFF, PLAIN
from tests.simulation.network import Packet
from tests.simulation.node import SimNode

if TYPE_CHECKING:
    from tests.simulation.world import World

JUMPS: Final = (1, -1, 5 * 60, -5 * 60, 86_400, -86_400, 400 * 86_400, -400 * 86_400)
"""Seconds by which the node's clock is set wrong, or right again (D-18)."""


def _deliver(world: World, chance: random.Random) -> None:
    world.deliver(world.network.take(chance), chance)


def _commit(world: World, chance: random.Random) -> None:
    if world.node is not None:
        world.at_node(world.node, SimNode.commit, chance)


def _hand_over(world: World, desk: Desk, item: Item | None) -> None:
    if item is not None:
        world.note(f"hand over {desk.client.code} {item.id}")
        begin(world, desk, item)


def _send(world: World, chance: random.Random) -> None:
    desk = world.desk(chance)
    _hand_over(world, desk, actions.send(desk, world.others(desk), chance))


def _follow_up(world: World, chance: random.Random) -> None:
    desk = world.desk(chance)
    _hand_over(world, desk, actions.follow_up(desk, chance))


def _report(world: World, chance: random.Random) -> None:
    desk = world.desk(chance)
    _hand_over(world, desk, actions.report(desk, chance))


def _attack(world: World, chance: random.Random) -> None:
    desk = world.desk(chance)
    _hand_over(world, desk, actions.attack(desk, world.others(desk), chance))


def _read(world: World, chance: random.Random) -> None:
    client = world.desk(chance).client
    world.recorder.reading(f"app {client.code}", client.code, client.cursor)
    client.read(chance)


def _resend(world: World, chance: random.Random) -> None:
    """A client waits no longer and sends the same bytes again."""
    desk = world.desk(chance)
    client = desk.client
    if client.outbox:
        hand_over(world, desk, client.outbox[chance.choice(list(client.outbox))])


def _drop(world: World, chance: random.Random) -> None:
    world.network.drop(chance)


def _double(world: World, chance: random.Random) -> None:
    packet = world.network.double(chance)
    if packet is not None:
        desk = world.desks[packet.client]
        call = desk.client.calls.get(packet.call)
        if call is not None and call.item is not None:
            note_invoke(world, desk, call.item)


def _look(world: World, chance: random.Random) -> None:
    """Ask for a package, one's own or not, or one that nobody made."""
    client = world.desk(chance).client
    made = [one.manifest.package_id.bytes for desk in world.desks.values() for one in desk.sent]
    nobodys = PackageId.new(world.true_time(), chance.randbytes(10)).bytes
    client.ask_package(chance.choice([*made, nobodys]))


def _head(world: World, chance: random.Random) -> None:
    world.desk(chance).client.ask_head(chance)


def _tick(world: World, chance: random.Random) -> None:
    world.elapsed += chance.choice((1, 60, 700, 3000))


def _jump(world: World, chance: random.Random) -> None:
    world.offset = 0 if world.offset and chance.random() < 0.5 else chance.choice(JUMPS)
    world.note(f"jump {world.offset}")


def _skew(world: World, chance: random.Random) -> None:
    world.desk(chance).client.skew = chance.choice(actions.skews())


def _crash(world: World, chance: random.Random) -> None:
    world.crash(chance)


def _disk(world: World, chance: random.Random) -> None:
    node = world.node
    if world.faults.rolls_back and chance.random() < 0.5 and node is not None:
        world.node = None
        world.medium.roll_back(node.store, chance)
        world.blob_medium.in_use = False
        world.note("roll back")
        world.start()
        return
    world.medium.plan = chance.choice(PLANS)


def _restart_client(world: World, chance: random.Random) -> None:
    world.desk(chance).client.restart()


def _sweep(world: World, chance: random.Random) -> None:
    def sweep(node: SimNode) -> list[Packet]:
        world.note(f"sweep {node.sweep()}")
        return []

    if world.node is not None:
        world.at_node(world.node, sweep, chance)
        world.check_files()


def _tend(world: World, chance: random.Random) -> None:
    """The deadline worker looks."""
    if world.node is not None:
        world.at_node(world.node, SimNode.tend, chance)


def _law(world: World, chance: random.Random) -> None:
    """A day off is announced, or taken back."""
    if world.node is not None:
        calendar = chance.choice((PLAIN, DAY_OFF))
        world.note(f"law {calendar.version}")
        world.node.change_law(calendar)


def _revoke(world: World, chance: random.Random) -> None:
    """An operator ends the signing certificate of an organisation."""
    code = world.desk(chance).client.code
    if world.node is not None and code != next(iter(world.desks)):
        world.note(f"revoke {code}")
        world.node.revoke(code)


STEPS: Final[dict[str, Callable[[World, random.Random], None]]] = {
    "deliver": _deliver,
    "commit": _commit,
    "send": _send,
    "report": _report,
    "read": _read,
    "follow_up": _follow_up,
    "attack": _attack,
    "resend": _resend,
    "drop": _drop,
    "double": _double,
    "look": _look,
    "head": _head,
    "tick": _tick,
    "jump": _jump,
    "skew": _skew,
    "crash": _crash,
    "disk": _disk,
    "restart_client": _restart_client,
    "sweep": _sweep,
    "revoke": _revoke,
    "tend": _tend,
    "law": _law,
}
