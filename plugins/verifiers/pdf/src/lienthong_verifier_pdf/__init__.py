"""Signatures in PDF and CMS files: the verifier plugin of the media types below.

The module itself is light. pyHanko, which reads the files, is imported by worker processes only:
it is large, and what it reads is hostile.
"""

from __future__ import annotations

from lienthong.spi import FileVerifierCapabilities, FileVerifierFactory, hookimpl
from lienthong_verifier_pdf.verifier import MEDIA_TYPES, FileSignatureVerifier

SPI_VERSION = 1
CAPABILITIES = FileVerifierCapabilities(revocation=True)


@hookimpl
def lienthong_file_verifier_factory(media_type: str) -> FileVerifierFactory | None:
    """Offer to verify PDF files, and CMS signatures with their content inside or beside."""
    return FileSignatureVerifier if media_type in MEDIA_TYPES else None


__all__ = [
    "CAPABILITIES",
    "MEDIA_TYPES",
    "SPI_VERSION",
    "FileSignatureVerifier",
    "lienthong_file_verifier_factory",
]
