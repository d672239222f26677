"""D-20: a whole axis with its clients in one thread, on a schedule made from one number.

Real: the core and its rules, the committer (driven batch by batch), the decoding and verifying of
what comes in, feed pages, visibility, uploads, receipts and faults as wire messages; the client's
composing, signing (Ed25519), verification, memory of packages and feed cursor; X.509 chains, Merkle
proofs and checkpoints. Between them travel serialised messages of the wire.

Simulated: the network (drops, doubles, delays, overtaking), the medium under the record store (what
is not synced is lost or torn at a crash: ``disk``), clocks (the node's jumps, clients' are wrong),
crashes of the node at any step and inside a commit, restarts of clients. Threads, gRPC and TLS take
no part: who calls is told by the simulated connection.

The invariants hold after every step (``ledger``); at the end everything comes through, and the
audit of the store and the judge of histories must find nothing either.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, field, frozen

from lienthong.errors import LienthongError
from lienthong.testing.blobs import BlobMedium, MemoryBlobStore
from lienthong.testing.clock import START
from lienthong_node.committer import Committer
from lienthong_node.history import Event, Recorder
from tests.simulation import actions, keys
from tests.simulation.actions import Desk
from tests.simulation.client import SimClient
from tests.simulation.disk import Crash
from tests.simulation.endings import finish
from tests.simulation.hearing import hear
from tests.simulation.invariants import Broken
from tests.simulation.ledger import Ledger
from tests.simulation.media import Medium, MemoryDisk
from tests.simulation.network import Network, Packet
from tests.simulation.node import SimNode
from tests.simulation.schedule import USUAL, Step, generate
from tests.simulation.steps import STEPS


class InvariantBroken(Exception):
    """A run ends here."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(str(broken))
        self.broken = broken


class Remembering(Recorder):
    """Keeps the history as it is, without writing it down."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.events: list[Event] = []

    def note(self, event: Event) -> None:
        self.events.append(event)


@frozen(kw_only=True)
class Faults:
    """Defects that are planted on purpose; see ``planted``."""

    committer: type[Committer] = Committer
    client_checks_consistency: bool = True
    disk_syncs: bool = True
    rolls_back: bool = False
    """Not a defect of ours: an operator who restores an old copy and goes on."""


@frozen(kw_only=True)
class Result:
    """How a run ended."""

    trace: tuple[str, ...]
    broken: Broken | None
    counts: dict[str, int] = field(factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


@define(eq=False)
class World:
    """One run. Deterministic: the same seed, schedule and faults give the same trace."""

    seed: int
    faults: Faults = Faults()
    medium: Medium = field(factory=MemoryDisk)
    trace: list[str] = field(factory=list)
    counts: dict[str, int] = field(factory=dict)
    ledger: Ledger = field(factory=Ledger)
    network: Network = field(factory=Network)
    blob_medium: BlobMedium = field(factory=BlobMedium)
    elapsed: float = 0.0
    """Seconds of true time."""

    offset: float = 0.0
    """Seconds by which the node's clock is wrong."""

    node: SimNode | None = field(default=None)
    desks: dict[str, Desk] = field(factory=dict)
    recorder: Remembering = field(factory=Remembering)

    def __attrs_post_init__(self) -> None:
        chance = random.Random(f"world {self.seed}")
        self.medium.prepare(syncs=self.faults.disk_syncs)
        numbers = itertools.count(1)
        for code in keys.CODES[: chance.randint(3, 5)]:
            client = SimClient(
                code=code,
                time=self.true_time,
                chance=random.Random(f"{code} {self.seed}"),
                numbers=lambda: next(numbers),
                send=self.network.send,
                skew=chance.choice(actions.skews()[:5]),
                checks_consistency=self.faults.client_checks_consistency,
            )
            self.desks[code] = Desk(client)
        self.start()
        self.ledger.registered = len(self.ledger.rows)

    # time and life of the node

    def true_time(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def start(self) -> None:
        """Start the node on what the medium holds."""
        life = self.counts.get("start", 0)
        node = self.node = SimNode(
            store=self.medium.open(),
            blobs=MemoryBlobStore(self.blob_medium, now=lambda: self.elapsed),
            clock=lambda: self.true_time() + timedelta(seconds=self.offset),
            monotonic=lambda: self.elapsed,
            chance=random.Random(f"node {self.seed} {life}"),
            committer_kind=self.faults.committer,
        )
        self.note("start")
        if not self.faults.rolls_back:
            with node.store.read() as view:
                self.require(self.ledger.look_again(view, node.blobs))
        self.check()

    def crash(self, chance: random.Random) -> None:
        """End the node at once: what is only in memory or not synced is lost."""
        node = self.node
        if node is None:
            return
        self.note("crash")
        self.node = None
        self.medium.crash(node.store, chance)
        self.blob_medium.in_use = False
        for upload in self.blob_medium.uploads.values():
            # Bytes of an upload are synced when it is closed or published, not before.
            upload.content = upload.content[: chance.randint(0, len(upload.content))]

    # steps

    def run(self, schedule: Sequence[Step]) -> Result:
        """Take the steps, then let everything come through."""
        broken = None
        try:
            for number, step in enumerate(schedule):
                self.trace.append(f"{number} {step}")
                self.step(step)
            finish(self)
        except InvariantBroken as error:
            broken = error.broken
            self.trace.append(str(broken))
        finally:
            self.medium.close()
        return Result(trace=tuple(self.trace), broken=broken, counts=self.counts)

    def step(self, step: Step) -> None:
        """Take one step, and check what became of the world."""
        chance = random.Random(step.number)
        self.elapsed += chance.random()
        if self.node is None and chance.random() < 0.3:
            self.start()
        STEPS[step.kind](self, chance)
        self.check()

    def check(self) -> None:
        """Judge what became durable."""
        if self.node is not None:
            with self.node.store.read() as view:
                if self.faults.rolls_back:
                    self.ledger.rewritten(view)
                else:
                    self.require(self.ledger.look(view, self.node.blobs))

    def check_files(self) -> None:
        """Judge what a sweep left, if the node lived through it."""
        if self.node is not None:
            with self.node.store.read() as view:
                for row in self.ledger.rows:
                    self.require(self.ledger.files_of(view, self.node.blobs, row))

    def require(self, found: Iterable[Broken]) -> None:
        """Check that nothing was found; where records are rolled back, only heads can hold.

        Raises:
            InvariantBroken: something was.
        """
        for broken in found:
            if not self.faults.rolls_back or broken.invariant in {"I6", "FORK"}:
                raise InvariantBroken(broken)

    def note(self, text: str) -> None:
        """Write into the trace; the first word is counted."""
        self.trace.append(f"  {text}")
        word = text.split(" ", 1)[0]
        self.counts[word] = self.counts.get(word, 0) + 1

    def desk(self, chance: random.Random) -> Desk:
        return self.desks[chance.choice(list(self.desks))]

    def others(self, desk: Desk) -> list[str]:
        return [code for code in self.desks if code != desk.client.code]

    def deliver(self, packet: Packet | None, chance: random.Random) -> None:
        """Let a packet arrive."""
        if packet is None:
            return
        if packet.is_answer:
            hear(self, self.desks[packet.client], packet)
        elif self.node is not None:
            self.at_node(self.node, lambda node: node.receive(packet), chance)

    def at_node(
        self, node: SimNode, work: Callable[[SimNode], list[Packet]], chance: random.Random
    ) -> None:
        """Let the node work; what is answered before it crashes goes out."""
        try:
            answers = work(node)
        except Crash:
            answers = node.answers()
            self.crash(chance)
        except LienthongError as error:
            self.note(f"failed {error.code}")
            return
        for answer in answers:
            self.network.send(answer)


def simulate(
    seed: int,
    steps: int,
    faults: Faults = Faults(),
    medium: Callable[[], Medium] = MemoryDisk,
    more: Mapping[str, float] = USUAL,
) -> Result:
    """Run the schedule of a seed; *more* takes the place of some of its weights."""
    return World(seed, faults, medium()).run(generate(seed, steps, more))
