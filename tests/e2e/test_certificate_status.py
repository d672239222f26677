"""A running node and an authority outside: its lists decide who signs and who connects."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import grpc
import pytest
from attrs import define, evolve, field
from cryptography import x509

from lienthong.errors import CertificateRevoked, CredentialRevoked, StatusUnknown
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.testing.pki import Authority, Identity, client_extensions, signing_extensions
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong.testing.status_server import Reply, StatusServer
from lienthong_node.local import LocalAxis, free_port
from lienthong_node.security_log import FILE_NAME, Event, check_log
from lienthong_node.settings import load_settings
from lienthong_proto.axis.v1 import admin_pb2, journal_pb2
from tests.e2e import publishing
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.publishing import list_at, refresh, trusting
from tests.e2e.raw import Answer, Party, call, messages
from tests.e2e.test_certificates import WHO_AM_I, Follower

SOON: Final = 20.0
"""Seconds within which something must have happened that takes a second or two."""

until = partial(publishing.until, within=SOON)


@define(eq=False)
class Outside:
    """An authority that is not the axis's, with its publisher and the node's trust folder."""

    server: StatusServer
    folder: Path
    authority: Authority
    revoked: dict[int, Revoked] = field(factory=dict)

    @classmethod
    def create(cls, server: StatusServer, folder: Path) -> Outside:
        label, kind = "CA công cộng", SignatureKind.CONG_CONG
        made = cls(server, folder, Authority.root(label, now=datetime.now(UTC)))
        trusting(folder, made.authority, label, kind, TrustPurpose.ORGANISATIONS)
        server.answer("/ca.crl", lambda _: Reply(content=made.publish()))
        return made

    def publish(self) -> bytes:
        return make_list(self.authority, self.revoked, at=datetime.now(UTC))

    def issue(
        self, extensions: list[tuple[x509.ExtensionType, bool]], place: str = "/ca.crl"
    ) -> Identity:
        return self.authority.issue(A, extensions=[*extensions, list_at(self.server.url(place))])

    def revoke(self, identity: Identity) -> None:
        """Revoke, and have the list fetched at once, as ``lienthong trust refresh`` does."""
        since = datetime.now(UTC) - timedelta(seconds=1)
        self.revoked[serial_of(identity.certificate)] = Revoked(at=since)
        refresh(self.folder)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with StatusServer() as server:
        yield Outside.create(server, tmp_path_factory.mktemp("trust") / "store")


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[LocalAxis]:
    """A running axis that accepts certificates of the authority outside."""
    made = ForkedAxis.create(
        tmp_path_factory.mktemp("axis"),
        NAMES,
        disk_reserve_bytes=0,
        trust_folder=str(outside.folder),
        metrics_listen=f"127.0.0.1:{free_port()}",
    )
    for name in ("client-authorities.pem", "signing-anchors.pem"):
        with (made.data / "keys" / name).open("ab") as out:
            out.write(outside.authority.pem)
    with made.running():
        yield made


def register(operator: Party, identity: Identity, use: str) -> None:
    request = admin_pb2.RegisterCredentialRequest(
        organ_id=A, certificate_der=identity.certificate, use=use
    )
    assert messages(
        admin_pb2.RegisterCredentialResponse, operator.ask("Admin/RegisterCredential", request)
    )


def test_who_signs_is_asked_of_the_authority_outside(
    a: Party, operator: Party, outside: Outside
) -> None:
    identity = outside.issue(signing_extensions())
    register(operator, identity, "signing")
    party = evolve(a, signer=identity.signer())

    def submit() -> Any:
        [outcome] = party.submit(party.submission(party.manifest(B)))
        return outcome

    assert isinstance(submit(), StatusUnknown)
    until(submit, lambda outcome: isinstance(outcome, journal_pb2.Receipt))
    outside.revoke(identity)
    until(submit, lambda outcome: isinstance(outcome, CertificateRevoked))


def test_who_connects_is_asked_of_the_authority_outside(
    a: Party, operator: Party, outside: Outside
) -> None:
    identity = outside.issue(client_extensions())
    register(operator, identity, "transport")
    credentials = grpc.ssl_channel_credentials(
        a.profile.transport.ca.read_bytes(), identity.key_pem(), identity.chain_pem
    )
    with grpc.secure_channel(a.profile.endpoint, credentials) as channel:

        def ask() -> Answer:
            return call(channel, WHO_AM_I, [b""])

        first = ask()
        assert first.ok or first.code == "access.credential_status_unknown"
        until(ask, lambda answer: answer.ok)
        follower = Follower(channel)
        time.sleep(0.5)
        assert follower.answer is None
        outside.revoke(identity)
        cut = follower.cut_within(SOON)
        assert cut is not None
        assert (cut.status, cut.code) == ("UNAUTHENTICATED", CredentialRevoked.code)
        assert ask().code == CredentialRevoked.code


def test_the_axis_s_own_certificates_go_on_as_ever(a: Party) -> None:
    [outcome] = a.submit(a.submission(a.manifest(B)))
    assert isinstance(outcome, journal_pb2.Receipt)


def test_a_publisher_that_fails_is_told(
    axis: LocalAxis, a: Party, operator: Party, outside: Outside
) -> None:
    identity = outside.issue(signing_extensions(), "/nothing-here")
    register(operator, identity, "signing")
    party = evolve(a, signer=identity.signer())
    log = axis.data / FILE_NAME

    # The list that is known covers it all the same.
    [outcome] = party.submit(party.submission(party.manifest(B)))
    assert isinstance(outcome, journal_pb2.Receipt)
    until(lambda: Event.STATUS_MISSED.value in log.read_text(), bool)
    check_log(log)
    address = load_settings(axis.data).metrics_listen

    def failing() -> bool:
        with urlopen(f"http://{address}/metrics", timeout=5) as answer:
            return "lienthong_status_failing_places 1.0" in answer.read().decode()

    until(failing, bool)


def test_the_status_command_tells_of_it(axis: LocalAxis) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lienthong_node", "status", str(axis.data), "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = json.loads(done.stdout)
    assert found["certificates_ending"] == []
    assert found["status_oldest"]
    assert [url for url in found["status_failing"] if url.endswith("/nothing-here")]
