"""A real node process and real clients; one axis a test module unless a test needs its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lienthong.client import Client, Profile
from lienthong.codec.signed import load_entry
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.journal import PackageRecord, Receipt
from lienthong.model.kinds import DocumentKind
from lienthong_node.local import LocalAxis
from tests.e2e.forked_axis import ForkedAxis

if TYPE_CHECKING:
    from tests.e2e.raw import Party

A = "000.00.00.H53"
B = "000.00.13.H53"
C = "000.00.11.H53"
D = "000.00.14.H53"
NAMES = {
    A: "UBND tỉnh Tây Ninh",
    B: "Sở Thông tin và Truyền thông",
    C: "Sở Tài chính",
    D: "Sở Tư pháp",
}

MakeDocument = Callable[..., Document]


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """A running axis with four organisations."""
    made = ForkedAxis.create(tmp_path_factory.mktemp("axis"), NAMES, disk_reserve_bytes=0)
    with made.running():
        yield made


@pytest.fixture(scope="module")
def clients(axis: LocalAxis) -> Iterator[dict[str, Client]]:
    """A client of each organisation, by code."""
    opened = {code: Client(Profile.load(axis.profile(code))) for code in NAMES}
    yield opened
    for client in opened.values():
        client.close()


@pytest.fixture(scope="module")
def parties(axis: LocalAxis) -> Iterator[dict[str, Party]]:
    """Each organisation without the SDK's client, by code."""
    from tests.e2e.raw import Party

    with ExitStack() as stack:
        yield {
            folder.name: stack.enter_context(Party.opened(folder))
            for folder in (axis.folder / "profiles").iterdir()
        }


@pytest.fixture(scope="module")
def operator(axis: LocalAxis) -> Iterator[Party]:
    """The operator of the node, likewise."""
    from tests.e2e.raw import Party

    with Party.opened(axis.data / "operator") as party:
        yield party


@pytest.fixture
def a(parties: dict[str, Party]) -> Party:
    return parties[A]


@pytest.fixture
def b(parties: dict[str, Party]) -> Party:
    return parties[B]


@pytest.fixture
def document() -> MakeDocument:
    """Makes documents of organisation A; any field can be given."""
    return make_document


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A small file to send."""
    path = tmp_path / "quyet-dinh.pdf"
    path.write_bytes(b"%PDF-1.4\n% a file of the tests\n%%EOF\n")
    return path


def make_document(issuer: str = A, **fields: Any) -> Document:
    """A valid document; any field can be given."""
    values: dict[str, Any] = {
        "issuer_code": OrganId(issuer),
        "issuer_name": NAMES.get(issuer, "Cơ quan"),
        "number": DocumentNumber.parse("52/2026/QĐ-UBND"),
        "issued_date": date(2026, 11, 20),
        "kind": DocumentKind.QUYET_DINH,
        "subject": "Về việc gửi, nhận văn bản điện tử",
        "signer": DocumentSigner(full_name="Chủ tịch", position="Chủ tịch UBND tỉnh"),
    }
    return Document(**(values | fields))


def package_of(receipt: Receipt) -> PackageId:
    """The package that a receipt is about."""
    body = load_entry(receipt.entry).body
    assert isinstance(body, PackageRecord)
    return body.package_id
