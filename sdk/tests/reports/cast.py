"""The organisations of generated journals, and what they write about."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, Sha256
from lienthong.model.kinds import DocumentKind
from lienthong.model.package import FileEntry, Manifest, Recipient

AXIS: Final = "axis.test"

UBND: Final = OrganId("000.00.00.H53")
FINANCE: Final = OrganId("000.00.11.H53")
JUSTICE: Final = OrganId("000.00.14.H53")
OLD_OFFICE: Final = OrganId("000.00.21.H53")
"""Closed in July; JUSTICE took over from it."""

ELSEWHERE: Final = OrganId("000.00.00.H04")
ORGANS: Final = (UBND, FINANCE, JUSTICE, OLD_OFFICE, ELSEWHERE)
NAMES: Final = {
    UBND: "UBND tỉnh Tây Ninh",
    FINANCE: "Sở Tài chính",
    JUSTICE: "Sở Tư pháp",
    OLD_OFFICE: "Sở Nội vụ (cũ)",
    ELSEWHERE: "UBND tỉnh Bạc Liêu",
}
SUBJECTS: Final = (
    "Về việc gửi, nhận văn bản điện tử",
    "Về việc lập dự toán ngân sách năm 2027",
    "Về việc rà soát thủ tục hành chính",
    "Về việc phân công nhiệm vụ trong dịp lễ",
    "Về việc báo cáo tình hình thực hiện nhiệm vụ",
)


def sample_document(issuer: OrganId, number: int, **fields: Any) -> Document:
    values: dict[str, Any] = {
        "issuer_code": issuer,
        "issuer_name": NAMES[issuer],
        "number": DocumentNumber(f"{number:02}", "QĐ-UBND"),
        "issued_date": date(2026, 1, 5),
        "kind": DocumentKind.QUYET_DINH,
        "subject": SUBJECTS[number % len(SUBJECTS)],
        "signer": DocumentSigner(full_name="Chánh Văn phòng", position="TL. Chủ tịch"),
    }
    return Document(**(values | fields))


def sample_manifest(
    package: PackageId,
    sender: OrganId,
    recipients: list[OrganId],
    document: Document,
    **fields: Any,
) -> Manifest:
    main = FileEntry(
        name="van-ban.pdf", media_type="application/pdf", size=4, sha256=Sha256.of(b"%PDF")
    )
    values: dict[str, Any] = {
        "package_id": package,
        "audience": AXIS,
        "sender": sender,
        "recipients": [Recipient(organ_id=organ) for organ in recipients],
        "document": document,
        "files": [main],
    }
    return Manifest(**(values | fields))
