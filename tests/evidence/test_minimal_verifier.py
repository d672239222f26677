"""L-05: a second verifier, which shares no code with the SDK, gives the same verdicts."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from attrs import frozen

from lienthong.codec.signed import load_envelope, load_receipt
from lienthong.errors import LienthongError
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.receipt import CheckpointCache, verify_receipt
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.pki.envelope import verify_envelope
from tests.conftest import Figure
from tests.evidence.receipts import Case, Maker, altered, lies
from tests.tiers import SEED, tier

PROGRAM: Final = Path(__file__).with_name("minimal_verifier.py")
RECEIPTS: Final = tier(commit=2_000, nightly=10_000)
ALTERED: Final = 1_000
SECONDS: Final = 300.0

ALONE: Final = """
import runpy, sys
sys.modules.update(dict.fromkeys(["lienthong", "lienthong_proto", "lienthong_node", "google"]))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a program for which nothing of ours can be imported."""


@frozen(kw_only=True)
class World:
    """Receipts, and what verifiers have to trust."""

    maker: Maker
    folder: Path
    good: list[Case]

    @property
    def key(self) -> VerifierKey:
        return self.maker.journal.key

    @property
    def anchors(self) -> Path:
        return self.folder / "anchors.pem"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    maker, folder = Maker(f"{SEED} receipts"), tmp_path_factory.mktemp("receipts")
    (folder / "anchors.pem").write_bytes(maker.pki.root.pem)
    return World(maker=maker, folder=folder, good=list(maker.good(RECEIPTS)))


def run(
    world: World, *arguments: object, program: Path = PROGRAM, lines: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", ALONE, program, world.key, world.anchors, *arguments]
    return subprocess.run(
        list(map(str, command)),
        input=lines,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def alone(world: World, cases: Iterable[Case], program: Path = PROGRAM) -> list[dict[str, Any]]:
    """What the second verifier says."""
    lines = "".join(
        json.dumps({"receipt": _text(case.receipt), "envelope": _text(case.envelope)}) + "\n"
        for case in cases
    )
    done = run(world, "--batch", program=program, lines=lines)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def ours(world: World, cases: Iterable[Case]) -> list[bool]:
    """What the SDK says."""
    anchors = TrustAnchors.from_pem(world.anchors.read_bytes())
    checkpoints, chains = CheckpointCache(), ChainCache()

    def accepts(case: Case) -> bool:
        try:
            envelope = None if case.envelope is None else load_envelope(case.envelope)
            receipt = load_receipt(case.receipt)
            found = verify_receipt(receipt, world.key, envelope=envelope, cache=checkpoints)
            if envelope is not None:
                verify_envelope(envelope, anchors, found.entry.recorded_at, chains)
        except LienthongError:
            return False
        return True

    return [accepts(case) for case in cases]


@frozen
class Verdicts:
    """What both say about the same cases."""

    mine: list[bool]
    other: list[dict[str, Any]]

    @property
    def accepted(self) -> int:
        return sum(self.mine)

    @property
    def differing(self) -> list[tuple[bool, dict[str, Any]]]:
        pairs = zip(self.mine, self.other, strict=True)
        return [(mine, other) for mine, other in pairs if mine is not other["ok"]]


def verdicts(world: World, cases: list[Case], program: Path = PROGRAM) -> Verdicts:
    return Verdicts(ours(world, cases), alone(world, cases, program))


def test_both_accept_every_receipt(world: World, figure: Figure) -> None:
    found = verdicts(world, world.good)
    figure(
        "L-05",
        wanted=f"{RECEIPTS} of {RECEIPTS} receipts accepted by both verifiers",
        found=f"{found.accepted} accepted by the SDK, {len(found.differing)} verdicts differ",
    )
    assert found.accepted == RECEIPTS, f"seed {SEED}"
    assert found.differing == [], f"seed {SEED}"


def changed(world: World) -> list[Case]:
    dice = Random(f"{SEED} altered")
    return [altered(dice, world.good) for _ in range(ALTERED)]


def test_both_refuse_every_altered_receipt(world: World, figure: Figure) -> None:
    found = verdicts(world, changed(world))
    figure(
        "L-05",
        wanted=f"0 of {ALTERED} altered receipts accepted",
        found=f"{found.accepted} accepted by the SDK, {len(found.differing)} verdicts differ",
    )
    assert found.accepted == 0, f"seed {SEED}"
    assert found.differing == [], f"seed {SEED}"


def test_both_refuse_what_a_lying_axis_signs(world: World, figure: Figure) -> None:
    made = lies(world.maker)
    found = verdicts(world, list(made.values()))
    accepted = [name for name, ok in zip(made, found.mine, strict=True) if ok]
    figure(
        "L-05",
        wanted=f"0 of {len(made)} lies signed by the axis accepted",
        found=f"{len(accepted)} accepted by the SDK, {len(found.differing)} verdicts differ",
    )
    assert accepted == []
    assert found.differing == []


def test_the_second_verifier_shares_no_code() -> None:
    """Whatever is imported besides the standard library is ``cryptography``."""
    imported = {
        line.split()[1].partition(".")[0]
        for line in PROGRAM.read_text("utf-8").splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_it_is_a_program_for_people_too(world: World) -> None:
    receipt, envelope = world.folder / "r", world.folder / "e"
    receipt.write_bytes(world.good[0].receipt)
    envelope.write_bytes(world.good[0].envelope or b"")
    good = run(world, receipt, envelope)
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["signers"]
    assert run(world, receipt).returncode == 0
    envelope.write_bytes(world.good[1].envelope or b"")
    bad = run(world, receipt, envelope)
    assert (bad.returncode, json.loads(bad.stdout)["ok"]) == (1, False)


FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "ignores the tree size": ("if index % 2 or index < last:", "if True:"),
    "does not follow the proof": ('require(found == root, "the proof leads', 'require(True, "it'),
    "forgets the leaf's prefix": ('hashlib.sha256(b"\\x00" + entry)', "hashlib.sha256(entry)"),
    "believes any envelope": ("require(hashed and envelope_digest(envelope) ==", "require(0 !="),
    "does not look who signed": (
        '        _try(check, "the sender',
        '        _try(bool, "the sender',
    ),
    "does not look at the time": ("require(start <= at <= end", "require(start <= end"),
}


@pytest.mark.planted("verifier ignores the tree size")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_verifier_is_noticed(world: World, fault: str, tmp_path: Path) -> None:
    right, wrong = FAULTS[fault]
    text = PROGRAM.read_text("utf-8")
    assert text.count(right) == 1
    program = tmp_path / "faulty.py"
    program.write_text(text.replace(right, wrong), "utf-8")
    cases = [*world.good[:100], *changed(world)[:100], *lies(world.maker).values()]
    assert verdicts(world, cases, program).differing


@pytest.mark.planted("inclusion proof not checked")
def test_a_faulty_sdk_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(*_: object) -> None:
        """Believes that everything is in the tree."""

    target: Callable[..., Any] = verify_receipt
    monkeypatch.setitem(target.__globals__, "verify_inclusion", trusting)
    assert verdicts(world, changed(world)[:100]).differing
