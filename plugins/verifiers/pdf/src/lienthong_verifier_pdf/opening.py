"""Opening a PDF for signing: what is not plainly sound is not signed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from lienthong.errors import FileUnsignable, LienthongError, TooLarge
from lienthong_verifier_pdf.objects import entry
from lienthong_verifier_pdf.pages import page_count

MAX_BYTES: Final = 128 * 1024 * 1024
OLDEST: Final = (1, 4)
"""Version of PDF (NĐ 30/2020 PL I)."""

_BEGINNING: Final = b"%PDF-"
_END: Final = b"%%EOF"
_TAIL: Final = 1024
_REASON: Final = 200


def open_pdf(source: BinaryIO) -> IncrementalPdfFileWriter:
    """A writer that appends to a file, which it only reads.

    Raises:
        FileUnsignable: the file is damaged, encrypted, without pages, with dynamic forms, or of a
            structure that programs read differently.
        TooLarge: it has more than 128 MiB.
    """
    _check_ends(source)
    with parsing():
        writer = IncrementalPdfFileWriter(source, strict=True)
        _check_form(writer)
        return writer


@contextmanager
def parsing() -> Iterator[None]:
    """Whatever a parser makes of a hostile file is one typed error."""
    try:
        yield
    except LienthongError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:_REASON]
        raise FileUnsignable(reason=text or type(error).__name__) from error


def _check_ends(source: BinaryIO) -> None:
    """Nothing before the header and nothing after the end: readers disagree about both."""
    size = source.seek(0, io.SEEK_END)
    if size > MAX_BYTES:
        raise TooLarge(what="the file", found=f"{size} bytes", limit=f"{MAX_BYTES} bytes")
    source.seek(0)
    if source.read(len(_BEGINNING)) != _BEGINNING:
        raise FileUnsignable(reason="it does not begin as a PDF")
    source.seek(max(0, size - _TAIL))
    _, found, rest = source.read(_TAIL).rpartition(_END)
    if not found or rest.strip():
        raise FileUnsignable(reason="it does not end as a PDF")
    source.seek(0)


def _check_form(writer: IncrementalPdfFileWriter) -> None:
    reader = writer.prev
    if reader.encrypted:
        raise FileUnsignable(reason="it is encrypted")
    if reader.input_version < OLDEST:
        raise FileUnsignable(reason="it is older than PDF 1.4 (NĐ 30/2020 PL I)")
    if reader.xrefs.hybrid_xrefs_present:
        raise FileUnsignable(reason="it has two tables of contents")
    if entry(reader.root, "/AcroForm", "/XFA") is not None:
        raise FileUnsignable(reason="it has dynamic forms (XFA)")
    page_count(reader)
