"""What shows, and where (NĐ 30/2020 PL I II.7d, II.8; Phần II.I)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from lienthong.errors import (
    FileUnsignable,
    FontMissing,
    InvalidValue,
    MissingField,
    SignatureImageUnfit,
)
from lienthong.model.file_signature import SignatureImage, SignatureRole
from lienthong.model.ids import DocumentNumber
from lienthong.model.words import CopyForm
from lienthong.spi import Box, SigningOrder
from lienthong_verifier_pdf.found import intact_signatures
from lienthong_verifier_pdf.pages import Page

SIGNER, AGENCY, ATTACHMENT, COPY = SignatureRole
MM = 72 / 25.4
NUMBER_52 = DocumentNumber("52", "2019/QĐ-UBND")
EVENING = datetime(2019, 11, 22, 17, 30, 5, tzinfo=UTC)
AGENCY_NAME = "Ủy ban nhân dân tỉnh"


def rectangles(content: bytes) -> list[tuple[float, ...] | None]:
    reader = PdfFileReader(io.BytesIO(content))
    return [one.rectangle for one in intact_signatures(reader)]


def render(content: bytes, page: int = 0, scale: float = 2) -> Image.Image:
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(content)
    document.init_forms()
    shown = document[page].render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
    assert isinstance(shown, Image.Image)
    return shown


def count(image: Image.Image, wanted: Callable[[int, int, int], bool]) -> int:
    found: Any = image.getcolors(image.width * image.height)
    return sum(number for number, pixel in found if wanted(*pixel))


def is_blue(red: int, green: int, blue: int) -> bool:
    return blue > red + 80 and blue > green + 80


def is_red(red: int, green: int, blue: int) -> bool:
    return red > blue + 80 and red > green + 80


def is_dark(red: int, green: int, blue: int) -> bool:
    return max(red, green, blue) < 100


def crop(image: Image.Image, rectangle: tuple[float, ...], scale: float = 2) -> Image.Image:
    left, lower, right, upper = (number * scale for number in rectangle)
    return image.crop((int(left), int(image.height - upper), int(right), int(image.height - lower)))


def test_signature_is_on_the_last_page_in_the_right_half(sign: Any, document: bytes) -> None:
    made = sign(document)
    assert made.told.appearance.page == 2
    assert made.told.appearance.image is SignatureImage.SIGNATURE_BLUE
    (box,) = rectangles(made.content)
    assert box is not None
    assert box[0] > 595 / 2
    assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(300 / 120, rel=0.001)
    assert count(render(made.content, 0), is_blue) == 0
    assert count(crop(render(made.content, 1), box), is_blue) > 500


def test_seal_covers_a_third_of_the_signature_on_its_left(sign: Any, document: bytes) -> None:
    made = sign(sign(document).content, AGENCY)
    signature, seal = rectangles(made.content)
    assert signature is not None
    assert seal is not None
    width = signature[2] - signature[0]
    assert seal[0] < signature[0]
    assert seal[2] - signature[0] == pytest.approx(width / 3, abs=0.1)
    assert seal[2] - seal[0] == pytest.approx(36 * MM, rel=0.002)
    assert seal[3] - seal[1] == pytest.approx(36 * MM, rel=0.002)
    middles = [(one[1] + one[3]) / 2 for one in (signature, seal)]
    assert middles[0] == pytest.approx(middles[1], abs=0.1)
    shown = crop(render(made.content, 1), signature)
    left = shown.crop((0, 0, shown.width // 3 + 1, shown.height))
    right = shown.crop((shown.width // 3 + 2, 0, shown.width, shown.height))
    assert count(left, is_red) > 50
    assert count(right, is_red) == 0
    assert min(count(left, is_blue), count(right, is_blue)) > 50


def test_what_lies_under_a_seal_can_be_read(sign: Any, document: bytes) -> None:
    """The background is transparent in the file as well."""
    box = Box(left=10_000, bottom=705_000, width=200_000, height=80_000)
    made = sign(document, page=1, box=box)
    before, after = render(document), render(made.content)
    assert count(before, is_dark) > 0
    assert count(after, is_dark) == count(before, is_dark)


def test_page_and_box_are_as_told(sign: Any, document: bytes) -> None:
    box = Box(left=100_000, bottom=200_000, width=60_000, height=60_000)
    made = sign(document, page=1, box=box)
    assert made.told.appearance.page == 1
    assert rectangles(made.content) == [(100.0, 218.0, 160.0, 242.0)]


def test_seal_without_a_shown_signature_needs_a_place(sign: Any, document: bytes) -> None:
    hidden = sign(document, image=b"")
    assert hidden.told.appearance is None
    with pytest.raises(InvalidValue, match="a place for the seal"):
        sign(hidden.content, AGENCY)
    box = Box(left=100_000, bottom=200_000, width=1_000, height=1_000)
    made = sign(hidden.content, AGENCY, box=box)
    assert rectangles(made.content)[1] == pytest.approx((100, 200, 202.05, 302.05), abs=0.1)


def test_seal_with_a_place_is_on_the_page_of_the_signature(sign: Any, document: bytes) -> None:
    box = Box(left=100_000, bottom=200_000, width=1_000, height=1_000)
    first = sign(document, page=1).content
    assert sign(first, AGENCY, box=box).told.appearance.page == 1
    assert sign(first, AGENCY, box=box, page=2).told.appearance.page == 2


def test_nothing_shows_where_no_image_is_given(sign: Any, document: bytes) -> None:
    made = sign(sign(document, image=b"").content, AGENCY, image=b"")
    assert rectangles(made.content) == [None, None]
    assert render(made.content, 1).tobytes() == render(document, 1).tobytes()


def test_seal_of_unknown_size_is_refused(sign: Any, document: bytes, unsized_seal: bytes) -> None:
    content = sign(document).content
    with pytest.raises(SignatureImageUnfit, match="how large"):
        sign(content, AGENCY, image=unsized_seal)
    made = sign(content, AGENCY, image=unsized_seal, image_width=round(36 * MM * 1000))
    seal = rectangles(made.content)[1]
    assert seal is not None
    assert seal[2] - seal[0] == pytest.approx(36 * MM, abs=0.01)


@pytest.mark.parametrize(
    ("page", "box"),
    [
        (3, None),
        (99_999, None),
        (1, Box(left=500_000, bottom=0, width=100_000, height=40_000)),
        (1, Box(left=0, bottom=800_000, width=150_000, height=60_000)),
        (1, Box(left=14_400_000, bottom=0, width=1_000, height=1_000)),
    ],
)
def test_place_outside_the_document_is_refused(
    sign: Any, document: bytes, key: Any, page: int, box: Box | None
) -> None:
    with pytest.raises(InvalidValue):
        sign(document, page=page, box=box)
    assert key.signed == []


def test_attachment_shows_number_and_time_at_the_top_right(
    sign: Any, document: bytes, order: Any
) -> None:
    wanted = order(ATTACHMENT, number=NUMBER_52, at=EVENING)
    assert wanted.lines == ("52/2019/QĐ-UBND", "2019-11-23T00:30:05+07:00")
    made = sign(document, ATTACHMENT, number=NUMBER_52)
    assert made.told.appearance.page == 1
    assert made.told.appearance.image is SignatureImage.HIDDEN
    (box,) = rectangles(made.content)
    assert box is not None
    assert box[2] == pytest.approx(595.28 - 15 * MM, abs=0.1)
    assert box[3] == pytest.approx(841.89 - 8 * MM, abs=0.1)
    assert box[3] - box[1] == pytest.approx(24)
    assert count(crop(render(made.content), box), is_dark) > 200


@pytest.mark.parametrize(
    ("form", "mark"),
    [
        (CopyForm.SAO_Y, "SAO Y"),
        (CopyForm.SAO_LUC, "SAO LỤC"),
        (CopyForm.TRICH_SAO, "TRÍCH SAO"),
    ],
)
def test_copy_shows_its_form_who_made_it_and_when(
    sign: Any, document: bytes, order: Any, form: CopyForm, mark: str
) -> None:
    wanted = order(COPY, copy_form=form, agency=AGENCY_NAME, at=EVENING)
    assert wanted.lines == (mark, AGENCY_NAME, "2019-11-23T00:30:05+07:00")
    made = sign(document, COPY, copy_form=form, agency=AGENCY_NAME)
    assert made.told.appearance.text.splitlines()[:2] == [mark, AGENCY_NAME]


def test_second_mark_stands_below_the_first(sign: Any, document: bytes) -> None:
    first = sign(document, ATTACHMENT, number=NUMBER_52)
    made = sign(first.content, COPY, copy_form=CopyForm.SAO_Y, agency=AGENCY_NAME * 5)
    upper, lower = rectangles(made.content)
    assert upper is not None
    assert lower is not None
    assert lower[3] < upper[1]
    assert lower[2] - lower[0] <= 595.28 / 2


def test_font_is_embedded_as_a_part(sign: Any, document: bytes) -> None:
    made = sign(document, COPY, copy_form=CopyForm.SAO_Y, agency=AGENCY_NAME)
    reader = PdfFileReader(io.BytesIO(made.content))
    appearance = reader.embedded_signatures[0].sig_field["/AP"]["/N"]
    (shown,) = appearance["/Resources"]["/XObject"].values()
    fonts = [one.get_object() for one in shown.get_object()["/Resources"]["/Font"].values()]
    embedded = [font for font in fonts if "/FontDescriptor" in font]
    assert embedded
    for font in embedded:
        assert "+" in font["/BaseFont"]
        assert "/FontFile2" in font["/FontDescriptor"]
        assert "/ToUnicode" in font
    assert len(made.content) - len(document) < 150_000


def test_missing_font_is_told(sign: Any, document: bytes, key: Any, tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match=r"none\.ttf"):
        sign(document, ATTACHMENT, number=NUMBER_52, font=tmp_path / "none.ttf")
    assert key.signed == []


@pytest.mark.parametrize(
    ("role", "more", "clause"),
    [
        (ATTACHMENT, {}, r"II\.8b"),
        (COPY, {"agency": AGENCY_NAME}, r"Phần II\.I"),
        (COPY, {"copy_form": CopyForm.ORIGINAL, "agency": AGENCY_NAME}, r"Phần II\.I"),
        (COPY, {"copy_form": CopyForm.SAO_Y}, r"Phần II\.I"),
    ],
)
def test_marks_are_complete(
    order: Any, role: SignatureRole, more: dict[str, Any], clause: str
) -> None:
    with pytest.raises(MissingField, match=clause):
        order(role, **more)


def test_marks_have_no_image(order: Any) -> None:
    with pytest.raises(InvalidValue, match="no image and no place"):
        order(ATTACHMENT, number=NUMBER_52, image=b"any")


def test_orders_state_an_instant(order: Callable[..., SigningOrder]) -> None:
    wanted = order()
    with pytest.raises(Exception, match="time zone"):
        evolve(wanted, at=datetime(2026, 11, 22))  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned_pages_show_it_upright(sign: Any, turn: int, draw: Callable[..., bytes]) -> None:
    content = draw(1, turn=turn)
    made = sign(sign(content).content, AGENCY)
    shown = render(made.content)
    told = made.told.appearance
    across = 2 * told.x / 1000, 2 * told.y / 1000
    size = 2 * 36 * MM
    seal = shown.crop(
        (
            int(across[0]),
            int(shown.height - across[1] - size),
            int(across[0] + size),
            int(shown.height - across[1]),
        )
    )
    assert count(seal, is_red) > 500
    assert count(seal, is_red) == count(shown, is_red)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_and_rectangles_are_each_others_reverse(turn: int) -> None:
    page = Page(index=0, area=(10, 20, 605, 862), turn=turn)
    box = Box(left=30_000, bottom=50_000, width=100_000, height=70_000)
    assert page.box(page.rectangle(box)) == box


def test_oddly_turned_page_is_refused(sign: Any, draw: Callable[..., bytes]) -> None:
    content = draw(1).replace(b"/Rotate 0", b"/Rotate 7")
    with pytest.raises(FileUnsignable, match="turned by 7"):
        sign(content)


def test_largest_pages_are_signed(sign: Any, draw: Callable[..., bytes]) -> None:
    """Maps are attachments too."""
    content = draw(1, size=(14_400, 14_400))
    made = sign(content, ATTACHMENT, number=NUMBER_52)
    assert made.told.appearance.x > 14_000_000
    box = Box(left=14_000_000, bottom=14_000_000, width=300_000, height=300_000)
    assert sign(made.content, page=1, box=box).told.earlier == ("lienthong-ATTACHMENT_AGENCY-1",)
