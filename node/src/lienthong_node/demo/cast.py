"""Who plays, and what is sent: real public codes, no real persons."""

from __future__ import annotations

from datetime import date
from typing import Final

from attrs import evolve, frozen

from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong.model.words import Authority, Urgency


@frozen(kw_only=True)
class Agency:
    """One organisation of the demonstration."""

    letter: str
    code: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.letter} {self.name}"

    @property
    def organ(self) -> OrganId:
        return OrganId(self.code)


A: Final = Agency(letter="A", code="000.00.00.H53", name="UBND tỉnh Tây Ninh")
B: Final = Agency(letter="B", code="000.00.13.H53", name="Sở Thông tin và Truyền thông")
C: Final = Agency(letter="C", code="000.00.11.H53", name="Sở Tài chính")
D: Final = Agency(letter="D", code="000.00.14.H53", name="Sở Tư pháp")
AGENCIES: Final = (A, B, C, D)


def organisations() -> list[Organisation]:
    """The four as the directory knows them; the departments are below the committee."""
    return [
        Organisation(
            organ_id=agency.organ,
            codes=[OrganCode(scheme=agency.organ.scheme, value=agency.organ)],
            names=[OrganName(value=agency.name)],
            level=1 if agency is A else 2,
            parent=None if agency is A else A.organ,
        )
        for agency in AGENCIES
    ]


def decision(today: date, title: str) -> Document:
    """The document that A sends."""
    return Document(
        issuer_code=A.organ,
        issuer_name=A.name,
        number=DocumentNumber("01", f"{today.year}/QĐ-UBND"),
        document_code=DocumentCode(A.organ, today.year, 1),
        issued_date=today,
        place="Tây Ninh",
        kind=DocumentKind.QUYET_DINH,
        subject=title,
        signer=DocumentSigner(
            full_name="Chủ tịch UBND tỉnh", position="Chủ tịch", authority=Authority.TM
        ),
        urgency=Urgency.KHAN,
        to_places=("Như Điều 3", "Lưu: VT"),
    )


def replacement(document: Document) -> Document:
    """The document that replaces it."""
    number = DocumentNumber("02", document.number.notation)
    code = DocumentCode(A.organ, document.issued_date.year, 2)
    return evolve(
        document, number=number, document_code=code, subject=f"{document.subject} (thay thế)"
    )
