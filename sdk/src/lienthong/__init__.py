"""lienthong: exchange of signed official documents between state agencies.

Public names are loaded at their first use, so that ``import lienthong`` costs next to nothing and
never imports gRPC; only the clients do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lienthong.client import (
        AsyncClient,
        Client,
        Direction,
        FileSource,
        Profile,
        Progress,
        RetryPolicy,
        Sending,
    )
    from lienthong.errors import LienthongError
    from lienthong.evidence.note import VerifierKey
    from lienthong.evidence.receipt import verify_receipt
    from lienthong.model.delivery import Delivery, DeliveryEvent, DeliveryState
    from lienthong.model.document import Document, DocumentReference, DocumentSigner, Relation
    from lienthong.model.ids import (
        DocumentCode,
        DocumentNumber,
        OrganId,
        PackageId,
        Sha256,
        StatementId,
    )
    from lienthong.model.journal import FeedItem, Receipt
    from lienthong.model.kinds import DocumentKind
    from lienthong.model.organisation import Organisation
    from lienthong.model.package import Manifest, PackageKind, Recipient
    from lienthong.model.report import Assignment, CheckSummary, Reason, Statement
    from lienthong.model.words import (
        AssignmentRole,
        AttachmentKind,
        Authority,
        FileRole,
        RecipientRole,
        RefusalCode,
        RelationKind,
        Urgency,
    )
    from lienthong.pki.chain import TrustAnchors
    from lienthong.plugins import PluginHost

__version__: Final = "0.1.0"

__all__ = [
    "Assignment",
    "AssignmentRole",
    "AsyncClient",
    "AttachmentKind",
    "Authority",
    "CheckSummary",
    "Client",
    "Delivery",
    "DeliveryEvent",
    "DeliveryState",
    "Direction",
    "Document",
    "DocumentCode",
    "DocumentKind",
    "DocumentNumber",
    "DocumentReference",
    "DocumentSigner",
    "FeedItem",
    "FileRole",
    "FileSource",
    "LienthongError",
    "Manifest",
    "OrganId",
    "Organisation",
    "PackageId",
    "PackageKind",
    "PluginHost",
    "Profile",
    "Progress",
    "Reason",
    "Receipt",
    "Recipient",
    "RecipientRole",
    "RefusalCode",
    "Relation",
    "RelationKind",
    "RetryPolicy",
    "Sending",
    "Sha256",
    "Statement",
    "StatementId",
    "TrustAnchors",
    "Urgency",
    "VerifierKey",
    "__version__",
    "verify_receipt",
]

_PLACES: Final = {
    "client": (
        "AsyncClient",
        "Client",
        "Direction",
        "FileSource",
        "Profile",
        "Progress",
        "RetryPolicy",
        "Sending",
    ),
    "errors": ("LienthongError",),
    "evidence.note": ("VerifierKey",),
    "evidence.receipt": ("verify_receipt",),
    "model.delivery": ("Delivery", "DeliveryEvent", "DeliveryState"),
    "model.document": ("Document", "DocumentReference", "DocumentSigner", "Relation"),
    "model.ids": (
        "DocumentCode",
        "DocumentNumber",
        "OrganId",
        "PackageId",
        "Sha256",
        "StatementId",
    ),
    "model.journal": ("FeedItem", "Receipt"),
    "model.kinds": ("DocumentKind",),
    "model.organisation": ("Organisation",),
    "model.package": ("Manifest", "PackageKind", "Recipient"),
    "model.report": ("Assignment", "CheckSummary", "Reason", "Statement"),
    "model.words": (
        "AssignmentRole",
        "AttachmentKind",
        "Authority",
        "FileRole",
        "RecipientRole",
        "RefusalCode",
        "RelationKind",
        "Urgency",
    ),
    "pki.chain": ("TrustAnchors",),
    "plugins": ("PluginHost",),
}
_MODULES: Final = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name at its first use (PEP 562)."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
