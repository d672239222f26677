from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienthong.client import Client, FileSource, Profile, RetryPolicy
from lienthong.client.connection import load_credentials
from lienthong.client.loop import shared_loop
from lienthong.errors import (
    ConfigInvalid,
    ConnectionFailed,
    CredentialExpired,
    DeadlineExceeded,
    KeyUnusable,
)
from lienthong.model.document import Document
from lienthong.plugins import PluginHost
from lienthong.testing.pki import KeyKind, TestPKI

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT = "000.00.00.H53", "000.00.13.H53"
FILE = FileSource.of_bytes("a.pdf", b"content")
ONCE = RetryPolicy(attempts=1, timeout=5)


def test_client_certificate_of_a_stranger_is_diagnosed(axis: ScriptedAxis) -> None:
    stranger = TestPKI(axis.pki.now).client(SENDER)
    folder = axis.profile(SENDER)
    (folder / "transport.pem").write_bytes(stranger.chain_pem)
    (folder / "transport.key").write_bytes(stranger.key_pem())
    with (
        Client(folder, retry=ONCE) as client,
        pytest.raises(ConnectionFailed, match="certificate may not be accepted"),
    ):
        client.organisation()


def test_axis_with_a_strange_certificate_is_not_trusted(axis: ScriptedAxis) -> None:
    folder = axis.profile(SENDER)
    (folder / "ca.pem").write_bytes(TestPKI(axis.pki.now).root.pem)
    with (
        Client(folder, retry=ONCE) as client,
        pytest.raises(ConnectionFailed, match="not of a trusted authority"),
    ):
        client.organisation()


def test_axis_with_another_name_is_not_trusted(axis: ScriptedAxis) -> None:
    folder = axis.profile(SENDER, server_name="other.example")
    with Client(folder, retry=ONCE) as client, pytest.raises(ConnectionFailed):
        client.organisation()


def test_renewed_certificate_is_used_without_a_new_client(
    axis: ScriptedAxis, sender: Client
) -> None:
    sender.organisation()
    folder = axis.profile(SENDER)
    renewed = axis.pki.client(SENDER, KeyKind.P384)
    (folder / "transport.pem").write_bytes(renewed.chain_pem)
    (folder / "transport.key").write_bytes(renewed.key_pem())
    axis.faults.unary.append(CredentialExpired(fingerprint="f", at="now"))
    assert str(sender.organisation().organ_id) == SENDER
    axis.faults.unary.append(CredentialExpired(fingerprint="f", at="now"))
    with pytest.raises(CredentialExpired):
        sender.organisation()


def test_a_late_refusal_of_the_former_certificate_is_no_failure(
    axis: ScriptedAxis, sender: Client
) -> None:
    """As of a stream that began before another call had taken up the new one."""
    sender.organisation()
    former = axis.pki.client(SENDER).fingerprint.hex()
    renewed = axis.pki.client(SENDER, KeyKind.P384)
    folder = axis.profile(SENDER)
    (folder / "transport.pem").write_bytes(renewed.chain_pem)
    (folder / "transport.key").write_bytes(renewed.key_pem())
    axis.faults.unary.append(CredentialExpired(fingerprint=former, at="now"))
    sender.organisation()
    axis.faults.unary.append(CredentialExpired(fingerprint=former, at="now"))
    sender.organisation()
    shown = renewed.fingerprint.hex()
    axis.faults.unary.append(CredentialExpired(fingerprint=shown, at="now"))
    with pytest.raises(CredentialExpired):
        sender.organisation()


def test_streams_survive_a_renewed_certificate(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    folder = axis.profile(SENDER)
    renewed = axis.pki.client(SENDER, KeyKind.P384)
    (folder / "transport.pem").write_bytes(renewed.chain_pem)
    (folder / "transport.key").write_bytes(renewed.key_pem())
    shared_loop().run(axis.stop())
    shared_loop().run(axis.start())
    assert sender.send(document, [FILE], [RECIPIENT]).index == 1


def test_transport_files_are_checked_before_gRPC_hides_the_reason(axis: ScriptedAxis) -> None:
    files = Profile.load(axis.profile(SENDER)).transport
    key = files.key.read_bytes()
    files.key.write_bytes(axis.pki.client("other").key_pem())
    with pytest.raises(ConfigInvalid, match="the key of transport.pem"):
        load_credentials(files)
    files.key.write_bytes(axis.pki.client(SENDER).key_pem("secret"))
    with pytest.raises(ConfigInvalid, match="an open PEM private key"):
        load_credentials(files)
    files.key.write_bytes(key)
    files.certificate.write_bytes(b"nothing")
    with pytest.raises(ConfigInvalid, match="a PEM certificate"):
        load_credentials(files)
    files.certificate.unlink()
    with pytest.raises(ConfigInvalid, match="a readable file"):
        load_credentials(files)


def test_listener_that_never_answers_is_given_up(axis: ScriptedAxis) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        folder = axis.profile(SENDER)
        text = (folder / "profile.toml").read_text()
        port = listener.getsockname()[1]
        (folder / "profile.toml").write_text(text.replace(f":{axis.port}", f":{port}"))
        retry = RetryPolicy(attempts=1, timeout=0.3)
        with Client(folder, retry=retry) as client, pytest.raises(DeadlineExceeded):
            client.organisation()


def test_signing_key_of_the_profile_is_opened_by_its_plugin(
    axis: ScriptedAxis, document: Document, tmp_path: Path
) -> None:
    folder = tmp_path / "moved"
    shutil.copytree(axis.profile(SENDER), folder)
    with Client(folder, clock=lambda: axis.pki.now) as client:
        client.send(document, [FILE], [RECIPIENT])
    encrypted = axis.pki.organisation(SENDER).key_pem("bí mật")
    (folder / "signing.key").write_bytes(encrypted)
    with PluginHost() as host, Client(folder, host=host, secrets=lambda _: "bí mật") as client:
        client.send(document, [FILE], [RECIPIENT])
    with Client(folder, secrets=lambda _: "sai") as client, pytest.raises(KeyUnusable):
        client.send(document, [FILE], [RECIPIENT])
    assert len(axis.records) == 2
