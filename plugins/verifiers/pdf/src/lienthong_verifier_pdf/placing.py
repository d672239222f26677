"""Where a signature shows (NĐ 30/2020 PL I II.7d, II.8; Phần II.I)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve, frozen

from lienthong.errors import InvalidValue, SignatureImageUnfit
from lienthong.model.file_signature import SignatureRole
from lienthong.spi import Box, SigningOrder
from lienthong_verifier_pdf.found import Found
from lienthong_verifier_pdf.images import Picture
from lienthong_verifier_pdf.pages import Page, index_of, page_of

MILLIMETRE: Final = 72_000 / 25.4
"""In millipoints."""

_SIGNATURE: Final = (round(55 * MILLIMETRE), round(22 * MILLIMETRE))
"""Width and height of the space between position and name, where nobody names it."""

_ABOVE_EDGE: Final = round(60 * MILLIMETRE)
_MIDDLE: Final = 0.7
"""Of the page's width: the middle of the right column, in which people sign."""

_MARGIN: Final = round(15 * MILLIMETRE)
_TOP: Final = round(8 * MILLIMETRE)
_GAP: Final = 3_000
_COVERED: Final = 3
"""A seal covers one part of so many of the signature, on its left (II.8a)."""

_MILLI: Final = 1000


@frozen(kw_only=True)
class Place:
    """A box on a page."""

    page: Page
    box: Box

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as people see them, in points."""
        return self.box.width / _MILLI, self.box.height / _MILLI


def place_image(
    reader: Any, order: SigningOrder, picture: Picture, found: Sequence[Found]
) -> Place:
    """Where a signature's picture or a seal goes; the box is exactly as large as what shows.

    Args:
        reader: of pyHanko.
        order: may name page and box.
        picture: what is shown.
        found: the signatures that are there.

    Raises:
        InvalidValue: there is no such page, or the place lies outside it.
        SignatureImageUnfit: a seal whose size nobody tells.
    """
    if order.role is SignatureRole.AGENCY:
        return _place_seal(reader, order, picture, found)
    page = _named_page(reader, order)
    return Place(page=page, box=_fitted(order.box or _usual(page), picture))


def place_text(reader: Any, size: tuple[float, float], found: Sequence[Found]) -> Place:
    """The top right of page one, below what attachments' and copies' signatures say already.

    Args:
        reader: of pyHanko.
        size: width and height of the text in points.
        found: the signatures that are there.

    Raises:
        InvalidValue: there is no room.
    """
    page = page_of(reader, 0)
    width, height = (round(edge * _MILLI) for edge in page.size)
    top = height - _TOP
    for one in found:
        if one.role in _TEXTS and one.rectangle and index_of(reader, one.page) == 0:
            top = min(top, page.box(one.rectangle).bottom - _GAP)
    box = _box(
        width - _MARGIN - round(size[0] * _MILLI),
        top - round(size[1] * _MILLI),
        round(size[0] * _MILLI),
        round(size[1] * _MILLI),
    )
    return Place(page=page, box=box)


_TEXTS: Final = (SignatureRole.ATTACHMENT_AGENCY, SignatureRole.COPY_AGENCY)


def _place_seal(
    reader: Any, order: SigningOrder, picture: Picture, found: Sequence[Found]
) -> Place:
    width = order.image_width or picture.true_width
    if width is None:
        raise SignatureImageUnfit(reason="the PNG does not say how large the seal is")
    height = round(width * picture.height / picture.width)
    covered = _signers_box(reader, order, found)
    if order.box is not None:
        page = covered[0] if covered else _named_page(reader, order)
        return Place(page=page, box=evolve(order.box, width=width, height=height))
    if covered is None:
        expected = "a place for the seal, since no signature shows that it could cover"
        raise InvalidValue(field="box", found="not given", expected=expected)
    page, signed = covered
    left = signed.left + signed.width // _COVERED - width
    bottom = signed.bottom + (signed.height - height) // 2
    return Place(page=page, box=_box(left, bottom, width, height))


def _named_page(reader: Any, order: SigningOrder) -> Page:
    return page_of(reader, -1 if order.page is None else order.page - 1)


def _signers_box(
    reader: Any, order: SigningOrder, found: Sequence[Found]
) -> tuple[Page, Box] | None:
    """Where the competent person's signature shows; the last one's when several signed.

    None when no signature shows, or none on the page that the order names.
    """
    for one in reversed(found):
        if one.role is not SignatureRole.SIGNER or one.rectangle is None:
            continue
        index = index_of(reader, one.page)
        if index is not None and order.page in (None, index + 1):
            page = page_of(reader, index)
            return page, page.box(one.rectangle)
    return None


def _usual(page: Page) -> Box:
    width, height = _SIGNATURE
    middle = round(page.size[0] * _MILLI * _MIDDLE)
    return _box(middle - width // 2, _ABOVE_EDGE, width, height)


def _fitted(box: Box, picture: Picture) -> Box:
    """The largest box of the picture's shape in the middle of another one."""
    scale = min(box.width / picture.width, box.height / picture.height)
    width, height = round(picture.width * scale), round(picture.height * scale)
    left = box.left + (box.width - width) // 2
    return _box(left, box.bottom + (box.height - height) // 2, width, height)


def _box(left: int, bottom: int, width: int, height: int) -> Box:
    if left < 0 or bottom < 0:
        found = f"{left / MILLIMETRE:.1f},{bottom / MILLIMETRE:.1f} mm"
        raise InvalidValue(field="box", found=found, expected="a place on the page")
    return Box(left=left, bottom=bottom, width=width, height=height)
