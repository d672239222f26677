"""N-18: what the node's ports speak, and with whom."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import grpc
import pytest

from lienthong.client import Profile
from lienthong.testing.pki import TestPKI
from lienthong_node.local import LocalAxis
from lienthong_node.settings import Settings
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A
from tests.e2e.raw import call
from tests.network.conftest import ChangeSettings, Inside
from tests.network.http2 import PREFACE, SECONDS, connect, tls_context
from tests.network.vitals import eventually, needs_proc

LISTENING: Final = "0A"
OLD: Final = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2)
STRANGE: Final = (
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.channelz.v1.Channelz/GetTopChannels",
    "/grpc.channelz.v1.Channelz/GetServers",
)
"""What tells strangers about the node's insides."""


def is_served(profile: Profile, context: ssl.SSLContext) -> bool:
    """Whether a client with this context gets as far as HTTP/2."""
    host = profile.endpoint.rpartition(":")[0]
    with contextlib.suppress(OSError), connect(profile) as plain:
        plain.settimeout(SECONDS)
        with context.wrap_socket(plain, server_hostname=host) as secured:
            secured.sendall(PREFACE + bytes(3) + b"\x04" + bytes(5))
            # In TLS 1.3 a client learns only here that its certificate was refused.
            return secured.recv(1) != b""
    return False


def without_certificate(profile: Profile) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(profile.transport.ca))
    context.set_alpn_protocols(["h2"])
    return context


def with_foreign_certificate(profile: Profile, folder: Path) -> ssl.SSLContext:
    """One of an authority that the node does not know."""
    context = without_certificate(profile)
    files = TestPKI().client("foreign").write(folder)
    context.load_cert_chain(files.chain, files.key)
    return context


def old_versions(profile: Profile) -> Iterator[str]:
    """Versions before 1.3 that are spoken."""
    for version in OLD:
        context = tls_context(profile)
        with contextlib.suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = version
            # What this machine's library forbids by itself proves nothing.
            context.set_ciphers("ALL:@SECLEVEL=0")
            if is_served(profile, context):
                yield f"{version.name} is spoken"


def findings(profile: Profile, folder: Path) -> list[str]:
    """All that should not be; empty for a node as it should be."""
    found = list(old_versions(profile))
    if is_served(profile, without_certificate(profile)):
        found.append("a client without a certificate is served")
    if is_served(profile, with_foreign_certificate(profile, folder)):
        found.append("a client of an unknown authority is served")
    host = profile.endpoint.rpartition(":")[0]
    with (
        connect(profile) as plain,
        tls_context(profile).wrap_socket(plain, server_hostname=host) as secured,
    ):
        cipher = secured.cipher()
        if secured.version() != "TLSv1.3" or cipher is None or not cipher[0].startswith("TLS_"):
            found.append(f"{secured.version()} {cipher}")
        if secured.compression() is not None:
            found.append("TLS compresses")
        if secured.selected_alpn_protocol() != "h2":
            found.append("something else than HTTP/2 is spoken")
    with grpc.insecure_channel(profile.endpoint) as channel:
        if call(channel, "/x", [b""]).status != "UNAVAILABLE":
            found.append("the clear is answered")
    return found + talkative(profile)


def talkative(profile: Profile) -> list[str]:
    """Services that tell about the node's insides."""
    files = profile.transport
    parts = (files.ca.read_bytes(), files.key.read_bytes(), files.certificate.read_bytes())
    with grpc.secure_channel(profile.endpoint, grpc.ssl_channel_credentials(*parts)) as channel:
        return [
            f"{path} is answered"
            for path in STRANGE
            if call(channel, path, [b""]).status != "UNIMPLEMENTED"
        ]


def listeners(pid: int) -> list[tuple[str, int]]:
    """Addresses and ports on which a process listens."""
    inodes = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            inodes.update(re.findall(r"socket:\[(\d+)\]", str(path.readlink())))
    found = []
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text("ascii").splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                address, port = fields[1].split(":")
                words = [
                    bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)
                ]
                found.append((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """A node as operators start it: how it prepares its process is a part of its posture."""
    made = LocalAxis.create(
        tmp_path_factory.mktemp("served"), NAMES, disk_reserve_bytes=0, metrics_listen="127.0.0.1:0"
    )
    with made.running():
        yield made


@pytest.fixture
def profile(served: LocalAxis) -> Profile:
    return Profile.load(served.profile(A))


def test_the_agencies_port(
    served: LocalAxis, profile: Profile, tmp_path: Path, figure: Figure
) -> None:
    found = findings(profile, tmp_path)
    figure("N-18", wanted="0 findings", found=f"{len(found)} findings {found or ''}".strip())
    assert found == []


@needs_proc
def test_the_other_ports(served: LocalAxis, figure: Figure) -> None:
    """Figures are for this machine only; apart from them nothing listens but the agencies' port."""
    assert Settings(axis="x").metrics_listen.startswith("127.0.0.1:")
    others = [host for host, port in listeners(served.pid) if port != served.port]
    figure("N-18", wanted="metrics on loopback, nothing else", found=f"others listen on {others}")
    assert others == ["127.0.0.1"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="asks openssl s_client")
def test_no_early_data(profile: Profile, tmp_path: Path) -> None:
    """0-RTT could be replayed; a ticket would have to offer it."""
    files, said = profile.transport, tmp_path / "said"
    command = ["openssl", "s_client", "-connect", profile.endpoint, "-CAfile", str(files.ca)]
    command += ["-cert", str(files.certificate), "-key", str(files.key), "-alpn", "h2", "-ign_eof"]
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out)
        assert process.stdin is not None
        process.stdin.write(PREFACE)
        process.stdin.flush()
        eventually(lambda: "Max Early Data" in said.read_text("utf-8", "replace"), 3)
        process.kill()
        process.stdin.close()
        process.wait(SECONDS)
    text = said.read_text("utf-8", "replace")
    assert "TLSv1.3" in text
    assert "Compression: NONE" in text
    assert set(re.findall(r"Max Early Data: (\d+)", text)) <= {"0"}


@pytest.mark.planted("TLS 1.2 spoken")
def test_a_node_that_still_speaks_the_old_version_is_found(
    inside: Inside, attacker_inside: Profile
) -> None:
    """As a node does whose process was not prepared (``lienthong_node.environment``)."""
    with inside():
        assert "TLSv1_2 is spoken" in old_versions(attacker_inside)


@pytest.mark.planted("client certificate not required")
def test_a_node_that_lets_everybody_in_is_found(
    inside: Inside,
    attacker_inside: Profile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest: Callable[..., grpc.ServerCredentials] = grpc.dynamic_ssl_server_credentials

    def careless(first: object, fetch: object, **_: object) -> grpc.ServerCredentials:
        return honest(first, fetch, require_client_authentication=False)

    monkeypatch.setattr(grpc, "dynamic_ssl_server_credentials", careless)
    with inside():
        found = findings(attacker_inside, tmp_path)
    assert "a client without a certificate is served" in found


@pytest.mark.planted("reflection on")
def test_a_node_that_tells_about_itself_is_found(
    inside: Inside,
    attacker_inside: Profile,
    change_settings: ChangeSettings,
) -> None:
    change_settings(reflection=True)
    with inside():
        assert talkative(attacker_inside)
