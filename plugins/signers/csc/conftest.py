"""A remote signing service of our own, over HTTPS on the loopback address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lienthong.testing.pki import Identity, TestPKI
from lienthong_signer_csc.testing import RemoteService

PKI = TestPKI()
Serve = Callable[..., RemoteService]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a service for an identity; ended with the test."""
    files = PKI.server().write(tmp_path / "server")
    authorities = PKI.write(tmp_path)
    with ExitStack() as running:

        def start(identity: Identity, **changes: Any) -> RemoteService:
            service = RemoteService(
                identity.key,
                changes.pop("chain", identity.chain),
                server=changes.pop("server", (files.chain, files.key)),
                authorities=changes.pop("authorities", authorities),
                **changes,
            )
            return running.enter_context(service)

        yield start
