"""What a check of the interconnection looks at on this side of the connection: TLS and clocks."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from lienthong.client.profile import Profile
from lienthong.errors import ConnectionFailed

LEAST_VALIDITY: Final = timedelta(days=14)
"""A certificate that ends sooner fails the check: a new one takes its time."""

MOST_SKEW: Final = timedelta(seconds=60)
"""Clocks that differ by more fail the check; the axis refuses content from a few minutes on."""


def certificates_end(profile: Profile, timeout: float) -> tuple[datetime, datetime]:
    """When this side's TLS certificate ends, and when the axis's does; it blocks.

    Args:
        profile: whose files they are, and where the axis is.
        timeout: seconds to wait for the axis.

    Raises:
        ConnectionFailed: no TLS connection comes about.
    """
    files, (host, _, port) = profile.transport, profile.endpoint.rpartition(":")
    host = host.strip("[]")
    try:
        own = x509.load_pem_x509_certificates(files.certificate.read_bytes())[0]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(files.ca)
        context.load_cert_chain(files.certificate, files.key)
        context.set_alpn_protocols(["h2"])
        name = profile.server_name or host
        with (
            socket.create_connection((host, int(port)), timeout) as raw,
            context.wrap_socket(raw, server_hostname=name) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
        theirs = x509.load_der_x509_certificate(shown or b"")
    except (OSError, ValueError) as error:
        raise ConnectionFailed(endpoint=profile.endpoint, reason=error) from error
    return own.not_valid_after_utc, theirs.not_valid_after_utc


def skew(before: datetime, said: datetime, after: datetime) -> timedelta:
    """By how much the axis's clock differs at least: it spoke between two instants here.

    Positive where the axis is ahead.
    """
    if said < before:
        return said - before
    return max(timedelta(), said - after)
