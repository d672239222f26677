"""Certificates that are renewed while the node serves."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import grpc
import pytest
from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lienthong.client import Profile
from lienthong_node.certificates import Authority, KeyKind, new_key
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.raw import Party

SECONDS: Final = 30.0


def served_certificate(profile: Profile) -> bytes:
    """What the node shows to a new connection, DER."""
    files = profile.transport
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    host, _, port = profile.endpoint.rpartition(":")
    with (
        socket.create_connection((host, int(port)), SECONDS) as line,
        context.wrap_socket(line, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return der


class TestServerCertificate:
    @pytest.fixture
    def keys(self, axis: LocalAxis) -> Iterator[Path]:
        """The node's keys; what a test has changed is put back."""
        folder = axis.data / "keys"
        kept = {name: (folder / name).read_bytes() for name in ("server.key", "server.pem")}
        yield folder
        for name, content in kept.items():
            (folder / name).write_bytes(content)

    def renew(self, keys: Path) -> bytes:
        """Put a new server certificate in place; returns it, DER."""
        authority = Authority.load(keys / "authority.key", keys / "authority.pem")
        key = new_key(KeyKind.P256)
        made = authority.issue_server(key, ["127.0.0.1"], datetime.now(UTC))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for name, content in (
            ("server.key", pem),
            ("server.pem", made.public_bytes(Encoding.PEM)),
        ):
            part = keys / f"{name}.part"
            part.write_bytes(content)
            part.chmod(0o600)
            part.rename(keys / name)
        return made.public_bytes(Encoding.DER)

    def test_a_new_one_is_shown_without_a_restart(self, a: Party, keys: Path) -> None:
        before = served_certificate(a.profile)
        assert a.ask("Directory/GetOrganisation", b"").ok
        renewed = self.renew(keys)
        assert renewed != before
        assert served_certificate(a.profile) == renewed
        assert a.ask("Directory/GetOrganisation", b"").ok
        a.send(B)

    def test_broken_files_change_nothing(self, axis: LocalAxis, a: Party, keys: Path) -> None:
        before = served_certificate(a.profile)
        (keys / "server.pem").rename(keys / "server.pem.away")
        assert served_certificate(a.profile) == before
        (keys / "server.pem.away").rename(keys / "server.pem")
        (keys / "server.pem").write_bytes(b"")
        assert served_certificate(a.profile) == before
        assert "the certificates stay as they were" in axis.log.read_text("utf-8")
        renewed = self.renew(keys)
        assert served_certificate(a.profile) == renewed

    def test_a_key_of_another_certificate_changes_nothing(self, a: Party, keys: Path) -> None:
        """As when the two files are written one after the other, and somebody connects between."""
        before = served_certificate(a.profile)
        other = new_key(KeyKind.P256)
        (keys / "server.key").write_bytes(
            other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        assert served_certificate(a.profile) == before
        renewed = self.renew(keys)
        assert served_certificate(a.profile) == renewed

    def test_a_new_client_authority_is_let_in(self, axis: LocalAxis, a: Party) -> None:
        path = axis.data / "keys/client-authorities.pem"
        kept = path.read_bytes()
        other = Authority.create("Another authority", datetime.now(UTC))
        key = new_key(KeyKind.P256)
        made = other.issue_organisation(
            key, A, NAMES[A], datetime.now(UTC), 1, transport=True
        ).public_bytes(Encoding.PEM)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        credentials = grpc.ssl_channel_credentials(a.profile.transport.ca.read_bytes(), pem, made)

        def codes() -> str:
            with grpc.secure_channel(a.profile.endpoint, credentials) as channel:
                party = evolve(a, channel=channel)
                return party.ask("Directory/GetOrganisation", b"").status

        assert codes() == "UNAVAILABLE"
        path.write_bytes(kept + other.certificate.public_bytes(Encoding.PEM))
        try:
            assert codes() == "UNAUTHENTICATED"
        finally:
            path.write_bytes(kept)
