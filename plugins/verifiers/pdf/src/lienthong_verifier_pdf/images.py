"""Pictures of signatures and seals: PNG files from outside, looked at before they are used.

NĐ 30/2020 PL I: a signature is blue (II.7d), a seal red and in true size (II.8a), both with a
transparent background.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from lienthong.errors import SignatureImageUnfit
from lienthong.model.file_signature import SignatureRole

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE: Final = 6_000
MAX_PIXELS: Final = 9_000_000
"""A seal of 40 mm scanned at 1200 dpi has 3.6 million."""

_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_SHOWN: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
"""Chunks that make the picture. Others (texts, profiles, animations) do not go into the file."""

_METRE: Final = 1
_MILLIPOINTS_A_METRE: Final = 72_000 / 0.0254
_CLEARLY: Final = 24
"""Of 255: by how much a colour must outweigh the others."""


@frozen(kw_only=True)
class Picture:
    """A picture that may stand for a signature or a seal."""

    image: Image = field(repr=False)
    """RGBA."""

    width: int
    """Pixels."""

    height: int
    """Pixels."""

    true_width: int | None
    """Millipoints, by the resolution that the file names; None when it names none."""


def load_picture(png: bytes, role: SignatureRole) -> Picture:
    """Read a PNG and check that it is a signature's or a seal's.

    Raises:
        SignatureImageUnfit: it is no sound PNG, too large, not transparent or of another colour.
    """
    chunks = list(_chunks(png))
    width, height = _size(chunks)
    image = _decode(chunks)
    _check_transparent(image)
    _check_colour(image, role)
    return Picture(image=image, width=width, height=height, true_width=_true_width(chunks, width))


def _unfit(reason: str) -> SignatureImageUnfit:
    return SignatureImageUnfit(reason=reason)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the chunks, from IHDR to IEND."""
    if not png.startswith(_MAGIC):
        raise _unfit("it is no PNG")
    at, name = len(_MAGIC), b""
    while name != b"IEND":
        length = int.from_bytes(png[at : at + 4], "big")
        name, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        end = at + 12 + length
        if end > len(png):
            raise _unfit("the PNG is cut off")
        if zlib.crc32(name + content) != int.from_bytes(png[end - 4 : end], "big"):
            raise _unfit("the PNG is damaged")
        yield name, content
        at = end
    if at != len(png):
        raise _unfit("something follows the PNG")


def _size(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    name, header = chunks[0]
    if name != b"IHDR" or len(header) != 13:  # noqa: PLR2004 - the length that PNG fixes
        raise _unfit("the PNG has no header")
    if any(name == b"IHDR" for name, _ in chunks[1:]):
        # Pillow believes the last one: its size would be nobody's.
        raise _unfit("the PNG has several headers")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise _unfit(f"it has {width} x {height} pixels")
    return width, height


def _decode(chunks: list[tuple[bytes, bytes]]) -> Image:
    from PIL import Image as Images

    try:
        with Images.open(io.BytesIO(_written(chunks)), formats=("PNG",)) as opened:
            return opened.convert("RGBA")
    except Exception as error:
        raise _unfit("the PNG is damaged") from error


def _written(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = [_MAGIC]
    for name, content in chunks:
        if name in _SHOWN:
            crc = zlib.crc32(name + content).to_bytes(4, "big")
            parts += [len(content).to_bytes(4, "big"), name, content, crc]
    return b"".join(parts)


def _check_transparent(image: Image) -> None:
    low, high = image.getchannel("A").getextrema()
    if low != 0:
        raise _unfit("its background is not transparent")
    if high == 0:
        raise _unfit("nothing is on it")


def _check_colour(image: Image, role: SignatureRole) -> None:
    from PIL.ImageStat import Stat

    red, green, blue = Stat(image.convert("RGB"), mask=image.getchannel("A")).mean
    if role is SignatureRole.SIGNER and blue < max(red, green) + _CLEARLY:
        raise _unfit("a signature has to be blue, PL I II.7d")
    if role is SignatureRole.AGENCY and red < max(green, blue) + _CLEARLY:
        raise _unfit("a seal has to be red, PL I II.8a")


def _true_width(chunks: list[tuple[bytes, bytes]], width: int) -> int | None:
    density = dict(chunks).get(b"pHYs", b"")
    pixels_a_metre = int.from_bytes(density[:4], "big")
    if not pixels_a_metre or density[8:] != bytes([_METRE]):
        return None
    return round(width / pixels_a_metre * _MILLIPOINTS_A_METRE)
