"""One axis for what strangers and wrongdoers try; it bears with everything and must not break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lienthong_node.local import LocalAxis, free_port
from tests.e2e.conftest import NAMES
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Party
from tests.hostile.metrics import GENEROUS

Parties = dict[str, Party]


@pytest.fixture(scope="session")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """A running axis with figures, and limits that nobody reaches."""
    made = ForkedAxis.create(
        tmp_path_factory.mktemp("hostile"),
        NAMES,
        metrics_listen=f"127.0.0.1:{free_port()}",
        **GENEROUS,
    )
    with made.running():
        yield made


@pytest.fixture(scope="session")
def parties(axis: LocalAxis) -> Iterator[Parties]:
    """Each organisation without the SDK's client, by code."""
    with ExitStack() as stack:
        yield {code: stack.enter_context(Party.opened(axis.profile(code))) for code in NAMES}


@pytest.fixture(scope="session")
def operator(axis: LocalAxis) -> Iterator[Party]:
    """The operator of the node."""
    with Party.opened(axis.data / "operator") as party:
        yield party
