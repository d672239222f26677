"""S-17: a hostile plugin gets no unverified output out of the node, and does not take it down.

The node here is its committer, which all receipts come from, with a signer, time source or store
that the plugin host has opened as it opens every plugin.
"""

from __future__ import annotations

import gc
import io
import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, field

from lienthong.errors import LienthongError
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.plugins import Deadlines, PluginHost
from lienthong.plugins.guard import Guard
from lienthong.plugins.shield import shielded
from lienthong.spi.signer import Signer
from lienthong.spi.storage import RecordStore
from lienthong.spi.time import TimeReading
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.committer import Committer, Outcome
from lienthong_node.stores import Recorded
from node.tests.committing import KEY, ask, filled, make, receipt, started
from node.tests.support import manifest, submit
from sdk.tests.plugins.conftest import Shelf
from tests.conftest import Figure
from tests.hostile.behaviours import ANOTHER_KEY, HANGS, SIGNER, STORE, TIME

DEADLINE_S: Final = 0.5
SOURCE: Final = """
import gc, os, signal, sys, threading, time
from datetime import UTC, datetime
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import Signer, SignerCapabilities, hookimpl
from lienthong.spi import TimeReading, TimeSource, TimeSourceCapabilities

SPI_VERSION = 1
KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)
MESSAGES, LEAKED = [], []

def info(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

def reading(instant, uncertainty=0.1, source="toy"):
    return TimeReading(instant=instant, uncertainty=uncertainty, source=source)
"""
SIGNER_SOURCE: Final = """
CAPABILITIES = SignerCapabilities(
    algorithms={{SignatureAlgorithm.ED25519}}, in_process={in_process}
)

class Toy(Signer):
    algorithm, chain, public_key = SignatureAlgorithm.ED25519, (), info(KEY)

    def __init__(self, uri, secrets):
        pass

    def sign(self, message):
        MESSAGES.append(message)
        return self.misbehave(message) if len(MESSAGES) == 2 else KEY.sign(message)

    def misbehave(self, message):
{body}

    def close(self):
        for descriptor in LEAKED:
            os.close(descriptor)

@hookimpl
def lienthong_signer_factory(scheme):
    return Toy
"""
TIME_SOURCE: Final = """
CAPABILITIES = TimeSourceCapabilities()

class Toy(TimeSource):
    calls = 0

    def __init__(self, uri):
        pass

    def now(self):
        Toy.calls += 1
        return self.misbehave() if Toy.calls == 1 else reading(datetime.now(UTC))

    def misbehave(self):
{body}

    def close(self):
        pass

@hookimpl
def lienthong_time_source_factory(scheme):
    return Toy
"""


@define
class Verdicts:
    """What became of one behaviour."""

    released: int = 0
    """Outputs that are not what the genuine key signed."""

    untyped: list[object] = field(factory=list)
    down: bool = False
    """Nothing was taken in afterwards."""

    refused: bool = False


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    made = Shelf(tmp_path, monkeypatch)
    yield made
    for module in made.modules:
        sys.modules.pop(module, None)


@contextmanager
def tidied() -> Iterator[io.StringIO]:
    """Put back what a plugin has changed in this process, for the tests that follow."""
    folder, environment, noise = Path.cwd(), dict(os.environ), io.StringIO()
    mask = os.umask(0o022)
    os.umask(mask)
    try:
        with redirect_stdout(noise), redirect_stderr(noise):
            yield noise
    finally:
        gc.enable()
        os.chdir(folder)
        os.umask(mask)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]


def host() -> PluginHost:
    return PluginHost(deadlines=Deadlines(load=20, open=20, call=DEADLINE_S))


def try_signer(
    shelf: Shelf, body: str, *, in_process: bool, kind: type[Committer] = Committer
) -> Verdicts:
    """A good batch, one at which the signer misbehaves, and another good one."""
    source = SIGNER_SOURCE.format(
        body=textwrap.indent(textwrap.dedent(body), " " * 8), in_process=in_process
    )
    shelf.put(SOURCE + source, group="lienthong.signers")
    with tidied(), host() as plugins:
        signer: Signer = plugins.open_signer("toy:")
        try:
            return judged(filled(), signer, kind)
        finally:
            signer.close()


def judged(store: RecordStore, signer: Any, kind: type[Committer] = Committer) -> Verdicts:
    found = Verdicts()
    with started(make(store, kind, signer=signer)) as committer:  # type: ignore[arg-type]
        before = ask(committer, submit(manifest()))
        assert _genuine(before[0]), before
        middle = ask(committer, *(submit(manifest()) for _ in range(3)))
        after = ask(committer, submit(manifest()))
    told = [*middle, *after]
    found.refused = not any(isinstance(outcome, Recorded) for outcome in middle)
    answers: list[object] = [*told]
    found.untyped = [o for o in answers if not isinstance(o, Recorded | LienthongError)]
    found.released = sum(isinstance(o, Recorded) and not _genuine(o) for o in told)
    found.down = not _genuine(after[0])
    found.released += _forged_checkpoints(store)
    return found


def _genuine(outcome: Outcome) -> bool:
    """Whether it is a receipt that holds under the axis's key."""
    try:
        receipt(outcome)
    except (AssertionError, LienthongError):
        return False
    return True


def _forged_checkpoints(store: RecordStore) -> int:
    with store.read() as view:
        size, forged = view.head().size, 0
        notes = filter(None, (view.checkpoint(at) for at in range(1, size + 1)))
        for row in notes:
            try:
                open_checkpoint(row.note, KEY)
            except LienthongError:
                forged += 1
    return forged


def _check(name: str, found: Verdicts) -> None:
    assert found.released == 0, f"{name}: {found.released} unverified outputs released"
    assert not found.untyped, f"{name}: {found.untyped}"
    assert found.down is (name in ANOTHER_KEY), f"{name}: down is {found.down}"


ELSEWHERE: Final = HANGS | {"raises Ctrl-C"}
"""Not for a signer that says it only computes: it is given no deadline, and Ctrl-C on the caller's
thread is the user's."""


@pytest.mark.parametrize("name", SIGNER)
def test_a_hostile_signer(shelf: Shelf, name: str) -> None:
    _check(name, try_signer(shelf, SIGNER[name], in_process=False))


@pytest.mark.parametrize("name", [name for name in SIGNER if name not in ELSEWHERE])
def test_a_hostile_signer_on_the_nodes_own_thread(shelf: Shelf, name: str) -> None:
    _check(name, try_signer(shelf, SIGNER[name], in_process=True))


@pytest.mark.parametrize("name", TIME)
def test_a_hostile_time_source(shelf: Shelf, name: str) -> None:
    body = textwrap.indent(TIME[name], " " * 8)
    shelf.put(SOURCE + TIME_SOURCE.format(body=body), group="lienthong.time_sources")
    with tidied(), host() as plugins:
        source = plugins.open_time_source("toy:")
        with pytest.raises(LienthongError):
            source.now()
        assert isinstance(source.now(), TimeReading)
        source.close()


class HostileStore(MemoryRecordStore):
    """A store that misbehaves in its third transaction from now on."""

    place, body = "", ""
    armed = 0

    def write(self) -> Any:
        self.armed -= 1
        inner = super().write()
        return _Spoilt(inner, self.place, self.body) if self.armed == 0 else inner


class _Spoilt(AbstractContextManager[Any]):
    def __init__(self, inner: Any, place: str, body: str) -> None:
        self._inner, self._place, self._body = inner, place, body

    def _run(self, *_: object) -> Any:
        scope: dict[str, Any] = {}
        exec(f"def run():\n    {self._body}", scope)  # noqa: S102 - the table's own text
        return scope["run"]()

    def __enter__(self) -> Any:
        if self._place == "begin":
            return self._run()
        view = self._inner.__enter__()
        if self._place == "head":
            view.head = self._run
        return view

    def __exit__(self, *error: object) -> None:
        self._inner.__exit__(*error)
        if self._place == "end" and error[0] is None:
            self._run()


@pytest.mark.parametrize("name", STORE)
def test_a_hostile_store(name: str) -> None:
    place, body = STORE[name]
    before = filled()
    before.close()
    inner = HostileStore(before.medium)
    inner.place, inner.body = place, body
    guard = Guard(plugin="toy", distribution="acme-toys", version="4.2")
    store = shielded(RecordStore, inner, guard)
    inner.armed = 2
    with started(make(store)) as committer:  # type: ignore[arg-type]
        assert _genuine(ask(committer, submit(manifest()))[0])
        commands = [submit(manifest()) for _ in range(2)]
        refused = ask(committer, *commands)
        assert all(isinstance(outcome, LienthongError) for outcome in refused), refused
        assert all(map(_genuine, ask(committer, *commands)))
    assert _forged_checkpoints(inner) == 0


def test_there_are_enough_behaviours(figure: Figure) -> None:
    count = len(SIGNER) + len(TIME) + len(STORE)
    figure(
        "S-17",
        wanted=">= 50 behaviours: node stays up, 0 unverified outputs, hung calls cut",
        found=f"{count} behaviours of signer, time source and store",
    )
    assert count >= 50


class Believing(Committer):
    """Releases whatever the signer gave."""

    def _check_signed(self, note: str) -> None:
        del note


@pytest.mark.planted("signer output not verified")
@pytest.mark.parametrize("name", ["another key's signature", "a larger tree", "zeros"])
def test_an_unverified_output_is_noticed(shelf: Shelf, name: str) -> None:
    found = try_signer(shelf, SIGNER[name], in_process=False, kind=Believing)
    assert found.released >= 3


@pytest.mark.planted("missing deadline")
def test_a_call_without_a_deadline_is_noticed(shelf: Shelf) -> None:
    """What hangs is waited for to its end, and its late answer is taken."""
    body = f"time.sleep({3 * DEADLINE_S})\nreturn KEY.sign(message)"
    assert try_signer(shelf, body, in_process=False).refused
    assert not try_signer(shelf, body, in_process=True).refused
