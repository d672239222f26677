"""The signatures that are already in a file, as far as signing has to know them.

Only integrity is judged here: what was signed is unchanged, and what came after it was permitted.
Whether a certificate is trusted and in force is the verifier's to say, from all that it knows.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import new as new_digest
from typing import Any, Final

from attrs import field, frozen
from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import SuspiciousModification
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from lienthong.errors import EarlierSignatureBroken, FileUnsignable
from lienthong.model.file_signature import SignatureRole
from lienthong_verifier_pdf.fields import role_of
from lienthong_verifier_pdf.holders import Holder, contradicts, holder_of
from lienthong_verifier_pdf.objects import entry, numbers
from lienthong_verifier_pdf.pages import Rectangle

MAX_SIGNATURES: Final = 100
DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
_BY_HOLDER: Final = {
    Holder.PERSON: SignatureRole.SIGNER,
    Holder.ORGANISATION: SignatureRole.AGENCY,
}
_REASON: Final = 200


@frozen(kw_only=True)
class Found:
    """An intact signature, or document time-stamp."""

    name: str
    role: SignatureRole | None
    """By the name of its field, or else by whose certificate it is; None where neither says it,
    where they contradict each other, and of time-stamps."""

    at: datetime | None
    """What it states as its time."""

    page: Any = field(repr=False)
    """Reference of the page that it shows on; None when the file names none."""

    rectangle: Rectangle | None
    """Where it shows; None when nothing shows."""

    chain: tuple[bytes, ...] = field(repr=False)
    """Certificates that it carries, DER, the signer's first."""


def intact_signatures(reader: PdfFileReader) -> tuple[Found, ...]:
    """All signatures of a file, in the order in which they were made.

    Raises:
        EarlierSignatureBroken: one is not intact.
        FileUnsignable: there are too many.
    """
    embedded = reader.embedded_signatures
    if len(embedded) > MAX_SIGNATURES:
        raise FileUnsignable(reason=f"it has {len(embedded)} signatures")
    return tuple(map(_found, embedded))


def _found(signature: EmbeddedPdfSignature) -> Found:
    name = str(signature.field_name)
    try:
        reason = _fault(signature)
    except Exception as error:
        raise _broken(name, str(error) or type(error).__name__) from error
    if reason:
        raise _broken(name, reason)
    return Found(
        name=name,
        role=_role(name, signature),
        at=_aware(signature.self_reported_timestamp),
        page=_page(signature.sig_field),
        rectangle=_rectangle(signature.sig_field),
        chain=_chain(signature),
    )


def _role(name: str, signature: EmbeddedPdfSignature) -> SignatureRole | None:
    if signature.sig_object_type != "/Sig":
        return None
    claimed = role_of(name)
    holder, _ = holder_of(x509.load_der_x509_certificate(signature.signer_cert.dump()))
    if claimed is None:
        return _BY_HOLDER.get(holder)
    return None if contradicts(claimed, holder) else claimed


def _aware(stated: datetime | None) -> datetime | None:
    return stated if stated is not None and stated.tzinfo is not None else None


def _broken(name: str, reason: str) -> EarlierSignatureBroken:
    return EarlierSignatureBroken(name=name, reason=" ".join(reason.split())[:_REASON])


def _fault(signature: Any) -> str:
    """What is wrong with a signature; empty when nothing is."""
    if signature.md_algorithm not in DIGESTS:
        return f"made with {signature.md_algorithm}, which can be forged"
    signature.compute_integrity_info()
    if signature.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return "it does not cover its part of the file"
    if isinstance(signature.diff_result, SuspiciousModification):
        return f"changed after it was signed: {signature.diff_result}"
    if not signature.summarise_integrity_info()["docmdp_ok"]:
        return "changed after it was signed in a way that it forbids"
    return "" if _is_signed(signature) else "the signature does not fit the file"


def _is_signed(signature: EmbeddedPdfSignature) -> bool:
    digest = signature.compute_digest()
    content = signature.signed_data["encap_content_info"]
    kind = content["content_type"].native
    if kind == "tst_info":
        if content["content"].parsed["message_imprint"]["hashed_message"].native != digest:
            return False
        digest = new_digest(signature.md_algorithm, bytes(content["content"])).digest()
    intact, valid = validate_sig_integrity(
        signature.signer_info, signature.signer_cert, kind, digest
    )
    return intact and valid


def _chain(signature: EmbeddedPdfSignature) -> tuple[bytes, ...]:
    others = [one.dump() for one in signature.other_embedded_certs]
    return (signature.signer_cert.dump(), *others)


def _page(sig_field: Any) -> Any:
    named = sig_field.raw_get("/P") if "/P" in sig_field else None
    return getattr(named, "reference", None)


def _rectangle(sig_field: Any) -> Rectangle | None:
    corners = numbers(entry(sig_field, "/Rect"))
    if len(corners) != 4:  # noqa: PLR2004 - two corners
        return None
    left, right = sorted(corners[::2])
    lower, upper = sorted(corners[1::2])
    return (left, lower, right, upper) if right > left and upper > lower else None
