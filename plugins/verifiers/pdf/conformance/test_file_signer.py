"""The published contract suite against PDF files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from reportlab.pdfgen.canvas import Canvas

from lienthong_conformance import FileSignerContract
from lienthong_verifier_pdf import signer


def intact(content: bytes) -> list[bool]:
    """By pyHanko's own verdict on integrity; nobody is trusted here."""
    found = []
    for signature in PdfFileReader(io.BytesIO(content)).embedded_regular_signatures:
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[]))
        found.append(status.intact and status.valid and bool(status.docmdp_ok))
    return found


class TestPdfFileSigner(FileSignerContract):
    plugin = signer
    media_type = "application/pdf"

    @pytest.fixture
    def document(self) -> bytes:
        made = io.BytesIO()
        canvas = Canvas(made, pdfVersion=(1, 7), invariant=1)
        canvas.drawString(90, 740, "Quyết định")
        canvas.save()
        return made.getvalue()

    @pytest.fixture
    def judge(self) -> Callable[[bytes], Sequence[bool]]:
        return intact
