"""Where a signature is shown in the document (NĐ 30/2020 PL I II.7d, II.8)."""

from __future__ import annotations

from typing import Any, Final

from lienthong.errors import LienthongError
from lienthong.model.file_signature import Appearance, SignatureImage, SignatureRole
from lienthong_verifier_pdf.fields import role_of
from lienthong_verifier_pdf.pdf import PdfFile, PdfSignature

_MILLI: Final = 1000
_MAX_PAGES: Final = 2000
_IMAGES: Final = {
    None: SignatureImage.SIGNATURE_BLUE,
    SignatureRole.SIGNER: SignatureImage.SIGNATURE_BLUE,
    SignatureRole.AGENCY: SignatureImage.SEAL_RED,
    # Attachments and copies show words (PL I II.8b, Phần II.I).
    SignatureRole.ATTACHMENT_AGENCY: SignatureImage.HIDDEN,
    SignatureRole.COPY_AGENCY: SignatureImage.HIDDEN,
}


def appearance_of(file: PdfFile, one: PdfSignature) -> Appearance | None:
    """Page and place of its picture; None where the file does not say it in a way that fits.

    The picture is told by the role in the field's name: pixels are not looked at.
    """
    role = role_of(one.name)
    try:
        field = one.embedded.sig_field
        left, lower, right, upper = (float(side) for side in field["/Rect"])
        page = _page_of(file, field)
        if page is None:
            return None
        hidden = left == right or lower == upper or not field.get("/AP")
        return Appearance(
            page=page,
            x=round(min(left, right) * _MILLI),
            y=round(min(lower, upper) * _MILLI),
            image=SignatureImage.HIDDEN if hidden else _IMAGES[role],
        )
    except (LienthongError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _page_of(file: PdfFile, field: Any) -> int | None:
    """Number of the page that a widget names or that names the widget."""
    wanted = field.raw_get("/P").reference
    reader: Any = file.reader
    for number in range(min(int(reader.root["/Pages"]["/Count"]), _MAX_PAGES)):
        if reader.find_page_for_modification(number)[0].reference == wanted:
            return number + 1
    return None
