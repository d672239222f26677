"""What a signature shows, and where: one value, from which pyHanko makes the appearance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import field, frozen
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.stamp import StaticStampStyle

from lienthong.fonts import find_font
from lienthong.model.file_signature import Appearance, SignatureImage, SignatureRole
from lienthong.spi import SigningOrder
from lienthong_verifier_pdf.drawing import Drawn, drawn_picture, drawn_text, write
from lienthong_verifier_pdf.found import Found
from lienthong_verifier_pdf.images import load_picture
from lienthong_verifier_pdf.pages import Rectangle, page_of
from lienthong_verifier_pdf.placing import Place, place_image, place_text

_WIDEST: Final = 0.5
"""Of the page's width, for lines at its top right."""

_IMAGES: Final = {
    SignatureRole.SIGNER: SignatureImage.SIGNATURE_BLUE,
    SignatureRole.AGENCY: SignatureImage.SEAL_RED,
}
_FILLING: Final = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MID,
    y_align=AxisAlignment.ALIGN_MID,
    margins=Margins(),
    inner_content_scaling=InnerScaling.STRETCH_FILL,
)


@frozen(kw_only=True)
class Shown:
    """A drawing and its place."""

    place: Place
    drawing: Drawn = field(repr=False)

    @property
    def rectangle(self) -> Rectangle:
        """In points of the file."""
        return self.place.page.rectangle(self.place.box)

    @property
    def style(self) -> StaticStampStyle:
        """The drawing alone, without frame, over the whole place."""
        return StaticStampStyle(border_width=0, background=self.drawing, background_layout=_FILLING)

    def appearance(self, order: SigningOrder) -> Appearance:
        """What the record of the signature says of it."""
        return Appearance(
            page=self.place.page.index + 1,
            x=self.place.box.left,
            y=self.place.box.bottom,
            image=_IMAGES.get(order.role, SignatureImage.HIDDEN),
            text="\n".join(order.lines),
        )


def show(reader: Any, order: SigningOrder, found: Sequence[Found]) -> Shown | None:
    """What an order wants to be shown; None for nothing.

    Args:
        reader: of pyHanko.
        order: role, image and place.
        found: the signatures that are there.

    Raises:
        SignatureImageUnfit: the image is not as PL I wants it.
        FontMissing: there is no font for the text.
        InvalidValue: the place lies outside the page.
    """
    shown = _text(reader, order, found) if order.is_text else _image(reader, order, found)
    if shown is not None:
        # Refuses what lies outside the page before the key is used.
        _ = shown.rectangle
    return shown


def _text(reader: Any, order: SigningOrder, found: Sequence[Found]) -> Shown:
    widest = page_of(reader, 0).size[0] * _WIDEST
    writing = write(order.lines, find_font(order.font).regular, widest)
    place = place_text(reader, (writing.width, writing.height), found)
    return Shown(place=place, drawing=drawn_text(writing, place.page.turn))


def _image(reader: Any, order: SigningOrder, found: Sequence[Found]) -> Shown | None:
    if not order.image:
        return None
    picture = load_picture(order.image, order.role)
    place = place_image(reader, order, picture, found)
    drawing = drawn_picture(picture, place.size, place.page.turn)
    return Shown(place=place, drawing=drawing)
