"""Signs PDF files (PAdES); a plugin of lienthong.

The entry point's name is the media type. pyHanko is imported when the first file is signed.
"""

from __future__ import annotations

from lienthong.spi import (
    FileSigner,
    FileSignerCapabilities,
    FileSignerFactory,
    SignatureLevel,
    hookimpl,
)

SPI_VERSION = 1
CAPABILITIES = FileSignerCapabilities(levels=frozenset(SignatureLevel))


@hookimpl
def lienthong_file_signer_factory(media_type: str) -> FileSignerFactory | None:
    """Offer a signer of PDF files."""
    return open_file_signer if media_type == "application/pdf" else None


def open_file_signer(media_type: str) -> FileSigner:
    """A signer of PDF files; holds nothing that has to be closed."""
    from lienthong_verifier_pdf.signing import PdfFileSigner

    del media_type
    return PdfFileSigner()
