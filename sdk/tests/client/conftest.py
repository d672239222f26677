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
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.kinds import DocumentKind
from lienthong.plugins import PluginHost
from lienthong.spi.signer import Signer
from lienthong.testing.pki import TestPKI
from sdk.tests.client.judges import (
    SIGNED_UNKNOWN,
    SOMEBODY,
    name_trust_store,
    scripted_host,
    send,
)

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
def host() -> Iterator[PluginHost]:
    """A plugin host that knows the scripted verifier alone."""
    with scripted_host() as host:
        yield host


@pytest.fixture
def judge(axis: ScriptedAxis, host: PluginHost) -> Iterator[Client]:
    """The recipient, whose profile names a trust store."""
    name_trust_store(axis)
    with open_judge(axis, host) as client:
        yield client


@pytest.fixture
def waiting(sender: Client, judge: Client, document: Document) -> PackageId:
    """A document that was accepted although its revocation could not be learnt."""
    sent = send(sender, document, SIGNED_UNKNOWN)
    judge.accept(sent, register_number=7, responsible=SOMEBODY, note="chờ kiểm tra")
    return sent


@pytest.fixture
def same_time(axis: ScriptedAxis) -> Iterator[None]:
    """Whatever a test does to the time, the next one begins at the same instant."""
    before = axis.pki.now
    yield
    axis.pki.now = before


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


def open_judge(axis: ScriptedAxis, host: PluginHost, signer: Signer | None = None) -> Client:
    """The recipient, as often as a test starts it."""
    return Client(
        axis.profile(RECIPIENT),
        host=host,
        signer=signer or axis.pki.organisation(RECIPIENT).signer(),
        clock=lambda: axis.pki.now,
        retry=QUICK,
    )
