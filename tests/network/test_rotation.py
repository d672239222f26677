"""N-05: keys and certificates of both sides are exchanged under load; no call fails for it."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from attrs import define, evolve, field
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.client import Client, Profile, RetryPolicy
from lienthong.errors import ChainUntrusted, LienthongError
from lienthong.evidence.receipt import verify_receipt
from lienthong.model.journal import Receipt
from lienthong.testing.signer import MemorySigner
from lienthong_node import keyfiles
from lienthong_node.certificates import Authority, KeyKind, new_key
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import journal_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, D, make_document
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Outcome, Party
from tests.e2e.test_certificates import Office, Pair, who_am_i
from tests.network.conftest import Inside
from tests.network.rotating import authority_of, key_pem, put, renew_server, served_certificate
from tests.network.vitals import eventually
from tests.tiers import tier

TIMES: Final = tier(10, 100)
ONE_RETRY: Final = RetryPolicy(attempts=2, first_delay=0.05, max_delay=0.2, timeout=20)
CALLS_A_LINE: Final = 5
SOON_S: Final = 20.0


@define(eq=False)
class Load:
    """Clients that call and send all the time, and what became of it."""

    axis: LocalAxis
    file: Path
    calls: int = 0
    """Those that have ended, well or not."""

    failures: list[LienthongError] = field(factory=list)
    receipts: list[Receipt] = field(factory=list)

    @contextmanager
    def running(self, work: Callable[[str, threading.Event], None], *codes: str) -> Iterator[None]:
        """Let a thread for each organisation work until the block ends."""
        stop = threading.Event()
        with ExitStack() as stack:
            for code in codes:
                thread = threading.Thread(target=work, args=(code, stop))
                thread.start()
                stack.callback(thread.join)
            stack.callback(stop.set)
            yield

    def reconnecting(self, code: str, stop: threading.Event) -> None:
        """A new connection every few calls, so that each certificate is met."""
        while not stop.is_set():
            with self._client(code) as client:
                for _ in range(CALLS_A_LINE):
                    self._work(client, code)

    def staying(self, code: str, stop: threading.Event) -> None:
        """One client all the time."""
        with self._client(code) as client:
            while not stop.is_set():
                self._work(client, code)

    def check(self, profile: Profile) -> None:
        """Nothing has failed, and every receipt is good.

        Raises:
            AssertionError, LienthongError: otherwise.
        """
        assert not self.failures, self.failures[:3]
        assert self.receipts
        for receipt in self.receipts:
            verify_receipt(receipt, profile.checkpoint_key)

    def _client(self, code: str) -> Client:
        return Client(Profile.load(self.axis.profile(code)), retry=ONE_RETRY)

    def _work(self, client: Client, code: str) -> None:
        try:
            if (self.calls + 1) % 3:
                client.organisation(code)
            else:
                receiver = D if code != D else C
                self.receipts.append(client.send(make_document(code), [self.file], [receiver]))
        except LienthongError as error:
            self.failures.append(error)
        self.calls += 1


@pytest.fixture
def load(axis: ForkedAxis, tmp_path: Path) -> Load:
    file = tmp_path / "quyet-dinh.pdf"
    file.write_bytes(b"%PDF-1.4\n% a file of the tests\n%%EOF\n")
    return Load(axis, file)


def check_renewed(axis: LocalAxis, profile: Profile) -> None:
    """A new server certificate is shown to whoever connects from now on.

    Raises:
        AssertionError: it is not.
    """
    renewed = renew_server(axis)
    assert served_certificate(profile) == renewed, "the renewed certificate is not served"


def test_the_servers_certificate_under_load(
    axis: ForkedAxis, attacker: Profile, load: Load, figure: Figure
) -> None:
    with load.running(load.reconnecting, A, B, C):
        for number in range(TIMES):
            check_renewed(axis, attacker)
            if number % 3 == 0:
                os.kill(axis.pid, signal.SIGHUP)
    figure(
        "N-05",
        wanted=f"{TIMES} server certificates, 0 calls failed after one retry",
        found=f"{TIMES} served, {load.calls} calls, {len(load.failures)} failed; "
        f"{len(load.receipts)} receipts verify",
    )
    load.check(attacker)


def replace_client(office: Office, profile: Profile) -> None:
    """Register a new certificate, give it to the agency, and revoke the old one."""
    files = profile.transport
    old = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    pair = office.issue(transport=True)
    office.register(pair, "transport")
    put(Path(files.key), key_pem(pair.key))
    put(Path(files.certificate), pair.pem)
    office.revoke(hashlib.sha256(old.public_bytes(Encoding.DER)).hexdigest())


def test_an_agencys_certificate_under_load(
    axis: ForkedAxis, attacker: Profile, load: Load, figure: Figure
) -> None:
    with Party.opened(axis.data / "operator") as operator:
        office = Office(axis, operator)
        with load.running(load.staying, A):
            for done in range(TIMES):
                replace_client(office, attacker)
                before = load.calls
                assert eventually(lambda met=before: load.calls > met + 3, SOON_S), done  # type: ignore[misc]
    figure(
        "N-05",
        wanted=f"{TIMES} client certificates, 0 calls failed after one retry",
        found=f"{TIMES} replaced and revoked, {load.calls} calls, {len(load.failures)} failed; "
        f"{len(load.receipts)} receipts verify",
    )
    load.check(attacker)


@contextmanager
def added(axis: LocalAxis, name: str, authority: Authority) -> Iterator[None]:
    """One more authority in a file of the node."""
    path = axis.data / "keys" / name
    kept = path.read_bytes()
    put(path, kept + authority.certificate.public_bytes(Encoding.PEM))
    try:
        yield
    finally:
        put(path, kept)


def issued(authority: Authority, *, transport: bool) -> Pair:
    """A certificate of A from any authority."""
    key, now = new_key(KeyKind.P256), datetime.now(UTC)
    made = authority.issue_organisation(key, A, NAMES[A], now, 1, transport=transport)
    return Pair(key, made.public_bytes(Encoding.DER), made.public_bytes(Encoding.PEM))


@pytest.fixture
def other() -> Authority:
    return Authority.create("Authority of another house", datetime.now(UTC))


def test_two_authorities_of_clients_overlap(
    axis: ForkedAxis, attacker: Profile, other: Authority
) -> None:
    old, new = (issued(authority, transport=True) for authority in (authority_of(axis), other))
    with Party.opened(axis.data / "operator") as operator:
        for pair in (old, new):
            Office(axis, operator).register(pair, "transport")
        assert who_am_i(new, attacker).status == "UNAVAILABLE"
        with added(axis, "client-authorities.pem", other):
            assert who_am_i(new, attacker).ok
            assert who_am_i(old, attacker).ok
        assert who_am_i(new, attacker).status == "UNAVAILABLE"
        assert who_am_i(old, attacker).ok


def check_anchor(axis: LocalAxis, other: Authority, tell: Callable[[], None]) -> None:
    """Signatures under a new authority count when its certificate is among the anchors.

    Raises:
        AssertionError: they count at another time.
    """
    pair = issued(other, transport=False)
    with (
        Party.opened(axis.data / "operator") as operator,
        Party.opened(axis.profile(A)) as party,
    ):
        Office(axis, operator).register(pair, "signing")
        newly = evolve(party, signer=MemorySigner(pair.key, (pair.der,)))
        assert isinstance(outcome(newly), ChainUntrusted)
        with added(axis, "signing-anchors.pem", other):
            tell()
            taken = eventually(lambda: isinstance(outcome(newly), journal_pb2.Receipt), SOON_S)
            assert taken, "the new anchor is not taken up"
            assert isinstance(outcome(party), journal_pb2.Receipt)
        tell()
        dropped = eventually(lambda: isinstance(outcome(newly), ChainUntrusted), SOON_S)
        assert dropped, "the old anchor still counts"
        assert isinstance(outcome(party), journal_pb2.Receipt)


def outcome(party: Party) -> Outcome:
    [found] = party.submit(party.submission(party.manifest(B)))
    return found


@pytest.mark.parametrize("hangup", [True, False], ids=["told by SIGHUP", "by itself"])
def test_signing_anchors_need_no_restart(
    axis: ForkedAxis, other: Authority, *, hangup: bool
) -> None:
    check_anchor(axis, other, lambda: os.kill(axis.pid, signal.SIGHUP) if hangup else None)


@pytest.mark.planted("renewed certificate not served")
def test_a_node_that_serves_the_old_certificate_is_found(
    at_rest: LocalAxis, inside: Inside, attacker_inside: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyfiles.KeyFiles, "_renewed_certificates", lambda _: None)
    with inside(), pytest.raises(AssertionError, match="is not served"):
        check_renewed(at_rest, attacker_inside)


@pytest.mark.planted("anchors read at the start only")
def test_a_node_that_keeps_its_first_anchors_is_found(
    at_rest: LocalAxis, inside: Inside, other: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyfiles.KeyFiles, "renewed_anchors", lambda _: None)
    monkeypatch.setattr(f"{__name__}.SOON_S", 1.5)
    with inside(), pytest.raises(AssertionError, match="is not taken up"):
        check_anchor(at_rest, other, lambda: None)
