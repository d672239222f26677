"""L-04: nodes whose store was forked or set back are found out, by one witness or by two.

Real nodes on real folders, in this process: a copied folder is a fork, an old copy a rollback. Each
round does one of five things that an operator, or an attacker with the whole machine, can do.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

import pytest
from attrs import define, field

from lienthong.client import Client, FileSource, Profile
from lienthong.client import witnessing as client_witnessing
from lienthong.client.loop import shared_loop
from lienthong.errors import JournalForked
from lienthong.evidence import witness as evidence_witness
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.fork import Fork, load_fork, verify_fork
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.receipt import verify_receipt
from lienthong.evidence.witness import compare, load_kept
from lienthong.model.journal import Receipt
from lienthong_node import committer
from lienthong_node.local import LocalAxis
from lienthong_node.server import start
from lienthong_node.stores import read_recorded
from tests.conftest import Figure
from tests.e2e.conftest import make_document
from tests.e2e.node_forks import PLANTED
from tests.tiers import SEED, tier

ROUNDS: Final = tier(commit=20, nightly=100)
RECEIPTS: Final = tier(commit=60, nightly=1_000)
A, B = "000.00.00.H53", "000.00.13.H53"
FILE: Final = FileSource.of_bytes("quyet-dinh.pdf", b"%PDF-1.4\n% a file of the tests\n%%EOF\n")


@define(eq=False)
class World:
    """An axis whose data folder can be copied, swapped and set back while nobody serves it."""

    axis: LocalAxis
    folder: Path
    dice: Random
    _copies: int = field(default=0, init=False)

    @property
    def key(self) -> VerifierKey:
        return Profile.load(self.axis.profile(A)).checkpoint_key

    def copy(self, data: Path) -> Path:
        self._copies += 1
        return Path(shutil.copytree(data, self.folder / f"copy {self._copies}"))

    def kept(self, name: str) -> Path:
        return self.folder / f"{name} {self._copies}.jsonl"

    @contextmanager
    def served(self, data: Path, organ: str = A) -> Iterator[Client]:
        """A client of a node that serves this folder."""
        loop = shared_loop()
        node = loop.run(start(data))
        try:
            with closing(Client(Profile.load(self.axis.profile(organ)))) as client:
                yield client
        finally:
            loop.run(node.stop())

    def live(self, client: Client, at_least: int = 1) -> None:
        """Go on: some documents, each a commit of its own."""
        for _ in range(self.dice.randint(at_least, at_least + 3)):
            client.send(make_document(), [FILE], [B])


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> LocalAxis:
    names = {A: "UBND tỉnh Tây Ninh", B: "Sở Thông tin và Truyền thông"}
    return LocalAxis.create(
        tmp_path_factory.mktemp("axis"),
        names,
        disk_reserve_bytes=0,
        burst=1_000_000,
        requests_per_second=1_000_000,
    )


@pytest.fixture
def world(axis: LocalAxis, tmp_path: Path) -> World:
    return World(axis, tmp_path, Random(f"{SEED} witness"))


def one_witness_sees_both(world: World) -> Fork | None:
    """A fork: the same organisation looks at the one, then at the other."""
    data, kept = world.copy(world.axis.data), world.kept("one")
    with world.served(data) as client:
        world.live(client)
        client.witness(kept)
    other = world.copy(data)
    with world.served(data) as client:
        world.live(client)
        client.witness(kept)
    with world.served(other) as client:
        world.live(client, at_least=5)
        return _found(lambda: client.witness(kept), kept)


def two_agencies_ask(world: World) -> Fork | None:
    """A fork: each of two organisations sees only one; then they compare, and ask."""
    one, two, other = _two_kept(world)
    with world.served(other) as client:
        world.live(client, at_least=5)
        return _found(lambda: client.compare_witnesses([one, two]), one)


def two_agencies_compare_offline(world: World) -> Fork | None:
    """The same, with files alone: where sizes are the same the roots differ."""
    one, two, _ = _two_kept(world, same_size=True)
    kept = [*load_kept(one.read_bytes()), *load_kept(two.read_bytes())]
    return compare(kept, world.key, at=datetime.now(UTC)).fork


def set_back(world: World) -> Fork | None:
    """An old copy of the folder is served; nothing was added since."""
    data, kept = world.copy(world.axis.data), world.kept("one")
    with world.served(data) as client:
        world.live(client)
        client.witness(kept)
    old = world.copy(data)
    with world.served(data) as client:
        world.live(client)
        client.witness(kept)
    with world.served(old) as client:
        return _found(lambda: client.witness(kept), kept)


def set_back_and_gone_on(world: World) -> Fork | None:
    """An old copy is served, and has grown beyond what it has lost."""
    data, kept = world.copy(world.axis.data), world.kept("one")
    old = world.copy(data)
    with world.served(data) as client:
        world.live(client)
        client.witness(kept)
    with world.served(old) as client:
        world.live(client, at_least=5)
        return _found(lambda: client.witness(kept), kept)


ATTACKS: Final[Mapping[str, Callable[[World], Fork | None]]] = {
    "one witness sees both": one_witness_sees_both,
    "two agencies ask": two_agencies_ask,
    "two agencies compare offline": two_agencies_compare_offline,
    "set back": set_back,
    "set back and gone on": set_back_and_gone_on,
}


def _two_kept(world: World, *, same_size: bool = False) -> tuple[Path, Path, Path]:
    """What two organisations have kept of two heads, and the folder of the second head."""
    data = world.copy(world.axis.data)
    one, two, other = world.kept("one"), world.kept("two"), world.copy(data)
    more = world.dice.randint(1, 4)
    for folder, organ, kept, count in ((data, A, one, more), (other, B, two, more + 1)):
        with world.served(folder, organ) as client, closing(_sender(world)) as sender:
            for _ in range(more if same_size else count):
                sender.send(make_document(), [FILE], [B])
            client.witness(kept)
    return one, two, other


def _sender(world: World) -> Client:
    return Client(Profile.load(world.axis.profile(A)))


def _found(look: Callable[[], object], kept: Path) -> Fork | None:
    """The evidence that a look has left; None when it saw nothing."""
    before = kept.read_bytes()
    try:
        look()
    except JournalForked as error:
        assert kept.read_bytes() == before
        return load_fork(Path(str(error.facts["file"])).read_bytes())
    return None


def attacked(world: World, rounds: int) -> list[tuple[str, Fork | None]]:
    """Attack by attack, what was found; evidence has to stand without the axis."""
    found = []
    for number in range(rounds):
        name = list(ATTACKS)[number % len(ATTACKS)]
        fork = ATTACKS[name](world)
        if fork is not None:
            verify_fork(fork, world.key)
        found.append((name, fork))
        for folder in world.folder.glob("copy *"):
            shutil.rmtree(folder)
    return found


def test_every_fork_and_rollback_is_found(world: World, figure: Figure) -> None:
    rounds = attacked(world, ROUNDS)
    found = [fork for _, fork in rounds if fork is not None]
    proven = [fork for fork in found if fork.kind.conclusive]
    forked = [name for name, _ in rounds if name != "set back"]
    figure(
        "L-04",
        wanted=f"{ROUNDS} of {ROUNDS} forks and rollbacks found, evidence exported",
        found=f"{len(found)} found, {len(proven)} of {len(forked)} forks proven by signatures",
    )
    assert [name for name, fork in rounds if fork is None] == [], f"seed {SEED}"
    assert len(proven) == len(forked), f"seed {SEED}"


def test_an_honest_axis_is_never_accused(world: World, figure: Figure) -> None:
    """One root per size, over restarts, and for two witnesses who look at other times."""
    data = world.copy(world.axis.data)
    files = {A: world.kept("one"), B: world.kept("two")}
    for number in range(ROUNDS):
        organ = (A, B)[number % 2]
        with world.served(data, organ) as client, closing(_sender(world)) as sender:
            world.live(sender)
            client.witness(files[organ])
            if number == ROUNDS - 1:
                agreed = client.compare_witnesses(files.values())
    assert agreed.agreed
    figure(
        "L-04",
        wanted="one root per size, 0 false alarms",
        found=f"{len(agreed.sizes)} checkpoints of two witnesses over {ROUNDS} restarts, 0 alarms",
    )


@pytest.mark.planted("consistency proof not checked")
def test_a_witness_that_checks_no_proof_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_witnessing, "is_continued", lambda *_: True)
    assert set_back_and_gone_on(world) is None
    assert two_agencies_ask(world) is None


@pytest.mark.planted("equivocation not noticed")
def test_a_comparison_that_looks_at_sizes_only_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_witness, "compare_digest", lambda *_: True)
    assert two_agencies_compare_offline(world) is None


@pytest.mark.planted("rollback not noticed")
def test_a_witness_that_keeps_what_is_older_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_witnessing, "_newest", lambda seen: seen[0] if seen else None)
    assert set_back(world) is None


# --- I5 and I6: receipts ------------------------------------------------------------------------


def not_included(client: Client, receipts: list[Receipt], key: VerifierKey) -> int:
    """Receipts whose entry is not in the signed tree that came with them, or not in the newest."""
    newest = client.checkpoint()
    sizes = [verify_receipt(receipt, key).checkpoint.size for receipt in receipts]
    pairs = zip(receipts, sizes, strict=True)
    return sum(not receipt.index < size <= newest.size for receipt, size in pairs)


def test_every_receipt_is_included_at_once(world: World, figure: Figure) -> None:
    with world.served(world.copy(world.axis.data)) as client:
        receipts = [client.send(make_document(), [FILE], [B]) for _ in range(RECEIPTS)]
        late = not_included(client, receipts, world.key)
        heads = {open_checkpoint(receipt.checkpoint, world.key) for receipt in receipts}
        shown = {client.check_growth(head).size for head in heads}
    figure(
        "I6",
        wanted=f"{RECEIPTS} of {RECEIPTS} receipts included when they are given (merge delay 0)",
        found=f"{RECEIPTS - late} included, {len(heads)} heads consistent with the newest",
    )
    assert late == 0
    assert len(shown) == 1


def regenerated(client: Client, count: int) -> int:
    """Packages that are handed over again, and then get another receipt."""
    made = [client.prepare(make_document(), [FILE], [B]) for _ in range(count)]
    first = [client.submit(package) for package in made]
    return sum(
        client.submit(package) != before for package, before in zip(made, first, strict=True)
    )


def test_a_receipt_is_final(world: World, figure: Figure) -> None:
    data = world.copy(world.axis.data)
    with world.served(data) as client:
        again = regenerated(client, RECEIPTS // 3)
        receipt = client.send(make_document(), [FILE], [B])
    with world.served(data) as client:
        assert client.receipt(receipt.index) == receipt
    figure("I5", wanted="0 receipts made anew", found=f"{again} of {RECEIPTS // 3} made anew")
    assert again == 0


@pytest.mark.planted("receipt regenerated")
def test_receipts_that_are_made_anew_are_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "read_recorded", read_recorded)  # and back at the end
    PLANTED["new-receipts"]()
    with world.served(world.copy(world.axis.data)) as client:
        assert regenerated(client, 3)
