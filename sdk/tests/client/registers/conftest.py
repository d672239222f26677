"""Clients that keep the registers of their organisations in one book."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from lienthong.client import (
    Client,
    FileSource,
)
from lienthong.model.document import Document
from lienthong.model.ids import DocumentNumber, PackageId
from lienthong.model.time import vietnam_date
from lienthong.registers import Line, Register, RegisterBook

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT, OTHER = "000.00.00.H53", "000.00.13.H53", "000.00.11.H53"
BOTH = (RECIPIENT, OTHER)
SMALL = FileSource.of_bytes("a.pdf", b"content")


def send(sender: Client, document: Document, subject: str = "", number: int = 0) -> PackageId:
    numbered = DocumentNumber(f"{number:02d}", "QĐ-UBND") if number else document.number
    document = evolve(document, subject=subject or document.subject, number=numbered)
    prepared = sender.prepare(document, [SMALL], [RECIPIENT, OTHER])
    sender.submit(prepared)
    return prepared.package_id


def incoming(book: RegisterBook) -> tuple[Line, ...]:
    return book.lines(Register.INCOMING)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[RegisterBook]:
    with RegisterBook.create(tmp_path / "registers.db") as opened:
        yield opened


def keeping(axis: ScriptedAxis, organ: str, book: RegisterBook) -> Client:
    signer = axis.pki.organisation(organ).signer()
    return Client(axis.profile(organ), signer=signer, clock=lambda: axis.pki.now, registers=book)


@pytest.fixture
def sender(axis: ScriptedAxis, book: RegisterBook) -> Iterator[Client]:
    with keeping(axis, SENDER, book) as client:
        yield client


@pytest.fixture
def recipient(axis: ScriptedAxis, book: RegisterBook) -> Iterator[Client]:
    with keeping(axis, RECIPIENT, book) as client:
        yield client


@pytest.fixture
def dated(axis: ScriptedAxis, document: Document) -> Document:
    """A document of today."""
    number = DocumentNumber.parse("01/QĐ-UBND")
    return evolve(document, issued_date=vietnam_date(axis.pki.now), number=number)
