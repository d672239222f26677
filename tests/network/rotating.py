"""Exchanges keys and certificates as an operator or an agency would: one file after the other."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lienthong.client import Profile
from lienthong_node.certificates import Authority, KeyKind, PrivateKey, new_key
from lienthong_node.local import LocalAxis
from tests.network.http2 import connect, tls_context

HOSTS: Final = ["127.0.0.1", "localhost"]


def authority_of(axis: LocalAxis) -> Authority:
    keys = axis.data / "keys"
    return Authority.load(keys / "authority.key", keys / "authority.pem")


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def put(path: Path, content: bytes) -> None:
    """Replace a file at once."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.chmod(0o600)
    part.rename(path)


def renew_server(axis: LocalAxis) -> bytes:
    """Put a new server certificate in place; returns it, DER."""
    key = new_key(KeyKind.P256)
    made = authority_of(axis).issue_server(key, HOSTS, datetime.now(UTC))
    put(axis.data / "keys/server.key", key_pem(key))
    put(axis.data / "keys/server.pem", made.public_bytes(Encoding.PEM))
    return made.public_bytes(Encoding.DER)


def served_certificate(profile: Profile) -> bytes:
    """What the node shows to a new connection, DER."""
    host = profile.endpoint.rpartition(":")[0]
    with (
        connect(profile) as line,
        tls_context(profile).wrap_socket(line, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
        secured.shutdown(socket.SHUT_RDWR)
    assert der is not None
    return der
