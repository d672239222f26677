from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import RegisterBook

ORGAN = OrganId("H53")
DAY = date(2026, 11, 20)
Make = Callable[..., Document]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registers.db"


@pytest.fixture
def book(path: Path) -> Iterator[RegisterBook]:
    with RegisterBook.create(path) as opened:
        yield opened


@pytest.fixture
def make() -> Make:
    """Makes a document: ``make("05/QĐ-UBND", subject="…")``."""
    base = Document(
        issuer_code=ORGAN,
        issuer_name="UBND tỉnh Tây Ninh",
        number=DocumentNumber.parse("01/QĐ-UBND"),
        issued_date=DAY,
        kind=DocumentKind.QUYET_DINH,
        subject="Về việc đăng ký văn bản",
        signer=DocumentSigner(full_name="Chánh Văn phòng", position="Chủ tịch"),
    )
    return lambda number, **values: evolve(base, number=DocumentNumber.parse(number), **values)
