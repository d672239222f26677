"""Valid values of the model for tests; every field can be replaced by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import Document, DocumentReference, DocumentSigner
from lienthong.model.file_signature import (
    Certificates,
    Finding,
    SignatureKind,
    SignaturesFound,
)
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, Sha256, StatementId
from lienthong.model.kinds import DocumentKind
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import (
    Assignment,
    CheckSummary,
    Reason,
    RegisterEntry,
    Statement,
)
from lienthong.model.words import Authority

NOW: Final = datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
AUDIENCE: Final = "truc.example.vn"
SENDER: Final = OrganId("H53.99")
RECIPIENT: Final = OrganId("H53.98")


def package_id(number: int = 1) -> PackageId:
    """An identifier that grows with its number."""
    return PackageId.new(NOW, number.to_bytes(10, "big"))


def statement_id(number: int = 1) -> StatementId:
    """An identifier that grows with its number."""
    return StatementId.new(NOW, number.to_bytes(10, "big"))


def a_signer(**changes: Any) -> DocumentSigner:
    """The person who signed."""
    given: dict[str, Any] = {
        "full_name": "Chánh Văn phòng",
        "position": "Chủ tịch",
        "authority": Authority.TM,
    }
    return DocumentSigner(**(given | changes))


def a_document(**changes: Any) -> Document:
    """A decision with its required fields."""
    given: dict[str, Any] = {
        "issuer_code": SENDER,
        "issuer_name": "Ủy ban nhân dân tỉnh",
        "number": DocumentNumber("05", "QĐ-UBND"),
        "issued_date": date(2026, 1, 5),
        "kind": DocumentKind.QUYET_DINH,
        "subject": "Về việc phê duyệt kế hoạch",
        "signer": a_signer(),
    }
    return Document(**(given | changes))


def a_reference(**changes: Any) -> DocumentReference:
    """Another document."""
    given: dict[str, Any] = {
        "organ_id": RECIPIENT,
        "number": DocumentNumber("11", "STC-NS"),
        "issued_date": date(2025, 12, 20),
    }
    return DocumentReference(**(given | changes))


def a_file(content: bytes = b"%PDF-1.7", **changes: Any) -> FileEntry:
    """A main file with this content."""
    given: dict[str, Any] = {
        "name": "Quyết định 05.pdf",
        "media_type": "application/pdf",
        "size": len(content),
        "sha256": Sha256.of(content),
    }
    return FileEntry(**(given | changes))


def a_manifest(**changes: Any) -> Manifest:
    """A new document for one recipient; other kinds also get a target and a reason."""
    given: dict[str, Any] = {
        "package_id": package_id(),
        "audience": AUDIENCE,
        "sender": SENDER,
        "recipients": (Recipient(organ_id=RECIPIENT),),
        "document": a_document(),
        "files": (a_file(),),
        "created_at": NOW,
    }
    if changes.get("kind", PackageKind.NEW) is not PackageKind.NEW:
        given |= {"target": package_id(99), "reason": "Sai thẩm quyền"}
    return Manifest(**(given | changes))


def signatures(**changes: Any) -> SignaturesFound:
    """What was found of an original that signer and agency have signed."""
    good = Finding.GOOD
    given: dict[str, Any] = {
        "integrity": good,
        "signer": good,
        "agency": good,
        "kind": SignatureKind.CONG_VU,
        "certificates": Certificates.GOOD,
        "order": good,
        "report": Sha256.of(b"the stored reports"),
    }
    return SignaturesFound(**(given | changes))


def a_statement(event: DeliveryEvent = DeliveryEvent.ARRIVE, **changes: Any) -> Statement:
    """A report of the recipient with what its event requires."""
    given: dict[str, Any] = {
        "statement_id": statement_id(),
        "audience": AUDIENCE,
        "package_id": package_id(),
        "recipient": RECIPIENT,
        "reporter": SENDER if event is DeliveryEvent.REQUEST_TAKE_BACK else RECIPIENT,
        "event": event,
        "created_at": NOW,
    }
    if event is DeliveryEvent.ACCEPT:
        given["register"] = RegisterEntry(number=12, date=date(2026, 1, 5))
        given["check"] = CheckSummary(complete=True, intact=True, authentic=True, checked_at=NOW)
    elif event is DeliveryEvent.FORWARD:
        given["assignments"] = (Assignment(unit="Phòng Ngân sách"),)
    elif event.value.startswith(("REFUSE", "REJECT", "REOPEN", "REQUEST")):
        given["reason"] = Reason(text="Gửi nhầm nơi nhận")
    return Statement(**(given | changes))
