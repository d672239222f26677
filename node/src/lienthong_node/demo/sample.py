"""A small PDF to send when nobody brings one."""

from __future__ import annotations

from typing import Final

LINES: Final = (
    "UY BAN NHAN DAN TINH TAY NINH",
    "So: 01/2026/QD-UBND",
    "QUYET DINH (van ban mau de thu nghiem)",
    "Ve viec gui, nhan van ban dien tu tren truc lien thong",
)
"""The standard fonts of PDF have no Vietnamese marks, so the sample does without."""


def sample_pdf() -> bytes:
    """One page of text as PDF 1.4, the same bytes each time."""
    text = "".join(f"({line}) Tj 0 -24 Td\n" for line in LINES)
    content = f"BT /F1 14 Tf 72 760 Td\n{text}ET\n"
    return _assemble(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                "/Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>"
            ),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
            f"<< /Length {len(content)} >>\nstream\n{content}endstream",
        ]
    )


def _assemble(objects: list[str]) -> bytes:
    body = "%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    trailer = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")
