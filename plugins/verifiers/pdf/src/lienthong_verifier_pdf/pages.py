"""Pages as people see them, and as the file numbers their points."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from lienthong.errors import FileUnsignable, InvalidValue
from lienthong.spi import Box
from lienthong_verifier_pdf.objects import entry, numbers

MAX_PAGES: Final = 10_000
MAX_NODES: Final = 2 * MAX_PAGES
_DEPTH: Final = 50
MAX_EDGE: Final = 14_400
"""Points (ISO 32000)."""

MIN_EDGE: Final = 72
_FULL_TURN: Final = 360
_MILLI: Final = 1000

Rectangle = tuple[float, float, float, float]
"""Left, lower, right, upper in points of the file."""


@frozen(kw_only=True)
class Page:
    """The visible part of a page."""

    index: int
    """From 0."""

    area: Rectangle
    """In points of the file."""

    turn: int
    """Degrees, clockwise, by which it is turned when it is shown: 0, 90, 180 or 270."""

    @property
    def is_lying(self) -> bool:
        """Width and height change places when it is shown."""
        return self.turn in (90, 270)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as people see them, in points."""
        left, lower, right, upper = self.area
        width, height = right - left, upper - lower
        return (height, width) if self.is_lying else (width, height)

    def rectangle(self, box: Box) -> Rectangle:
        """Where a box lies, in points of the file.

        Raises:
            InvalidValue: it does not lie on the page.
        """
        x, y = box.left / _MILLI, box.bottom / _MILLI
        right, upper = x + box.width / _MILLI, y + box.height / _MILLI
        width, height = self.size
        if right > width or upper > height:
            found = f"{x:g},{y:g} to {right:g},{upper:g} points"
            expected = f"a place on page {self.index + 1} of {width:g} x {height:g} points"
            raise InvalidValue(field="box", found=found, expected=expected)
        first, second = self._point(x, y), self._point(right, upper)
        return (
            round(min(first[0], second[0]), 3),
            round(min(first[1], second[1]), 3),
            round(max(first[0], second[0]), 3),
            round(max(first[1], second[1]), 3),
        )

    def box(self, rectangle: Rectangle) -> Box:
        """A rectangle of the file as people see it; what lies outside the page is cut off.

        Raises:
            InvalidValue: it is too small for a box.
        """
        first, second = self._seen(*rectangle[:2]), self._seen(*rectangle[2:])
        left, lower = max(0.0, min(first[0], second[0])), max(0.0, min(first[1], second[1]))
        return Box(
            left=round(left * _MILLI),
            bottom=round(lower * _MILLI),
            width=round((max(first[0], second[0]) - left) * _MILLI),
            height=round((max(first[1], second[1]) - lower) * _MILLI),
        )

    def _point(self, x: float, y: float) -> tuple[float, float]:
        """A point that people see, in the file."""
        left, lower, right, upper = self.area
        match self.turn:
            case 90:
                return right - y, lower + x
            case 180:
                return right - x, upper - y
            case 270:
                return left + y, upper - x
        return left + x, lower + y

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        """The reverse of ``_point``."""
        left, lower, right, upper = self.area
        match self.turn:
            case 90:
                return y - lower, right - x
            case 180:
                return right - x, upper - y
            case 270:
                return upper - y, x - left
        return x - left, y - lower


def page_of(reader: Any, index: int) -> Page:
    """A page by its index, from 0; -1 is the last one.

    Args:
        reader: of pyHanko.
        index: of the page.

    Raises:
        InvalidValue: there is no such page.
        FileUnsignable: its size is none of a page.
    """
    count = page_count(reader)
    found = count + index if index < 0 else index
    if not 0 <= found < count:
        expected = f"a page from 1 to {count}"
        raise InvalidValue(field="page", found=index + 1, expected=expected)
    page = reader.find_page_for_modification(found)[0].get_object()
    area = _area(_inherited(page, "/CropBox") or _inherited(page, "/MediaBox"))
    turn = int(_inherited(page, "/Rotate") or 0) % _FULL_TURN
    if turn % 90:
        raise FileUnsignable(reason=f"page {found + 1} is turned by {turn} degrees")
    return Page(index=found, area=area, turn=turn)


def index_of(reader: Any, reference: Any) -> int | None:
    """The index of the page that a reference names, from 0; None when it names none.

    Args:
        reader: of pyHanko.
        reference: as the file's objects name each other.

    Raises:
        FileUnsignable: its pages are nested in a circle.
    """
    waiting, index = [reader.root.raw_get("/Pages")], 0
    for _ in range(MAX_NODES):
        if not waiting:
            return None
        node = waiting.pop()
        kids = entry(node.get_object(), "/Kids")
        if kids is not None:
            waiting.extend(kids.raw_get(at) for at in reversed(range(len(kids))))
        elif node.reference == reference:
            return index
        else:
            index += 1
    raise _circle()


def page_count(reader: Any) -> int:
    """How many pages a file has.

    Raises:
        FileUnsignable: it has none, or more than anybody reads.
    """
    count = int(reader.root["/Pages"]["/Count"])
    if not 0 < count <= MAX_PAGES:
        raise FileUnsignable(reason=f"it has {count} pages")
    return count


def _area(found: Any) -> Rectangle:
    corners = numbers(found)
    if len(corners) != 4:  # noqa: PLR2004 - two corners
        raise FileUnsignable(reason="a page has no size")
    left, right = sorted(corners[::2])
    lower, upper = sorted(corners[1::2])
    if not all(MIN_EDGE <= edge <= MAX_EDGE for edge in (right - left, upper - lower)):
        reason = f"a page has {right - left:g} x {upper - lower:g} points"
        raise FileUnsignable(reason=reason)
    return left, lower, right, upper


def _inherited(page: Any, name: str) -> Any:
    """An entry of the page or of what it belongs to; depth is limited against circles."""
    for _ in range(_DEPTH):
        if name in page:
            return page[name]
        if "/Parent" not in page:
            return None
        page = page["/Parent"]
    raise _circle()


def _circle() -> FileUnsignable:
    return FileUnsignable(reason="its pages are nested in a circle")
