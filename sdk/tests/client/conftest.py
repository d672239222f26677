from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lienthong.client import Client, RetryPolicy
from lienthong.client.loop import shared_loop
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.testing.pki import TestPKI

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT = "000.00.00.H53", "000.00.13.H53"
QUICK = RetryPolicy(attempts=4, first_delay=0.01, max_delay=0.05, timeout=5)


def load_scripted() -> Any:
    """The module of the scripted axis, which two folders of tests share."""
    name = "lienthong_tests_scripted"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("scripted.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def pki() -> TestPKI:
    return TestPKI()


@pytest.fixture
def axis(pki: TestPKI, tmp_path: Path) -> Iterator[ScriptedAxis]:
    """A running axis; it lives on the loop that the synchronous client uses."""
    made: ScriptedAxis = load_scripted().ScriptedAxis(pki, tmp_path / "profiles")
    loop = shared_loop()
    loop.run(made.start())
    yield made
    loop.run(made.stop())


@pytest.fixture
def sender(axis: ScriptedAxis) -> Iterator[Client]:
    with open_client(axis, SENDER) as client:
        yield client


@pytest.fixture
def recipient(axis: ScriptedAxis) -> Iterator[Client]:
    with open_client(axis, RECIPIENT) as client:
        yield client


@pytest.fixture
def document() -> Document:
    return Document(
        issuer_code=OrganId(SENDER),
        issuer_name="UBND tỉnh Tây Ninh",
        number=DocumentNumber.parse("52/2026/QĐ-UBND"),
        issued_date=date(2026, 11, 20),
        kind=DocumentKind.QUYET_DINH,
        subject="Về việc gửi, nhận văn bản điện tử",
        signer=DocumentSigner(full_name="Chánh Văn phòng", position="Chủ tịch"),
    )


def open_client(axis: ScriptedAxis, organ: str, retry: RetryPolicy = QUICK) -> Client:
    """A client whose key is in memory, without plugins."""
    return Client(
        axis.profile(organ),
        signer=axis.pki.organisation(organ).signer(),
        clock=lambda: axis.pki.now,
        retry=retry,
    )
