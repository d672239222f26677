from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong.testing.status_server import StatusServer
from sdk.tests.trust.publisher import Publisher


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    with StatusServer() as server:
        made = Publisher(server, tmp_path / "status")
        made.refresher.watch(made.path)
        yield made
