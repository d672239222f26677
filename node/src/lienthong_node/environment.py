"""What gRPC reads from the environment when it is first imported."""

from __future__ import annotations

import os
from typing import Final

GRPC: Final = {
    # gRPC takes no least TLS version. No server has this suite of TLS 1.2, which needs shared keys,
    # and those of TLS 1.3 do not depend on the list, so that nothing else is left to agree on.
    "GRPC_SSL_CIPHER_SUITES": "ECDHE-PSK-CHACHA20-POLY1305",
    # gRPC's own lines are no JSON; set it to "info" to see why handshakes fail.
    "GRPC_VERBOSITY": "NONE",
}


def prepare() -> None:
    """Set what the operator has not set; to be called before anything imports gRPC."""
    for name, value in GRPC.items():
        os.environ.setdefault(name, value)
