"""What a signature shows, drawn as a page of its own that pyHanko takes over into the file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from lienthong_verifier_pdf.images import Picture

TEXT_SIZE: Final = 10
"""Points (NĐ 30/2020 PL I II.8b)."""

LEADING: Final = 12
FIELD_SIZE: Final = 13
"""Points, for number and date (PL I II.3, II.4)."""

_SLANT: Final = 0.21


@frozen(kw_only=True)
class Writing:
    """Lines in a font, as wide as they need be."""

    font: str
    lines: tuple[str, ...]
    width: float
    height: float


class Drawn(PdfContent):
    """A page that was drawn here, as pyHanko takes it for an appearance."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self._page = page

    def put_into(self, writer: BasePdfFileWriter) -> Any:
        """Take the page over as a form of the file that is written; a reference to it."""
        return writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._page)))

    def render(self) -> bytes:
        """What paints it, in the appearance of which it is the background."""
        form = self.put_into(self._ensure_writer)
        self.resources.xobject["/Shown"] = form
        left, lower, right, upper = (float(number) for number in form.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=upper - lower)
        return b"/Shown Do"


def write(lines: Sequence[str], font: Path, widest: float) -> Writing:
    """Lay lines out, broken where they are wider than *widest* points."""
    name = f"lienthong-{font.stem}"
    registerFont(TTFont(name, str(font)))
    broken = [part for line in lines for part in simpleSplit(line, name, TEXT_SIZE, widest)]
    width = max(stringWidth(line, name, TEXT_SIZE) for line in broken)
    return Writing(font=name, lines=tuple(broken), width=width, height=LEADING * len(broken))


def drawn_picture(picture: Picture, size: tuple[float, float], turn: int) -> Drawn:
    """A picture over the whole of a place.

    Args:
        picture: what is shown.
        size: of the place as people see it, in points.
        turn: of the page.
    """
    with _page(size, turn) as (canvas, made):
        canvas.drawImage(ImageReader(picture.image), 0, 0, *size, mask="auto")
    return Drawn(made.getvalue())


def drawn_text(writing: Writing, turn: int) -> Drawn:
    """Lines that end at the right edge of their place, black and upright."""
    size = writing.width, writing.height
    with _page(size, turn) as (canvas, made):
        canvas.setFont(writing.font, TEXT_SIZE)
        for number, line in enumerate(writing.lines):
            canvas.drawRightString(size[0], size[1] - LEADING * number - TEXT_SIZE, line)
    return Drawn(made.getvalue())


def drawn_entry(text: str, font: Path, size: tuple[float, float], *, slanted: bool) -> Drawn:
    """What is written into a field: on its lower edge, from the left, never wider than it."""
    name = f"lienthong-{font.stem}"
    registerFont(TTFont(name, str(font)))
    fitting = size[0] / max(1.0, stringWidth(text, name, 1))
    letters = min(FIELD_SIZE, fitting * 0.98, size[1])
    with _page(size, 0) as (canvas, made):
        canvas.setFont(name, letters)
        if slanted:
            canvas.transform(1, 0, _SLANT, 1, 0, 0)
        canvas.drawString(0, (size[1] - letters) / 2 + letters * 0.22, text)
    return Drawn(made.getvalue())


@contextmanager
def _page(size: tuple[float, float], turn: int) -> Iterator[tuple[Any, io.BytesIO]]:
    """A page of that size as people see it, turned back by what its place is turned."""
    width, height = size
    made = io.BytesIO()
    is_lying = turn in (90, 270)
    # Nothing of the drawing depends on the day on which it is drawn.
    canvas = Canvas(made, pagesize=(height, width) if is_lying else size, invariant=1)
    match turn:
        case 90:
            canvas.translate(height, 0)
        case 180:
            canvas.translate(width, height)
        case 270:
            canvas.translate(0, width)
    canvas.rotate(turn)
    yield canvas, made
    canvas.showPage()
    canvas.save()
