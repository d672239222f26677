"""The checkpoint key goes away: nothing is accepted until it is back, and no PIN is wasted."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import define

from lienthong.errors import (
    KeyUnreachable,
    KeyUnusable,
    LienthongError,
    PluginFailed,
    SigningStopped,
    StoreFailed,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.spi.signer import Signer
from lienthong.testing.signer import MemorySigner
from lienthong_node import checkpoint_key, committer
from lienthong_node.checkpoint_key import PROBE, RETRY_S, CheckpointKey, warn_of_file
from lienthong_node.committer import Committer
from lienthong_node.core.commands import Command
from lienthong_node.opening import open_checkpoint_key
from lienthong_node.settings import Settings
from node.tests.committing import SECONDS, SIGNER, ask, filled, make, receipt, started
from node.tests.support import B, manifest, report, statement, submit

SEED = b"\7" * 32
GONE = KeyUnreachable(key="pkcs11:token=axis", reason="the token was pulled out")
WRONG = KeyUnusable(key="pkcs11:token=axis", reason="the PIN is wrong, it was not tried again")
BROKEN = PluginFailed(plugin="pkcs11", call="sign", reason="no answer within 30 s")


@define(eq=False)
class Token:
    """A device that a test pulls out and plugs in; its sessions do not survive that."""

    seed: bytes = SEED
    there: bool = True
    refusal: LienthongError | None = None
    """What an opening meets while the token is there."""

    openings: int = 0
    plugged: int = 0
    now: float = 0.0

    def open(self) -> Signer:
        self.openings += 1
        if not self.there:
            raise GONE
        if self.refusal is not None:
            raise self.refusal
        return Session(self, self.plugged)

    def pull(self) -> None:
        self.there = False
        self.plugged += 1

    def put_back(self) -> None:
        self.there = True
        self.now += RETRY_S

    def key(self) -> CheckpointKey:
        return CheckpointKey(self.open, lambda: self.now)


class Session(MemorySigner):
    """An open key of a token."""

    def __init__(self, token: Token, plugged: int) -> None:
        super().__init__(MemorySigner.checkpoint(token.seed)._key)
        self._token = token
        self._plugged = plugged

    def sign(self, message: bytes) -> bytes:
        if self._plugged != self._token.plugged:
            raise GONE
        return super().sign(message)


def test_signs_like_the_key_itself() -> None:
    key = Token().key()
    assert key.sign(b"text") == MemorySigner.checkpoint(SEED).sign(b"text")
    assert (key.algorithm, key.public_key, key.chain) == (SIGNER.algorithm, SIGNER.public_key, ())


def test_a_lost_key_is_opened_again_when_it_is_back() -> None:
    token = Token()
    key = token.key()
    token.pull()
    for _ in range(3):
        with pytest.raises(SigningStopped):
            key.sign(b"text")
    token.put_back()
    assert key.sign(b"text") == MemorySigner.checkpoint(SEED).sign(b"text")
    assert token.openings == 3


def test_a_lost_key_is_not_looked_for_at_every_call() -> None:
    token = Token()
    key = token.key()
    token.pull()
    for _ in range(100):
        with pytest.raises(SigningStopped) as caught:
            key.sign(b"text")
    assert token.openings == 2
    cause = caught.value.__cause__
    assert cause is not None
    assert len(list(traceback.walk_tb(cause.__traceback__))) < 10, "it grows as long as it is lost"


def test_a_lost_key_that_cannot_be_closed_does_not_keep_the_next_one_from_signing() -> None:
    class Stuck(Session):
        def close(self) -> None:
            raise BROKEN

    token = Token()
    opened = iter([Stuck(token, 0), Session(token, 1)])
    key = CheckpointKey(lambda: next(opened), lambda: token.now)
    token.pull()
    for _ in range(2):
        with pytest.raises(SigningStopped):
            key.sign(b"text")
        token.put_back()
    assert key.sign(b"text") == MemorySigner.checkpoint(SEED).sign(b"text")


def check_a_refused_pin_is_not_told_again(token: Token) -> None:
    key = token.key()
    token.pull()
    with pytest.raises(SigningStopped):
        key.sign(b"text")
    token.refusal = WRONG
    for _ in range(10):
        token.put_back()
        with pytest.raises(SigningStopped):
            key.sign(b"text")
    assert token.openings == 2, "the PIN was told again"


def test_a_refused_pin_is_not_told_again() -> None:
    """It was changed while the token was away: each try would be one less before it locks."""
    check_a_refused_pin_is_not_told_again(Token())


@pytest.mark.planted("refused PIN told again by the node")
def test_telling_it_again_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_key, "KeyUnreachable", LienthongError)
    with pytest.raises(AssertionError, match="told again"):
        check_a_refused_pin_is_not_told_again(Token())


def test_another_key_in_its_place_signs_nothing() -> None:
    token = Token()
    key = token.key()
    token.pull()
    token.seed = b"\x08" * 32
    token.put_back()
    for _ in range(2):
        with pytest.raises(SigningStopped):
            key.sign(b"text")


def test_why_is_told_in_the_log_once_and_to_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    token = Token()
    key = token.key()
    token.pull()
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            token.now += RETRY_S
            with pytest.raises(SigningStopped) as caught:
                key.sign(b"text")
        token.put_back()
        key.sign(b"text")
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "token was pulled out" in caplog.text
    assert "token" not in str(caught.value)


# --- The committer -----------------------------------------------------------------------------


@pytest.mark.parametrize("error", [GONE, WRONG, BROKEN])
def test_without_its_key_the_axis_records_nothing(error: LienthongError) -> None:
    """Reliability: default stop; documents and reports can be repeated (fail table)."""

    class Failing(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            raise error

    store = filled()
    sent = submit(manifest(B))
    with started(make(store)) as running:
        receipt(ask(running, sent)[0])
    before = store.medium.records
    failing = Failing.checkpoint(SEED)
    commands: list[Command] = [
        submit(manifest(B)),
        report(statement(DeliveryEvent.ARRIVE, sent.manifest.package_id)),
    ]
    with started(make(store, signer=CheckpointKey(lambda: failing))) as running:
        for command in commands:
            [outcome] = ask(running, command)
            assert isinstance(outcome, SigningStopped)
            assert (outcome.status, outcome.retryable) == ("UNAVAILABLE", True)
            assert running.failing
            assert store.medium.records is before
        # What is in the journal already is answered from it, without a new signature.
        assert receipt(ask(running, sent)[0])[0] == 1


def waited_for(holds: Callable[[], bool]) -> bool:
    import time

    ends = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < ends:
        time.sleep(0.01)
    return holds()


def check_health_follows_the_key(
    monkeypatch: pytest.MonkeyPatch, kind: type[Committer] = Committer
) -> None:
    """Nobody sends anything while health says no: it must find out by itself."""
    monkeypatch.setattr(committer, "PROBE_S", 0.01)
    monkeypatch.setattr(checkpoint_key, "RETRY_S", 0.0)
    token = Token()
    with started(make(filled(), kind, signer=token.key())) as running:
        token.pull()
        [outcome] = ask(running, submit(manifest(B)))
        assert isinstance(outcome, SigningStopped)
        openings = token.openings
        assert waited_for(lambda: not running.failing or token.openings > openings + 3)
        assert running.failing, "health says yes without a key"
        token.put_back()
        assert waited_for(lambda: not running.failing)
        receipt(ask(running, submit(manifest(B)))[0])


def test_health_follows_the_key_without_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    check_health_follows_the_key(monkeypatch)


class Hopeful(Committer):
    """The planted bug: it looks at the store only, and takes the rest for granted."""

    def _probe(self) -> None:
        signer, self._signer = self._signer, MemorySigner.checkpoint(SEED)
        super()._probe()
        self._signer = signer


@pytest.mark.planted("health does not look at the key")
def test_health_without_a_look_at_the_key_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AssertionError, match="without a key"):
        check_health_follows_the_key(monkeypatch, Hopeful)


def test_a_store_that_fails_is_still_told_as_such() -> None:
    store = filled()
    with started(make(store, signer=Token().key())) as running:
        store.fail_next(StoreFailed(reason="it hums"))
        assert isinstance(ask(running, submit(manifest(B)))[0], StoreFailed)


def test_what_is_signed_to_find_out_is_no_note() -> None:
    from lienthong.errors import CheckpointInvalid
    from lienthong.evidence.note import sign_note

    with pytest.raises(CheckpointInvalid):
        sign_note(PROBE.decode(), "axis", SIGNER)


# --- Opening -----------------------------------------------------------------------------------


def test_the_address_of_a_token_is_not_taken_for_a_path(tmp_path: Path) -> None:
    from lienthong.plugins import PluginHost

    asked: list[str] = []

    class Host(PluginHost):
        def open_signer(self, uri: str, *_: object, **__: object) -> Signer:
            asked.append(uri)
            return SIGNER

    token = "pkcs11:token=axis;object=checkpoints?module-path=/usr/lib/token.so"
    with Host() as host:
        for address in (token, "softkey:keys/checkpoint.key"):
            open_checkpoint_key(tmp_path, Settings(axis="axis", checkpoint_key=address), host)
    assert asked == [token, f"softkey:{tmp_path}/keys/checkpoint.key"]


def test_a_key_in_a_file_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_file("pkcs11:token=axis?module-path=/usr/lib/token.so")
    assert caplog.records == []
    warn_of_file("softkey:keys/checkpoint.key")
    assert "lies in a file" in caplog.text
