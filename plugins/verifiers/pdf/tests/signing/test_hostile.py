"""Harmful or mistaken pictures and files: one typed error each, and no signature."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from lienthong.errors import (
    FileUnsignable,
    InvalidValue,
    LienthongError,
    SignatureImageUnfit,
    TooLarge,
)
from lienthong.model.file_signature import SignatureRole
from lienthong.testing.signer import MemorySigner
from lienthong_verifier_pdf import opening
from lienthong_verifier_pdf.images import load_picture
from tests.tiers import SEED, tier

SIGNER, AGENCY, *_ = SignatureRole
MAGIC = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + crc


def header(width: int, height: int, colour: int = 6) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return chunk(b"IHDR", size + bytes([8, colour, 0, 0, 0]))


def jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (10, 10), (0, 0, 255)).save(made, "JPEG")
    return made.getvalue()


def opaque() -> bytes:
    made = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 255, 255)).save(made, "PNG")
    return made.getvalue()


def empty() -> bytes:
    made = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 255, 0)).save(made, "PNG")
    return made.getvalue()


def twice_headed() -> bytes:
    """Small by its first header, and as large as the second one says."""
    made = io.BytesIO()
    image = Image.new("RGBA", (4_000, 4_000), (0, 0, 255, 0))
    image.paste((0, 0, 255, 255), (0, 0, 2_000, 2_000))
    image.save(made, "PNG")
    return MAGIC + header(10, 10) + made.getvalue().removeprefix(MAGIC)


BOMB = zlib.compress(bytes(64 * 1024 * 1024))
UNFIT = {
    "no PNG": b"GIF89a",
    "JPEG": jpeg(),
    "signature only": MAGIC,
    "several headers": twice_headed(),
    "no end": MAGIC + header(10, 10),
    "no header": MAGIC + chunk(b"IEND", b""),
    "no data": MAGIC + header(10, 10) + chunk(b"IEND", b""),
    "too wide": MAGIC + header(2**31 - 1, 1) + chunk(b"IEND", b""),
    "too many pixels": MAGIC + header(6_000, 6_000) + chunk(b"IEND", b""),
    "no pixels": MAGIC + header(0, 10) + chunk(b"IEND", b""),
    "chunk longer than the file": MAGIC + (2**31).to_bytes(4, "big") + b"IHDR",
    "too little data": MAGIC
    + header(3_000, 3_000)
    + chunk(b"IDAT", BOMB[:50])
    + chunk(b"IEND", b""),
    "unknown colours": MAGIC + header(10, 10, 9) + chunk(b"IDAT", BOMB) + chunk(b"IEND", b""),
    "opaque": opaque(),
    "nothing on it": empty(),
}


@pytest.mark.parametrize("png", UNFIT.values(), ids=UNFIT)
def test_unfit_picture_is_refused(
    sign: Any, document: bytes, key: MemorySigner, png: bytes
) -> None:
    with pytest.raises(SignatureImageUnfit):
        sign(document, image=png)
    assert key.signed == []


def test_colours_are_those_of_the_decree(
    sign: Any, document: bytes, pictures: dict[str, bytes]
) -> None:
    with pytest.raises(SignatureImageUnfit, match="blue"):
        sign(document, image=pictures["seal"])
    content = sign(document).content
    with pytest.raises(SignatureImageUnfit, match="red"):
        sign(content, AGENCY, image=pictures["signature"])


def test_what_a_picture_does_not_show_stays_out(pictures: dict[str, bytes]) -> None:
    secret = chunk(b"tEXt", b"Comment\0" + b"scanned by somebody")
    png = pictures["signature"]
    ending = png.rindex(b"IEND") - 4
    picture = load_picture(png[:ending] + secret + png[ending:], SIGNER)
    assert picture.image.info == {}


def test_altered_pictures_are_refused_or_read(pictures: dict[str, bytes]) -> None:
    chance = random.Random(SEED)
    png = pictures["signature"]
    for _ in range(tier(300, 5_000)):
        at = chance.randrange(len(png))
        altered = png[:at] + bytes([chance.randrange(256)]) + png[at + chance.randrange(2) :]
        try:
            load_picture(altered, SIGNER)
        except SignatureImageUnfit:
            continue


def test_picture_over_the_limit_is_refused(order: Callable[..., Any]) -> None:
    with pytest.raises(InvalidValue, match="bytes"):
        order(image=bytes(6 * 1024 * 1024))


def changed(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    source = io.BytesIO(content)
    writer = IncrementalPdfFileWriter(source)
    change(writer)
    writer.update_root()
    writer.write_in_place()
    return source.getvalue()


def with_xfa(writer: IncrementalPdfFileWriter) -> None:
    entries = {generic.pdf_name("/XFA"): generic.ArrayObject()}
    writer.root["/AcroForm"] = writer.add_object(generic.DictionaryObject(entries))


def without_pages(writer: IncrementalPdfFileWriter) -> None:
    empty_tree = {
        generic.pdf_name("/Type"): generic.pdf_name("/Pages"),
        generic.pdf_name("/Kids"): generic.ArrayObject(),
        generic.pdf_name("/Count"): generic.NumberObject(0),
    }
    writer.root["/Pages"] = writer.add_object(generic.DictionaryObject(empty_tree))


def with_count(number: int) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root["/Pages"]["/Count"] = generic.NumberObject(number)
        writer.update_container(writer.root["/Pages"])

    return change


def with_box(*corners: float) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        for index in range(2):
            page = writer.find_page_for_modification(index)[0].get_object()
            page["/MediaBox"] = generic.ArrayObject(map(generic.FloatObject, corners))
            writer.update_container(page)

    return change


def in_a_circle(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"] = generic.ArrayObject([writer.root.raw_get("/Pages")])
    writer.update_container(pages)


CHANGES: dict[str, Callable[[IncrementalPdfFileWriter], None]] = {
    "dynamic form": with_xfa,
    "no pages": without_pages,
    "fewer than no pages": with_count(-3),
    "millions of pages": with_count(10**9),
    "huge page": with_box(0, 0, 1e9, 1e9),
    "tiny page": with_box(0, 0, 1, 1),
    "page of no size": with_box(0, 0),
    "pages in a circle": in_a_circle,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_odd_structure_is_refused(
    sign: Any,
    document: bytes,
    key: MemorySigner,
    change: Callable[[IncrementalPdfFileWriter], None],
) -> None:
    with pytest.raises(FileUnsignable):
        sign(changed(document, change))
    assert key.signed == []


def test_bytes_around_a_file_are_refused(sign: Any, document: bytes) -> None:
    for odd in (b"\n" + document, b"junk" + document, document + b"junk", document + b"\0"):
        with pytest.raises(FileUnsignable):
            sign(odd)
    assert sign(document + b"\n").told.name == "lienthong-SIGNER-1"


def test_older_version_is_refused(sign: Any, document: bytes) -> None:
    with pytest.raises(FileUnsignable, match=r"1\.4"):
        sign(document.replace(b"%PDF-1.7", b"%PDF-1.3"))


def test_encrypted_file_is_refused(sign: Any, document: bytes) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as opened:
        opened.save(made, encryption=pikepdf.Encryption(owner="owner", user="", R=6))
    with pytest.raises(FileUnsignable, match="encrypted"):
        sign(made.getvalue())


def test_file_over_the_limit_is_refused(
    sign: Any, document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_BYTES", len(document) - 1)
    with pytest.raises(TooLarge):
        sign(document)


def test_altered_files_are_signed_or_refused(
    sign: Any, document: bytes, seal_key: MemorySigner
) -> None:
    chance = random.Random(SEED)
    content, refused = sign(document).content, 0
    signature = PdfFileReader(io.BytesIO(content)).embedded_signatures[0]
    hole = range(int(signature.byte_range[1]), int(signature.byte_range[2]))
    runs = tier(60, 1_500)
    for _ in range(runs):
        at = chance.randrange(len(content))
        altered = content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
        seal_key.signed.clear()
        try:
            sign(altered, AGENCY)
        except LienthongError:
            refused += 1
            assert seal_key.signed == [], at
        else:
            # Nobody signs what lies around the signature itself: padding, others' certificates.
            assert altered == content or at in hole, at
    assert refused > runs // 4


@pytest.mark.parametrize("cut", [0, 1, 4, 9, 100, -2, -7, -30])
def test_cut_file_is_refused(sign: Any, document: bytes, cut: int) -> None:
    with pytest.raises(FileUnsignable):
        sign(document[:cut])


def test_file_of_another_type_is_refused(sign: Any) -> None:
    for odd in (b"PK\x03\x04", b"<html>", b"%PDF-1.7\n%%EOF", Path(__file__).read_bytes()):
        with pytest.raises(FileUnsignable):
            sign(odd)
